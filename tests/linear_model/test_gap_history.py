"""What a fit keeps of how its gap went down."""

import numpy as np
import pytest
from linear_cases import diabetes

from sknorms.linear_model import ElasticNetCV, Lasso, LassoCV


def assert_is_history(history, gap, n_passes):
    gaps, seconds = history["relative_gap"], history["seconds"]
    assert gaps.shape == seconds.shape == (n_passes,)
    assert gaps[-1] == gap
    assert (gaps >= 0.0).all()
    assert (seconds >= 0.0).all()
    assert (np.diff(seconds) >= 0.0).all()


@pytest.mark.parametrize(
    "model", [Lasso(0.1), LassoCV(cv=3), ElasticNetCV(cv=3)], ids=repr
)
def test_history_ends_at_the_gap_of_the_fit(model):
    model.fit(*diabetes())
    assert_is_history(model.gap_history_, model.relative_gap_, model.n_full_passes_)


def test_each_target_has_its_history():
    X, y = diabetes()
    model = Lasso(0.1).fit(X, np.column_stack([y, X[:, 0]]))
    found = zip(
        model.gap_history_, model.relative_gap_, model.n_full_passes_, strict=True
    )
    for history, gap, n_passes in found:
        assert_is_history(history, gap, n_passes)


def test_a_smaller_tolerance_goes_on_from_there():
    X, y = diabetes()
    rough = Lasso(0.1, tol=1e-2).fit(X, y).gap_history_["relative_gap"]
    fine = Lasso(0.1, tol=1e-10).fit(X, y).gap_history_["relative_gap"]
    assert len(fine) >= len(rough)
    assert fine[-1] <= 1e-10
