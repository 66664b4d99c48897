"""Penalised linear models beside celer, skglm and scikit-learn, with gaps recomputed.

All contestants of a case take turns in one process, over several rounds after one that
does not count, with BLAS held to the same number of threads. With one thread, which is
the default, processor time is measured, so that what else the machine does counts for
little. Each is asked for the same
tolerance, and each model's duality gap is recomputed from the definitions
(`linear_gaps.py`): a library that is far from the minimum is marked and is nobody's
best peer. A contestant that takes long is timed less often. First fits are measured in
fresh interpreters that find nothing compiled before.

    python benchmarks/bench_linear.py --list
    python benchmarks/bench_linear.py --case lasso-wide --rounds 3
    python benchmarks/bench_linear.py --case certificates --case first

``--json FILE`` appends what was measured, for `make_linear_report.py`.
"""

import argparse
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from data import MissingData
from harness import describe_machine, take_turns
from linear_cases import CASES, FIRST
from linear_gaps import relative_gap
from linear_peers import OURS, Request, contestants, cv_contestants, saga
from linear_report import aims, best_peer, ratio, solved
from threadpoolctl import threadpool_limits

# Seconds of a single fit beyond which it is not repeated in every round.
LONG = 2.0
# Seconds of processor time beyond which a library is not waited for.
PATIENCE = 30


def timed(runs, rounds, clock):
    """Return seconds of each contestant; those that take long are timed once."""
    probes = {name: spent(run, clock) for name, run in runs.items()}
    # A first call may compile, so that only a second one says that it takes long.
    for name in [name for name, seconds in probes.items() if seconds > LONG]:
        probes[name] = spent(runs[name], clock)
    quick = {name: run for name, run in runs.items() if probes[name] <= LONG}
    slow = {name: [probes[name]] for name in runs if name not in quick}
    return take_turns(quick, rounds, clock) | slow


def spent(run, clock):
    """Return how long a call takes."""
    start = clock()
    run()
    return clock() - start


def patiently(run):
    """Return what a library returns, None if it takes too long."""
    if not hasattr(signal, "SIGPROF"):
        return run()

    def give_up(_signal, _frame):
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, give_up)
    # Raised within a compiler's callback it is ignored, so that it is raised again.
    signal.setitimer(signal.ITIMER_PROF, PATIENCE, 1.0)
    try:
        return run()
    except TimeoutError:
        return None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def clock_of(threads):
    """Return the clock: of one thread the work counts, and not the waiting."""
    return time.process_time if threads == 1 else time.perf_counter


def made(case, problem, wanted):
    """Return ({name: function that fits}, notes) for a problem."""
    request = Request(problem, case.tol)
    if case.cross_validated:
        return cv_contestants(request, wanted), []
    runs = contestants(request, wanted)
    if case.loss != "multinomial" or (wanted and "saga" not in wanted):
        return runs, []
    run, note = saga(request)
    return runs | {"saga": run}, [note]


def gap_of(problem, model):
    """Return the gap of what a contestant returned."""
    if len(model) == 3:
        problem = problem.with_alpha(model[2])
    return relative_gap(problem, *model[:2])


def measured(case, label, problem, options):
    """Return what was measured on one problem."""
    runs, notes = made(case, problem, options.peer)
    models = {n: run() if n == OURS else patiently(run) for n, run in runs.items()}
    late = [name for name, model in models.items() if model is None]
    for name in late:
        notes.append(f"{name}: longer than {PATIENCE} s")
        del runs[name], models[name]
    w, seconds = models[OURS][0], {}
    if case.variants is None:
        seconds = timed(runs, options.rounds, clock_of(options.threads))
        seconds |= {name: [float(PATIENCE)] for name in late}
    if case.cross_validated:
        notes += [f"alpha: {', '.join(f'{n} {m[2]:.4g}' for n, m in models.items())}"]
    gaps = {name: gap_of(problem, model) for name, model in models.items()}
    return {
        "label": label,
        "seconds": seconds,
        "gaps": gaps | dict.fromkeys(late, math.inf),
        "support": int(np.count_nonzero(w)),
        "shape": list(problem.X.shape),
        "notes": notes,
        "used": np.flatnonzero(w).tolist(),
    }


