"""Retrieval scores: what they are, over all orders of ties, and what they refuse."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles_retrieval import SCORES, distinct_recall, mean_over_orders
from scipy import sparse
from sklearn.metrics import ndcg_score

from sknorms import metrics
from sknorms.neighbors import Retriever

FUNCTIONS = {
    "recall": metrics.recall_at_k,
    "precision": metrics.precision_at_k,
    "average_precision": metrics.average_precision_at_k,
    "reciprocal_rank": metrics.reciprocal_rank,
    "ndcg": metrics.ndcg_at_k,
}
OPTIONS = [
    ("recall", {}),
    ("recall", {"capped": True}),
    ("precision", {}),
    ("average_precision", {}),
    ("average_precision", {"capped": True}),
    ("reciprocal_rank", {}),
    ("ndcg", {}),
    ("ndcg", {"gain": "exponential"}),
]
# Two relevant of three, in a list of five.
LIST, RELEVANT = ["x", "a", "y", "b", "z"], ["a", "b", "c"]


@pytest.fixture(params=sorted(FUNCTIONS))
def score(request):
    return FUNCTIONS[request.param]


# ---- by hand ----


@pytest.mark.parametrize(
    ("name", "k", "expected"),
    [
        ("recall", 1, 0),
        ("recall", 2, 1 / 3),
        ("recall", None, 2 / 3),
        ("recall", 99, 2 / 3),
        ("precision", 2, 1 / 2),
        ("precision", 4, 2 / 4),
        ("precision", None, 2 / 5),
        ("precision", 8, 2 / 8),
        ("average_precision", None, (1 / 2 + 2 / 4) / 3),
        ("average_precision", 3, (1 / 2) / 3),
        ("average_precision", 99, (1 / 2 + 2 / 4) / 3),
        ("reciprocal_rank", None, 1 / 2),
        ("reciprocal_rank", 2, 1 / 2),
        ("reciprocal_rank", 1, 0),
        # log2(3) = 1.58496, log2(5) = 2.32193; best: 1 + 1/1.58496 + 1/2.
        ("ndcg", None, (1 / 1.5849625 + 1 / 2.3219281) / (1 + 1 / 1.5849625 + 0.5)),
        ("ndcg", 2, (1 / 1.5849625) / (1 + 1 / 1.5849625)),
        ("ndcg", 99, (1 / 1.5849625 + 1 / 2.3219281) / (1 + 1 / 1.5849625 + 0.5)),
    ],
)
def test_one_list_by_hand(name, k, expected):
    assert FUNCTIONS[name]([RELEVANT], [LIST], k) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("name", "k", "expected"),
    [
        # Relevant in one of two places that tie, after one place that is not relevant.
        ("recall", 2, 0.5),
        ("precision", 2, 0.25),
        ("average_precision", None, (1 / 2 + 1 / 3) / 2),
        ("reciprocal_rank", None, (1 / 2 + 1 / 3) / 2),
        ("reciprocal_rank", 2, (1 / 2) / 2),
        ("ndcg", None, (1 / 1.5849625 + 1 / 2) / 2),
    ],
)
def test_ties_by_hand(name, k, expected):
    found, distances = [["x", "y", "a"]], [[0.1, 0.2, 0.2]]
    score = FUNCTIONS[name](["a"], found, k, distances=distances)
    assert score == pytest.approx(expected, abs=1e-7)
    similarities = [[0.9, 0.8, 0.8]]
    assert FUNCTIONS[name](["a"], found, k, similarities=similarities) == score


@pytest.mark.parametrize(
    ("labels", "k", "expected"),
    [
        ("aa", 1, 1),  # one of the two is first, whichever
        ("aab", 1, 2 / 3),
        ("aabb", 2, 5 / 6),  # both first places are b in one of six draws
        ("aaabb", 2, 9 / 10),
        ("aaabb", 3, 1),
        ("bbb", 3, 0),
    ],
)
def test_distinct_recall_of_ties_by_hand(labels, k, expected):
    n = len(labels)
    found, distances = [list(range(n))], [[0.5] * n]
    options = {"labels": [*labels, "a"], "distances": distances, "distinct": True}
    score = metrics.recall_at_k(["a"], found, k, **options)
    assert score == pytest.approx(expected, abs=1e-12)


def test_distinct_recall_counts_a_label_where_it_comes_first():
    options = {"labels": list("abcab"), "distances": [[0, 1, 1, 1, 2]]}
    # a is first; b and a third a tie with c, of which two places are within reach.
    score = metrics.recall_at_k(
        [["a", "b"]], [[0, 1, 2, 3, 4]], 3, distinct=True, **options
    )
    assert score == pytest.approx((1 + 2 / 3) / 2)


def test_capped_scores_of_a_full_list_are_one():
    relevant = [["a", "b", "c", "d"]]
    for score in (metrics.recall_at_k, metrics.average_precision_at_k):
        assert score(relevant, [["a", "b"]], 2) == 0.5
        assert score(relevant, [["a", "b"]], 2, capped=True) == 1.0


# ---- beside the definitions ----


@st.composite
def searches(draw):
    """Return hits, what is relevant with grades, values with ties, and k."""
    n_hits = draw(st.integers(1, 6))
    grades = draw(st.lists(st.integers(0, 3), min_size=9, max_size=9))
    hits = draw(st.permutations(range(9)))[:n_hits]
    values = sorted(draw(st.lists(st.integers(0, 2), min_size=9, max_size=9))[:n_hits])
    relevant = {row: grade for row, grade in enumerate(grades) if grade}
    return hits, relevant or {0: 1}, values, draw(st.sampled_from([None, 1, 2, 3, 8]))


@pytest.mark.parametrize(("name", "options"), OPTIONS)
@given(search=searches())
def test_scores_are_means_over_all_orders(name, options, search):
    hits, relevant, values, k = search
    expected = mean_over_orders(SCORES[name], hits, values, relevant, k, **options)
    matrix = np.zeros((1, 9))
    matrix[0, list(relevant)] = list(relevant.values())
    for form in (
        [relevant],
        matrix,
        sparse.csr_array(matrix),
        sparse.coo_array(matrix),
    ):
        found = FUNCTIONS[name](form, [hits], k, distances=[values], **options)
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)
        assert 0 <= found <= 1
    first = SCORES[name](hits, relevant, k, **options)
    plain = FUNCTIONS[name]([relevant], [hits], k, **options)
    assert plain == pytest.approx(first, rel=1e-12)


@given(
    search=searches(), labels=st.lists(st.sampled_from("abcd"), min_size=9, max_size=9)
)
def test_labels_are_rows_that_have_them(search, labels):
    hits, _, values, k = search
    wanted = {labels[0], labels[1]}
    rows = {row: 1 for row, label in enumerate(labels) if label in wanted}
    for name, score in FUNCTIONS.items():
        by_rows = score([list(rows)], [hits], k, distances=[values])
        by_label = score([wanted], [hits], k, distances=[values], labels=labels)
        assert by_label == pytest.approx(by_rows, rel=1e-12), name
    expected = mean_over_orders(
        distinct_recall, hits, values, wanted, k, label_of=labels
    )
    found = metrics.recall_at_k(
        [wanted], [hits], k, distances=[values], labels=labels, distinct=True
    )
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("k", [None, 1, 5, 40])
def test_ndcg_of_full_rankings_is_scikit_learns(k):
    rng = np.random.default_rng(0)
    grades = rng.integers(0, 4, (8, 30)).astype(float)
    similarities = rng.integers(0, 6, (8, 30))
    order = np.argsort(-similarities, axis=1, kind="stable")
    values = np.take_along_axis(similarities, order, axis=1)
    mine = metrics.ndcg_at_k(grades, order, k, similarities=values)
    assert mine == pytest.approx(ndcg_score(grades, similarities, k=k), rel=1e-12)


def test_a_list_in_the_best_order_scores_exactly_one():
    rng = np.random.default_rng(0)
    grades = np.sort(rng.random((5, 1000)), axis=1)[:, ::-1].copy()
    found = np.tile(np.arange(1000), (5, 1))
    scores = metrics.ndcg_at_k(grades, found, 100, average=None)
    np.testing.assert_allclose(scores, 1.0, rtol=1e-13)
    assert (scores <= 1).all()
    everything = np.ones((1, 1000), dtype=bool)
    for score in FUNCTIONS.values():
        assert score(everything, found[:1]) == 1.0


def test_large_groups_of_ties():
    n = 5000
    similarities = np.zeros((1, n))
    found, matrix = np.arange(n)[None, :], np.zeros((1, n), dtype=bool)
    matrix[0, ::5] = True

    def score(name, k):
        return FUNCTIONS[name](matrix, found, k, similarities=similarities)

    assert score("precision", 10) == pytest.approx(0.2)
    assert score("recall", 10) == pytest.approx(10 / n)
    # Nearly independent places: the sum of 0.2 * 0.8^j / (j + 1) is log(5) / 4.
    assert score("reciprocal_rank", None) == pytest.approx(np.log(5) / 4, rel=1e-3)


# ---- forms ----


def test_one_score_a_query_and_their_mean(score):
    relevant, found = [["a"], ["b"]], [["a", "b"], ["x", "b"]]
    each = score(relevant, found, 1, average=None)
    assert each.tolist() == [1.0, 0.0]
    assert score(relevant, found, 1) == 0.5
    assert isinstance(score(relevant, found, 1), float)
    alone = [score(relevant[i : i + 1], found[i : i + 1]) for i in range(2)]
    assert score(relevant, found, average=None).tolist() == alone


def test_forms_of_lists_and_of_relevance(score):
    ids = np.array([[3, 1, 2], [0, 2, 1]])
    expected = score([[1], [2, 7]], ids, 2)
    for found in (
        ids.tolist(),
        list(ids),
        [pd.Series(row) for row in ids],
        ids[:, ::1],
    ):
        assert score([[1], [2, 7]], found, 2) == expected
    for relevant in (
        [1, {2, 7}],
        [(1,), np.array([2, 7])],
        [{1: 1.0, 5: 0}, pd.Series([7, 2])],
        [{1: True}, {2: 1, 7: 1}],
    ):
        assert score(relevant, ids, 2) == expected
    assert score([1, 0], ids) == score(np.array([1, 0]), ids) == score([[1], [0]], ids)
    assert score([1, 0], ids) == score(pd.Series([1, 0], index=[5, 6]), ids)
    assert score(np.array([[1, 2], [0, 9]]), ids) == score([[1, 2], [0, 9]], ids)


def test_lists_of_different_lengths_and_empty_ones(score):
    relevant = [["a"], ["a"], ["a"]]
    found = [["a", "x"], [], ["x", "y", "a"]]
    each = score(relevant, found, 3, average=None)
    assert each[1] == 0
    assert each[0] > 0
    assert each[2] > 0
    assert score([["a"]], [[]]) == 0
    ragged = np.empty(3, dtype=object)
    ragged[:] = found
    assert score(relevant, ragged, 3, average=None).tolist() == each.tolist()


def test_search_results_bring_their_own_ties(score):
    rows = [[0.0], [1.0], [-1.0], [2.0], [-2.0]]
    retriever = Retriever("euclidean").fit(rows, list("abcde"))
    result = retriever.search([[0.0]], k=5)
    expected = score(["c"], result.ids, distances=result.distances)
    assert score(["c"], result) == expected
    assert score(["c"], result) == score(["b"], result)
    matrix = sparse.csr_array(np.array([[False, False, True, False, False]]))
    assert score(matrix, result) == expected
    assert score(["odd"], result, labels=["even", "odd", "odd", "even", "even"]) > 0


def test_float32_ties_are_those_of_the_values_returned():
    found = np.array([[0, 1, 2]])
    close = np.array([[1.0, 1.0 + 1e-12, 2.0]])
    apart = metrics.recall_at_k([[1]], found, 1, distances=close)
    tied = metrics.recall_at_k([[1]], found, 1, distances=close.astype(np.float32))
    assert (apart, tied) == (0.0, 0.5)


def test_equal_values_of_different_queries_are_no_ties():
    found, distances = [["x", "a"], ["a", "x"]], [[1.0, 2.0], [2.0, 3.0]]
    each = metrics.recall_at_k(["a", "a"], found, 1, distances=distances, average=None)
    assert each.tolist() == [0.0, 1.0]


def test_inputs_are_untouched(score):
    found = np.array([[2, 0, 1]])
    matrix = sparse.coo_array(([1.0, 2.0], ([0, 0], [1, 1])), shape=(1, 3))
    values = np.array([[0.1, 0.2, 0.2]])
    for array in (found, values, matrix.data):
        array.flags.writeable = False
    score(matrix, found, distances=values)
    assert matrix.nnz == 2


# ---- nothing relevant ----


def test_queries_that_nothing_is_relevant_to(score):
    relevant, found = [["a"], []], [["a", "b"], ["a", "b"]]
    assert score(relevant, found, 1) == 1.0
    assert score(relevant, found, 1, empty=0.0) == 0.5
    assert score(relevant, found, 1, empty=1) == 1.0
    assert score(relevant, found, 1, empty=0.0, average=None).tolist() == [1.0, 0.0]
    assert score([[], []], found, empty=0.25) == 0.25
    zero_grades = [{"a": 1}, {"b": 0}]
    assert score(zero_grades, found, 1, empty=0.0) == 0.5
    with pytest.raises(ValueError, match="row 1, which therefore have no score"):
        score(relevant, found, empty="raise")
    with pytest.raises(ValueError, match=r"row 1, .*empty=0.0 or empty=1.0"):
        score(relevant, found, average=None)
    with pytest.raises(ValueError, match="nothing is relevant to any query"):
        score([[], []], found)


def test_labels_that_no_row_has():
    options = {"labels": ["a", "b"]}
    found = [[0, 1], [1, 0]]
    assert metrics.recall_at_k(["a", "gone"], found, 1, **options) == 1.0
    assert metrics.recall_at_k(["a", "gone"], found, 1, distinct=True, **options) == 0.5


# ---- refused ----


@pytest.mark.parametrize(
    ("relevant", "found", "options", "message"),
    [
        (["a"], [["a", "a"]], {}, "found .* once; query 0 has 'a' again"),
        ([[1]], [[0, 0]], {"labels": [1, 1]}, "found .* once; query 0 has 0 again"),
        ([["a", "a"]], [["a"]], {}, r"relevant must name .* once; got \['a', 'a'\]"),
        (np.array([[0, 1, 0]]), [[1]], {}, "relevant must name .* type: bool or float"),
        (["a"], [["a"], ["b"]], {}, "one id or collection .*: got 1 for 2 queries"),
        ("a", [["a"]], {}, "relevant must say what is relevant.* got str"),
        ({"a"}, [["a"]], {}, "relevant must say what is relevant.* got set"),
        (1, [["a"]], {}, "relevant must say what is relevant.* got int"),
        (["a"], ["a"], {}, "found must have one list a query.* got list"),
        (["a"], "a", {}, "found must have one list a query.* got str"),
        (["a"], np.array(["a"]), {}, r"found must have one list.* of shape \(1,\)"),
        (["a"], 3, {}, "found must have one list a query.* got int"),
        (["a"], [["a"]], {"k": 0}, "k must be >= 1; got 0"),
        (["a"], [["a"]], {"k": 1.0}, "k must be an integer; got 1.0"),
        (["a"], [["a"]], {"average": "macro"}, "average must be one of 'mean', None"),
        (["a"], [["a"]], {"empty": "zero"}, "empty must be one of 'skip', 'raise'"),
        (["a"], [["a"]], {"empty": 2.0}, "empty must be a number .* got 2.0"),
        (["a"], [["a"]], {"empty": None}, "empty must be a real number; got None"),
        ([{"a": -1}], [["a"]], {}, "relevant must have grades .* >= 0.* got -1"),
        ([{"a": np.nan}], [["a"]], {}, "relevant must have grades .* got nan"),
        ([{"a": "good"}], [["a"]], {}, "relevant must have grades .* finite"),
        (np.array([[-1.0]]), [[0]], {}, "relevant must have grades .* got -1"),
        (np.array([[1.0, 0.0]]), [[2]], {}, "numbers of rows, from 0 to 1.* got 2"),
        (np.array([[1.0, 0.0]]), [[0, -1]], {}, "numbers of rows.* got -1.* fills up"),
        (np.array([[True]]), [["a"]], {}, "found must hold row numbers.* 'a' of type"),
        (np.array([[True]]), [[0]], {"labels": ["a"]}, "labels are not used where"),
        (np.array([[True]] * 2), [[0]], {}, r"shape \(1, 1\); got bool of shape \(2, "),
        (["a"], [["a"]], {"labels": ["a"]}, "found must hold row numbers"),
        (["a"], [[0]], {"labels": "a"}, "labels must have one label a row.* got str"),
        (
            ["0"],
            [[0]],
            {"labels": [0]},
            "No relevant id in relevant .* '0' of type str",
        ),
        (["a"], [[1]], {"labels": ["a"]}, "numbers of rows, from 0 to 0 as in labels"),
        ([[["a"]]], [["a"]], {}, r"must be hashable; got \['a'\] of type list"),
        (["a"], [["a"]], {"distances": [[0.0, 1.0]]}, "distances must have one number"),
        (["a"], [["a"]], {"distances": [0.0]}, "distances must have one list a query"),
        (["a"], [["a"]], {"distances": [[np.nan]]}, "distances must be numbers.* NaN"),
        (["a"], [["a"]], {"similarities": [["x"]]}, "similarities must be numbers"),
        (
            ["a"],
            [["a", "b"]],
            {"distances": [[2.0, 1.0]]},
            "distances must be in the order of the hits, smallest first; .* query 0",
        ),
        (
            ["a"],
            [["a", "b"]],
            {"similarities": [[1.0, 2.0]]},
            "similarities must be in the order of the hits, largest first",
        ),
        (
            ["a"],
            [["a"]],
            {"similarities": [[1.0]], "distances": [[1.0]]},
            "distances and similarities both say which hits tie",
        ),
    ],
)
def test_bad_input(score, relevant, found, options, message):
    with pytest.raises(ValueError, match=message):
        score(relevant, found, **options)


def test_values_beside_a_search_result(score):
    result = Retriever().fit([[1.0], [2.0]]).search([[1.0]], k=1)
    with pytest.raises(ValueError, match="has its own values; got similarities"):
        score([0], result, similarities=result.similarities)
    shared = Retriever().fit([[1.0], [2.0]], ["a", "a"]).search([[1.0]], k=2)
    with pytest.raises(ValueError, match=r"'a' again.* and labels"):
        score(["a"], shared)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.recall_at_k([1], [[1]], capped=1), "capped must be True or"),
        (lambda: metrics.recall_at_k([1], [[1]], distinct="no"), "distinct must be Tr"),
        (
            lambda: metrics.average_precision_at_k([1], [[1]], capped=None),
            "capped must be True or False; got None",
        ),
        (
            lambda: metrics.ndcg_at_k([1], [[1]], gain="log"),
            "gain must be one of 'linear', 'exponential'; got 'log'",
        ),
        (
            lambda: metrics.ndcg_at_k([{1: 2000}], [[1]], gain="exponential"),
            "gain='exponential' makes too large a number of the grade 2000",
        ),
    ],
)
def test_bad_options(call, message):
    with pytest.raises(ValueError, match=message):
        call()
