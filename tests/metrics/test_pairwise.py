"""All pairs and pairs in step: values, promises, and what is refused."""

import warnings

import numpy as np
import pytest
from rows import rows_for
from scipy import sparse
from scipy.spatial import distance
from sklearn import config_context
from sklearn import metrics as reference
from sklearn.exceptions import DataConversionWarning, EfficiencyWarning

from sknorms.metrics import (
    BlockDistance,
    BlockSimilarity,
    get_metric,
    metric_names,
    paired_distances,
    pairwise_distances,
)

X = np.random.default_rng(0).normal(size=(40, 7))
Y = np.random.default_rng(1).normal(size=(25, 7))
TRUTH_X, TRUTH_Y = X > 0.3, Y > 0.3

# Metrics that scikit-learn or SciPy define the same way, with what they need.
REAL = {
    "braycurtis": {},
    "canberra": {},
    "chebyshev": {},
    "cityblock": {},
    "correlation": {},
    "cosine": {},
    "euclidean": {},
    "hamming": {},
    "l1": {},
    "l2": {},
    "mahalanobis": {"VI": np.linalg.inv(np.cov(X.T))},
    "manhattan": {},
    "minkowski": {"p": 3},
    "nan_euclidean": {},
    "seuclidean": {"V": X.var(axis=0, ddof=1)},
    "sqeuclidean": {},
}
BOOLEAN = ["dice", "jaccard", "rogerstanimoto", "russellrao", "sokalsneath", "yule"]
SIMILARITIES = [n for n in metric_names() if get_metric(n).larger_is_closer]


def learned(metric, rows):
    """Return the record of a metric with what it learns from rows."""
    record = get_metric(metric)
    return record.learn(record.check_rows(rows))


def close_to(actual, expected, rtol=1e-9):
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-13)


# ---- values ----


@pytest.mark.parametrize("metric", REAL)
def test_values_are_scikit_learns(metric):
    rows_X, rows_Y = np.abs(X), np.abs(Y)  # braycurtis is for counts
    params = REAL[metric]
    expected = reference.pairwise_distances(rows_X, rows_Y, metric, **params)
    close_to(pairwise_distances(rows_X, rows_Y, metric, **params), expected)
    expected = reference.pairwise_distances(rows_X, metric=metric, **params)
    # Its euclidean diagonal is computed by cancellation.
    np.fill_diagonal(expected, 0)
    close_to(pairwise_distances(rows_X, metric=metric, **params), expected, rtol=1e-7)


@pytest.mark.parametrize("metric", BOOLEAN)
def test_boolean_values_are_scipys(metric):
    expected = distance.cdist(TRUTH_X, TRUTH_Y, metric)
    close_to(pairwise_distances(TRUTH_X, TRUTH_Y, metric), expected)


@pytest.mark.parametrize("metric", metric_names())
def test_an_entry_depends_on_its_two_rows_alone(metric):
    rows, other = rows_for(metric, 30), rows_for(metric, 20, seed=1)
    record = learned(metric, rows)
    whole = pairwise_distances(rows, other, record)
    single = [[pairwise_distances([a], [b], record)[0, 0] for b in other] for a in rows]
    np.testing.assert_array_equal(whole, single)


@pytest.mark.parametrize("metric", metric_names())
def test_a_table_with_itself(metric):
    rows = rows_for(metric, 60, whole=True)
    values = pairwise_distances(rows, metric=metric)
    np.testing.assert_array_equal(values, values.T)
    again = pairwise_distances(rows, rows.copy(), learned(metric, rows))
    np.testing.assert_array_equal(values, again)
    np.testing.assert_array_equal(values, pairwise_distances(rows, rows, metric))


# For these a row may be at a distance from itself; SciPy says so too.
NOT_ZERO_TO_ITSELF = {"russellrao"}


