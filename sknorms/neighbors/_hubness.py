"""Transformers of neighbour graphs that take their power from hubs."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import Tags

from sknorms._typing import FloatArray, Rows
from sknorms._validation import check_choice, check_flag, check_integer, check_real
from sknorms.neighbors._hubs import (
    Csls,
    EmpiricalProximity,
    GaussianScaling,
    GraphRescaler,
    MeanScaling,
    NormalProximity,
    Rescaling,
    Scaling,
)
from sknorms.neighbors._search import NeighborLists

__all__ = ["CSLS", "LocalScaling", "MutualProximity"]

_LOCAL_SCALINGS: dict[str, type[Scaling]] = {
    "standard": GaussianScaling,
    "nicdm": MeanScaling,
}
_PROXIMITIES: dict[str, type[NormalProximity] | type[EmpiricalProximity]] = {
    "normal": NormalProximity,
    "empirical": EmpiricalProximity,
}


class LocalScaling(GraphRescaler):
    """Measure distances by how far the neighbors at their two ends are.

    In high dimension some rows, the hubs, are near neighbors of very many and others
    of nobody. Local scaling divides every distance by what is usual around the two rows
    it lies between, so that a row counts as near only if it is near for both.

    Parameters
    ----------
    n_neighbors : int, default=5
        How many of the nearest other rows say what is usual. The graph has to store as
        many for every row; it may store more, which then can move to the front.
    method : {"standard", "nicdm"}, default="standard"
        "standard" is 1 - exp(-d(x, y)^2 / (r(x) r(y))), where r is the distance to the
        k-th nearest, k being ``n_neighbors`` [1]_: at least 0, at most 1. "nicdm" is
        d(x, y) / sqrt(m(x) m(y)), where m is the mean distance to the k nearest [2]_.
    working_memory : float, default=None
        Budget in MiB for what is needed above the graphs; None takes scikit-learn's
        setting.

    Attributes
    ----------
    n_samples_fit_ : int
        Number of training rows.
    n_features_in_ : int
        The same: columns of the graph.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    MutualProximity : By the distributions of distances.
    CSLS : By similarities to the nearest, for cosine.

    Notes
    -----
    The scale of a row whose ``n_neighbors`` nearest are all copies of it would be
    zero; it takes the smallest scale of the other training rows.

    References
    ----------
    .. [1] L. Zelnik-Manor, P. Perona: Self-tuning spectral clustering. Advances in
       Neural Information Processing Systems 17, 2004.
    .. [2] H. Jegou, H. Harzallah, C. Schmid: A contextual dissimilarity measure for
       accurate and efficient image search. CVPR 2007; as NICDM in D. Schnitzer, A.
       Flexer, M. Schedl, G. Widmer: Local and global scaling reduce hubs in space.
       Journal of Machine Learning Research 13, 2012.

    Examples
    --------
    Find more neighbors than are needed, rescale, and use the nearest then:

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sknorms.neighbors import (
    ...     KNeighborsClassifier,
    ...     KNeighborsTransformer,
    ...     LocalScaling,
    ... )
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(
    ...     KNeighborsTransformer(n_neighbors=40),
    ...     LocalScaling(n_neighbors=10),
    ...     KNeighborsClassifier(n_neighbors=5, metric="precomputed"),
    ... )
    >>> model.fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.9
    True
    """

    def __init__(
        self,
        n_neighbors: Any = 5,
        *,
        method: Any = "standard",
        working_memory: Any = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.method = method
        self.working_memory = working_memory

    def _check_parameters(self) -> None:
        check_integer("n_neighbors", self.n_neighbors, low=1)
        check_choice("method", self.method, _LOCAL_SCALINGS)

    def _learn(
        self, blocks: Iterator[tuple[int, NeighborLists]], n_rows: int
    ) -> Rescaling:
        return _LOCAL_SCALINGS[self.method].learn(blocks, self.n_neighbors, n_rows)


class MutualProximity(GraphRescaler):
    """Measure distances by how many rows are farther away from both ends.

    The proximity of x and y is the probability that a row is farther from x than y is,
    and farther from y than x is; the secondary distance is one minus it [1]_. Hubs,
    which are near to many, have many others that are nearer to them.

    Parameters
    ----------
    method : {"normal", "empirical"}, default="normal"
        "normal" takes the two events for independent and the distances from a row for
        normal, with the mean and the standard deviation of those stored.
        "empirical" counts the training rows that are as near as that to x or to y,
        among the stored ones, and divides by the number of training rows. It keeps the
        training graph and takes time quadratic in the entries of a row.
    working_memory : float, default=None
        Budget in MiB for what is needed above the graphs; None takes scikit-learn's
        setting.

    Attributes
    ----------
    n_samples_fit_ : int
        Number of training rows.
    n_features_in_ : int
        The same: columns of the graph.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    LocalScaling : By the distances to a few neighbors; cheaper.
    CSLS : By similarities to the nearest, for cosine.

    Notes
    -----
    The definition speaks of the distances to all rows. With all of them in the graph
    the result is that of the definition; otherwise only stored neighbors are known to
    be near, so store many more than are needed afterwards. Distances of zero stay zero;
    the others are at most 1.

    References
    ----------
    .. [1] D. Schnitzer, A. Flexer, M. Schedl, G. Widmer: Local and global scaling
       reduce hubs in space. Journal of Machine Learning Research 13, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.neighbors import KNeighborsTransformer, MutualProximity
    >>> X = np.random.default_rng(0).normal(size=(500, 100))
    >>> graph = KNeighborsTransformer(n_neighbors=100).fit_transform(X)
    >>> rescaled = MutualProximity().fit_transform(graph)

    How often the most popular row is among the five nearest of others:

    >>> def popularity(graph):
    ...     nearest = graph.indices.reshape(500, -1)[:, 1:6]
    ...     return np.bincount(nearest.ravel(), minlength=500).max()
    >>> bool(popularity(graph) > 2 * popularity(rescaled))
    True
    """

    def __init__(self, method: Any = "normal", *, working_memory: Any = None) -> None:
        self.method = method
        self.working_memory = working_memory

    def _check_parameters(self) -> None:
        check_choice("method", self.method, _PROXIMITIES)

    def _learn(
        self, blocks: Iterator[tuple[int, NeighborLists]], n_rows: int
    ) -> Rescaling:
        return _PROXIMITIES[self.method].learn(blocks, n_rows)


class CSLS(GraphRescaler):
    """Cross-domain similarity local scaling, as a distance, for cosine.

    The similarity is 2 cos(x, y) - r(x) - r(y), where r is the mean cosine similarity
    to the k nearest rows [1]_. In cosine distances d = 1 - cos it is
    -(2 d(x, y) - m(x) - m(y)), m the mean distance to the k nearest; what is stored is
    2 d(x, y) - m(x) - m(y) + shift, smaller for more similar rows.

    Parameters
    ----------
    n_neighbors : int, default=5
        How many of the nearest other rows are averaged; 10 in the paper. The graph has
        to store as many for every row; it may store more, which then can move to the
        front.
    similarity : bool, default=False
        Whether the graph stores cosine similarities instead of distances, as a graph
        of metric "cosine_similarity" does.
    shift : {"auto"} or float, default="auto"
        What is added to every value. It changes no order, within rows or between them.
        "auto" adds three times the largest m of the training rows, which makes the
        exact neighbors' values non-negative under cosine distance, squared or plain
        metrics, as estimators that take distances require. With 0 values are
        negative CSLS similarities.
    working_memory : float, default=None
        Budget in MiB for what is needed above the graphs; None takes scikit-learn's
        setting.

    Attributes
    ----------
    shift_ : float
        What is added.
    n_samples_fit_ : int
        Number of training rows.
    n_features_in_ : int
        The same: columns of the graph.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    LocalScaling : Quotients instead of differences, for any distance.
    MutualProximity : By the distributions of distances.

    Notes
    -----
    Why three times: sqrt(d) obeys the triangle inequality for cosine distance d, so
    d(x, z) <= 2 d(x, y) + 2 d(y, z), and averaging over the k nearest rows z of y gives
    m(x) <= 2 d(x, y) + 2 m(y). Hence 2 d(x, y) - m(x) - m(y) >= -3 m(y).

    References
    ----------
    .. [1] A. Conneau, G. Lample, M. Ranzato, L. Denoyer, H. Jegou: Word translation
       without parallel data. ICLR 2018.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sknorms.datasets import load_word_vectors
    >>> from sknorms.neighbors import CSLS, KNeighborsTransformer, NearestNeighbors
    >>> glove = load_word_vectors()
    >>> search = make_pipeline(
    ...     KNeighborsTransformer(n_neighbors=50, metric="cosine"),
    ...     CSLS(n_neighbors=10),
    ... )
    >>> graph = search.fit_transform(glove.data[:2000])
    >>> bool((graph.data >= 0).all())
    True
    """

    def __init__(
        self,
        n_neighbors: Any = 5,
        *,
        similarity: Any = False,
        shift: Any = "auto",
        working_memory: Any = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.similarity = similarity
        self.shift = shift
        self.working_memory = working_memory

    def _check_parameters(self) -> None:
        check_integer("n_neighbors", self.n_neighbors, low=1)
        check_flag("similarity", self.similarity)
        if isinstance(self.shift, str):
            check_choice("shift", self.shift, ("auto",))
        else:
            largest = float(np.finfo(np.float64).max)
            check_real("shift", self.shift, low=-largest, high=largest)

    def _learn(
        self, blocks: Iterator[tuple[int, NeighborLists]], n_rows: int
    ) -> Rescaling:
        learned = Csls.learn(blocks, self.n_neighbors, n_rows)
        chosen = isinstance(self.shift, str)
        self.shift_ = float(3 * learned.scales.max() if chosen else self.shift)
        return learned

    def _distances(self, graph: Rows) -> Rows:
        if not self.similarity:
            return graph
        values = graph.data if sparse.issparse(graph) else graph
        if (np.abs(values) > 1).any():
            raise ValueError(
                "similarity=True takes cosine similarities, from -1 to 1; got "
                f"{values.ravel()[np.argmax(np.abs(values))]:.6g}. Use metric "
                '"cosine_similarity", or distances with similarity=False.'
            )
        distances = 1 - values
        if not sparse.issparse(graph):
            return distances
        return type(graph)((distances, graph.indices, graph.indptr), shape=graph.shape)

    def _finish(self, values: FloatArray) -> FloatArray:
        shifted: FloatArray = values + self.shift_
        if not isinstance(self.shift, str):
            return shifted
        # Where both sides of the bound are equal, rounding may end below zero.
        if (shifted < -1e-6 * max(1.0, self.shift_)).any():
            raise ValueError(
                f"shift='auto' is {self.shift_:.6g} for the training rows, and leaves "
                f"{shifted.min():.6g}: the distances are no cosine distances. Pass a "
                "larger shift."
            )
        return np.maximum(shifted, 0.0)

    def __sklearn_tags__(self) -> Tags:
        """Say what the transformer takes (scikit-learn's protocol)."""
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = self.similarity is not True
        return tags
