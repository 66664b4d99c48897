"""What every benchmark shares: naming the machine, timing in turn, measuring memory."""

import ctypes
import gc
import importlib.metadata
import os
import platform
import re
import statistics
import time
from pathlib import Path

__all__ = ["describe_machine", "paired", "peak_memory", "print_ratios", "take_turns"]

_LIBRARIES = (
    "sknorms",
    "scikit-learn",
    "numpy",
    "scipy",
    "numba",
    "faiss-cpu",
    "usearch",
    "celer",
    "skglm",
)
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


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


def take_turns(candidates, rounds, clock=time.perf_counter):
    """Time every candidate once a round, after one round that does not count.

    Parameters
    ----------
    candidates : dict of str to callable
    rounds : int
    clock : callable
        `time.process_time` counts the work of all threads and not the waiting, which on
        a busy machine is the truer time of candidates that have one thread.

    Returns
    -------
    dict of str to list of float
        Seconds, round by round.
    """
    seconds = {name: [] for name in candidates}
    for turn in range(rounds + 1):
        for name, run in candidates.items():
            start = clock()
            run()
            if turn:
                seconds[name].append(clock() - start)
    return seconds


def paired(times, ours):
    """Return (median, least, greatest) of the ratios of two series, round by round."""
    ratios = [t / o for t, o in zip(times, ours, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)


def print_ratios(title, seconds, ours="sknorms"):
    """Print medians, and each candidate's time over ours, paired round by round."""
    print(f"\n{title}")
    for name, times in seconds.items():
        middle, least, greatest = paired(times, seconds[ours])
        print(
            f"  {name:28s} {statistics.median(times):8.3f} s   "
            f"x{middle:6.2f} of {ours}   "
            f"(rounds {least:.2f} to {greatest:.2f})"
        )


def peak_memory(run):
    """Return (result of a call, MiB that it needed at its peak, above what was there).

    The peak is that of the whole process as the system counts it, so it includes what
    compiled libraries take and the result itself. It is None where the system does not
    count (other than Linux) or does not let the count be reset.
    """
    gc.collect()
    _give_back()
    before = _resident("VmRSS") if _reset_peak() else None
    result = run()
    peak = _resident("VmHWM")
    if before is None or peak is None:
        return result, None
    return result, (peak - before) / 1024


def _reset_peak():
    """Set the process's peak to what it has now; say whether that worked."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return True


def _resident(field):
    """Return a field of the process's status in KiB, or None."""
    try:
        found = re.search(rf"{field}:\s+(\d+)", _STATUS.read_text())
    except OSError:
        return None
    return int(found[1]) if found else None


def _give_back():
    """Hand freed memory back to the system, so that its second use is seen as well."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return
