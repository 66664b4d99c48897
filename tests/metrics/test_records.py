"""What every registered metric promises, whatever it measures."""

import copy
import dataclasses
import itertools
import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from metric_cases import (
    CASES,
    DEFAULTS,
    KINDS,
    N_FEATURES,
    in_domain,
    learned,
    rows_for,
)
from oracles import ORACLES
from scipy import sparse
from scipy.spatial.distance import cdist

from sknorms.metrics import get_metric
from sknorms.metrics._domain import Missing
from sknorms.metrics._registry import registered_metrics

# Row by row, what the metric's own definition makes of two equal rows is not 0.
NOT_ZERO_TO_ITSELF = {"russellrao"}
# The naive definitions end in a root or an arc cosine of something that cancels.
TOLERANCES = {"angular": 5e-8, "jensenshannon": 5e-8}
# The largest value there is, for all parameters tried.
LARGEST = {
    "angular": 1.0,
    "braycurtis": 1.0,
    "canberra": N_FEATURES,
    "correlation": 2.0,
    "cosine": 2.0,
    "cosine_similarity": 1.0,
    "dice": 1.0,
    "gower": 1.0,
    "hamming": 1.0,
    "haversine": math.pi,
    "hellinger": 1.0,
    "jaccard": 1.0,
    "jensenshannon": 1.0,
    "rogerstanimoto": 1.0,
    "russellrao": 1.0,
    "sokalsneath": 1.0,
    "tanimoto": 4.0 / 3.0,
    "yule": 2.0,
}
# SciPy's names of the same numbers, and where scikit-learn has none of its own.
SCIPY = [
    *("braycurtis", "canberra", "chebyshev", "correlation", "cosine", "dice"),
    *("euclidean", "hamming", "jaccard", "jensenshannon", "mahalanobis", "minkowski"),
    *("rogerstanimoto", "russellrao", "seuclidean", "sokalsneath", "sqeuclidean"),
    "yule",
]

all_cases = pytest.mark.parametrize("case", CASES, ids=str)
distances = pytest.mark.parametrize(
    "case", [case for case in CASES if not case.metric.larger_is_closer], ids=str
)


def values(metric, X, Y=None):
    keys = metric.block_keys(X, X if Y is None else Y)
    return metric.finish(keys)


def complete(case, rows):
    metric = learned(case, rows)
    if metric is None:
        metric = get_metric(case.name, V=np.eye(rows.shape[1]))
    return metric


def given_to_oracle(metric):
    return {key: value for key, value in metric.params.items() if value is not None}


# ---- values ----


def test_every_record_has_an_oracle():
    assert {record.name for record in registered_metrics()} == set(ORACLES)


@all_cases
@pytest.mark.parametrize("kind", ["normal", "integers", "bytes", "booleans"])
def test_values_are_the_definitions(case, kind):
    rows = rows_for(case, kind, 24)
    metric = complete(case, rows)
    found = values(metric, rows)
    oracle, params = ORACLES[case.name], given_to_oracle(metric)
    wide = rows.astype(float).tolist()
    expected = np.array([[oracle(x, y, **params) for y in wide] for x in wide])
    tolerance = TOLERANCES.get(case.name, 1e-11)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=tolerance)


@pytest.mark.parametrize("name", SCIPY)
def test_values_are_scipys(name):
    rows = rows_for(next(c for c in DEFAULTS if c.name == name), "normal", 30)
    # SciPy sums |x + y| under Bray-Curtis: the same on numbers of at least zero.
    rows = np.abs(rows) if name == "braycurtis" else rows
    rows = rows[rows.any(axis=1)]  # where SciPy has NaN for 0/0
    metric = get_metric(name).learn(rows)
    extra = {"V": metric.params["V"]} if name == "seuclidean" else {}
    if name == "mahalanobis":
        extra = {"VI": np.linalg.inv(metric.params["V"])}
    expected = cdist(rows, rows, name, **extra)
    tolerance = TOLERANCES.get(name, 1e-12)
    np.testing.assert_allclose(values(metric, rows), expected, 1e-11, tolerance)


@distances
@pytest.mark.parametrize("kind", KINDS)
def test_no_row_is_away_from_itself(case, kind):
    if case.name in NOT_ZERO_TO_ITSELF:
        return
    rows = rows_for(case, kind, 40)
    own = complete(case, rows)
    represented = own.represent(rows)
    assert (own.finish(own.keys(represented, represented)) == 0.0).all()


@all_cases
@pytest.mark.parametrize("kind", KINDS)
def test_values_are_symmetric_and_in_range(case, kind):
    rows = rows_for(case, kind, 40)
    metric = complete(case, rows)
    with np.errstate(over="ignore"):
        found = values(metric, rows)
    assert found.dtype == np.float64
    assert not np.isnan(found).any()
    np.testing.assert_array_equal(found, found.T)
    if not metric.larger_is_closer:
        assert (found >= 0.0).all()
    assert (np.abs(found) <= LARGEST.get(case.name, math.inf)).all()


