"""What every benchmark shares: naming the machine, and timing candidates in turn."""

import importlib.metadata
import os
import platform
import statistics
import time
from pathlib import Path

__all__ = ["describe_machine", "print_ratios", "take_turns"]

_LIBRARIES = ("sknorms", "scikit-learn", "numpy", "scipy", "numba", "faiss-cpu")


def describe_machine():
    """Return a line on the processor, the interpreter and the libraries."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [x for x in cpuinfo.read_text().splitlines() if "model name" in x]
        model = names[0].split(":", 1)[1].strip() if names else model
    versions = []
    for library in _LIBRARIES:
        try:
            versions.append(f"{library} {importlib.metadata.version(library)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{library} absent")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else "?"
    return (
        f"{model}, {cores} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {', '.join(versions)}"
    )


def take_turns(candidates, rounds):
    """Time every candidate once a round, after one round that does not count.

    Parameters
    ----------
    candidates : dict of str to callable
    rounds : int

    Returns
    -------
    dict of str to list of float
        Seconds, round by round.
    """
    seconds = {name: [] for name in candidates}
    for turn in range(rounds + 1):
        for name, run in candidates.items():
            start = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def print_ratios(title, seconds, ours="sknorms"):
    """Print medians, and each candidate's time over ours, paired round by round."""
    print(f"\n{title}")
    for name, times in seconds.items():
        ratios = [t / o for t, o in zip(times, seconds[ours], strict=True)]
        print(
            f"  {name:28s} {statistics.median(times):8.3f} s   "
            f"x{statistics.median(ratios):6.2f} of {ours}   "
            f"(rounds {min(ratios):.2f} to {max(ratios):.2f})"
        )
