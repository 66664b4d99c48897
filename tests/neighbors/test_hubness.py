"""Transformers of neighbour graphs: the papers' formulas, fewer hubs, usable graphs."""

import pickle
import tracemalloc

import numpy as np
import pytest
from labels import label
from layouts import assert_same_bits
from oracles_hubness import (
    csls_similarity,
    empirical_proximity,
    k_occurrence_skewness,
    local_scaling,
    nicdm,
    normal_proximity,
)
from scipy import sparse
from scipy.stats import norm
from sklearn import neighbors as theirs
from sklearn.base import clone
from sklearn.cluster import DBSCAN
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.manifold import Isomap
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sknorms import neighbors as ours
from sknorms.datasets import load_word_vectors
from sknorms.metrics import pairwise_distances
from sknorms.neighbors import CSLS, KNeighborsTransformer, LocalScaling, MutualProximity

RNG = np.random.default_rng(0)
X, Q = RNG.normal(size=(40, 6)), RNG.normal(size=(9, 6))
K = 4
RESCALERS = {
    "standard": LocalScaling(K),
    "nicdm": LocalScaling(K, method="nicdm"),
    "normal": MutualProximity(),
    "empirical": MutualProximity("empirical"),
    "csls": CSLS(K),
}


@pytest.fixture(params=RESCALERS)
def rescaler(request):
    return clone(RESCALERS[request.param])


def oracle(name, D, queries=None):
    """Return the secondary distances by the naive definition."""
    if name == "csls":
        similarity = csls_similarity(1 - D, K, None if queries is None else 1 - queries)
        return -similarity
    function = {
        "standard": lambda: local_scaling(D, K, queries),
        "nicdm": lambda: nicdm(D, K, queries),
        "normal": lambda: normal_proximity(D, queries),
        "empirical": lambda: empirical_proximity(D, queries),
    }
    return function[name]()


def graphs(n_neighbors, rows=X, queries=Q, **parameters):
    transformer = KNeighborsTransformer(n_neighbors=n_neighbors, **parameters)
    return transformer.fit_transform(rows), transformer.transform(queries)


def stored(graph):
    """Return which entries a graph stores, zeros included."""
    mask = np.zeros(graph.shape, dtype=bool)
    mask[np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr)), graph.indices] = 1
    return mask


def assert_same_graph(actual, expected):
    for part in ("data", "indices", "indptr"):
        assert_same_bits(getattr(actual, part), getattr(expected, part))


# ---- the formulas ----


@pytest.mark.parametrize("name", RESCALERS)
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("form", ["dense", "graph"])
def test_the_definition_on_all_distances(name, metric, form):
    D, DQ = (
        pairwise_distances(X, metric=metric),
        pairwise_distances(Q, X, metric=metric),
    )
    model = clone(RESCALERS[name])
    if form == "graph":
        table, queries = graphs(39, metric=metric)
        found = [
            g.toarray() for g in (model.fit_transform(table), model.transform(queries))
        ]
        # One training row is missing in each query's list of 40 of 40: none is.
        assert queries.nnz == DQ.size
    else:
        found = [model.fit_transform(D), model.transform(DQ)]
    shift = getattr(model, "shift_", 0.0)
    for mine, expected in zip(
        found, (oracle(name, D), oracle(name, D, DQ)), strict=True
    ):
        np.testing.assert_allclose(mine - shift, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["standard", "nicdm", "csls"])
def test_a_graph_of_enough_neighbors_is_as_good_as_all_distances(name):
    D, DQ = pairwise_distances(X), pairwise_distances(Q, X)
    model = clone(RESCALERS[name])
    training, queries = graphs(12)
    found = (model.fit_transform(training), model.transform(queries))
    shift = getattr(model, "shift_", 0.0)
    for mine, expected in zip(
        found, (oracle(name, D), oracle(name, D, DQ)), strict=True
    ):
        mask = stored(mine)
        np.testing.assert_allclose(
            mine.toarray()[mask] - shift, expected[mask], rtol=1e-9, atol=1e-12
        )