@pytest.mark.parametrize(
    "metric", sorted({*metric_names()} - {*SIMILARITIES} - NOT_ZERO_TO_ITSELF)
)
def test_distances_are_non_negative_with_a_zero_diagonal(metric):
    values = pairwise_distances(rows_for(metric, 60), metric=metric)
    assert (values >= 0).all()
    assert (np.diagonal(values) == 0).all()


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan", "seuclidean"])
def test_the_diagonal_is_zero_at_every_scale(metric):
    for scale in (1e-300, 1e-10, 1e10, 1e150):
        rows = scale * (1 + 1e-8 * X)
        for n_jobs in (1, 2):
            values = pairwise_distances(rows, metric=metric, n_jobs=n_jobs)
            assert (np.diagonal(values) == 0).all()


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "manhattan"])
@pytest.mark.parametrize(("dtype", "offset"), [("f4", 1e4), ("f8", 1e7), ("f8", 1e9)])
def test_offsets_cancel_nothing(metric, dtype, offset):
    rows = (X + offset).astype(dtype)
    near = rows.astype(np.float64) - offset  # exact
    got = pairwise_distances(rows, metric=metric)
    expected = distance.cdist(
        near, near, get_metric(metric).name.replace("manhattan", "cityblock")
    )
    np.testing.assert_allclose(got, expected, rtol=1e-6 if dtype == "f4" else 1e-13)


def test_float32_is_summed_in_float64():
    near = np.full((1, 10**6), 0.5, dtype=np.float32)
    far = near + np.float32(1e-4)
    step = float(far[0, 0]) - 0.5
    got = pairwise_distances(near, far)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, [[step * 1e3]], rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-310, 1e-170, 1e170, 1e300])
def test_nothing_overflows_or_underflows_on_the_way(scale):
    rows = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]) * scale
    unit = rows[1, 0] / 3
    close_to(pairwise_distances(rows) / unit, [[0, 5, 10], [5, 0, 5], [10, 5, 0]])
    close_to(pairwise_distances(rows[1:], metric="cosine"), np.zeros((2, 2)))


@pytest.mark.parametrize("metric", metric_names())
def test_float32_in_float32_out(metric):
    rows = rows_for(metric, 20).astype(np.float32)
    record = learned(metric, rows)
    wide = pairwise_distances(rows.astype(np.float64), rows, record)
    narrow = pairwise_distances(rows, rows, record)
    assert (wide.dtype, narrow.dtype) == (np.float64, np.float32)
    # Rounded once, from the same float64 values.
    np.testing.assert_array_equal(narrow, wide.astype(np.float32))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.bool_, np.int64, np.float16])
def test_storage_dtypes_are_widened(dtype):
    rows = np.array([[200, 1], [0, 255], [3, 3]]).astype(dtype)
    wide = rows.astype(np.float64)
    got = pairwise_distances(rows, metric="sqeuclidean")
    np.testing.assert_array_equal(got, distance.cdist(wide, wide, "sqeuclidean"))
    assert got.dtype == (np.float32 if dtype is np.float16 else np.float64)


def test_inputs_are_left_alone():
    for rows in (X.copy(), sparse.csr_array(X), sparse.coo_matrix(X)):
        for metric in ("euclidean", "cosine", "correlation", "jensenshannon"):
            before = abs(rows)
            pairwise_distances(before, metric=metric)
            assert abs(before - abs(rows)).max() == 0


def test_unsorted_and_repeated_sparse_entries():
    messy = sparse.csr_array(
        (np.array([1.0, 2.0, 3.0, 4.0]), np.array([2, 0, 0, 1]), np.array([0, 3, 4])),
        shape=(2, 3),
    )
    indices = messy.indices.copy()
    dense = [[5.0, 0.0, 1.0], [0.0, 4.0, 0.0]]
    np.testing.assert_array_equal(pairwise_distances(messy), pairwise_distances(dense))
    np.testing.assert_array_equal(messy.indices, indices)


@pytest.mark.parametrize("metric", SIMILARITIES)
def test_similarities_are_returned_as_they_are(metric):
    values = pairwise_distances(X, Y, metric)
    products = X @ Y.T
    if metric != "dot":
        products /= np.linalg.norm(X, axis=1)[:, None] * np.linalg.norm(Y, axis=1)
    np.testing.assert_allclose(values, products, rtol=1e-9, atol=1e-12)


