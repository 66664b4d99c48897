"""The command line: ``python -m sknorms audit FILE`` and ``... search CORPUS QUERIES``.

Exit codes: 0 all is well, 1 the audit found a problem, 2 something cannot be done.
"""

import argparse
import csv
import io
import json
import os
import shutil
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sknorms
from sknorms._files import read_matrix, read_relevant, read_values
from sknorms._terminal import one_line, table

_PROGRAM = "python -m sknorms"
_STANDARD = "-"
# What a terminal is spared; files get everything.
_MOST_QUERIES = 20
_FILES = (
    "Rows are read from .npy, .npz (arrays, or a sparse matrix of SciPy), .csv or "
    ".parquet; ids and labels also from .txt, one a line. FILE:NAME is one array of a "
    ".npz file, or one column of a .csv or .parquet file."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str or None, default=None
        None takes those of the process.
    """
    given = _parser().parse_args(arguments)
    name = f"{_PROGRAM} {given.command}"
    with warnings.catch_warnings(record=True) as caught:
        code = _run(given, name)
    for text in dict.fromkeys(one_line(str(warning.message)) for warning in caught):
        print(f"{name}: warning: {text}", file=sys.stderr)
    return code


def _run(given: argparse.Namespace, name: str) -> int:
    """Run a command; whatever stops it has the exit code 2, never that of a problem."""
    try:
        return int(given.run(given))
    except (ValueError, OSError, ImportError, MemoryError, Warning) as error:
        text = one_line(str(error)) or type(error).__name__
        print(f"{name}: error: {text}", file=sys.stderr)
    except Exception:
        traceback.print_exc()
    return 2


# ---- commands ----


def _audit(given: argparse.Namespace) -> int:
    from sknorms.audit import check_metric

    rows = read_matrix(given.file)
    n_rows, n_columns = rows.shape
    labels = queries = relevant = None
    if given.labels is not None:
        labels = read_values(given.labels, n_rows, numbers=True)
    if given.queries is not None:
        queries = read_matrix(given.queries)
    if given.relevant is not None:
        numbers = labels is None or labels.dtype.kind != "U"
        relevant = read_relevant(given.relevant, numbers=numbers)
    found = check_metric(
        rows,
        given.metric,
        labels,
        queries=queries,
        relevant=relevant,
        sample=given.sample,
        random_state=given.random_state,
    )
    about = f"{given.file}: {n_rows:,} rows x {n_columns:,} columns"
    if given.html is not None:
        from sknorms.inspection import audit_report

        title = f"Metric audit of {Path(given.file).name}"
        _write(given.html, audit_report(found, title=title, about=about))
    if given.json is not None:
        _write(given.json, found.to_json() + "\n")
    if _STANDARD not in (given.html, given.json):
        _show(f"{about}, metric {found.metric}: {found.severity}\n\n{_told(found)}")
    return int(bool(found.problems))


def _told(found: Any) -> str:
    """Return an audit as text for a terminal."""
    from sknorms.audit._comparison import comparison

    findings = [
        (
            finding.severity,
            finding.kind,
            finding.message + (f"\n-> {finding.remedy}" if finding.remedy else ""),
        )
        for finding in found.findings
    ]
    width = shutil.get_terminal_size().columns
    parts = [table(("severity", "about", "finding"), findings, width)]
    header, *compared = comparison(found)
    if compared:
        parts.append(table(header, compared))
    parts.append(f"Use {found.recommended_metric}: {found.reason}")
    return "\n\n".join(parts)


def _search(given: argparse.Namespace) -> int:
    from sknorms.neighbors import Retriever

    rows, queries = read_matrix(given.corpus), read_matrix(given.queries)
    ids = None
    if given.ids is not None:
        ids = read_values(given.ids, rows.shape[0], numbers=False)
    names = [str(i) for i in range(queries.shape[0])]
    if given.query_ids is not None:
        names = read_values(given.query_ids, len(names), numbers=False).tolist()
    retriever = Retriever(given.metric, n_neighbors=given.k).fit(rows, ids)
    limits = {"min_score": given.min_score, "radius": given.radius}
    found = retriever.search(queries, given.k, **limits)
    if given.json is not None:
        _write(
            given.json,
            json.dumps(_as_dict(found, names, given.k), indent=2, allow_nan=False)
            + "\n",
        )
    if given.csv is not None:
        _write(given.csv, _as_csv(found, names))
    if _STANDARD not in (given.json, given.csv):
        _show(_hits(found, names))
    return 0


def _as_dict(found: Any, names: list[Any], k: int) -> dict[str, Any]:
    return {
        "metric": str(found.metric),
        "k": k,
        "higher_is_better": found.higher_is_better,
        "queries": [
            {"query": name, "hits": [vars(hit) for hit in hits]}
            for name, hits in zip(names, found, strict=True)
        ],
    }


def _as_csv(found: Any, names: list[Any]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["query", "rank", "id", "index", "distance", "similarity"])
    for name, hits in zip(names, found, strict=True):
        for rank, hit in enumerate(hits, 1):
            writer.writerow([name, rank, *vars(hit).values()])
    return text.getvalue()


def _hits(found: Any, names: list[Any]) -> str:
    """Return the hits of the first queries as text for a terminal."""
    similar = found.higher_is_better or found.all_opposites is not None
    kind = "similarity" if similar else "distance"
    lines = [
        (str(name), str(rank), f"{getattr(hit, kind):.6g}", str(hit.id))
        for name, hits in zip(names[:_MOST_QUERIES], found[:_MOST_QUERIES], strict=True)
        for rank, hit in enumerate(hits, 1)
    ]
    shown = table(("query", "rank", kind, "id"), lines)
    left = len(found) - _MOST_QUERIES
    if left > 0:
        shown += (
            f"\n\n{left:,} more queries: --csv FILE or --json FILE has all of them."
        )
    return shown


# ---- output ----


def _write(where: str, text: str) -> None:
    """Write a file, or "-": standard output."""
    if where == _STANDARD:
        _show(text.removesuffix("\n"))
    else:
        Path(where).write_text(text, encoding="utf-8", newline="\n")


def _show(text: str) -> None:
    """Print, whatever the terminal can show and whether or not it still reads."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except BrokenPipeError:
        # What is left in the buffer must not be tried again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# ---- arguments ----


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="Audit tables of vectors, and search in them exactly.",
        epilog=_FILES,
    )
    parser.add_argument("--version", action="version", version=sknorms.__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_audit(commands)
    _add_search(commands)
    return parser


def _add_audit(commands: Any) -> None:
    parser = commands.add_parser(
        "audit",
        help="say whether a metric suits the rows of a file",
        description="Say whether a metric suits the rows of a file. The exit code is 1 "
        "if there is a problem, 2 if something cannot be read.",
        epilog=_FILES,
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="the rows")
    add("-m", "--metric", default="euclidean", help="default: %(default)s")
    add("--labels", metavar="FILE", help="label of each row, or its id for --relevant")
    add("--queries", metavar="FILE", help="rows that are looked up in FILE")
    add("--relevant", metavar="FILE", help="ids each query should find, a line each")
    add(
        "--sample",
        metavar="N",
        type=_sample,
        default=2000,
        help='how many rows to search among, or "all"; default: %(default)s',
    )
    add("--random-state", metavar="N", type=int, default=0, help="which rows those are")
    add("--html", metavar="OUT", help='write a page with pictures; "-" prints it')
    add("--json", metavar="OUT", help='write all figures; "-" prints them')
    parser.set_defaults(run=_audit)


def _add_search(commands: Any) -> None:
    parser = commands.add_parser(
        "search",
        help="find the rows of a file that are closest to those of another",
        description="Find the rows of CORPUS that are closest to each row of QUERIES.",
        epilog=_FILES,
    )
    add = parser.add_argument
    add("corpus", metavar="CORPUS", help="rows to find")
    add("queries", metavar="QUERIES", help="rows to look up")
    add("-k", type=int, default=10, help="how many to find; default: %(default)s")
    add("-m", "--metric", default="cosine", help="default: %(default)s")
    add("--ids", metavar="FILE", help="id of each row of CORPUS; default: its number")
    add("--query-ids", metavar="FILE", help="id of each query; default: its number")
    add("--min-score", metavar="S", type=float, help="least similarity of a hit")
    add("--radius", metavar="R", type=float, help="largest distance of a hit")
    add("--json", metavar="OUT", help='write all hits; "-" prints them')
    add("--csv", metavar="OUT", help='write all hits, one a line; "-" prints them')
    parser.set_defaults(run=_search)


def _sample(text: str) -> int | None:
    return None if text == "all" else int(text)


if __name__ == "__main__":
    sys.exit(main())