@all_cases
@pytest.mark.parametrize("kind", KINDS)
def test_a_value_does_not_depend_on_the_block_it_is_computed_in(case, kind):
    rows = rows_for(case, kind, 23)
    metric = complete(case, rows)
    represented = metric.represent(rows)
    with np.errstate(over="ignore"):
        together = metric.block_keys(rows, rows)
        one_row = np.array([metric.keys(x, represented) for x in represented])
        pairs = metric.keys(represented[:, None], represented[None])
        alone = [[metric.keys(x, y) for y in represented[:5]] for x in represented[:5]]
    np.testing.assert_array_equal(together, one_row)
    np.testing.assert_array_equal(together, pairs)
    np.testing.assert_array_equal(together[:5, :5], np.array(alone))


@all_cases
@pytest.mark.parametrize("kind", KINDS)
def test_csr_rows_give_the_same_bits(case, kind):
    rows = rows_for(case, kind, 30)
    if np.isnan(rows.astype(float)).any():
        rows = np.nan_to_num(rows)
    wide = rows.astype(np.float32) if rows.dtype == np.float16 else rows
    packed = sparse.csr_array(wide)
    metric = complete(case, rows)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(
            metric.block_keys(packed, packed), metric.block_keys(rows, rows)
        )


@all_cases
@pytest.mark.parametrize("kind", ["normal", "bytes", "integers"])
def test_values_come_back_from_values(case, kind):
    rows = rows_for(case, kind, 20)
    metric = complete(case, rows)
    keys = metric.block_keys(rows, rows)
    found = metric.finish(keys)
    np.testing.assert_allclose(
        metric.finish(metric.unfinish(found)), found, rtol=1e-14, atol=1e-15
    )
    order = np.argsort(keys, axis=None)
    sign = -1.0 if metric.larger_is_closer else 1.0
    assert (np.diff(sign * found.ravel()[order]) >= 0).all()


# ---- the triangle inequality ----

numbers = st.integers(-4, 4).map(float) | st.floats(-1e3, 1e3, width=32)


@st.composite
def triples(draw):
    rows = draw(hnp.arrays(np.float64, (3, 4), elements=numbers))
    if draw(st.booleans()):
        rows[draw(st.integers(0, 2))] = 0.0
    return rows


TRIANGULAR = [case for case in CASES if case.metric.triangle_inequality]


@pytest.mark.parametrize(
    "case", [c for c in TRIANGULAR if "w" not in c.params], ids=str
)
@given(rows=triples())
def test_the_triangle_inequality_holds_where_it_is_claimed(case, rows):
    metric = case.metric
    rows = in_domain(metric.domain, rows)
    if metric.learned:
        metric = _unit(case)
    found = values(metric, rows)
    room = 1e-7 if case.name in {"haversine", "jensenshannon"} else 1e-9
    assert found[0, 2] <= (found[0, 1] + found[1, 2]) * (1 + 1e-9) + room


def _unit(case):
    """Return the record with parameters that hold for four columns."""
    V = np.array([1.0, 2.0, 3.0, 4.0])
    return get_metric(case.name, V=np.diag(V) if case.name == "mahalanobis" else V)