def test_empirical_proximity_counts_what_is_stored():
    D, DQ = pairwise_distances(X), pairwise_distances(Q, X)
    training, queries = graphs(8)
    model = MutualProximity("empirical")
    found, answered = model.fit_transform(training), model.transform(queries)
    known, asked = stored(training), stored(queries)
    expected = empirical_proximity(D, None, known, known)
    np.testing.assert_allclose(found.toarray()[known], expected[known], atol=1e-12)
    expected = empirical_proximity(D, DQ, asked, known)
    np.testing.assert_allclose(answered.toarray()[asked], expected[asked], atol=1e-12)


def test_normal_proximity_takes_the_moments_of_what_is_stored():
    training, _ = graphs(8)
    found = MutualProximity().fit_transform(training)
    nearest = np.sort(pairwise_distances(X), axis=1)[:, 1:9]
    D = np.full((40, 40), np.nan)
    for row in range(40):
        columns = training.indices[training.indptr[row] : training.indptr[row + 1]]
        D[row, columns] = pairwise_distances(X[[row]], X[columns])[0]
    mean, deviation = nearest.mean(axis=1), nearest.std(axis=1, ddof=1)
    for x, y in np.argwhere(stored(training)):
        d = D[x, y]
        share = [norm.sf(d, mean[i], deviation[i]) for i in (x, y)]
        expected = 0 if x == y else 1 - share[0] * share[1]
        assert found[x, y] == pytest.approx(expected, abs=1e-12)


