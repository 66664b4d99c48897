"""Clipping sample by sample, and relative to weights."""

import numpy as np
import pytest
from scipy import sparse

from sknorms.norms import clip_adaptive, clip_per_sample

INF = np.inf
GRADS = np.array([[0.0, 0.0, 0.0], [0.0, 3.0, 4.0], [4.0, 0.0, 3.0], [3.0, 4.0, 0.0]])


@pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist, sparse.csr_array])
@pytest.mark.parametrize(
    ("limit", "total", "n_clipped"),
    [
        (INF, [7.0, 7.0, 7.0], 0),
        (5.0, [7.0, 7.0, 7.0], 0),
        (1.25, [1.75, 1.75, 1.75], 3),
        (0.0, [0.0, 0.0, 0.0], 3),
    ],
)
def test_table_of_sums(form, limit, total, n_clipped):
    result, count = clip_per_sample(form(GRADS), limit)
    np.testing.assert_array_equal(result, total)
    assert count == n_clipped
    assert isinstance(count, int)


@pytest.mark.parametrize("norm_type", [1, 2, 3, INF])
def test_a_list_of_parameters_is_one_vector_a_sample(norm_type):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(8, 2, 3)), rng.normal(size=(8, 5))
    joined = np.concatenate([first.reshape(8, -1), second], axis=1)
    whole, count = clip_per_sample(joined, 2.0, norm_type, reduction="none")
    parts, same = clip_per_sample([first, second], 2.0, norm_type, reduction="none")
    np.testing.assert_allclose(parts[0].reshape(8, -1), whole[:, :6], rtol=1e-14)
    np.testing.assert_allclose(parts[1], whole[:, 6:], rtol=1e-14)
    assert count == same > 0


def test_reductions_and_types():
    small = GRADS.astype(np.float32)
    each, _ = clip_per_sample(small, 1.25, reduction="none")
    total, _ = clip_per_sample(small, 1.25, reduction="sum")
    mean, _ = clip_per_sample(small, 1.25, reduction="mean")
    assert {each.dtype, total.dtype, mean.dtype} == {np.dtype(np.float32)}
    assert each.shape == GRADS.shape
    np.testing.assert_array_equal(mean * 4, total)
    rows, _ = clip_per_sample(sparse.csr_array(GRADS), 1.25, reduction="none")
    np.testing.assert_array_equal(rows.toarray(), each)
    mean, _ = clip_per_sample(sparse.csr_array(GRADS), 1.25, reduction="mean")
    np.testing.assert_array_equal(mean * 4, total)


def test_no_samples():
    total, count = clip_per_sample(np.zeros((0, 3)), 1.0)
    np.testing.assert_array_equal(total, [0.0, 0.0, 0.0])
    assert count == 0


def test_no_sample_moves_the_sum_further_than_the_limit():
    grads = np.random.default_rng(1).standard_cauchy(size=(50, 4)) * 1e200
    total, _ = clip_per_sample(grads, 1.0)
    for out in range(50):
        others, _ = clip_per_sample(np.delete(grads, out, axis=0), 1.0)
        assert np.linalg.norm(total - others) <= 1.0 + 1e-12


def test_bad_samples():
    bad = GRADS.copy()
    bad[2, 0] = np.nan
    with pytest.raises(ValueError, match="row 2"):
        clip_per_sample(bad, 1.25)
    skipped, _ = clip_per_sample(bad, 1.25, nonfinite="skip")
    np.testing.assert_array_equal(skipped, [0.75, 1.75, 1.0])
    with pytest.raises(ValueError, match="one sample along the first axis"):
        clip_per_sample([GRADS, GRADS[:2]], 1.0)
    with pytest.raises(ValueError, match="reduction must be one of"):
        clip_per_sample(GRADS, 1.0, reduction="max")
    with pytest.raises(ValueError, match="max_norm must be"):
        clip_per_sample(GRADS, -1.0)
    with pytest.raises(ValueError, match="one sample along the first axis"):
        clip_per_sample(3.0, 1.0)


def naive_adaptive(grad, weight, clipping, eps):
    """Apply the published rule for one unit."""
    most = clipping * max(np.linalg.norm(weight), eps)
    length = np.linalg.norm(grad)
    return grad * (most / max(length, 1e-6)) if length >= most else grad


@pytest.mark.parametrize("clipping", [0.0, 1e-4, 0.01, 1.0])
@pytest.mark.parametrize("eps", [1e-9, 1e-3])
def test_adaptive_clipping_is_the_published_rule(clipping, eps):
    rng = np.random.default_rng(2)
    grads = rng.normal(size=(6, 4)) * 10.0 ** np.arange(-9, 3, 2)[:, np.newaxis]
    weights = rng.normal(size=(6, 4))
    weights[0] = weights[5] = 0.0
    expected = [
        naive_adaptive(g, w, clipping, eps) for g, w in zip(grads, weights, strict=True)
    ]
    clipped = clip_adaptive(grads, weights, clipping, eps)
    np.testing.assert_allclose(clipped, expected, rtol=1e-14)


def test_units_of_adaptive_clipping():
    rng = np.random.default_rng(3)
    grads, weights = rng.normal(size=(2, 3, 4, 5)) * 10
    whole = clip_adaptive(grads, weights)
    assert (np.linalg.norm(whole.reshape(3, -1), axis=1) > 0).all()
    np.testing.assert_allclose(
        whole.reshape(3, -1),
        clip_adaptive(grads.reshape(3, -1), weights.reshape(3, -1)),
        rtol=1e-15,
    )
    vector = clip_adaptive(grads[0, 0], weights[0, 0])
    expected = naive_adaptive(grads[0, 0], weights[0, 0], 0.01, 1e-3)
    np.testing.assert_allclose(vector, expected, rtol=1e-14)
    columns = clip_adaptive(grads[0], weights[0], axis=0)
    np.testing.assert_array_equal(columns, clip_adaptive(grads[0].T, weights[0].T).T)
    assert clip_adaptive(grads.astype(np.float32), weights).dtype == np.float32


def test_adaptive_clipping_of_huge_gradients():
    clipped = clip_adaptive([[3e300, 4e300]], [[3.0, 4.0]])
    np.testing.assert_allclose(clipped, [[0.03, 0.04]], rtol=1e-14)


def test_bad_input_to_adaptive_clipping():
    with pytest.raises(ValueError, match="weights must have the shape of grads"):
        clip_adaptive(GRADS, GRADS[0])
    with pytest.raises(ValueError, match="finite"):
        clip_adaptive([[np.nan]], [[1.0]])
    with pytest.raises(ValueError, match="clipping must be"):
        clip_adaptive(GRADS, GRADS, clipping=-0.1)
