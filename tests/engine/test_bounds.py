"""The bound of every metric: no pair is ruled out at its own exact key."""

import numpy as np
import pytest

from sknorms.engine import Corpus
from sknorms.metrics import get_metric, metric_names

pytestmark = pytest.mark.kernels

KINDS = {
    "ordinary": lambda rng, n: rng.standard_normal((n, 6)),
    "offset": lambda rng, n: rng.standard_normal((n, 6)) + 1e7,
    "tiny": lambda rng, n: rng.standard_normal((n, 6)) * 1e-30,
    "huge": lambda rng, n: rng.standard_normal((n, 6)) * 1e30,
    "mixed": lambda rng, n: (
        rng.standard_normal((n, 6)) * 10.0 ** rng.integers(-30, 30, (n, 1))
    ),
    "integers": lambda rng, n: rng.integers(-3, 4, (n, 6)).astype(float),
    "nearly equal": lambda rng, n: 1 + 1e-7 * rng.standard_normal((n, 6)),
    "some zero rows": lambda rng, n: (
        rng.standard_normal((n, 6)) * (rng.random((n, 1)) < 0.5)
    ),
}


def rows_for(metric, kind, dtype):
    """Return corpus and queries of a kind, inside the metric's domain."""
    rng = np.random.default_rng(0)
    rows = KINDS[kind](rng, 70)
    summary = metric.domain.summary
    if "non-negative" in summary:
        rows = np.abs(rows)
    elif "boolean" in summary:
        rows = rows > np.median(rows)
    elif "latitude" in summary:
        rows = rows[:, :2] / max(1.0, np.abs(rows).max())
    if metric.domain.allows_nan:
        rows[rng.random(rows.shape) < 0.2] = np.nan
    rows = rows if rows.dtype == bool else rows.astype(dtype)
    # Duplicates put pairs exactly on the boundary.
    return np.concatenate([rows[:40], rows[:10]]), rows[30:]


@pytest.mark.parametrize("name", metric_names())
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_pair_passes_at_its_own_key(name, kind, dtype):
    metric = get_metric(name)
    X, Q = rows_for(metric, kind, dtype)
    metric = metric.learn(metric.check_rows(X))
    X, Q = metric.check_rows(X), metric.check_rows(Q)
    corpus = Corpus.prepare(metric, X)
    keys = metric.block_keys(Q, X)
    if corpus.embedding is None:
        assert keys.shape == (len(Q), len(X))  # such metrics take the exact path
        return
    theirs, ours = corpus.embed(slice(None)), corpus.embedding.queries(Q)
    score = np.empty((len(Q), len(X)), dtype=np.float32)
    corpus.embedding.score(ours.rows, theirs.rows, out=score)
    for j in range(len(X)):
        known = ~np.isnan(keys[:, j])
        weight, level = corpus.embedding.cut(ours.numbers, keys[:, j])
        with np.errstate(invalid="ignore", over="ignore"):
            ruled_out = weight * theirs.numbers[j] - score[:, j] > level
        assert not (ruled_out & known).any()


@pytest.mark.parametrize("name", metric_names())
def test_a_bound_rules_out_what_is_far(name):
    """A bound that keeps everything would pass the test above and be worth nothing."""
    metric = get_metric(name)
    X, Q = rows_for(metric, "ordinary", np.float64)
    metric = metric.learn(metric.check_rows(X))
    X, Q = metric.check_rows(X), metric.check_rows(Q)
    embedding = metric.embedding(X)
    if embedding is None:
        assert metric.block_keys(Q, X).shape == (len(Q), len(X))
        return
    theirs, ours = embedding.corpus(X), embedding.queries(Q)
    score = np.empty((len(Q), len(X)), dtype=np.float32)
    embedding.score(ours.rows, theirs.rows, out=score)
    nearest = np.nanmin(metric.block_keys(Q, X), axis=1)
    weight, level = embedding.cut(ours.numbers, nearest)
    kept = ~(weight[:, None] * theirs.numbers - score > level[:, None])
    assert kept.mean() < 0.9