def test_zero_rows_under_cosine():
    rows = [[0.0, 0.0], [0.0, 0.0], [1.0, 2.0]]
    expected = [[0, 0, 1], [0, 0, 1], [1, 1, 0]]
    for table in (rows, sparse.csr_array(rows)):
        np.testing.assert_array_equal(
            pairwise_distances(table, metric="cosine"), expected
        )


# ---- parameters ----


def test_what_is_learnt_is_learnt_from_all_rows_once():
    V = X.var(axis=0, ddof=1)
    expected = distance.cdist(X, X, "seuclidean", V=V)
    close_to(pairwise_distances(X, metric="seuclidean"), expected)
    close_to(pairwise_distances(X, X, "seuclidean"), expected)
    expected = distance.cdist(X, X, "mahalanobis", VI=np.linalg.inv(np.cov(X.T)))
    close_to(pairwise_distances(X, metric="mahalanobis"), expected)


@pytest.mark.parametrize("metric", [n for n in metric_names() if get_metric(n).learned])
def test_what_would_be_learnt_is_required_with_a_second_table(metric):
    name = get_metric(metric).learned[0]
    with pytest.raises(ValueError, match=rf"'{name}'.* parameter is required for"):
        pairwise_distances(X, Y, metric)
    with pytest.raises(ValueError, match=r"when Y is passed"):
        paired_distances(X, X.copy(), metric=metric)


def test_options_of_the_euclidean_distance():
    norms_X, norms_Y = np.square(X).sum(axis=1), np.square(Y).sum(axis=1)
    expected = pairwise_distances(X, Y)
    for n_jobs in (1, 2):
        given = {"X_norm_squared": norms_X, "Y_norm_squared": norms_Y[None]}
        got = pairwise_distances(X, Y, "l2", n_jobs=n_jobs, **given)
        np.testing.assert_array_equal(got, expected)
    got = pairwise_distances(X, Y, squared=True)
    np.testing.assert_array_equal(got, pairwise_distances(X, Y, "sqeuclidean"))


@pytest.mark.parametrize(
    ("metric", "params"),
    [
        ("cosine", {"p": 3}),
        ("manhattan", {"squared": True}),
        ("cosine", {"X_norm_squared": np.ones(40)}),
        ("euclidean", {"V": np.ones(7)}),
        (get_metric("euclidean"), {"p": 2}),
    ],
)
def test_unknown_parameters_are_refused(metric, params):
    with pytest.raises(ValueError, match=rf"'{next(iter(params))}'"):
        pairwise_distances(X, Y, metric, **params)
    with pytest.raises(ValueError, match=rf"'{next(iter(params))}'"):
        paired_distances(X, X, metric=metric, **params)


def test_unknown_metrics_are_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match=r"got 'eucliden'.*mean 'euclidean'.*cosine"):
        pairwise_distances(X, metric="eucliden")


@pytest.mark.parametrize("n_jobs", [0, "many", 1.5])
def test_number_of_jobs_is_checked(n_jobs):
    with pytest.raises((TypeError, ValueError), match=r"n_jobs|int"):
        pairwise_distances(X, n_jobs=n_jobs)


@pytest.mark.parametrize(
    ("budget", "error"), [(-1, ValueError), ("1", TypeError), (np.nan, ValueError)]
)
def test_budget_is_checked(budget, error):
    with pytest.raises(error, match="working_memory"):
        pairwise_distances(X, working_memory=budget)


# ---- tables that do not fit ----


def test_columns_must_match():
    message = r"X.shape\[1\] == 7 while Y.shape\[1\] == 6"
    with pytest.raises(ValueError, match=message):
        pairwise_distances(X, Y[:, :6])
    with pytest.raises(ValueError, match=message):
        paired_distances(X[:25], Y[:, :6])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_rows_must_be_finite(bad):
    broken = X.copy()
    broken[3, 2] = bad
    with pytest.raises(ValueError, match=r"Input X contains"):
        pairwise_distances(broken)
    with pytest.raises(ValueError, match=r"Input Y contains"):
        pairwise_distances(Y, broken, "cosine")


