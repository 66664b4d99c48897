"""What `import sknorms` costs beyond scikit-learn's own import.

Each sample is a fresh interpreter, which first imports the parts of scikit-learn that
sknorms builds on, and then sknorms with all of its subpackages. Prints the medians and
whether numba or matplotlib came along.

    python benchmarks/bench_import.py [--repeats 9]
"""

import argparse
import json
import statistics
import subprocess
import sys

SAMPLE = """
import json, sys, time
start = time.perf_counter()
import sklearn.base, sklearn.metrics, sklearn.neighbors, sklearn.preprocessing
peer = time.perf_counter()
import sknorms
bare = time.perf_counter()
for name in sknorms.__all__:
    getattr(sknorms, name)
full = time.perf_counter()
heavy = [name for name in ("matplotlib", "numba") if name in sys.modules]
print(json.dumps([peer - start, bare - peer, full - bare, heavy]))
"""


def sample():
    """Return the seconds of the three imports in a fresh interpreter, and what came."""
    run = subprocess.run(
        [sys.executable, "-c", SAMPLE], capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def main():
    """Print the medians over a few fresh interpreters."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    sample()  # compiles bytecode and warms the disk cache
    peer, bare, full, heavy = zip(*(sample() for _ in range(repeats)), strict=True)
    beyond = [b + f for b, f in zip(bare, full, strict=True)]
    rows = [
        ("scikit-learn (base, metrics, neighbors, preprocessing)", peer),
        ("+ import sknorms", bare),
        ("+ its subpackages", full),
        ("sknorms in all, beyond scikit-learn", beyond),
    ]
    print(f"seconds, median of {repeats} fresh interpreters")
    for label, seconds in rows:
        print(f"{label:56s} {statistics.median(seconds):7.3f}")
    print("imported as well:", ", ".join(heavy[0]) or "neither numba nor matplotlib")


if __name__ == "__main__":
    main()
