"""From results of `bench_linear.py` to ratios, aims, and a table."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from linear_peers import OURS
from report import as_row

__all__ = ["AIMS", "BEGIN", "END", "aims", "best_peer", "ratio", "section", "solved"]

BEGIN = "<!-- linear results: begin (written by make_linear_report.py) -->"
END = "<!-- linear results: end -->"
LIBRARIES = ("celer", "skglm", "scikit-learn", "saga")
# A library whose gap is larger than so many times the tolerance did not solve it.
SLACK = 10.0


def solved(result, name):
    """Whether a library got as near to the minimum as it was asked to."""
    return result["gaps"][name] <= SLACK * result["tol"]


def ratio(result, name):
    """Return how many times our time a library takes, None if it was not timed."""
    times = result["seconds"].get(name)
    if times is None:
        return None
    ours = result["seconds"][OURS]
    if len(times) == len(ours):
        return statistics.median(t / o for t, o in zip(times, ours, strict=True))
    return statistics.median(times) / statistics.median(ours)


def best_peer(result, among=LIBRARIES):
    """Return (ratio, name) of the fastest library that solved it, or None."""
    found = [
        (ratio(result, name), name)
        for name in among
        if name in result["seconds"] and solved(result, name)
    ]
    return min(found, default=None)


@dataclass(frozen=True)
class Aim:
    """What some of the results are to show.

    Attributes
    ----------
    text : str
    families : tuple of str
        Of the cases that count; empty for all.
    measure : callable
        From results to a number; None where none of them says anything.
    least, most : float or None
        What is to be reached.
    """

    text: str
    families: tuple
    measure: Callable
    least: float | None = None
    most: float | None = None

    def line(self, results):
        """Return a line that says whether it is reached; None without results."""
        counted = [
            r for r in results if not self.families or r["family"] in self.families
        ]
        value = self.measure(counted) if counted else None
        if value is None:
            return None
        good = value >= self.least if self.most is None else value <= self.most
        wanted = (
            f"at least {self.least:g}"
            if self.most is None
            else f"at most {self.most:g}"
        )
        verdict = "reached" if good else "MISSED"
        return f"{self.text}: {value:.3g} (aim {wanted}): {verdict}"


def ratios_to_best(among):
    """Return a measure: the ratios to the best of some libraries."""

    def collect(results):
        found = [best_peer(result, among) for result in results]
        return [one[0] for one in found if one is not None]

    return collect


def ratios_to(name):
    """Return a measure: the ratios to one library, whether it solved it or not."""

    def collect(results):
        found = [ratio(result, name) for result in results]
        return [one for one in found if one is not None]

    return collect


def over(collect, reduce):
    """Return a measure: a statistic of what is collected, None of nothing."""
    return lambda results: reduce(found) if (found := collect(results)) else None


def share_level(ratios):
    """Return the share of ratios that are at least 1."""
    return sum(r >= 1.0 for r in ratios) / len(ratios)


def worst_gap(results):
    """Return our largest gap, in units of the tolerance."""
    return max((r["gaps"][OURS] / r["tol"] for r in results), default=None)


def different_supports(results):
    """Return how many times the scale of y changed our support."""
    found = [r["support_kept"] for r in results if r.get("support_kept") is not None]
    return sum(not kept for kept in found) if found else None


def first_seconds(results):
    """Return the longest of our first fits."""
    return max(statistics.median(r["seconds"][OURS]) for r in results)


EXACT = ("celer", "skglm")
AIMS = (
    Aim("largest gap that was recomputed / tol", (), worst_gap, most=1.0),
    Aim(
        "times that the scale of y changed the support",
        ("certificates",),
        different_supports,
        most=0,
    ),
    Aim(
        "lasso and elastic net grid: share of cases level with celer and skglm",
        ("grid",),
        over(ratios_to_best(EXACT), share_level),
        least=0.8,
    ),
    Aim(
        "lasso and elastic net grid: median of the best of celer and skglm / ours",
        ("grid",),
        over(ratios_to_best(EXACT), statistics.median),
        least=1.5,
    ),
    Aim(
        "lasso and elastic net grid: median of scikit-learn / ours",
        ("grid",),
        over(ratios_to_best(("scikit-learn",)), statistics.median),
        least=2.0,
    ),
    Aim(
        "lasso and elastic net on real data: median of the best library / ours",
        ("real",),
        over(ratios_to_best(LIBRARIES), statistics.median),
        least=1.5,
    ),
    Aim(
        "L1 logistic on raw features: skglm / ours",
        ("logistic raw",),
        # Whether it solved the problem or not.
        over(ratios_to("skglm"), min),
        least=10.0,
    ),
    Aim(
        "L1 logistic, wide sparse, worst case: ours / the best library",
        ("logistic sparse",),
        over(ratios_to_best(LIBRARIES), lambda found: 1.0 / min(found)),
        most=1.2,
    ),
    Aim(
        "multinomial L1, worst case: saga / ours",
        ("multinomial",),
        over(ratios_to("saga"), min),
        least=10.0,
    ),
    Aim(
        "group lasso: median of the best library / ours",
        ("group",),
        over(ratios_to_best(EXACT), statistics.median),
        least=1.0,
    ),
    Aim("longest first fit in seconds", ("first",), first_seconds, most=3.0),
)


def aims(results):
    """Return a line for each aim that the results say something about."""
    lines = [aim.line(results) for aim in AIMS]
    return [line for line in lines if line is not None]


HEADS = ("case", "rows", "alpha", "used", "ours", "gap / tol", *LIBRARIES)


def table(results):
    """Return the results that were timed as lines of Markdown."""
    timed = [r for r in results if r["family"] not in ("certificates", "first")]
    lines = [as_row(HEADS), as_row(["---"] * len(HEADS))]
    return "\n".join(lines + [as_row(cells(result)) for result in timed])


def cells(result):
    """Return the cells of one problem."""
    rows, columns = result["shape"]
    milliseconds = 1e3 * statistics.median(result["seconds"][OURS])
    return [
        result["title"],
        f"{rows:,} x {columns:,}",
        result["label"],
        str(result["support"]),
        f"{milliseconds:,.1f} ms",
        f"{result['gaps'][OURS] / result['tol']:.2g}",
        *(cell(result, name) for name in LIBRARIES),
    ]


def cell(result, name):
    """Return what a library's cell says: its ratio, and a star if it is far off."""
    value = ratio(result, name)
    if value is None:
        return ""
    digits = f"{value:.2f}" if value < 10 else f"{value:,.0f}"
    return digits if solved(result, name) else f"{digits} *"