@pytest.mark.parametrize("bad", [[1.0, 2.0], 3.0, np.zeros((2, 2, 2)), [["a", "b"]]])
def test_rows_must_be_a_table_of_numbers(bad):
    with pytest.raises(ValueError, match=r"2D|dim|convert"):
        pairwise_distances(bad)


def test_empty_tables_are_refused():
    with pytest.raises(ValueError, match=r"0 sample"):
        pairwise_distances(np.empty((0, 3)))
    with pytest.raises(ValueError, match=r"0 feature"):
        pairwise_distances(np.empty((3, 0)))


def test_rows_outside_of_the_domain_are_refused():
    with pytest.raises(ValueError, match=r"'hellinger'.*non-negative.*Y has.*row"):
        pairwise_distances(np.abs(X), Y, "hellinger")
    with pytest.raises(ValueError, match=r"two columns"):
        pairwise_distances(X, metric="haversine")


def test_other_numbers_than_truth_values_are_cast_with_a_warning():
    with pytest.warns(DataConversionWarning, match="boolean for metric jaccard: X"):
        got = pairwise_distances(np.where(TRUTH_X, 2.5, 0.0), metric="jaccard")
    close_to(got, distance.cdist(TRUTH_X, TRUTH_X, "jaccard"))


@pytest.mark.parametrize("metric", BOOLEAN)
def test_truth_values_raise_no_warning(metric):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pairwise_distances(TRUTH_X, metric=metric)
        pairwise_distances(TRUTH_X.astype(np.uint8), metric=metric)


def test_values_beyond_the_dtype_are_refused():
    far = np.array([[1e308], [-1e308]])
    with pytest.raises(ValueError, match=r"row 0 of X and row 1 of Y.*largest float64"):
        pairwise_distances(far)
    with pytest.raises(ValueError, match=r"largest float32. Pass float64"):
        pairwise_distances(np.array([[3e38], [-3e38]], dtype=np.float32))
    with pytest.raises(ValueError, match=r"row 1 of X and row 1 of Y"):
        paired_distances([[0.0], [1e308]], [[0.0], [-1e308]])
    assert pairwise_distances([[1e308], [0.0]])[0, 1] == 1e308


def test_rows_without_a_common_column_are_refused():
    rows = np.array([[1.0, np.nan], [np.nan, 2.0], [1.0, 2.0]])
    with pytest.raises(
        ValueError, match=r"row 0 of X and row 1 of Y.*[Dd]rop or impute"
    ):
        pairwise_distances(rows, metric="nan_euclidean")
    close_to(pairwise_distances(rows[:1], rows[2:], "nan_euclidean"), [[0.0]])


# ---- functions of the user ----


def absolute_gap(x, y):
    return float(np.abs(x - y).sum())


def test_a_function_of_two_rows_announces_its_cost():
    with pytest.warns(EfficiencyWarning, match=r"absolute_gap.*1,000 times") as caught:
        got = pairwise_distances(X, Y, absolute_gap)
    assert caught[0].filename == __file__
    close_to(got, pairwise_distances(X, Y, "manhattan"))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.EfficiencyWarning")