def run_case(name, options):
    """Yield what was measured on each problem of a case."""
    case = CASES[name]
    note, problems = case.problems()
    first = None
    for label, problem in problems:
        with warnings.catch_warnings(), threadpool_limits(options.threads):
            warnings.simplefilter("ignore")
            result = measured(case, label, problem, options)
        used = result.pop("used")
        first = used if first is None else first
        if label.startswith("y times"):
            result["support_kept"] = used == first
        yield result | {
            "case": name,
            "family": case.family,
            "title": case.title,
            "tol": case.tol,
            "notes": [note, *result["notes"]],
        }


def run_first(options):
    """Yield the seconds of first fits in fresh interpreters."""
    for name in FIRST:
        seconds = {}
        for peer in (OURS, "celer", "skglm", "scikit-learn"):
            if peer == OURS or not options.peer or peer in options.peer:
                found = [first_fit(name, peer) for _ in range(min(3, options.rounds))]
                if found[0] is not None:
                    seconds[peer] = found
        yield {
            "case": "first",
            "family": "first",
            "title": CASES[name].title,
            "label": "",
            "seconds": seconds,
            "gaps": dict.fromkeys(seconds, 0.0),
            "tol": CASES[name].tol,
            "notes": ["fresh interpreter, nothing compiled before"],
        }


def first_fit(name, peer):
    """Return how long the first fit takes elsewhere, None if it is no contestant."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, __file__, "--fit-first", name, peer],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "NUMBA_CACHE_DIR": folder},
        )
    return json.loads(run.stdout)


def fit_first(name, peer, threads):
    """Print the seconds of one fit, what is compiled for it included."""
    case = CASES[name]
    _, problems = case.problems()
    warnings.simplefilter("ignore")
    with threadpool_limits(threads):
        runs = contestants(Request(problems[0][1], case.tol), {peer})
        seconds = spent(runs[peer], clock_of(threads)) if peer in runs else None
    print(json.dumps(seconds))


def show(result):
    """Print what was measured."""
    notes = "; ".join(result["notes"])
    where = (
        f"{result['title']}, alpha {result['label']}"
        if result["label"]
        else result["title"]
    )
    print(f"\n[{result['case']}] {where}: {notes}")
    if "shape" in result:
        rows, columns = result["shape"]
        print(f"  {rows:,} x {columns:,}, {result['support']} coefficients used")
    for name in result["gaps"]:
        print(f"  {name:14s} {line(result, name)}")
    best = best_peer(result)
    if best is not None and result["family"] != "first":
        print(f"  best library: {best[1]}, x{best[0]:.2f}")
    sys.stdout.flush()


def line(result, name):
    """Return what was measured of one contestant, in a line."""
    parts = []
    if name in result["seconds"]:
        seconds = statistics.median(result["seconds"][name])
        parts.append(f"{1e3 * seconds:11.2f} ms  x{ratio(result, name):8.2f}")
    if result["family"] != "first":
        gap = result["gaps"][name]
        parts.append(f"gap {gap:9.1e}")
        if name == OURS and gap > result["tol"]:
            parts.append("MISSED")
        elif not solved(result, name):
            parts.append("(not solved)")
    return "  ".join(parts)


def parse(arguments):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=[*CASES, "first"], action="append")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer", action="append", help="only these beside sknorms")
    parser.add_argument("--json", type=Path, help="append the results to this file")
    parser.add_argument("--fit-first", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def run(name, options):
    """Yield the results of a case, or of the first fits."""
    return run_first(options) if name == "first" else run_case(name, options)


def keep(result, options):
    """Append a result to the file that was named, if one was."""
    if options.json:
        with options.json.open("a") as file:
            file.write(json.dumps(result | {"threads": options.threads}) + "\n")


def main():
    """Print every case, and whether the aims are reached."""
    options = parse(sys.argv[1:])
    if options.fit_first:
        fit_first(*options.fit_first, options.threads)
        return
    if options.list:
        for name, case in CASES.items():
            print(f"{name:24s} {case.title}")
        print(f"{'first':24s} first fits in fresh interpreters")
        return
    machine = describe_machine()
    print(machine, f"{options.threads} thread(s)", sep="\n")
    results = []
    for name in options.case or [*CASES, "first"]:
        try:
            for result in run(name, options):
                show(result)
                results.append(result)
                keep(result | {"machine": machine}, options)
        except MissingData as error:
            print(f"\n[{name}] left out: {error}")
    print("\nIt must show:")
    for text in aims(results):
        print(f"  {text}")


if __name__ == "__main__":
    main()
