"""The audit in estimators: when it warns, and which metric it chooses."""

import warnings

import audit_cases
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris, load_wine
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

from sknorms import neighbors
from sknorms.audit import MetricAudit, MetricMismatchWarning
from sknorms.audit._warning import forget_warnings
from sknorms.datasets import load_word_vectors
from sknorms.neighbors import KNeighborsClassifier, KNeighborsRegressor, Retriever

WORDS = load_word_vectors().data
DROP_IN = [
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "KNeighborsTransformer",
    "NearestNeighbors",
    "RadiusNeighborsClassifier",
    "RadiusNeighborsRegressor",
    "RadiusNeighborsTransformer",
]


@pytest.fixture(autouse=True)
def _first_in_the_process():
    forget_warnings()
    yield
    forget_warnings()


def warned(fit):
    """Return the warnings about metrics that a call issues; others are errors."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        warnings.simplefilter("always", MetricMismatchWarning)
        fit()
    return caught


# ---- warnings ----


@pytest.mark.parametrize("metric", ["euclidean", "dot", "manhattan"])
def test_retriever_warns_of_lengths(metric):
    (warning,) = warned(lambda: Retriever(metric).fit(WORDS))
    text = str(warning.message)
    assert text.startswith("Retriever: ")
    assert 'metric="cosine"' in text
    assert "audit=None" in text
    assert warning.filename == __file__


def test_retriever_warns_of_columns():
    (warning,) = warned(lambda: Retriever("euclidean").fit(load_wine().data))
    assert "StandardScaler" in str(warning.message)


def test_retriever_warns_of_truncated_rows():
    rows = audit_cases.truncated(np.random.default_rng(0))
    (warning,) = warned(lambda: Retriever("dot").fit(rows))
    assert "TruncateNormalizer(64)" in str(warning.message)


def test_sparse_rows_are_looked_at_too():
    rows = audit_cases.counts(np.random.default_rng(0), 0.5)
    assert len(warned(lambda: Retriever("euclidean").fit(rows))) == 1


@pytest.mark.parametrize("case", audit_cases.SOUND, ids=lambda case: case.name)
def test_retriever_is_silent_on_sound_data(case):
    assert warned(lambda: Retriever(case.metric).fit(case.rows())) == []


@pytest.mark.parametrize("n", [1, 2, 10, 149])
def test_retriever_is_silent_on_few_rows(n):
    assert warned(lambda: Retriever("dot").fit(WORDS[:n])) == []


def test_a_cause_is_told_once_a_process():
    def fits():
        for _ in range(3):
            Retriever("euclidean").fit(WORDS)
            Retriever("dot").fit(WORDS[:500])
            Retriever("dot").fit(WORDS[:, :40])

    assert len(warned(fits)) == 2
    assert warned(fits) == []


def test_audit_none_is_silent():
    assert warned(lambda: Retriever("dot", audit=None).fit(WORDS)) == []


@pytest.mark.parametrize("name", DROP_IN)
def test_drop_in_estimators_warn_only_when_asked_to(name):
    X, y = load_wine(return_X_y=True)
    kind = getattr(neighbors, name)
    assert kind().audit is None
    assert warned(lambda: kind().fit(X, y)) == []
    (warning,) = warned(lambda: kind(audit="warn").fit(X, y))
    assert str(warning.message).startswith(f"{name}: ")
    scaled = StandardScaler().fit_transform(X)
    forget_warnings()
    assert warned(lambda: kind(audit="warn").fit(scaled, y)) == []


def test_a_grid_search_warns_once():
    X, y = load_wine(return_X_y=True)
    grid = {"n_neighbors": [1, 3, 5], "metric": ["euclidean", "manhattan"]}
    search = GridSearchCV(KNeighborsClassifier(audit="warn"), grid, cv=3)
    assert len(warned(lambda: search.fit(X, y))) == 1


def test_precomputed_distances_are_not_looked_at():
    distances = np.abs(np.subtract.outer(np.arange(300.0), np.arange(300.0)))
    nearest = neighbors.NearestNeighbors(metric="precomputed", audit="warn")
    assert warned(lambda: nearest.fit(distances)) == []


@pytest.mark.parametrize("kind", [Retriever, KNeighborsClassifier])
@pytest.mark.parametrize("audit", ["wran", True, 1, "error"])
def test_other_switches_are_refused(kind, audit):
    with pytest.raises(ValueError, match=r"audit must be one of 'warn', None; got"):
        kind(audit=audit).fit([[1.0], [2.0]], ["a", "b"])


def test_answers_do_not_depend_on_the_switch():
    rows = WORDS[:600]
    loud, silent = Retriever("dot"), Retriever("dot", audit=None)
    warned(lambda: loud.fit(rows))
    silent.fit(rows)
    found, expected = loud.search(rows[:20]), silent.search(rows[:20])
    assert (found.indices == expected.indices).all()
    assert (found.similarities == expected.similarities).all()


# ---- metric="auto" ----


def test_a_retriever_chooses_cosine_for_embeddings_and_euclidean_for_tables():
    retriever = Retriever("auto").fit(WORDS)
    assert retriever.metric_ == retriever.effective_metric_ == "cosine"
    assert isinstance(retriever.metric_audit_, MetricAudit)
    assert retriever.metric_audit_.metric == "cosine"
    table = Retriever("auto").fit(load_digits().data)
    assert table.metric_ == table.effective_metric_ == "euclidean"
    query = WORDS[:30]
    expected = Retriever("cosine").fit(WORDS).search(query)
    assert (retriever.search(query).indices == expected.indices).all()


def test_labels_choose_the_metric_of_a_classifier():
    rng = np.random.default_rng(0)
    centers, y = rng.normal(size=(30, 40)), rng.integers(30, size=1200)
    X = centers[y] + 1.4 * rng.normal(size=(1200, 40))
    X *= audit_cases.lengths(rng, 0.6, 1200)
    names = np.array([f"class {label}" for label in y])
    classifier = KNeighborsClassifier(metric="auto").fit(X, names)
    assert classifier.metric_ == classifier.effective_metric_ == "cosine"
    values = classifier.metric_audit_.statistics.scores.values
    assert values["cosine"] > max(values["euclidean"], values["manhattan"])
    named = KNeighborsClassifier(metric="cosine").fit(X, names)
    assert (classifier.predict(X[:50]) == named.predict(X[:50])).all()


def test_labels_choose_the_metric_of_a_regressor():
    X, y = load_diabetes(return_X_y=True)
    regressor = KNeighborsRegressor(metric="auto").fit(X, y)
    scores = regressor.metric_audit_.statistics.scores
    assert scores.score == "leave-one-out R2"
    distances = {name: scores.values[name] for name in ("euclidean", "cosine")}
    assert regressor.metric_ in {*distances, "manhattan"}
    assert scores.values[regressor.metric_] >= max(distances.values())


def test_several_outputs_are_chosen_for_by_the_rows_alone():
    X, y = load_iris(return_X_y=True)
    classifier = KNeighborsClassifier(metric="auto").fit(X, np.stack([y, y > 1], 1))
    assert classifier.metric_ == "euclidean"
    assert classifier.metric_audit_.statistics.scores is None


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_few_rows_are_enough_to_choose(form):
    X, y = form(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])), [0, 0, 1]
    assert KNeighborsClassifier(1, metric="auto").fit(X, y).predict(X).tolist() == y
    assert Retriever("auto").fit(X).metric_ == "euclidean"


def test_the_choice_is_forgotten_with_the_next_fit():
    X, y = load_iris(return_X_y=True)
    for estimator in (KNeighborsClassifier(metric="auto"), Retriever("auto")):
        estimator.fit(X, y)
        estimator.set_params(metric="manhattan").fit(X, y)
        assert not hasattr(estimator, "metric_")
        assert not hasattr(estimator, "metric_audit_")
        assert estimator.effective_metric_ == "manhattan"


def test_auto_is_a_value_to_search_over():
    X, y = load_iris(return_X_y=True)
    grid = {"metric": ["auto", "euclidean", "cosine"]}
    search = GridSearchCV(KNeighborsClassifier(), grid, error_score="raise").fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert clone(KNeighborsClassifier(metric="auto")).metric == "auto"


@pytest.mark.parametrize("kind", [KNeighborsClassifier, Retriever])
def test_parameters_of_no_metric_are_refused(kind):
    with pytest.raises(ValueError, match="metric='auto' takes none; got"):
        kind(metric="auto", metric_params={"p": 3}).fit([[1.0], [2.0]], [0, 1])


def test_a_radius_has_the_unit_of_a_metric_that_is_named():
    with pytest.raises(ValueError, match="auto"):
        neighbors.RadiusNeighborsClassifier(metric="auto").fit([[1.0], [2.0]], [0, 1])