KINDS = {
    "grid": "lasso and elastic net, made data",
    "real": "lasso and elastic net, real data",
    "logistic raw": "L1 logistic, raw columns",
    "logistic": "L1 logistic, dense",
    "logistic sparse": "L1 logistic, wide and sparse",
    "multinomial": "L1 multinomial",
    "group": "group lasso",
    "cv": "lasso, strength by cross-validation",
}


def summary(results):
    """Return medians by kind of model as lines of Markdown."""
    heads = ["median of their time / ours", "problems", "best", *LIBRARIES]
    lines = [as_row(heads), as_row(["---"] * len(heads))]
    for family, kind in KINDS.items():
        found = [r for r in results if r["family"] == family]
        if found:
            measures = [ratios_to_best(LIBRARIES), *map(ratios_to, LIBRARIES)]
            medians = [over(m, statistics.median)(found) for m in measures]
            shown = ["" if m is None else f"{m:.2g}" for m in medians]
            lines.append(as_row([kind, str(len(found)), *shown]))
    return "\n".join(lines)


def first_table(results):
    """Return the first fits as lines of Markdown."""
    names = (OURS, *LIBRARIES[:3])
    lines = [as_row(["first fit", *names]), as_row(["---"] * (len(names) + 1))]
    for result in results:
        if result["family"] == "first":
            times = [result["seconds"].get(name) for name in names]
            shown = [f"{statistics.median(t):.2f} s" if t else "" for t in times]
            lines.append(as_row([result["title"], *shown]))
    return "\n".join(lines)


def certificate_table(results):
    """Return the gaps of what was certified as lines of Markdown."""
    names = (OURS, *LIBRARIES[:3])
    lines = [
        as_row(["gap / tol", "problem", *names]),
        as_row(["---"] * (len(names) + 2)),
    ]
    for result in results:
        if result["family"] == "certificates":
            gaps = [result["gaps"].get(name) for name in names]
            shown = ["" if g is None else f"{g / result['tol']:.2g}" for g in gaps]
            lines.append(as_row([result["title"], result["label"], *shown]))
    return "\n".join(lines)


def section(results):
    """Return what the README says about the results."""
    return "\n".join(
        [
            conditions(results),
            "",
            "What was aimed at, and what came out:",
            "",
            *(f"- {line}" for line in aims(results)),
            "",
            summary(results),
            "",
            table(results),
            "",
            first_table(results),
            "",
            certificate_table(results),
        ]
    )


def conditions(results):
    """Say on what and how the results were measured."""
    first = results[0]
    counts = sorted({len(r["seconds"].get(OURS, ())) for r in results} - {0, 1})
    rounds = " to ".join(str(n) for n in dict.fromkeys([counts[0], counts[-1]]))
    clock = "processor time of one thread"
    if first["threads"] != 1:
        clock = f"wall time of {first['threads']} threads"
    return f"{first['machine']}; {clock}, medians of {rounds} rounds."
