"""No bound rules a pair out at the pair's own key, and without one search is exact."""

import numpy as np
import pytest
from bounds import ruled_out
from metric_cases import CASES, N_FEATURES, in_domain, learned, rows_for

from sknorms.engine import Corpus, nearest
from sknorms.metrics._domain import Missing

pytestmark = pytest.mark.kernels


def mixed(rng, shape):
    return rng.normal(size=shape) * 10.0 ** rng.integers(-30, 30, (shape[0], 1))


def some_zero_rows(rng, shape):
    return rng.normal(size=shape) * (rng.random((shape[0], 1)) < 0.5)


def tiny(rng, shape):
    return rng.normal(size=shape) * 1e-30


def huge(rng, shape):
    return rng.normal(size=shape) * 1e30


def nearly_equal(rng, shape):
    return 1.0 + 1e-7 * rng.normal(size=shape)


KINDS = [mixed, some_zero_rows, tiny, huge, nearly_equal]


def tables(case, kind, dtype):
    """Return corpus and queries of a kind, inside the metric's domain."""
    rng = np.random.default_rng(0)
    domain = case.metric.domain
    rows = in_domain(domain, kind(rng, (70, N_FEATURES)))
    if isinstance(domain, Missing):
        rows[:, 1:][rng.random((70, N_FEATURES - 1)) < 0.2] = np.nan
    rows = rows if rows.dtype == np.bool_ else rows.astype(dtype)
    # Duplicates put pairs exactly on the boundary.
    return np.concatenate([rows[:40], rows[:10]]), rows[30:]


def has_bound(case):
    rows = rows_for(case, "normal", 60)
    return case.metric.learn(rows).embedding(rows) is not None


BOUNDED = [case for case in CASES if has_bound(case)]
UNBOUNDED = [case for case in CASES if not has_bound(case)]


def test_most_metrics_have_a_bound():
    assert len(BOUNDED) > 0.8 * len(CASES)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("case", BOUNDED, ids=str)
def test_a_pair_passes_at_its_own_key(case, kind, dtype):
    rows, queries = tables(case, kind, dtype)
    metric = case.metric.learn(rows)
    keys = metric.block_keys(queries, rows)
    known = np.isfinite(keys)
    assert known.any()
    assert not (ruled_out(metric.embedding(rows), queries, rows, keys) & known).any()


@pytest.mark.parametrize("case", BOUNDED, ids=str)
def test_a_bound_rules_out_what_is_far(case):
    """A bound that keeps everything would pass the test above and be worth nothing."""
    rows = rows_for(case, "normal", 50)
    queries = rows[:40]
    metric = case.metric.learn(rows)
    limits = np.nanmin(metric.block_keys(queries, rows), axis=1, keepdims=True)
    assert ruled_out(metric.embedding(rows), queries, rows, limits).mean() > 0.1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("case", UNBOUNDED, ids=str)
def test_without_a_bound_search_is_brute_force(case, kind):
    rows, queries = tables(case, kind, np.float64)
    metric = learned(case, rows)
    keys = np.array([metric.keys(q, metric.represent(rows)) for q in queries])
    keys = metric.settle(keys)
    order = np.argsort(keys, axis=1, kind="stable")[:, :5]
    found, indices = nearest(Corpus.prepare(metric, rows), queries, 5)
    np.testing.assert_array_equal(indices, order)
    np.testing.assert_array_equal(found, np.take_along_axis(keys, order, axis=1))