# ---- the graphs ----


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_entries_in_a_new_order(rescaler, dtype):
    training, queries = graphs(11, X.astype(dtype), Q.astype(dtype))
    before = [part.copy() for g in (training, queries) for part in (g.data, g.indices)]
    for graph, found in (
        (training, rescaler.fit_transform(training)),
        (queries, rescaler.transform(queries)),
    ):
        assert type(found) is type(graph)
        assert found.dtype == dtype
        assert_same_bits(found.indptr, graph.indptr)
        np.testing.assert_array_equal(stored(found), stored(graph))
        values = found.data.reshape(-1, 12)
        indices = found.indices.reshape(-1, 12)
        assert (values >= 0).all()
        assert (np.diff(values, axis=1) >= 0).all()
        tied = np.diff(values, axis=1) == 0
        assert (np.diff(indices, axis=1)[tied] > 0).all()
    after = [part for g in (training, queries) for part in (g.data, g.indices)]
    for one, other in zip(after, before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_new_rows_that_are_training_rows_are_answered_as_these(rescaler):
    rows = np.round(X)  # with ties
    training, _ = graphs(11, rows)
    found = rescaler.fit_transform(training)
    assert_same_graph(clone(rescaler).fit(training).transform(training), found)
    parts = [rescaler.transform(training[i : i + 7]) for i in range(0, 40, 7)]
    joined = sparse.vstack(parts, format="csr")
    assert_same_bits(joined.data, found.data)
    np.testing.assert_array_equal(joined.indices, found.indices)
    again = pickle.loads(pickle.dumps(rescaler))
    assert_same_graph(again.transform(training), found)
    small = clone(rescaler).set_params(working_memory=1e-3)
    assert_same_graph(small.fit_transform(training), found)


def test_dense_and_sparse_forms_agree_to_the_bit(rescaler):
    training, queries = graphs(39)
    for ask, graph in (
        (rescaler.fit_transform, training),
        (rescaler.transform, queries),
    ):
        assert_same_bits(ask(graph.toarray()), ask(graph).toarray())


def test_rows_of_a_graph_may_come_in_any_order(rescaler):
    training, _ = graphs(11)
    by_column = training.copy()
    by_column.sort_indices()
    expected = rescaler.fit_transform(training)
    assert_same_graph(rescaler.fit_transform(by_column), expected)
    assert_same_graph(rescaler.fit_transform(by_column.tocoo()), expected)


def test_graphs_without_the_rows_themselves_teach_the_same(rescaler):
    rows = np.concatenate([X, X[:5]])  # duplicates, which stay
    with_self, queries = graphs(11, rows)
    without, _ = graphs(11, rows, exclude_self=True)
    found, other = rescaler.fit_transform(with_self), None
    answered = rescaler.transform(queries)
    other = clone(rescaler).fit(without)
    mask = stored(without)
    np.testing.assert_array_equal(
        other.fit_transform(without).toarray()[mask], found.toarray()[mask]
    )
    assert_same_graph(other.transform(queries), answered)


def test_radius_graphs(rescaler):
    transformer = ours.RadiusNeighborsTransformer(radius=4.5).fit(X)
    training = transformer.transform(X)
    lengths = np.diff(training.indptr)
    assert lengths.min() > K < lengths.max()
    assert len(set(lengths)) > 5
    found = rescaler.fit_transform(training)
    np.testing.assert_array_equal(stored(found), stored(training))
    dense = found.toarray()
    for row in range(0, 40, 13):
        alone = rescaler.transform(training[[row]])
        np.testing.assert_array_equal(alone.toarray()[0], dense[row])


def test_secondary_distances_are_symmetric(rescaler):
    found = rescaler.fit_transform(pairwise_distances(X))
    np.testing.assert_allclose(found, found.T, rtol=1e-12)


def test_heaps_of_duplicates_stay_finite(rescaler):
    rows = np.repeat(RNG.normal(size=(6, 3)), [9, 9, 9, 1, 1, 1], axis=0)
    training, queries = graphs(20, rows, np.zeros((2, 3)))
    for found in (rescaler.fit_transform(training), rescaler.transform(queries)):
        assert np.isfinite(found.data).all()
        assert (found.data >= 0).all()
    everything = np.repeat([[1.0, 2.0]], 8, axis=0)
    graph, _ = graphs(6, everything, everything)
    assert (rescaler.fit_transform(graph).data == 0).all()


def test_distances_at_the_ends_of_float64(rescaler):
    for scale in (1e-200, 1e-150, 1e150, 1e200):
        table = pairwise_distances(X)
        expected = rescaler.fit_transform(table)
        # CSLS is in the units of the distance, the others have none.
        unit = scale if isinstance(rescaler, CSLS) else 1.0
        found = rescaler.fit_transform(table * scale)
        np.testing.assert_allclose(found / unit, expected, rtol=1e-9, atol=1e-12)


def test_feature_names_are_those_of_the_graph(rescaler):
    pipeline = make_pipeline(KNeighborsTransformer(n_neighbors=8), rescaler).fit(X)
    names = pipeline.get_feature_names_out()
    assert names.tolist() == [f"kneighborstransformer{i}" for i in range(40)]


def test_working_memory_is_kept(rescaler):
    rows = RNG.normal(size=(3000, 3)).astype(np.float32)
    graph, _ = graphs(100, rows, rows[:1])
    rescaler.set_params(working_memory=2).fit(graph)
    rescaler.transform(graph[:10])
    tracemalloc.start()
    try:
        found = rescaler.transform(graph)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    own = found.data.nbytes + found.indices.nbytes + found.indptr.nbytes
    # At once the entries in float64 with their order would take 28 MiB.
    assert peak - own <= 2.2 * 2**20


# ---- csls ----


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "sqeuclidean", "manhattan"])
@pytest.mark.parametrize("seed", range(5))
def test_csls_is_not_negative(metric, seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(60, 3)) * 10.0 ** rng.integers(-3, 4, (60, 1))
    queries = rng.normal(size=(30, 3)) * 10.0 ** rng.integers(-6, 7, (30, 1))
    rows[:3], queries[:2] = 0, 0
    training, asked = graphs(9, rows, queries, metric=metric)
    model = CSLS(4)
    assert (model.fit_transform(training).data >= 0).all()
    # It would say so if the bound did not hold.
    assert (model.transform(asked).data >= 0).all()


