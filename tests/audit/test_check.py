"""What an audit says about data whose faults are known."""

import json

import audit_cases
import numpy as np
import pandas as pd
import pytest
from audit_cases import FAULTY, SOUND, Case
from scipy import sparse
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.preprocessing import StandardScaler

from sknorms.audit import check_metric
from sknorms.datasets import load_word_vectors
from sknorms.metrics import BlockDistance, metric_names
from sknorms.preprocessing import Normalizer, TruncateNormalizer

WORDS = load_word_vectors().data
METRICS = ("euclidean", "dot", "cosine")


def kinds(audit, severity):
    return {f.kind for f in audit.findings if f.severity == severity}


def named(case):
    return f"{case.name}, {case.metric}".replace(" ", "_")


# ---- forty data sets ----


def test_there_are_forty_data_sets():
    assert (len(SOUND), len(FAULTY)) == (20, 20)
    assert len({(case.name, case.metric) for case in (*SOUND, *FAULTY)}) == 40


@pytest.mark.parametrize("case", FAULTY, ids=named)
def test_every_planted_fault_is_named_and_no_other(case: Case):
    audit = check_metric(case.rows(), case.metric)
    assert kinds(audit, "problem") == {case.fault}
    assert audit.severity == "problem"
    assert audit.problems[0].remedy


@pytest.mark.parametrize("case", SOUND, ids=named)
def test_sound_data_have_no_problem(case: Case):
    audit = check_metric(case.rows(), case.metric)
    assert kinds(audit, "problem") == set()
    assert audit.recommended_metric == case.metric


# ---- real data ----


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "dot", "manhattan"])
def test_raw_word_vectors_are_a_problem_and_cosine_the_remedy(metric):
    audit = check_metric(WORDS, metric)
    assert [problem.kind for problem in audit.problems] == ["lengths"]
    assert audit.recommended_metric == "cosine"
    evidence = audit.problems[0].evidence
    assert 0.1 < evidence["norm_cv"] < 0.2
    assert evidence["overlap_low"] <= evidence["overlap"] <= evidence["overlap_high"]
    assert evidence["overlap"] < 0.8


@pytest.mark.parametrize("metric", ["cosine", "angular", "cosine_similarity"])
def test_raw_word_vectors_are_fine_under_metrics_of_directions(metric):
    audit = check_metric(WORDS, metric)
    assert audit.severity == "ok"
    assert audit.recommended_metric == metric


@pytest.mark.parametrize("metric", METRICS)
def test_after_normalising_all_three_are_fine_and_said_to_be_equivalent(metric):
    audit = check_metric(Normalizer().fit_transform(WORDS), metric)
    assert audit.severity == "ok"
    assert audit.recommended_metric == metric
    said = next(f.message for f in audit.findings if f.kind == "lengths")
    assert "equivalent" in said
    assert "|x - y|^2 = 2 - 2 x.y" in said
    assert "same neighbours" in audit.reason
    assert audit.statistics.agreement.overlap.min() > 0.999


@pytest.mark.parametrize("load", [load_digits, load_iris])
@pytest.mark.parametrize("labelled", [False, True])
def test_digits_and_iris_are_fine_under_euclidean_distance(load, labelled):
    X, y = load(return_X_y=True)
    audit = check_metric(X, "euclidean", y if labelled else None)
    assert audit.severity == "ok"
    assert audit.recommended_metric == "euclidean"


def test_wine_needs_scaling_and_is_fine_afterwards():
    X, y = load_wine(return_X_y=True)
    raw = check_metric(X, "euclidean")
    assert [problem.kind for problem in raw.problems] == ["columns"]
    assert "StandardScaler" in raw.problems[0].remedy
    assert raw.problems[0].evidence["column"] == 12
    assert "scaled" in raw.reason
    scaled = StandardScaler().fit_transform(X)
    assert check_metric(scaled, "euclidean", y).severity == "ok"


def test_truncated_unit_vectors_are_named_and_mended():
    rows = audit_cases.truncated(np.random.default_rng(3))
    for metric in ("euclidean", "dot"):
        audit = check_metric(rows, metric)
        assert [problem.kind for problem in audit.problems] == ["truncated"]
        assert "TruncateNormalizer(64)" in audit.problems[0].remedy
    assert kinds(check_metric(rows, "cosine"), "problem") == set()
    mended = TruncateNormalizer(64).fit_transform(rows)
    assert check_metric(mended, "dot").severity == "ok"


# ---- what labels and relevance say ----


def by_direction(rng, n=1200):
    """Classes are directions; lengths have nothing to do with them."""
    centers = rng.normal(size=(30, 40))
    y = rng.integers(30, size=n)
    rows = centers[y] + 1.4 * rng.normal(size=(n, 40))
    return rows * audit_cases.lengths(rng, 0.6, n), y


