"""The metrics of an audit side by side: every figure is one of its own."""

import numpy as np
import pytest
from sklearn.datasets import load_iris

from sknorms.audit import check_metric
from sknorms.audit._comparison import comparison

X, Y = load_iris(return_X_y=True)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan", "sqeuclidean"])
def test_figures_are_those_of_the_audit(metric):
    audit = check_metric(X, metric, Y)
    header, *rows = comparison(audit)
    found = audit.statistics
    assert header[-1] == found.scores.score
    assert [row[0] for row in rows] == list(found.agreement.metrics)
    assert rows[0][1] == "100%"
    for i, (name, share, skewness, contrast, score) in enumerate(rows):
        assert share == f"{found.agreement.overlap[0, i]:.0%}"
        assert skewness == f"{found.hubness[name].skewness:.2f}"
        assert score == f"{found.scores.values[name]:.2f}"
        assert contrast in {f"{found.contrast[name]:.2f}", "-"}
        assert (contrast == "-") == bool(np.isnan(found.contrast[name]))


def test_no_scores_without_labels():
    assert len(comparison(check_metric(X))[0]) == 4


def test_nothing_is_compared_of_too_few_rows():
    assert len(comparison(check_metric(X[:2]))) == 1