def test_csls_of_similarities_and_without_a_shift():
    similarity = pairwise_distances(X, metric="cosine_similarity")
    expected = csls_similarity(similarity, 5)
    graph, _ = graphs(20, metric="cosine_similarity")
    found = CSLS(similarity=True, shift=0.0).fit_transform(graph)
    mask = stored(graph)
    np.testing.assert_allclose(-found.toarray()[mask], expected[mask], atol=1e-12)
    assert (found.data < 0).any()
    distances, _ = graphs(20, metric="cosine")
    plain = CSLS(shift=0).fit_transform(distances)
    np.testing.assert_allclose(found.toarray(), plain.toarray(), atol=1e-12)
    dense = CSLS(similarity=True, shift=0.0).fit_transform(similarity)
    np.testing.assert_allclose(-dense, expected, atol=1e-12)


def test_a_shift_changes_no_order():
    graph, _ = graphs(20, metric="cosine")
    automatic, plain = CSLS(), CSLS(shift=0.0)
    shifted, bare = automatic.fit_transform(graph), plain.fit_transform(graph)
    assert plain.shift_ == 0
    np.testing.assert_array_equal(shifted.indices, bare.indices)
    np.testing.assert_allclose(shifted.data - automatic.shift_, bare.data, atol=1e-12)


# ---- hubs ----


@pytest.mark.parametrize("name", RESCALERS)
@pytest.mark.parametrize("data", ["gaussian", "words"])
def test_there_are_fewer_hubs(name, data):
    if data == "gaussian":
        rows, metric = np.random.default_rng(0).normal(size=(600, 150)), "euclidean"
    else:
        rows, metric = load_word_vectors().data[:1000], "cosine"
    graph, _ = graphs(100, rows, rows[:1], metric=metric)
    model = clone(RESCALERS[name])
    if "n_neighbors" in model.get_params():
        model.set_params(n_neighbors=10)
    before = k_occurrence_skewness(graph, 10)
    after = k_occurrence_skewness(model.fit_transform(graph), 10)
    assert before > 1
    assert after < 0.7 * before


def test_hubness_of_a_hand_made_graph():
    # Row 0 is the nearest of all others, which are nobody's but once.
    nearest = np.array([1, 0, 0, 0])
    graph = sparse.csr_array((np.ones(4), nearest, np.arange(5)), shape=(4, 4))
    counts = np.array([3.0, 1, 0, 0])
    spread = counts - counts.mean()
    expected = np.mean(spread**3) / np.mean(spread**2) ** 1.5
    assert k_occurrence_skewness(graph, 1) == pytest.approx(expected)


# ---- in a pipeline ----


@pytest.mark.parametrize("library", [theirs, ours])
@pytest.mark.parametrize("exclude_self", [False, True])
def test_before_a_classifier(rescaler, library, exclude_self):
    digits, labels = (part[:500] for part in load_digits(return_X_y=True))
    model = make_pipeline(
        KNeighborsTransformer(n_neighbors=40, exclude_self=exclude_self),
        rescaler,
        library.KNeighborsClassifier(5, metric="precomputed"),
    )
    model.fit(digits[:350], labels[:350])
    assert model.score(digits[350:], labels[350:]) > 0.85


def test_before_other_estimators(rescaler):
    rows = load_digits().data[:200]
    graph = KNeighborsTransformer(n_neighbors=30)
    for last in (
        theirs.LocalOutlierFactor(10, metric="precomputed", novelty=True),
        Isomap(n_neighbors=12, metric="precomputed"),
        DBSCAN(metric="precomputed"),
        ours.NearestNeighbors(n_neighbors=10, metric="precomputed"),
    ):
        make_pipeline(graph, rescaler, last).fit(rows)


