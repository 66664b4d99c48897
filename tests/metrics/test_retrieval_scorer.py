"""Scorers of searches: equal to scores of brute force, in scikit-learn's selection."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from layouts import LAYOUTS
from oracles_retrieval import SCORES, distinct_recall
from rows import rows_for
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    cross_val_score,
    cross_validate,
)
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from sknorms.metrics import (
    average_precision_at_k,
    get_metric,
    make_retrieval_scorer,
    metric_names,
    ndcg_at_k,
    pairwise_distances,
    precision_at_k,
    recall_at_k,
    reciprocal_rank,
)
from sknorms.neighbors import Retriever

RNG = np.random.default_rng(0)
# Small integers: many rows tie under every metric.
ROWS = RNG.integers(0, 3, (60, 3)).astype(float)
QUERIES = RNG.integers(0, 3, (12, 3)).astype(float)
LABELS = RNG.integers(0, 4, 60)
WANTED = RNG.integers(0, 4, 12)
ALIASES = {"map": "average_precision", "mrr": "reciprocal_rank"}


@pytest.fixture(params=[*sorted(SCORES), *ALIASES])
def name(request):
    return request.param


def full_score(name, metric, labels, k, queries=QUERIES, rows=ROWS):
    """Score complete lists, in which every tie is seen."""
    function = {
        "recall": recall_at_k,
        "precision": precision_at_k,
        "average_precision": average_precision_at_k,
        "reciprocal_rank": reciprocal_rank,
        "ndcg": ndcg_at_k,
    }[ALIASES.get(name, name)]
    values = pairwise_distances(queries, rows, metric=metric)
    larger = get_metric(metric).larger_is_closer
    order = np.argsort(-values if larger else values, axis=1, kind="stable")
    values = np.take_along_axis(values, order, axis=1)
    kind = "similarities" if larger else "distances"
    return function(labels, order, k, labels=LABELS, **{kind: values})


# ---- right ----


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "dot", "cosine"])
@pytest.mark.parametrize("k", [1, 5, 60, 99])
def test_ties_are_followed_to_their_end(name, metric, k):
    retriever = Retriever(metric).fit(ROWS, LABELS)
    scorer = make_retrieval_scorer(f"{name}@{k}")
    expected = full_score(name, metric, WANTED, k)
    assert scorer(retriever, QUERIES, WANTED) == pytest.approx(expected, rel=1e-12)
    tiny = Retriever(metric, working_memory=1e-4).fit(ROWS, LABELS)
    assert scorer(tiny, QUERIES, WANTED) == scorer(retriever, QUERIES, WANTED)


@pytest.mark.parametrize("metric", metric_names())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_metric(metric, dtype):
    rows = rows_for(metric, 80, whole=True).astype(dtype)
    rows = np.vstack([rows, rows])  # every row ties with another
    labels = np.arange(160) % 5
    retriever = Retriever(metric, audit=None).fit(rows, labels)
    result = retriever.search(rows[:9], k=160)
    k = min(5, *result.counts)
    expected = recall_at_k(labels[:9], result, k, labels=labels)
    scorer = make_retrieval_scorer(f"recall@{k}")
    assert scorer(retriever, rows[:9], labels[:9]) == pytest.approx(expected, rel=1e-12)


def test_distinct_recall_beside_its_definition():
    retriever = Retriever("euclidean").fit(RNG.random((40, 3)), LABELS[:40])
    queries = RNG.random((8, 3))
    found = retriever.search(queries, k=3)
    expected = [
        distinct_recall(list(hits), {want}, 3, label_of=LABELS)
        for hits, want in zip(found.indices, WANTED, strict=False)
    ]
    scorer = make_retrieval_scorer("recall@3", distinct=True)
    assert scorer(retriever, queries, WANTED[:8]) == pytest.approx(np.mean(expected))
    assert retriever.score(queries, WANTED[:8], k=3) == pytest.approx(np.mean(expected))


def test_score_of_the_retriever_does_not_depend_on_the_order_of_rows():
    order = RNG.permutation(60)
    same = Retriever("manhattan").fit(ROWS, LABELS).score(QUERIES, WANTED, k=4)
    moved = Retriever("manhattan").fit(ROWS[order], LABELS[order])
    assert moved.score(QUERIES, WANTED, k=4) == pytest.approx(same, rel=1e-12)


def test_k_is_that_of_the_retriever_unless_given(name):
    retriever = Retriever("euclidean", n_neighbors=7).fit(ROWS, LABELS)
    implied = make_retrieval_scorer(name)(retriever, QUERIES, WANTED)
    given = make_retrieval_scorer(f"{name}@7")(retriever, QUERIES, WANTED)
    assert implied == given


def test_forms_of_relevance():
    retriever = Retriever("euclidean").fit(ROWS)
    grades = sparse.random_array((12, 60), density=0.2, rng=np.random.default_rng(1))
    scorer = make_retrieval_scorer("ndcg@5")
    by_row = scorer(retriever, QUERIES, grades.tocsr())
    full = retriever.search(QUERIES, k=60)
    assert by_row == pytest.approx(ndcg_at_k(grades, full, 5), rel=1e-12)
    dense = grades.toarray()
    assert scorer(retriever, QUERIES, dense) == by_row
    by_id = [{i: g for i, g in enumerate(row) if g} for row in dense]
    assert scorer(retriever, QUERIES, by_id) == pytest.approx(by_row, rel=1e-12)
    names = [f"q{i}" for i in range(12)]
    mapped = make_retrieval_scorer(
        "ndcg@5", relevant=dict(zip(names, by_id, strict=True))
    )
    assert mapped(retriever, QUERIES, names) == pytest.approx(by_row, rel=1e-12)
    assert mapped(retriever, QUERIES, pd.Series(names)) == mapped(
        retriever, QUERIES, np.array(names)
    )


def test_queries_in_any_layout():
    retriever = Retriever("euclidean").fit(ROWS, LABELS)
    scorer = make_retrieval_scorer("recall@5")
    expected = scorer(retriever, QUERIES, WANTED)
    layouts = {**LAYOUTS, "COO": sparse.coo_array, "pandas": pd.DataFrame}
    for layout in layouts.values():
        assert scorer(retriever, layout(QUERIES), WANTED) == expected


# ---- in scikit-learn ----


def test_grid_search_over_metrics_and_preprocessing_on_digits():
    X, y = load_digits(return_X_y=True)
    X, y = X[:600], y[:600]
    # Unit rows that lose columns do not suit the euclidean metric: that is tried here.
    pipeline = make_pipeline(StandardScaler(), PCA(16), Retriever(audit=None))
    grid = {
        "standardscaler": [StandardScaler(), Normalizer(), "passthrough"],
        "retriever__metric": ["euclidean", "cosine", "chebyshev"],
    }
    cv = KFold(3)
    search = GridSearchCV(
        pipeline,
        grid,
        scoring={
            name: make_retrieval_scorer(name)
            for name in ("precision@5", "map@10", "mrr@10", "ndcg@10", "recall@10")
        },
        refit="precision@5",
        cv=cv,
        error_score="raise",
        n_jobs=1,
    ).fit(X, y)
    for name in ("precision@5", "map@10", "mrr@10", "ndcg@10", "recall@10"):
        scores = search.cv_results_[f"mean_test_{name}"]
        assert ((scores > 0) & (scores <= 1)).all()
    # The same by hand, from scikit-learn's neighbours (rows of floats do not tie).
    by_hand = []
    for train, test in cv.split(X):
        near = NearestNeighbors(n_neighbors=5).fit(X[train]).kneighbors(X[test])[1]
        by_hand.append((y[train][near] == y[test][:, None]).mean())
    no_pca = make_pipeline(StandardScaler(), Retriever("euclidean"))
    no_pca.set_params(standardscaler="passthrough")
    mine = cross_val_score(
        no_pca, X, y, cv=cv, scoring=make_retrieval_scorer("precision@5")
    )
    np.testing.assert_allclose(mine, by_hand, atol=1e-3)
    assert search.best_score_ > 0.85
    assert search.score(X, y) > search.best_score_  # every row finds itself


def test_relevance_by_ids_across_folds():
    X, y = load_digits(return_X_y=True)
    ids = np.array([f"image {i}" for i in range(300)])
    same = {ids[i]: set(ids[:300][y[:300] == y[i]]) for i in range(300)}
    by_id = cross_validate(
        Retriever(),
        X[:300],
        ids,
        scoring={
            name: make_retrieval_scorer(name, relevant=same)
            for name in ("recall@10", "ndcg@10")
        },
        cv=KFold(3),
        error_score="raise",
    )
    by_label = cross_validate(
        Retriever(),
        X[:300],
        y[:300],
        scoring={n: make_retrieval_scorer(n) for n in ("recall@10", "ndcg@10")},
        cv=KFold(3),
        error_score="raise",
    )
    for name in ("test_recall@10", "test_ndcg@10"):
        np.testing.assert_allclose(by_id[name], by_label[name], rtol=1e-12)


def test_ids_from_the_index_of_a_frame():
    names = [f"row {i}" for i in range(60)]
    frame = pd.DataFrame(ROWS, index=names)
    payload = pd.DataFrame({"label": LABELS}, index=names)
    same = {name: {n for n, of in zip(names, LABELS, strict=True) if of == label}
            for name, label in zip(names, LABELS, strict=True)}  # fmt: skip
    scorer = make_retrieval_scorer("recall@5", relevant=same)

    def scores(X, y):
        return cross_val_score(
            Retriever("euclidean"), X, y, scoring=scorer, error_score="raise"
        )

    expected = scores(ROWS, names)
    np.testing.assert_array_equal(scores(frame, None), expected)
    np.testing.assert_array_equal(scores(ROWS, payload), expected)
    np.testing.assert_array_equal(scores(frame, names), expected)


def test_pipelines_of_many_kinds():
    scorer = make_retrieval_scorer("mrr@5")
    expected = scorer(Retriever().fit(ROWS[1:], LABELS[1:]), QUERIES + 1, WANTED)
    alone = make_pipeline(Retriever()).fit(ROWS[1:], LABELS[1:])
    assert scorer(alone, QUERIES + 1, WANTED) == expected
    nested = make_pipeline("passthrough", make_pipeline(Normalizer(), Retriever()))
    nested.fit(ROWS[1:], LABELS[1:])
    assert scorer(nested, QUERIES + 1, WANTED) == pytest.approx(expected)
    frames = make_pipeline(StandardScaler(), Retriever()).set_output(transform="pandas")
    frames.fit(pd.DataFrame(ROWS), LABELS)
    arrays = make_pipeline(StandardScaler(), Retriever()).fit(ROWS, LABELS)
    assert scorer(frames, pd.DataFrame(QUERIES), WANTED) == scorer(
        arrays, QUERIES, WANTED
    )


def test_scorers_are_pickled_printed_and_routed():
    scorer = make_retrieval_scorer("map@7", capped=True)
    assert repr(scorer) == "make_retrieval_scorer('average_precision@7')"
    assert repr(make_retrieval_scorer("ndcg")) == "make_retrieval_scorer('ndcg')"
    retriever = Retriever().fit(ROWS, LABELS)
    again = pickle.loads(pickle.dumps(scorer))
    assert again(retriever, QUERIES, WANTED) == scorer(retriever, QUERIES, WANTED)
    plain = cross_val_score(Retriever(), ROWS, LABELS, scoring=scorer)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = GridSearchCV(Retriever(), {"n_neighbors": [3]}, scoring=scorer)
        routed.fit(ROWS, LABELS)
    np.testing.assert_allclose(routed.best_score_, plain.mean())


# ---- refused ----


@pytest.mark.parametrize(
    "score", ["recal@10", "recall@", "recall@0", "recall@-1", "recall@1.5", "recall@²"]
)
def test_names_that_are_none(score):
    with pytest.raises(ValueError, match=r"score must be a name.*; got .*Names: aver"):
        make_retrieval_scorer(score)
    for other in ("", "@5", "recall@5@5", 10, None, ["recall@10"]):
        with pytest.raises(ValueError, match="score must be a name"):
            make_retrieval_scorer(other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gain": "linear"}, "score 'recall' got unknown parameter.* 'gain'; it takes"),
        ({"capped": "yes"}, "capped must be True or False; got 'yes'"),
        ({"empty": "zero"}, "empty must be one of 'skip', 'raise'; got 'zero'"),
        ({"relevant": [1, 2]}, "relevant must map ids of queries .*; got list"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        make_retrieval_scorer("recall@5", **options)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "y must say what is relevant to each query.* got None"),
        ([1], "y must say what is relevant.*: got 1 for 12 queries"),
        (["9"] * 12, "No relevant id in y .* '9' of type str"),
        (np.ones((12, 3)), r"of shape \(12, 60\); got float64 of shape \(12, 3\)"),
        ([[]] * 12, "y says that nothing is relevant to any query"),
    ],
)
def test_bad_relevance(y, message):
    retriever = Retriever().fit(ROWS + 1, LABELS)
    with pytest.raises(ValueError, match=message):
        make_retrieval_scorer("recall@5")(retriever, QUERIES + 1, y)


def test_ids_that_are_mapped_must_be_ids():
    retriever = Retriever().fit(ROWS + 1, LABELS)
    scorer = make_retrieval_scorer("recall@5", relevant={"a": [1]})
    for y in ("a", 3):
        with pytest.raises(ValueError, match="y must hold the ids of queries"):
            scorer(retriever, QUERIES + 1, y)
    with pytest.raises(ValueError, match="nothing is relevant to any query"):
        scorer(retriever, QUERIES + 1, ["b"] * 12)


@pytest.mark.parametrize("estimator", [StandardScaler(), make_pipeline(PCA(2))])
def test_estimators_that_do_not_search(estimator):
    with pytest.raises(ValueError, match=r"needs an estimator that searches.*; got "):
        make_retrieval_scorer("recall@5")(estimator.fit(ROWS), QUERIES, WANTED)


def test_labels_of_no_training_row():
    groups = LABELS
    with pytest.raises(ValueError, match="No relevant id in y is the id of any row"):
        cross_val_score(
            Retriever("euclidean"),
            ROWS,
            LABELS,
            groups=groups,
            cv=GroupKFold(4),
            scoring=make_retrieval_scorer("recall@5"),
            error_score="raise",
        )