class TestFunctionsOfTwoRows:
    def test_need_not_be_zero_for_equal_rows(self):
        assert pairwise_distances([[1.0]], metric=lambda x, y: 5)[0, 0] == 5

    def test_need_not_be_symmetric(self):
        got = pairwise_distances([[1.0], [4.0]], metric=lambda x, y: x[0] - 2 * y[0])
        np.testing.assert_array_equal(got, [[-1.0, -7.0], [2.0, -4.0]])

    def test_get_strings_as_they_are(self):
        words = ["a", "abc", "abcd"]
        got = pairwise_distances(words, metric=lambda a, b: abs(len(a) - len(b)))
        np.testing.assert_array_equal(got, [[0, 2, 3], [2, 0, 1], [3, 1, 0]])
        got = pairwise_distances(words, ["ab"], metric=lambda a, b: len(a) + len(b))
        np.testing.assert_array_equal(got, [[3], [5], [6]])

    @pytest.mark.parametrize("dtype", [bool, np.int16, np.float32, object])
    def test_get_numbers_as_they_are(self, dtype):
        seen = set()

        def note(x, y):
            seen.update([x.dtype, y.dtype])
            return 1.0

        pairwise_distances(np.ones((3, 2), dtype=dtype), metric=note)
        assert seen == {np.dtype(dtype)}

    def test_get_sparse_rows_as_sparse_rows(self):
        rows = sparse.csr_array(X)
        got = pairwise_distances(rows, metric=lambda a, b: abs(a - b).sum())
        close_to(got, pairwise_distances(X, metric="manhattan"))

    def test_get_their_parameters(self):
        got = pairwise_distances([[1.0]], [[3.0]], lambda a, b, k: k, k=7)
        np.testing.assert_array_equal(got, [[7.0]])
        # Even those that the Euclidean distance has a meaning for.
        got = pairwise_distances(
            [[1.0]], [[3.0]], lambda a, b, squared: squared, squared=4
        )
        np.testing.assert_array_equal(got, [[4.0]])

    def test_may_be_given_missing_values(self):
        holes = [[np.nan, 1.0], [2.0, np.nan]]
        with pytest.raises(ValueError, match="NaN"):
            pairwise_distances(holes, metric=absolute_gap)
        got = pairwise_distances(
            holes, metric=lambda a, b: np.isnan(a - b).sum(), ensure_all_finite=False
        )
        np.testing.assert_array_equal(got, [[1, 2], [2, 1]])
        allowed = pairwise_distances(
            holes,
            metric=lambda a, b: np.isnan(a).sum(),
            ensure_all_finite="allow-nan",
        )
        np.testing.assert_array_equal(allowed, [[1, 1], [1, 1]])

    def test_keep_float32(self):
        rows = X.astype(np.float32)
        assert pairwise_distances(rows, metric=absolute_gap).dtype == np.float32

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_must_return_finite_numbers(self, value):
        with pytest.raises(ValueError, match=r"NaN|largest"):
            pairwise_distances(X, metric=lambda a, b: value)

    def test_run_in_one_thread_unless_told_otherwise(self):
        import threading

        seen = set()

        def note(x, y):
            seen.add(threading.get_ident())
            return 0.0

        pairwise_distances(np.ones((300, 2)), metric=note)
        assert seen == {threading.get_ident()}


def test_a_function_of_two_blocks_is_called_once_a_block():
    shapes = []

    def gap(A, B, power=1):
        shapes.append((len(A), len(B)))
        return np.abs(A[:, None] - B).max(axis=2) ** power

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = pairwise_distances(X, Y, BlockDistance(gap))
    assert shapes == [(40, 25)]
    close_to(got, pairwise_distances(X, Y, "chebyshev"))
    tight = pairwise_distances(X, Y, BlockDistance(gap), working_memory=0.001)
    assert max(a * b for a, b in shapes[1:]) * 7 * 8 <= 0.001 * 2**20
    np.testing.assert_array_equal(tight, got)


def test_a_similarity_of_two_blocks():
    got = pairwise_distances(X, Y, BlockSimilarity(lambda A, B: A @ B.T))
    close_to(got, X @ Y.T)


@pytest.mark.parametrize("answer", [np.zeros((3, 3)), np.zeros(40), 1.0])
def test_a_block_function_must_return_the_block(answer):
    with pytest.raises(ValueError, match=r"shape \(40, 25\)"):
        pairwise_distances(X, Y, BlockDistance(lambda A, B: answer))


# ---- precomputed ----


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_precomputed_floats_come_back_as_the_same_object(dtype):
    square = np.abs(X[:7]).astype(dtype)
    assert pairwise_distances(square, metric="precomputed") is square
    wide = np.abs(X[:3]).astype(dtype)
    assert pairwise_distances(wide, Y[:7], metric="precomputed") is wide


def test_precomputed_integers_become_floats():
    got = pairwise_distances([[0, 1], [1, 0]], metric="precomputed")
    assert got.dtype == np.float64


