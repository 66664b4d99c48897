"""Run the neighbour benchmark and write its results into README.md and knn.png.

Each case runs in an interpreter of its own, so that none inherits another's memory.
Run it on a machine that does nothing else:

    python benchmarks/make_report.py [--rounds 5] [--threads 2] [--case images]
    python benchmarks/make_report.py --keep results.jsonl      # go on after a break
    python benchmarks/make_report.py --results results.jsonl   # only write and draw
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cases import CASES
from peers import OURS
from report import between_marks, draw, table

HERE = Path(__file__).parent
README = HERE / "README.md"
PICTURE = HERE / "knn.png"
# Measured a second time without compiled kernels, which it depends on most.
WITHOUT_KERNELS = ("manhattan",)


def run_all(options, path):
    """Run the cases and collect their results in a file."""
    common = [sys.executable, str(HERE / "bench_knn.py"), "--forced"]
    common += ["--rounds", str(options.rounds), "--threads", str(options.threads)]
    common += ["--json", str(path), "--scale", str(options.scale)]
    if options.cache:
        common += ["--cache", options.cache]
    wanted = [(name, True) for name in options.case or CASES]
    wanted += [(name, False) for name, _ in wanted if name in WITHOUT_KERNELS]
    there = measured(path)
    for name, kernels in wanted:
        if (name, kernels) not in there:
            switch = {**os.environ, "SKNORMS_NUMBA": "1" if kernels else "0"}
            subprocess.run([*common, "--case", name], check=True, env=switch)


def measured(path):
    """Return the cases that a file has results of, the last result of each."""
    lines = path.read_text().splitlines() if path.exists() else []
    results = [json.loads(line) for line in lines]
    return {(result["case"], result["kernels"]): result for result in results}


def read(path):
    """Return the results of a file in the order of the cases."""
    order = list(CASES)
    found = measured(path).values()
    return sorted(found, key=lambda x: (order.index(x["case"]), -x["kernels"]))


def conditions(results):
    """Say on what and how the results were measured."""
    first = results[0]
    rounds = len(first["seconds"][OURS])
    return (
        f"{first['machine']}; {first['threads']} threads, {rounds} rounds after one "
        "that does not count"
    )


def searched(result):
    """Say which rows a case has, and what was noticed about them."""
    facts = "; ".join([result["title"], f"{result['queries']:,} queries"])
    right = listed({n: s and 100 * s for n, s in result["agreement"].items()}, "%")
    peak = listed(result["peak"], "MiB")
    notes = [
        *result["notes"],
        f"places with the right row: {right}",
        f"peak memory above inputs and results: {peak}",
    ]
    return "\n".join([f"- {facts}", *(f"  - {note}" for note in notes)])


def listed(measured, unit):
    """Return what was measured of each contestant, forced algorithms left out."""
    known = [
        f"{name} {value:.4g} {unit}"
        for name, value in measured.items()
        if value is not None and not name.startswith(f"{OURS} ")
    ]
    return ", ".join(known) or "not measured"


def section(results):
    """Return what the README says about the results."""
    return "\n".join(
        [
            f"{conditions(results)}.",
            "",
            table(results),
            "",
            "![Ratios of times, on a logarithmic scale](knn.png)",
            "",
            "What was searched, and what was measured of it:",
            "",
            *(searched(result) for result in results),
        ]
    )


def parse(arguments):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=CASES, action="append")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--cache", help="see bench_knn.py")
    parser.add_argument(
        "--keep", type=Path, help="keep the results here, and run what is missing"
    )
    parser.add_argument("--results", type=Path, help="use these instead of running")
    parser.add_argument("--readme", type=Path, default=README)
    parser.add_argument("--picture", type=Path, default=PICTURE)
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
    text = between_marks(text, section(results))
    draw(results, conditions(results), options.picture)
    options.readme.write_text(text, encoding="utf-8")
    print(f"wrote {options.readme} and {options.picture}")


if __name__ == "__main__":
    main()
