"""Run the linear benchmark and write its results into README.md.

Cases run one after the other in an interpreter each, so that none inherits what another
has compiled or allocated. Results may be kept, and a run that was broken off goes on:

    python benchmarks/make_linear_report.py [--rounds 7] [--case lasso-wide]
    python benchmarks/make_linear_report.py --keep linear.jsonl
    python benchmarks/make_linear_report.py --results linear.jsonl   # only write
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from linear_cases import CASES
from linear_report import BEGIN, END, section
from report import between_marks

HERE = Path(__file__).parent
README = HERE / "README.md"
ORDER = [*CASES, "first"]


def read(path):
    """Return the results of a file in the order of the cases, the last of each."""
    lines = path.read_text().splitlines() if path.exists() else []
    found = {}
    for result in map(json.loads, lines):
        found[result["case"], result["title"], result["label"]] = result
    return sorted(found.values(), key=lambda result: ORDER.index(result["case"]))


def run_all(options, path):
    """Run the cases that have no results yet and collect theirs in a file."""
    done = {result["case"] for result in read(path)}
    common = [sys.executable, str(HERE / "bench_linear.py"), "--json", str(path)]
    common += ["--rounds", str(options.rounds), "--threads", str(options.threads)]
    for name in options.case or ORDER:
        if name not in done:
            subprocess.run([*common, "--case", name], check=True)


def parse(arguments):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=ORDER, action="append")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--keep", type=Path, help="keep the results here, and run what is missing"
    )
    parser.add_argument("--results", type=Path, help="use these instead of running")
    parser.add_argument("--readme", type=Path, default=README)
    return parser.parse_args(arguments)


def main():
    """Run, or read, and write."""
    options = parse(sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        path = options.results or options.keep or Path(folder) / "results.jsonl"
        if options.results is None:
            run_all(options, path)
        results = read(path)
    text = options.readme.read_text(encoding="utf-8")
    text = between_marks(text, section(results), BEGIN, END)
    options.readme.write_text(text, encoding="utf-8")
    print(f"wrote {options.readme}")


if __name__ == "__main__":
    main()