# Three rows each that break it.
BROKEN = {
    "braycurtis": [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
    "correlation": [[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 1.0, 0.0]],
    "cosine": [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
    "dice": [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
    "gower": [[0.0, 0.0], [0.0, np.nan], [0.0, 1.0]],
    "minkowski": [[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]],
    "nan_euclidean": [[0.0, 0.0], [0.0, np.nan], [0.0, 9.0]],
    "sqeuclidean": [[0.0], [1.0], [2.0]],
    "tanimoto": [[1.0], [2.0], [4.0]],
    "yule": [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]],
}


@distances
def test_a_metric_that_claims_no_triangle_inequality_breaks_it(case):
    if case.metric.triangle_inequality:
        return
    rows = np.array(BROKEN[case.name])
    if "w" in case.params:
        rows = np.pad(rows, [(0, 0), (N_FEATURES - rows.shape[1], 0)])
    if "categorical" in case.params:
        rows = np.repeat(rows, 3, axis=1)
    found = values(case.metric.learn(rows), rows)
    assert found[0, 2] > found[0, 1] + found[1, 2]


# ---- facts, parameters and records ----


@all_cases
def test_records_say_what_they_are(case):
    metric = case.metric
    record = type(metric)
    assert record.__doc__.splitlines()[0].endswith(".")
    assert metric.formula
    assert metric.domain.summary
    assert record.name not in record.aliases
    assert set(metric.learned) <= set(metric.params)
    for name in metric.params:
        assert f"\n    {name} : " in record.__doc__


@all_cases
def test_records_pickle_print_compare_and_do_not_change(case):
    rows = rows_for(case, "normal", 30)
    metric = complete(case, rows)
    for twin in (pickle.loads(pickle.dumps(metric)), copy.deepcopy(metric)):
        assert twin == metric
        assert hash(twin) == hash(metric)
        np.testing.assert_array_equal(values(twin, rows), values(metric, rows))
    assert repr(metric).startswith(type(metric).__name__)
    for field in dataclasses.fields(metric):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(metric, field.name, None)
        value = getattr(metric, field.name)
        if isinstance(value, np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                value[...] = 0


def test_different_records_are_not_equal():
    metrics = [case.metric for case in CASES]
    for first, second in itertools.combinations(metrics, 2):
        if first.params != {} and type(first) is type(second):
            assert first != second


def test_records_do_not_follow_arrays_they_were_given():
    V = np.ones(3)
    metric = get_metric("seuclidean", V=V)
    V[:] = 7.0
    assert metric.params["V"].tolist() == [1.0, 1.0, 1.0]


# What to change each parameter to, and from what, on rows of `N_FEATURES` columns.
CHANGES = [
    ("gower", {"categorical": None}, {"categorical": [0, 3]}),
    ("gower", {"categories": None}, {"categories": [("a",), *[None] * 6]}),
    ("gower", {"ranges": np.ones(N_FEATURES)}, {"ranges": np.full(N_FEATURES, 9.0)}),
    ("haversine", {"units": "rad"}, {"units": "deg"}),
    ("jensenshannon", {"base": None}, {"base": 2.0}),
    ("mahalanobis", {"V": np.eye(N_FEATURES)}, {"V": 2 * np.eye(N_FEATURES)}),
    ("mahalanobis", {"VI": np.eye(N_FEATURES)}, {"VI": 2 * np.eye(N_FEATURES)}),
    ("minkowski", {"p": 2.0}, {"p": 3.0}),
    ("minkowski", {"w": None}, {"w": np.arange(N_FEATURES)}),
    ("nan_euclidean", {"missing_values": None}, {"missing_values": 0}),
    ("seuclidean", {"V": np.ones(N_FEATURES)}, {"V": np.full(N_FEATURES, 4.0)}),
]


@pytest.mark.parametrize(("name", "before", "after"), CHANGES)
def test_each_parameter_changes_the_values(name, before, after):
    case = next(c for c in DEFAULTS if c.name == name)
    rows = rows_for(case, "normal", 12) if name != "haversine" else np.eye(2)
    rows[0, 0] = 0.0

    def of(metric):
        checked = metric.check_rows(rows)
        return values(metric.learn(checked), checked)

    first = of(get_metric(name, **before))
    assert (first != of(get_metric(name, **after))).any()


def test_every_parameter_is_among_those_changed():
    changed = {(name, key) for name, before, _ in CHANGES for key in before}
    declared = {(c.name, key) for c in DEFAULTS for key in c.metric.params}
    assert declared == changed


@all_cases
def test_unknown_parameters_raise(case):
    with pytest.raises(ValueError, match=r"unknown parameter\(s\) 'gamma'"):
        get_metric(case.name, **case.params, gamma=1.0)


@all_cases
def test_learning_looks_at_the_given_rows_only(case):
    rows = rows_for(case, "normal", 40)
    metric = case.metric
    again, other = metric.learn(rows[:20]), metric.learn(rows[20:])
    assert again == metric.learn(rows[:20].copy())
    assert metric == case.metric
    if metric.learned:
        assert again != other
        assert again.learn(rows[20:]) == again


@all_cases
def test_rows_are_checked_and_kept_as_they_are(case):
    rows = rows_for(case, "normal", 20)
    before = rows.copy()
    assert case.metric.check_rows(rows) is rows
    rows.flags.writeable = False
    values(complete(case, case.metric.check_rows(rows)), rows)
    np.testing.assert_array_equal(rows, before)


@all_cases
def test_bad_rows_are_named(case):
    rows = rows_for(case, "normal", 8).astype(float)
    rows[3, 1] = np.inf
    with pytest.raises(ValueError, match="Input table contains infinity"):
        case.metric.check_rows(rows, name="table")
    rows[3, 1] = np.nan
    if isinstance(case.metric.domain, Missing):
        assert np.isnan(case.metric.check_rows(rows)[3, 1])
    else:
        with pytest.raises(ValueError, match="Input table contains NaN"):
            case.metric.check_rows(rows, name="table")
    with pytest.raises(ValueError, match=r"dtype|convert|could not"):
        case.metric.check_rows([["a", "b"]])


@all_cases
def test_nothing_warns_on_good_rows(case):
    rows = rows_for(case, "normal", 12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metric = case.metric.learn(case.metric.check_rows(rows))
        values(metric, rows)
        metric.embedding(rows)


@pytest.mark.parametrize("name", ["angular", "cosine_similarity", "haversine"])
def test_settled_keys_of_one_value_are_one_key(name):
    metric = get_metric(name)
    keys = np.sort(np.random.default_rng(0).random(20_000))
    keys = np.concatenate([keys, np.nextafter(keys, 1.0), keys * 1e-9])
    settled = metric.settle(keys)
    np.testing.assert_array_equal(metric.settle(settled), settled)
    values = np.unique(metric.finish(settled))
    assert len(values) == len(np.unique(settled))
    assert (metric.unsettle(settled) >= keys).all()
