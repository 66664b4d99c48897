"""`lasso_path` and `enet_path` behave as scikit-learn's do."""

import warnings

import linear_cases as cases
import numpy as np
import pytest
import sklearn.linear_model as theirs
from scipy import sparse

import sknorms.linear_model as ours

both = pytest.mark.parametrize("models", [ours, theirs], ids=["sknorms", "sklearn"])
every_path = pytest.mark.parametrize("path", ["lasso_path", "enet_path"])


def centred():
    X, y = cases.diabetes()
    return X - X.mean(axis=0), y - y.mean()


@every_path
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, sparse.csc_matrix])
def test_same_path(path, positive, kind):
    X, y = centred()
    params = {"alphas": 7, "eps": 1e-2, "tol": 1e-10, "positive": positive}
    mine = getattr(ours, path)(kind(X), y, **params, return_n_iter=True)
    other = getattr(theirs, path)(X, y, **params, max_iter=10**5, return_n_iter=True)
    np.testing.assert_allclose(mine[0], other[0], rtol=1e-12)
    np.testing.assert_allclose(mine[1], other[1], atol=1e-3)
    assert mine[2].shape == other[2].shape == (7,)
    assert len(mine[3]) == 7
    assert (mine[2] <= 1e-10 * np.square(y).mean()).all()


@every_path
def test_weights_and_starts(path):
    X, y = centred()
    weights = np.arange(len(y)) % 3
    alphas = [10.0, 1.0]
    params = {"alphas": alphas, "tol": 1e-12}
    weighted = getattr(ours, path)(X, y, sample_weight=weights, **params)[1]
    rows = np.repeat(np.arange(len(y)), weights)
    repeated = getattr(ours, path)(X[rows], y[rows], **params)[1]
    np.testing.assert_allclose(weighted, repeated, atol=1e-6)
    start = getattr(ours, path)(X, y, coef_init=np.ones(10), **params)[1]
    np.testing.assert_allclose(start, getattr(ours, path)(X, y, **params)[1], atol=1e-3)


@both
@every_path
def test_strengths_are_tried_from_the_largest_on(models, path):
    X, y = centred()
    alphas, coefs, gaps = getattr(models, path)(X, y, alphas=[0.1, 5.0, 1.0])
    assert alphas.tolist() == [5.0, 1.0, 0.1]
    assert coefs.shape == (10, 3)
    assert gaps.shape == (3,)
    assert coefs.dtype == np.float64


@both
def test_float32_stays(models):
    X, y = (part.astype("f4") for part in centred())
    assert models.lasso_path(X, y, alphas=3)[1].dtype == np.float32


@both
@pytest.mark.parametrize("y", [np.zeros(442), np.full(442, 5.0)], ids=["0", "5"])
def test_targets_without_signal(models, y):
    X, _ = centred()
    alphas, coefs, _ = models.lasso_path(X, y - y.mean(), alphas=3)
    assert (alphas == np.finfo(float).resolution).all()
    assert not coefs.any()


@both
@every_path
def test_several_targets(models, path):
    X, y = centred()
    alphas, coefs, gaps = getattr(models, path)(X, np.column_stack([y, -y]), alphas=4)
    assert coefs.shape == (2, 10, 4)
    assert gaps.shape == alphas.shape == (4,)
    with pytest.raises(ValueError, match="positive=True is not allowed"):
        getattr(models, path)(X, np.column_stack([y, -y]), positive=True)


@both
@every_path
def test_former_spellings_warn(models, path):
    X, y = centred()
    with pytest.warns(FutureWarning, match="'n_alphas' was deprecated in 1.9"):
        assert len(getattr(models, path)(X, y, n_alphas=5)[0]) == 5
    with pytest.warns(FutureWarning, match="'alphas=None' is deprecated"):
        assert len(getattr(models, path)(X, y, alphas=None)[0]) == 100
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        assert len(getattr(models, path)(X, y)[0]) == 100


@both
@pytest.mark.parametrize("precompute", ["auto", True, False, "gram"])
def test_how_products_are_computed_changes_nothing(models, precompute):
    X, y = centred()
    given = X.T @ X if precompute == "gram" else precompute
    coefs = models.lasso_path(X, y, alphas=3, precompute=given, tol=1e-9)[1]
    plain = ours.lasso_path(X, y, alphas=3, tol=1e-9)[1]
    np.testing.assert_allclose(coefs, plain, atol=1e-2)


@both
@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"l1_ratio": 2.0}, "l1_ratio"),
        ({"eps": 0.0}, "eps"),
        ({"alphas": 0}, "alphas"),
        ({"precompute": "no"}, "precompute"),
        ({"normalize": True}, "Unexpected parameters in params"),
        ({"selection": "best"}, "selection"),
        ({"l1_ratio": 0.0}, "not supported for l1_ratio=0"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(models, bad, words):
    X, y = centred()
    with pytest.raises(ValueError, match=words):
        models.enet_path(X, y, **bad)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"alphas": [1.0, -1.0]}, r"alphas\[1\] == -1"),
        ({"alphas": "many"}, "alphas must be"),
        ({"coef_init": np.ones(3)}, r"coef_init must have shape \(10,\)"),
        ({"tol": -1.0}, "tol must be"),
        ({"do_screening": 1}, "do_screening must be"),
        ({"return_n_iter": 1}, "return_n_iter must be"),
    ],
    ids=str,
)
def test_errors_name_the_parameter(bad, words):
    X, y = centred()
    with pytest.raises(ValueError, match=words):
        ours.enet_path(X, y, **bad)


def test_weights_of_several_targets_are_refused():
    X, y = centred()
    with pytest.raises(ValueError, match="sample_weight is for one target"):
        ours.enet_path(X, np.column_stack([y, y]), sample_weight=np.ones(len(y)))