def test_precomputed_is_checked():
    with pytest.raises(ValueError, match=r"requires shape.*\(40, 7\) for 40 indexed"):
        pairwise_distances(X, metric="precomputed")
    with pytest.raises(ValueError, match=r"\(40, 7\) for 25 indexed"):
        pairwise_distances(np.abs(X), Y, metric="precomputed")
    with pytest.raises(ValueError, match=r"Negative values.*non-negative"):
        pairwise_distances(X[:7], metric="precomputed")
    with pytest.raises(ValueError, match=r"NaN"):
        pairwise_distances(np.full((2, 2), np.nan), metric="precomputed")
    holes = np.array([[0.0, np.nan], [-1.0, 0.0]])
    with pytest.raises(ValueError, match=r"Negative"):
        pairwise_distances(holes, metric="precomputed", ensure_all_finite="allow-nan")
    holes[1, 0] = 1.0
    allowed = {"metric": "precomputed", "ensure_all_finite": "allow-nan"}
    assert pairwise_distances(holes, **allowed) is holes


# ---- memory ----


@pytest.mark.parametrize(
    ("metric", "d"), [("euclidean", 64), ("cosine", 64), ("canberra", 64), ("dot", 2)]
)
@pytest.mark.parametrize("lay", [np.asarray, sparse.csr_array])
def test_working_memory_is_kept(metric, d, lay):
    import tracemalloc

    rows = lay(np.random.default_rng(0).random((1500, d)))
    budget = 2.0
    pairwise_distances(rows[:10], metric=metric)  # compiles, if anything does
    with config_context(working_memory=budget):
        tracemalloc.start()
        got = pairwise_distances(rows, metric=metric, n_jobs=2)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak - got.nbytes <= budget * 2**20


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan", "dot"])
def test_wide_sparse_rows_are_not_made_dense(metric):
    import tracemalloc

    rng = np.random.default_rng(0)
    rows = sparse.random_array((120, 40_000), density=5e-4, rng=rng, format="csr")
    # One row is far fuller than the others.
    full = sparse.random_array((1, 40_000), density=0.01, rng=rng, format="csr")
    rows = sparse.csr_array(sparse.vstack([rows, full]))
    pairwise_distances(rows[:9], metric=metric)
    tracemalloc.start()
    got = pairwise_distances(rows, metric=metric, working_memory=8.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - got.nbytes <= 8 * 2**20 < 8 * rows.shape[0] * rows.shape[1]
    dense = pairwise_distances(rows[:3].toarray(), rows[-3:].toarray(), metric)
    np.testing.assert_array_equal(got[:3, -3:], dense)


# ---- pairs in step ----


@pytest.mark.parametrize("metric", metric_names())
def test_paired_is_the_diagonal(metric):
    rows, other = rows_for(metric, 50), rows_for(metric, 50, seed=1)
    record = learned(metric, rows)
    expected = np.diagonal(pairwise_distances(rows, other, record))
    for lay in (np.asarray, sparse.csr_array):
        got = paired_distances(lay(rows), lay(other), metric=record)
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("metric", ["euclidean", "l2", "l1", "cityblock", "cosine"])
def test_paired_is_scikit_learns(metric):
    expected = reference.pairwise.paired_distances(X[:25], Y, metric=metric)
    close_to(paired_distances(X[:25], Y, metric=metric), expected)
    got = paired_distances(X[:25].astype("f4"), Y.astype("f4"), metric=metric)
    assert got.dtype == np.float32


def test_paired_with_functions():
    expected = paired_distances(X[:25], Y, metric="manhattan")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # one call a pair is what was asked for
        close_to(paired_distances(X[:25], Y, metric=absolute_gap), expected)
    block = BlockDistance(lambda A, B: np.abs(A[:, None] - B).sum(axis=2))
    close_to(paired_distances(X[:25], Y, metric=block), expected)


def test_paired_tables_must_have_one_shape():
    with pytest.raises(ValueError, match=r"same shape.*\(40, 7\) and \(25, 7\)"):
        paired_distances(X, Y)
    with pytest.raises(TypeError, match=r"Y must be a table"):
        paired_distances(X, None)
