"""From results of `bench_knn.py` (one JSON object a line) to a table and a picture."""

import statistics

from harness import paired
from peers import BARE, OURS

__all__ = ["PEERS", "between_marks", "draw", "forced_ratios", "table"]

# Columns of the table and bars of the picture, in this order.
PEERS = ("scikit-learn", "faiss flat", "usearch exact", "scipy", BARE)
# Peers that share a column: what a case has instead of the usual one.
STANDS_FOR = {
    "scikit-learn kd_tree": "scikit-learn",
    "scipy cKDTree": "scipy",
    "scipy cdist": "scipy",
    "numpy product": "scipy",
}
BEGIN = "<!-- results: begin (written by make_report.py) -->"
END = "<!-- results: end -->"
# Told apart without colour vision.
FASTER, SLOWER = "#0072b2", "#d55e00"


def ratios(result):
    """Return {column: (median, least, greatest)} of peers' times over ours.

    Of two peers that share a column, the faster one counts.
    """
    ours = result["seconds"][OURS]
    found = {}
    for name, times in result["seconds"].items():
        column = STANDS_FOR.get(name, name)
        if column in PEERS:
            ratio = paired(times, ours)
            found[column] = min(ratio, found.get(column, ratio))
    return found


def forced_ratios(result):
    """Return {algorithm: median of its time over ours} for forced algorithms."""
    ours = result["seconds"][OURS]
    prefix = f"{OURS} "
    return {
        name.removeprefix(prefix): paired(times, ours)[0]
        for name, times in result["seconds"].items()
        if name.startswith(prefix)
    }


def table(results):
    """Return the results as lines of Markdown.

    Parameters
    ----------
    results : list of dict
        As `bench_knn.py` writes them.

    Returns
    -------
    str
        One row a case. A cell says how many times our time a peer takes; for the bare
        product, how many times its time we take. Cells of peers that do not apply are
        empty.
    """
    heads = ["case", "rows", "ours", *PEERS[:-1], f"ours / {BARE}", "best forced"]
    lines = [as_row(heads), as_row(["---"] * len(heads))]
    return "\n".join(lines + [as_row(cells(result)) for result in results])


def cells(result):
    """Return the cells of one case."""
    found = ratios(result)
    rows, columns = result["shape"]
    peers = [f"{found[p][0]:.1f}" if p in found else "" for p in PEERS[:-1]]
    bare = f"{1 / found[BARE][0]:.2f}" if BARE in found else ""
    forced = forced_ratios(result)
    best = min(forced, key=forced.get) if forced else None
    chosen = f"{best} {forced[best]:.2f}" if forced else ""
    kernels = "" if result.get("kernels", True) else ", without numba"
    return [
        result["short"] + kernels,
        f"{rows:,} x {columns:,}",
        duration(result),
        *peers,
        bare,
        chosen,
    ]


def as_row(texts):
    """Return a row of a Markdown table."""
    return f"| {' | '.join(texts)} |"


def duration(result):
    """Return the median of our times, a query where queries came one by one."""
    seconds = statistics.median(result["seconds"][OURS])
    if result["kind"] == "single":
        return f"{1e3 * seconds / result['queries']:.2f} ms a query"
    return f"{seconds:.3f} s"


def between_marks(text, inner, begin=BEGIN, end=END):
    """Return a text with what is between the two marks replaced.

    Raises
    ------
    ValueError
        If a mark is missing, or there is more than one of it.
    """
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"the text must have {begin!r} and {end!r} once each")
    before, rest = text.split(begin)
    if end not in rest:
        raise ValueError(f"{end!r} must come after {begin!r}")
    return f"{before}{begin}\n{inner}\n{end}{rest.split(end)[1]}"


def draw(results, subtitle, path):
    """Save horizontal bars of the ratios on logarithmic scales, a panel a peer.

    Parameters
    ----------
    results : list of dict
        As `bench_knn.py` writes them.
    subtitle : str
        The machine and the number of threads.
    path : path-like
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    shown = [p for p in PEERS if any(p in ratios(r) for r in results)]
    figure, panels = plt.subplots(
        1,
        len(shown),
        figsize=(2 + 2.1 * len(shown), 1.6 + 0.3 * len(results)),
        sharex=True,
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    for axes, peer in zip(panels[0], shown, strict=True):
        for place, result in enumerate(results):
            if peer in ratios(result):
                bar(axes, place, ratios(result)[peer])
        finish(axes, peer)
    first = panels[0][0]
    first.set_yticks(range(len(results)), [cells(r)[0] for r in results])
    first.invert_yaxis()
    first.set_xscale("log")
    first.set_xlim(limits(results))
    figure.supxlabel("time of the other / time of sknorms, in the same run", fontsize=9)
    figure.suptitle(
        "Exact nearest neighbours: right of the line, sknorms takes less time\n",
        fontsize=12,
    )
    figure.text(0.5, 0.945, subtitle, ha="center", fontsize=8, color="#555555")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def limits(results):
    """Return the ends of the scale that all panels share."""
    reached = [
        value for r in results for ratio in ratios(r).values() for value in ratio
    ]
    # Room for the values that stand right of the bars.
    return 0.8 * min([*reached, 0.8]), 3.0 * max([*reached, 2.0])


def bar(axes, place, ratio):
    """Draw a bar from 1 to a ratio, with the range of its rounds and its value."""
    middle, least, greatest = ratio
    colour = FASTER if middle >= 1 else SLOWER
    axes.barh(place, middle - 1, left=1, height=0.7, color=colour)
    axes.plot([least, greatest], [place, place], color="black", linewidth=1)
    axes.annotate(
        f"{middle:.2g}" if middle < 10 else f"{middle:.0f}",
        (max(greatest, 1), place),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
    )


def finish(axes, peer):
    """Name a panel and set its scale."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.axvline(1, color="black", linewidth=1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_title(peer, fontsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0, labelsize=9)
    axes.tick_params(axis="x", labelsize=8)
