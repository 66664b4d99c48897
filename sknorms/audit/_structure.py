"""What a neighbour pass says: hubs, contrast, intrinsic dimension, agreement."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sknorms._typing import BoolArray, FloatArray, IndexArray
from sknorms._validation import check_choice
from sknorms.audit._neighbor_pass import NeighborPass, neighbor_passes

__all__ = [
    "Hubness",
    "MetricAgreement",
    "agreement_of",
    "hubness",
    "intrinsic_dimension",
    "metric_agreement",
    "relative_contrast",
]

_N_BOOTSTRAP = 200
# A hub is found this many times as often as a row is on average.
_HUB_FACTOR = 5


@dataclass(frozen=True, eq=False)
class Hubness:
    """How unevenly rows are found by searches.

    Attributes
    ----------
    metric : str
        Name of the metric.
    n_neighbors : int
        Length of the lists that were counted.
    skewness : float
        Of the counts; 0 if all rows are found equally often.
    hub_share : float
        Share of all list entries taken by rows that are found more than five times as
        often as average.
    anti_hub_share : float
        Share of rows that are in no list at all.
    band : str
        "low" (skewness below 1.5), "moderate" (below 4) or "high".
    counts : intp array of shape (n_rows,)
        In how many lists each row of the sample is.
    """

    metric: str
    n_neighbors: int
    skewness: float
    hub_share: float
    anti_hub_share: float
    band: str
    counts: IndexArray = field(repr=False)

    @property
    def hub_limit(self) -> float:
        """The count above which a row is a hub: five times the mean."""
        return _hub_limit(self.counts)

    @property
    def hubs(self) -> BoolArray:
        """Which rows of the sample are hubs, shape (n_rows,)."""
        return np.asarray(self.counts > self.hub_limit)


def hubness(found: NeighborPass) -> Hubness:
    """Count how often each row is among the neighbours of others.

    Parameters
    ----------
    found : NeighborPass
        From `neighbor_pass`.

    Returns
    -------
    Hubness
        The k-occurrences of the rows and their skewness.

    References
    ----------
    Radovanović, M., Nanopoulos, A. and Ivanović, M. (2010). Hubs in Space: Popular
    Nearest Neighbors in High-Dimensional Data. JMLR 11, 2487-2531.

    Examples
    --------
    >>> from sknorms.audit import hubness, neighbor_pass
    >>> rows = [[0.0, 0.1], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.1], [0.0, -1.1]]
    >>> found = hubness(neighbor_pass(rows, n_neighbors=1))
    >>> found.counts
    array([4, 0, 0, 1, 0])
    >>> found.anti_hub_share
    0.6
    """
    counts = np.bincount(found.indices.ravel(), minlength=found.n_rows)
    spread = counts.std()
    standard = (counts - counts.mean()) / spread if spread > 0 else np.zeros(1)
    skewness = float((standard**3).mean())
    hubs = counts > _hub_limit(counts)
    bands = ((1.5, "low"), (4.0, "moderate"), (np.inf, "high"))
    return Hubness(
        metric=found.metric,
        n_neighbors=int(found.indices.shape[1]),
        skewness=skewness,
        hub_share=float(counts[hubs].sum() / counts.sum()),
        anti_hub_share=float((counts == 0).mean()),
        band=next(name for limit, name in bands if skewness < limit),
        counts=counts,
    )


def _hub_limit(counts: IndexArray) -> float:
    return _HUB_FACTOR * float(counts.mean())


def relative_contrast(found: NeighborPass) -> float:
    """Return how much farther the mean row is than the nearest one.

    Parameters
    ----------
    found : NeighborPass
        From `neighbor_pass`, for a distance.

    Returns
    -------
    float
        Mean distance over mean distance of the nearest row, at least 1; infinite where
        all nearest distances are 0. Near 1 the nearest row is hardly nearer than any
        other, and neighbours say little. NaN for a similarity, whose values have no
        ratio.

    References
    ----------
    He, J., Kumar, S. and Chang, S.-F. (2012). On the Difficulty of Nearest Neighbor
    Search. ICML.

    Examples
    --------
    >>> from sknorms.audit import neighbor_pass, relative_contrast
    >>> rows = [[0.0, 1.0], [0.0, 2.0], [0.0, 11.0], [0.0, 12.0]]
    >>> round(relative_contrast(neighbor_pass(rows)), 6)
    7.0
    """
    nearest, means = found.distances[:, 0], found.mean_distances
    if nearest.min() < 0:
        return float("nan")
    largest = float(max(nearest.max(), means.max()))
    if not nearest.any():
        return float("inf")
    return float((means / largest).mean() / (nearest / largest).mean())


def intrinsic_dimension(found: NeighborPass, method: Any = "two_nn") -> float:
    """Estimate how many dimensions the rows fill.

    Parameters
    ----------
    found : NeighborPass
        From `neighbor_pass`, for a distance, with at least two neighbours. For "cosine"
        the estimate is made from chords of unit rows.
    method : {"two_nn", "mle"}, default="two_nn"
        By the ratio of the second to the first distance, or by maximum likelihood from
        all of them.

    Returns
    -------
    float
        In the sample's own resolution; high dimensions are underestimated. NaN where
        distances are 0, or no distances.

    References
    ----------
    Facco, E., d'Errico, M., Rodriguez, A. and Laio, A. (2017). Estimating the intrinsic
    dimension of datasets by a minimal neighborhood information. Scientific Reports 7.

    Levina, E. and Bickel, P. (2004). Maximum Likelihood Estimation of Intrinsic
    Dimension. NIPS 17; averaged as MacKay, D. and Ghahramani, Z. (2005) propose.

    Examples
    --------
    A line in three dimensions:

    >>> import numpy as np
    >>> from sknorms.audit import intrinsic_dimension, neighbor_pass
    >>> t = np.random.default_rng(0).uniform(size=(1000, 1))
    >>> round(intrinsic_dimension(neighbor_pass(t * [1.0, 2.0, 3.0])), 1)
    1.0
    """
    estimator = _DIMENSIONS[check_choice("method", method, list(_DIMENSIONS))]
    distances = found.distances
    if distances.shape[1] < 2 or distances.min() < 0:
        return float("nan")
    if found.metric in _SQUARED:
        distances = np.sqrt(distances)
    usable = distances[distances[:, 0] > 0]
    return estimator(usable) if len(usable) > 1 else float("nan")


# Distances that are squares of Euclidean ones (half the squared chord for cosine).
_SQUARED = {"cosine", "sqeuclidean"}


def _two_nn(distances: FloatArray) -> float:
    """Fit -log(1 - F) = d log(mu) through the origin, without the largest tenth."""
    ratios = np.sort(np.log(distances[:, 1] / distances[:, 0]))
    n = len(ratios)
    kept = slice(0, max(1, int(0.9 * n)))
    heights = -np.log1p(-np.arange(1, n + 1)[kept] / (n + 1.0))
    squares = float(ratios[kept] @ ratios[kept])
    return float(ratios[kept] @ heights) / squares if squares > 0 else float("nan")


def _maximum_likelihood(distances: FloatArray) -> float:
    """Invert the mean of log(T_k / T_j) over all rows and j < k, which is 1 / d."""
    logs = np.log(distances[:, -1:] / distances[:, :-1])
    mean = float(logs.mean())
    return 1.0 / mean if mean > 0 else float("nan")


_DIMENSIONS = {"two_nn": _two_nn, "mle": _maximum_likelihood}


@dataclass(frozen=True, eq=False)
class MetricAgreement:
    """How far the neighbours under one metric are those under another.

    Attributes
    ----------
    metrics : tuple of str
        Names of the metrics, m of them.
    n_neighbors : int
        Length of the lists that were compared.
    overlap : float64 array of shape (m, m)
        Mean share of common neighbours, 1 on the diagonal.
    low, high : float64 arrays of shape (m, m)
        95 % interval of each, by bootstrap over the rows.
    """

    metrics: tuple[str, ...]
    n_neighbors: int
    overlap: FloatArray
    low: FloatArray
    high: FloatArray

    def between(self, first: str, second: str) -> tuple[float, float, float]:
        """Return overlap and interval of two metrics given by name."""
        i, j = self.metrics.index(first), self.metrics.index(second)
        return float(self.overlap[i, j]), float(self.low[i, j]), float(self.high[i, j])


def metric_agreement(
    X: Any,
    metrics: Any = ("euclidean", "dot", "cosine"),
    *,
    n_neighbors: Any = 10,
    sample: Any = 2000,
    random_state: Any = 0,
) -> MetricAgreement:
    """Measure how many of the nearest neighbours two metrics have in common.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The data. Rows that are not finite, zero, or equal to an earlier row of the
        sample are left out.
    metrics : sequence of str, Metric or callable, \
