"""Print the figures behind the limits of the audit: `docs/audit.rst` quotes them.

    PYTHONPATH=tests python scripts/measure_audit.py [SEEDS]

The data are the forty sets of the tests, drawn anew for each seed. One line is the
range of each figure over the seeds, and what the audit made of it.
"""

import sys
import warnings

from audit_cases import FAULTY, SOUND, Case

from sknorms.audit import MetricAudit, check_metric

HEADER = ("data", "metric", "norm cv", "factor", "in lengths", "overlap", "column")
HEADER += ("cosine", "contrast", "problems")
ROW = "{:32} {:10}" + " {:>12}" * 7 + "  {}"


def figures(audit: MetricAudit) -> list[float]:
    """Return the figures that limits are set for."""
    seen = audit.statistics
    name = {"sqeuclidean": "euclidean"}.get(audit.metric, audit.metric)
    of_lengths = audit.metric in {"cosine", "dot"}
    columns = seen.length_columns if of_lengths else seen.columns
    return [
        seen.norms.cv,
        seen.scale.spread,
        seen.scale.of_lengths,
        seen.agreement.between(name, "cosine")[0],
        columns.top_share,
        seen.anisotropy,
        seen.contrast[name],
    ]


def measure(case: Case, seeds: int) -> tuple[str, int]:
    """Return a line about a data set, and for how many seeds it was misjudged."""
    audits = [check_metric(case.rows(seed), case.metric) for seed in range(seeds)]
    columns = zip(*map(figures, audits), strict=True)
    ranges = [f"{min(column):.3g}-{max(column):.3g}" for column in columns]
    kinds = [{problem.kind for problem in audit.problems} for audit in audits]
    expected = {case.fault} - {""}
    wrong = sum(found != expected for found in kinds)
    said = ", ".join(sorted(set().union(*kinds))) or "none"
    return ROW.format(case.name, case.metric, *ranges, said), wrong


def main() -> None:
    """Print all lines, and how many audits were wrong."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    warnings.simplefilter("error")
    for title, cases in (("sound", SOUND), ("with a fault", FAULTY)):
        print(f"\n{title}\n{ROW.format(*HEADER)}")
        lines = [measure(case, seeds) for case in cases]
        print("\n".join(line for line, _ in lines))
        wrong = sum(count for _, count in lines)
        print(f"{wrong} of {seeds * len(cases)} judged otherwise than planted")


if __name__ == "__main__":
    main()