def test_labels_say_which_metric_is_better():
    X, y = by_direction(np.random.default_rng(0))
    audit = check_metric(X, "euclidean", y)
    assert "scores" in kinds(audit, "problem")
    assert audit.recommended_metric == "cosine"
    scores = audit.statistics.scores
    assert scores.best == "cosine"
    assert scores.values["cosine"] > scores.values["euclidean"] + 0.05
    found = scores.differences["cosine"]
    assert found.low <= found.difference <= found.high < 0
    assert found.p_value < 1e-6
    assert check_metric(X, "cosine", y).severity == "ok"


def test_labels_that_show_no_harm_make_a_guess_a_notice():
    rng = np.random.default_rng(0)
    X = audit_cases.directions(rng) * audit_cases.lengths(rng, 0.3)
    # Here it is the length that matters.
    y = np.linalg.norm(X, axis=1) > 1
    assert kinds(check_metric(X, "euclidean"), "problem") == {"lengths"}
    audit = check_metric(X, "euclidean", y)
    assert kinds(audit, "problem") == set()
    assert "no harm" in next(f.message for f in audit.findings if f.kind == "lengths")


def test_a_target_of_numbers_is_scored_by_r2():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 5))
    scores = check_metric(X, "euclidean", X[:, 0] + X[:, 1]).statistics.scores
    assert scores.score == "leave-one-out R2"
    assert scores.best == "euclidean"
    assert scores.values["euclidean"] > 0.7


@pytest.mark.parametrize("y", [np.arange(100), np.zeros(100), np.full(100, 0.5)])
def test_labels_that_nothing_can_be_learnt_from_are_left_alone(y):
    X = np.random.default_rng(0).normal(size=(100, 3))
    assert check_metric(X, "euclidean", y).statistics.scores is None


def forms_of_relevance(answers, n_rows):
    mask = np.zeros((len(answers), n_rows), dtype=bool)
    mask[np.arange(len(answers)), answers] = True
    ids = np.array([f"row {i}" for i in range(n_rows)])
    return {
        "positions": (None, answers),
        "lists": (None, [[answer] for answer in answers]),
        "ids": (ids, [f"row {answer}" for answer in answers]),
        "sets of ids": (ids, [{f"row {answer}", "gone"} for answer in answers]),
        "mask": (None, mask),
        "csr": (None, sparse.csr_array(mask)),
    }


@pytest.mark.parametrize("form", list(forms_of_relevance([0], 1)))
def test_relevance_is_read_in_every_form_and_decides(form):
    rng = np.random.default_rng(0)
    units = audit_cases.directions(rng)
    answers = rng.permutation(len(units))[:300]
    queries = units[answers] + 0.05 * rng.normal(size=(300, 64))
    X = units * audit_cases.lengths(rng, 0.6)
    ids, relevant = forms_of_relevance(answers, len(X))[form]
    audit = check_metric(X, "dot", ids, queries=queries, relevant=relevant)
    scores = audit.statistics.scores
    assert scores.score == "recall@10"
    assert scores.n_scored == 300
    assert scores.values["cosine"] > 0.95 > scores.values["dot"] + 0.1
    assert audit.recommended_metric == "cosine"
    assert "scores" in kinds(audit, "problem")


def test_labels_of_queries_are_relevance_too():
    X, y = by_direction(np.random.default_rng(0))
    audit = check_metric(
        X[200:], "euclidean", y[200:], queries=X[:200], relevant=y[:200]
    )
    assert audit.statistics.scores.best == "cosine"


def test_queries_alone_are_what_neighbours_are_counted_for():
    rng = np.random.default_rng(0)
    X = audit_cases.directions(rng)
    audit = check_metric(X, "cosine", queries=X[:70] * 2.0)
    assert audit.statistics.hubness["cosine"].counts.sum() == 700
    assert len(audit.statistics.hubness["cosine"].counts) == len(X)


# ---- any rows, any metric ----


def test_sparse_rows_are_judged_as_dense_ones():
    rows = audit_cases.counts(np.random.default_rng(0), 0.5, n=400)
    dense = check_metric(rows.toarray(), "euclidean").to_dict()
    for form in (sparse.csr_array, sparse.csr_matrix, sparse.coo_array):
        found = check_metric(form(rows), "euclidean").to_dict()
        assert found["findings"][0]["kind"] == "lengths"
        assert [f["severity"] for f in found["findings"]] == [
            f["severity"] for f in dense["findings"]
        ]
        assert found["statistics"]["norms"] == dense["statistics"]["norms"]


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_size_does_not_matter(scale):
    rng = np.random.default_rng(0)
    X = audit_cases.directions(rng) * audit_cases.lengths(rng, 0.25)
    expected = check_metric(X, "euclidean")
    found = check_metric(X * scale, "euclidean")
    assert kinds(found, "problem") == kinds(expected, "problem") == {"lengths"}
    assert found.problems[0].evidence == pytest.approx(expected.problems[0].evidence)