default=("euclidean", "dot", "cosine")
        The metrics.
    n_neighbors : int, default=10
        How many neighbours; fewer if the sample has fewer.
    sample : int or None, default=2000
        At most how many rows to draw; None for all of them.
    random_state : int, RandomState instance or None, default=0
        Which rows those are.

    Returns
    -------
    MetricAgreement
        Overlaps of all pairs of metrics, with intervals.

    Raises
    ------
    ValueError
        If fewer than two rows are left, or a metric is not defined on them.

    Examples
    --------
    On rows of length one the three metrics find the same neighbours:

    >>> import numpy as np
    >>> from sknorms.audit import metric_agreement
    >>> from sknorms.preprocessing import normalize
    >>> X = np.random.default_rng(0).normal(size=(200, 8))
    >>> metric_agreement(normalize(X)).overlap.min().item()
    1.0
    >>> metric_agreement(X).between("euclidean", "cosine")[0] < 0.8
    True
    """
    passes = neighbor_passes(
        X, metrics, n_neighbors=n_neighbors, sample=sample, random_state=random_state
    )
    return agreement_of(passes)


def agreement_of(passes: Sequence[NeighborPass]) -> MetricAgreement:
    """Compare the lists of several passes over the same sample."""
    m, (n, k) = len(passes), passes[0].indices.shape
    draws = np.random.default_rng(0).integers(n, size=(_N_BOOTSTRAP, n))
    overlap, low, high = np.ones((m, m)), np.ones((m, m)), np.ones((m, m))
    for i in range(m):
        for j in range(i):
            shares = common_shares(passes[i].indices, passes[j].indices)
            means = shares[draws].mean(axis=1)
            overlap[i, j] = overlap[j, i] = shares.mean()
            low[i, j] = low[j, i] = np.quantile(means, 0.025)
            high[i, j] = high[j, i] = np.quantile(means, 0.975)
    return MetricAgreement(tuple(p.metric for p in passes), k, overlap, low, high)


def common_shares(first: IndexArray, second: IndexArray) -> FloatArray:
    """Return the share of common entries in each pair of lists."""
    both = np.sort(np.concatenate([first, second], axis=1), axis=1)
    # Entries are distinct within a list, so an entry that is twice is in both.
    repeated = (both[:, 1:] == both[:, :-1]).sum(axis=1)
    return np.asarray(repeated / first.shape[1])
