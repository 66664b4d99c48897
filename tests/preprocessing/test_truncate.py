"""The leading columns at unit norm."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from sknorms.preprocessing import TruncateNormalizer, normalize

ROWS = np.random.default_rng(0).normal(size=(50, 12))


@pytest.mark.parametrize("n_components", [1, 5, 12, None])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sparse.csr_array])
def test_is_normalizing_the_first_columns(n_components, dtype, form):
    if form is sparse.csr_array and dtype == np.float16:
        dtype = np.float32  # SciPy has no sparse float16
    rows = ROWS.astype(dtype)
    got = TruncateNormalizer(n_components).fit_transform(form(rows))
    got = got.toarray() if sparse.issparse(got) else got
    assert np.array_equal(got, normalize(rows[:, :n_components]))
    norms = np.sqrt(np.square(got.astype(np.float64)).sum(axis=1))
    np.testing.assert_allclose(norms, 1.0, rtol=0, atol=1e-6)


@pytest.mark.parametrize("norm", ["l1", "max", 3])
def test_norms(norm):
    got = TruncateNormalizer(4, norm).fit_transform(ROWS)
    assert np.array_equal(got, normalize(ROWS[:, :4], norm))


def test_rows_that_lose_everything():
    rows = np.array([[0.0, 0.0, 1.0], [3.0, 4.0, 0.0]])
    truncated = TruncateNormalizer(2).fit_transform(rows)
    assert truncated.tolist() == [[0.0, 0.0], [0.6, 0.8]]
    with pytest.raises(ValueError, match="zero norm in row 0"):
        TruncateNormalizer(2, zero="raise").fit_transform(rows)
    assert TruncateNormalizer(3, zero="raise").fit_transform(rows).shape == (2, 3)


def test_names_of_the_columns_kept():
    truncate = TruncateNormalizer(2).fit(ROWS)
    assert truncate.get_feature_names_out().tolist() == ["x0", "x1"]
    names = [f"f{i}" for i in range(12)]
    assert truncate.get_feature_names_out(names).tolist() == ["f0", "f1"]
    with pytest.raises(ValueError, match="input_features should have length"):
        truncate.get_feature_names_out(["a", "b"])


def test_input_and_output_share_no_memory():
    rows = ROWS.copy()
    TruncateNormalizer().fit_transform(rows)[...] = 7.0
    assert np.array_equal(rows, ROWS)


def test_grid_search_over_components():
    y = (ROWS[:, 0] > 0).astype(int)
    pipeline = make_pipeline(TruncateNormalizer(), KNeighborsClassifier(3))
    grid = {"truncatenormalizer__n_components": [1, 4, 12, None]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(ROWS, y)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] == 1.0  # the sign of the first column is the class
    assert scores[2] == scores[3]


@pytest.mark.parametrize(
    ("n_components", "error", "message"),
    [
        (13, ValueError, "at most the number of columns, 12; got 13"),
        (0, ValueError, "n_components must be >= 1; got 0"),
        (-1, ValueError, "n_components must be >= 1; got -1"),
        (2.0, TypeError, "n_components must be an integer; got 2.0"),
        (True, TypeError, "n_components must be an integer; got True"),
        ("all", TypeError, "n_components must be an integer; got 'all'"),
    ],
)
def test_bad_numbers_of_components(n_components, error, message):
    truncate = TruncateNormalizer(n_components)
    with pytest.raises(error, match=message):
        truncate.fit(ROWS)
    with pytest.raises(error, match=message):
        truncate.transform(ROWS)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"norm": "l0"}, "norm must be one of"), ({"zero": None}, "zero must be one of")],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        TruncateNormalizer(**parameters).fit(ROWS)