def test_an_offset_leaves_euclidean_neighbours_alone():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5))
    near = check_metric(X, "euclidean").statistics
    far = check_metric(X + 1e6, "euclidean").statistics
    assert (near.hubness["euclidean"].counts == far.hubness["euclidean"].counts).all()


@pytest.mark.parametrize("metric", [n for n in metric_names() if n != "haversine"])
def test_every_metric_can_be_asked_about(metric):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, size=(80, 9)) + 0.0
    X[:, 0] = 1.0
    audit = check_metric(X, metric)
    assert audit.metric == metric
    assert json.loads(audit.to_json())["metric"] == metric


def test_metrics_of_ones_own_can_be_asked_about():
    X = np.random.default_rng(0).normal(size=(60, 3))

    def largest(x, y):
        return np.abs(x[:, None] - y[None]).max(axis=2)

    audit = check_metric(X, BlockDistance(largest))
    assert audit.statistics.agreement.overlap.shape == (4, 4)


def test_frames_are_read():
    X, y = load_iris(return_X_y=True, as_frame=True)
    assert check_metric(X, "euclidean", y).severity == "ok"
    mixed = pd.DataFrame({"kind": ["a", "b"] * 40, "size": np.arange(80.0)})
    assert check_metric(mixed, "gower").metric == "gower"


def test_the_same_rows_are_drawn_every_time():
    X = np.random.default_rng(0).normal(size=(3000, 4))
    first = check_metric(X, "euclidean", sample=500)
    assert first.to_dict() == check_metric(X, "euclidean", sample=500).to_dict()
    assert first.statistics.n_sampled == 500
    other = check_metric(X, "euclidean", sample=500, random_state=1)
    assert first.to_dict() != other.to_dict()
    assert check_metric(X[:600], "euclidean", sample=None).statistics.n_sampled == 600


def test_input_is_not_written_to():
    X = np.random.default_rng(0).normal(size=(200, 4))
    X[3] = np.nan
    X.flags.writeable = False
    check_metric(X, "euclidean")
    sparse_rows = audit_cases.counts(np.random.default_rng(0), 0.5, n=100)
    before = sparse_rows.copy()
    check_metric(sparse_rows, "cosine")
    assert (sparse_rows != before).nnz == 0


@pytest.mark.parametrize("n", [1, 2, 3, 10, 49])
@pytest.mark.parametrize("metric", METRICS)
def test_few_rows_say_nothing(n, metric):
    X = np.random.default_rng(0).normal(size=(n, 30))
    assert check_metric(X, metric).severity == "ok"


@pytest.mark.parametrize(
    "X",
    [np.zeros((5, 3)), np.full((5, 3), np.nan), np.ones((100, 3)), np.ones((100, 1))],
)
@pytest.mark.parametrize("metric", METRICS)
def test_degenerate_rows_are_reported_on(X, metric):
    audit = check_metric(X, metric)
    assert json.loads(audit.to_json())["findings"] is not None


# ---- bad input ----


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "euclidian"}, "euclidean"),
        ({"sample": 1}, "sample must be >= 2; got 1"),
        ({"sample": 2.5}, "sample must be an integer; got 2.5"),
        ({"y": [1, 2]}, "inconsistent numbers of samples"),
        ({"relevant": [1, 2]}, "pass queries as well"),
        ({"queries": [[1.0, 2.0]]}, "queries must have the columns of X: got 2 and 3"),
        (
            {"queries": [[1.0, 2.0, 3.0]], "relevant": [1, 2]},
            "one entry for each query",
        ),
        ({"queries": [[1.0, 2.0, 3.0]], "relevant": [999]}, "no id in relevant"),
        (
            {"queries": [[1.0, 2.0, 3.0]], "relevant": np.ones((1, 4), dtype=bool)},
            "queries by rows; got",
        ),
        ({"metric": "hellinger"}, "negative"),
    ],
)
def test_bad_input_is_named(options, message):
    X = np.random.default_rng(0).normal(size=(60, 3))
    with pytest.raises(ValueError, match=message):
        check_metric(X, **{"metric": "euclidean", **options})


# ---- what looks like a fault and is none ----


@pytest.mark.parametrize("seed", range(3))
def test_answers_on_a_scale_coincide_by_nature(seed):
    answers = np.random.default_rng(seed).integers(1, 4, size=(2000, 5))
    for rows in (answers, StandardScaler().fit_transform(answers)):
        assert kinds(check_metric(rows, "euclidean"), "problem") == set()


@pytest.mark.parametrize("seed", range(3))
def test_standardised_columns_are_known_in_a_sample_too(seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_t(3, size=(9000, 30)) * audit_cases.lengths(rng, 0.4, 9000)
    assert kinds(check_metric(rows, "euclidean"), "problem") == {"lengths"}
    scaled = StandardScaler().fit_transform(rows)
    assert kinds(check_metric(scaled, "euclidean"), "problem") == set()