def test_in_a_grid_search():
    digits, labels = (part[:200] for part in load_digits(return_X_y=True))
    model = make_pipeline(
        KNeighborsTransformer(n_neighbors=30),
        LocalScaling(),
        ours.KNeighborsClassifier(metric="precomputed"),
    )
    grid = {
        "localscaling__n_neighbors": [3, 10],
        "localscaling__method": ["standard", "nicdm"],
        "kneighborstransformer__metric": ["cosine", "manhattan"],
    }
    search = GridSearchCV(model, grid, cv=3, error_score="raise").fit(digits, labels)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


# ---- bad input ----


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (LocalScaling(0), "n_neighbors must be >= 1; got 0"),
        (LocalScaling(2.0), "n_neighbors must be an integer; got 2.0"),
        (LocalScaling(method="mean"), "method must be one of 'standard', 'nicdm'"),
        (LocalScaling(working_memory=0), "working_memory must be a number > 0"),
        (MutualProximity("gamma"), "method must be one of 'normal', 'empirical'"),
        (
            MutualProximity(None),
            "'normal', 'empirical'; got None",
        ),
        (CSLS(-1), "n_neighbors must be >= 1; got -1"),
        (CSLS(similarity="yes"), "similarity must be True or False; got 'yes'"),
        (CSLS(shift="none"), "shift must be one of 'auto'; got 'none'"),
        (CSLS(shift=None), "shift must be a real number; got None"),
        (CSLS(shift=np.inf), "shift must be a number .*; got inf"),
    ],
    ids=label,
)
def test_parameters_are_checked_in_fit(model, message):
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(graphs(8)[0])


def test_graphs_that_cannot_be(rescaler):
    training, queries = graphs(8)
    with pytest.raises(ValueError, match=r"must be square. Input is a 9x40 matrix"):
        rescaler.fit(queries)
    with pytest.raises(NotFittedError):
        rescaler.transform(queries)
    rescaler.fit(training)
    with pytest.raises(ValueError, match=r"X has 39 features, but .* expecting 40"):
        rescaler.transform(queries[:, :39])
    negative = training.copy()
    negative.data[5] = -1
    with pytest.raises(ValueError, match="Negative values in data"):
        rescaler.fit(negative)
    missing = training.copy()
    missing.data[9] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        rescaler.fit(missing)


def test_too_few_stored_neighbors():
    few, _ = graphs(3)
    message = (
        r"n_neighbors=4 needs 4 stored neighbors for every row, but row 0 .* has 3"
    )
    for model in (LocalScaling(4), CSLS(4)):
        with pytest.raises(ValueError, match=message):
            model.fit(few)
    one, _ = graphs(1)
    with pytest.raises(ValueError, match="mutual proximity needs 2 stored neighbors"):
        MutualProximity().fit(one)
    training, _ = graphs(6)
    _, short = graphs(2)
    with pytest.raises(ValueError, match="n_neighbors=4 needs 4 stored neighbors"):
        LocalScaling(4).fit(training).transform(short)


def test_values_that_are_no_similarities_or_out_of_range():
    with pytest.raises(ValueError, match=r"similarities, from -1 to 1; got 2.5"):
        CSLS(similarity=True).fit(np.full((8, 8), 2.5))
    table = pairwise_distances(X).astype(np.float32) * np.float32(1e37)
    with pytest.raises(ValueError, match=r"beyond the range of float32"):
        CSLS(shift=3.3e38).fit_transform(table)


def test_distances_that_leave_csls_negative_are_refused():
    table = pairwise_distances(X)
    model = CSLS(4).fit(table)
    odd = np.full((1, 40), 1e6)
    odd[0, 0] = 0.5
    with pytest.raises(ValueError, match="Pass a larger shift"):
        model.transform(odd)
    assert np.isfinite(CSLS(4, shift=0).fit(table).transform(odd)).all()
