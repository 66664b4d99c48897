"""Exact nearest neighbours beside scikit-learn, faiss, usearch, scipy and the product.

All contestants of a case take turns in one process on the same rows and with the same
number of threads, over several rounds after one that does not count. The bare product
(float32, the flops of the full table of distances and nothing else) is the floor of
any search that computes every product. Answers are checked against float64 direct
differences for some of the queries. Building an index is timed apart, and peak memory
is measured in a call of its own.

    python benchmarks/bench_knn.py --list
    python benchmarks/bench_knn.py --case images --rounds 3
    python benchmarks/bench_knn.py --scale 0.1 --forced

One call answers all queries, except in the cases named "single": a call for each.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from cases import CASES
from data import MissingData
from harness import describe_machine, paired, peak_memory, take_turns
from peers import BARE, OURS, Task, contestants, forced
from scipy import sparse
from threadpoolctl import threadpool_limits

CHECKED = 20
# A forced algorithm this many times slower than ours on a few queries is not timed.
HOPELESS = 8
FEW, FEW_SHARE = 50, 50
RADIUS_NEIGHBORS = 20


def ask(peer, queries, kind):
    """Put the question of a case to a contestant."""
    if kind == "radius":
        return peer.within(queries)
    if kind == "predict":
        return peer.predict(queries)
    if kind == "single":
        found = [peer.search(queries[i : i + 1]) for i in range(queries.shape[0])]
        if found[0] is None:
            return None
        return tuple(np.concatenate(side) for side in zip(*found, strict=True))
    return peer.search(queries)


def true_distances(rows, queries, metric):
    """Yield the distances of each query to all rows, from float64 differences."""
    if sparse.issparse(rows):
        # Unit rows whose values are all positive: their products do not cancel.
        lengths = np.sqrt(rows.multiply(rows).sum(axis=1))
        for query in queries.toarray().astype(np.float64):
            yield 1 - (rows @ query) / np.linalg.norm(query) / np.ravel(lengths)
        return
    rows, queries = rows.astype(np.float64), queries.astype(np.float64)
    if metric == "cosine":
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    for query in queries:
        if metric == "dot":
            yield -(rows @ query)
        else:
            order = 1 if metric == "manhattan" else 2
            yield np.linalg.norm(rows - query, ord=order, axis=1)


def truth(task, queries):
    """Return the right answers for some queries, in the form of `answers`."""
    found = []
    for distances in true_distances(task.rows, queries, task.metric):
        if task.kind == "radius":
            found.append(np.flatnonzero(distances <= task.radius))
            continue
        near = np.argsort(distances, kind="stable")[: task.k]
        if task.kind == "predict":
            near = [np.bincount(task.labels[near]).argmax()]
        found.append(np.asarray(near))
    return found


def answers(result, kind):
    """Return what a contestant found for each query: indices, or the label."""
    if kind == "predict":
        return [np.array([label]) for label in result]
    if kind == "radius":
        return [np.sort(indices) for indices in result[1]]
    return list(result[1])


def agreement(result, right, kind):
    """Return the share of places at which a result has the right row or label."""
    found = answers(result, kind)[: len(right)]
    if kind == "radius":
        share = [overlap(a, b) for a, b in zip(found, right, strict=True)]
        return float(np.mean(share))
    return float(np.mean(np.array(found) == np.array(right)))


def overlap(found, right):
    """Return the share of rows that two answers have in common."""
    larger = max(len(found), len(right))
    return len(np.intersect1d(found, right)) / larger if larger else 1.0


def near_radius(table, metric):
    """Return a radius within which a query has about `RADIUS_NEIGHBORS` rows."""
    found = true_distances(table.rows, table.queries[:FEW], metric)
    reached = [np.partition(d, RADIUS_NEIGHBORS)[RADIUS_NEIGHBORS] for d in found]
    # A value that float32 has, so that every library is asked the same question.
    return float(np.float32(np.median(reached)))


def few_of(queries):
    """Return how many queries show whether a contestant is hopeless."""
    return max(FEW, queries.shape[0] // FEW_SHARE)


def seconds_for_few(peer, queries, kind):
    """Return how long a contestant takes for a few queries, at its best of three."""
    few = queries[: few_of(queries)]
    ask(peer, few[:2], kind)
    tries = []
    for _ in range(3):
        start = time.perf_counter()
        ask(peer, few, kind)
        tries.append(time.perf_counter() - start)
    return min(tries)


def without_hopeless(built, queries, kind):
    """Return (contestants, notes), without forced algorithms that would take ages."""
    ours = seconds_for_few(built[OURS][0], queries, kind)
    kept, notes = {}, []
    for name, (peer, fit) in built.items():
        if name.startswith(f"{OURS} "):
            seconds = seconds_for_few(peer, queries, kind)
            if seconds > HOPELESS * ours:
                notes.append(
                    f"{name}: {seconds / ours:.0f} times the time of {OURS} on "
                    f"{few_of(queries)} queries, not timed further"
                )
                continue
        kept[name] = (peer, fit)
    return kept, notes


def run_case(name, options):
    """Run one case and return what was measured, ready for JSON."""
    case = CASES[name]
    n_queries = options.queries or case.queries
    n_rows = max(1_000, int(case.rows * options.scale))
    table = case.load(n_rows, n_queries, options.cache)
    task = Task(
        table.rows,
        case.metric,
        case.k,
        options.threads,
        near_radius(table, case.metric) if case.kind == "radius" else None,
        table.labels,
        case.kind,
    )
    built = contestants(task, options.peer and {OURS, *options.peer})
    notes = list(table.facts)
    with threadpool_limits(options.threads):
        if options.forced:
            built |= forced(task)
            built, skipped = without_hopeless(built, table.queries, case.kind)
            notes += skipped
        runs = {
            key: lambda peer=peer: ask(peer, table.queries, case.kind)
            for key, (peer, _) in built.items()
        }
        seconds = take_turns(runs, options.rounds)
        right = truth(task, table.queries[:CHECKED])
        checks = {key: checked(run, right, case.kind) for key, run in runs.items()}
    model = built[OURS][0].model
    return {
        "case": name,
        "title": f"{case.title}: {table.note}, {shape(table)}, {question(case)}",
        "short": case.title,
        "kind": case.kind,
        "shape": list(table.rows.shape),
        "dtype": str(table.rows.dtype),
        "queries": int(table.queries.shape[0]),
        "seconds": seconds,
        "fit": {key: fit for key, (_, fit) in built.items()},
        "agreement": {key: share for key, (share, _) in checks.items()},
        "peak": {key: peak for key, (_, peak) in checks.items()},
        "algorithm": str(model.effective_algorithm_),
        "stats": describe(getattr(model, "search_stats_", None)),
        "aims": case.aims,
        "notes": notes,
    }


def shape(table):
    """Say how large the rows are."""
    n_rows, n_columns = table.rows.shape
    return f"{n_rows:,} x {n_columns:,} {table.rows.dtype}"


def question(case):
    """Say what is asked of a case's queries."""
    if case.kind == "radius":
        return case.metric
    return f"{case.metric}, k={case.k}"


def describe(stats):
    """Return the counters of the last search as text, if the estimator keeps any."""
    return None if stats is None else str(stats)


def checked(run, right, kind):
    """Return (agreement with the truth, peak MiB above inputs and results)."""
    result, peak = peak_memory(run)
    if result is None:
        return None, None
    return agreement(result, right, kind), peak and max(0.0, peak - size(result))


def size(result):
    """Return how many MiB the arrays of a result have."""
    arrays = result if isinstance(result, tuple) else (result,)
    flat = [a for side in arrays for a in (side if list_like(side) else [side])]
    return sum(a.nbytes for a in flat) / 2**20


def list_like(side):
    """Whether a side of a result is a list of arrays and not one array."""
    return isinstance(side, list) or side.dtype == object


def show(result):
    """Print what was measured."""
    n_queries = result["queries"]
    print(f"\n[{result['case']}] {result['title']}, {n_queries:,} queries")
    for note in result["notes"]:
        print(f"  {note}")
    print(f"  algorithm: {result['algorithm']}")
    if result["stats"]:
        print(f"  counters: {result['stats']}")
    for name, times in result["seconds"].items():
        print(f"  {name:26s} {line(result, name, times)}")
    sys.stdout.flush()


def line(result, name, times):
    """Return what was measured of one contestant, in a line."""
    middle, least, greatest = paired(times, result["seconds"][OURS])
    seconds = statistics.median(times)
    if result["kind"] == "single":
        timed = f"{1e3 * seconds / result['queries']:9.3f} ms a query"
    else:
        timed = f"{seconds:9.3f} s"
    parts = [f"{timed}  x{middle:6.2f} ({least:.2f} to {greatest:.2f})"]
    if name == BARE:
        parts.append(f"ours takes {1 / middle:.2f} of it")
    parts.append(f"fit {result['fit'][name]:.2f} s")
    if result["agreement"][name] is not None:
        parts.append(f"right {result['agreement'][name]:.1%}")
    if result["peak"][name] is not None:
        parts.append(f"+{result['peak'][name]:,.0f} MiB")
    aim = result["aims"].get(name)
    if aim is not None:
        good = 1 / middle <= aim if name == BARE else middle >= aim
        sign = "at most" if name == BARE else "at least"
        parts.append(f"aim {sign} {aim}: {'reached' if good else 'MISSED'}")
    return "  ".join(parts)


def parse(arguments):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=CASES, action="append")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    parser.add_argument("--queries", type=int, help="instead of each case's own number")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows")
    parser.add_argument("--peer", action="append", help="only these beside sknorms")
    parser.add_argument(
        "--forced", action="store_true", help="time forced algorithms of sknorms too"
    )
    parser.add_argument("--json", type=Path, help="append the results to this file")
    parser.add_argument(
        "--cache",
        default=os.path.join(tempfile.gettempdir(), "sknorms-benchmarks"),
        help="folder for vectors that take long to compute",
    )
    return parser.parse_args(arguments)


def main():
    """Print every case, and Manhattan again without compiled kernels."""
    options = parse(sys.argv[1:])
    if options.list:
        for name, case in CASES.items():
            print(f"{name:22s} {case.title}")
        return
    compiled = os.environ.get("SKNORMS_NUMBA", "1") != "0"
    if compiled:
        print(describe_machine())
    print(f"{options.threads} threads, kernels {'on' if compiled else 'off'}")
    for name in options.case or CASES:
        try:
            result = run_case(name, options)
        except MissingData as error:
            print(f"\n[{name}] left out: {error}")
            continue
        result |= {
            "kernels": compiled,
            "machine": describe_machine(),
            "threads": options.threads,
        }
        show(result)
        if options.json:
            with options.json.open("a") as file:
                file.write(json.dumps(result) + "\n")
    if compiled and not options.case:
        # A fresh interpreter, because kernels are switched on or off for a process.
        sys.stdout.flush()
        again = [sys.executable, __file__, *sys.argv[1:], "--case", "manhattan"]
        subprocess.run(again, env={**os.environ, "SKNORMS_NUMBA": "0"}, check=True)


if __name__ == "__main__":
    main()
