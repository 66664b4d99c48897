"""Classification by mini-batches, with clipped and watched gradients."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms._validation import output_dtype
from sknorms.linear_model._base import check_sample_weight, weighted_by_class
from sknorms.linear_model._losses import OneVsRest
from sknorms.linear_model._stochastic import ClassPredictor, Task, weighted_sample

__all__ = ["ClippedSGDClassifier"]


class ClippedSGDClassifier(ClassifierMixin, ClassPredictor):
    r"""Linear classification by mini-batches that does not explode in silence.

    Minimises the weighted mean of a loss plus a penalty,
    :math:`\frac{1}{\sum s_i} \sum_i s_i f(x_i^T w + b, y_i) + \Omega(w)`, a batch of
    rows at a time. Several classes are learnt at once, with the multinomial loss by
    default. The default step is measured in the scale of each feature, so that none
    has to be scaled first.

    Parameters
    ----------
    loss : {"log_loss", "squared_hinge"} or Loss, default="log_loss"
        The loss. "log_loss" of several classes is the multinomial one; a
        `LogisticLoss` record, and "squared_hinge", set each class against the others.
    penalty : {"l2", "l1", "elasticnet"}, Penalty or None, default=None
        The penalty of the coefficients, not of the intercept. Coefficients that a
        penalty makes zero are zero exactly.
    alpha : float, default=0.0001
        Strength of a penalty given by name.
    l1_ratio : float, default=0.15
        Share of "l1" in "elasticnet".
    fit_intercept : bool, default=True
        Whether there is an intercept.
    max_iter : int, default=1000
        Most epochs, that is passes over the rows; of `fit` only.
    tol : float or None, default=1e-3
        Learning stops if the objective does not fall by this share of the loss of the
        best constant for ``n_iter_no_change`` epochs. None: after ``max_iter`` epochs.
    shuffle : bool, default=True
        Whether every epoch has an order of its own.
    random_state : int, RandomState instance or None, default=None
        Seed of the orders and of the rows held out.
    learning_rate : str, default="adagrad"
        "adagrad": a step for every coefficient, in units of its feature's scale, by the
        gradients it has seen; features are centred implicitly. The others take the
        same step for all: "constant"; "invscaling", ``eta0 / t ** power_t`` in the t-th
        step; "adaptive", a fifth each time that the objective stands still;
        "lipschitz", ``eta0`` over a bound of the batch's curvature, which no data make
        explode.
    eta0 : float or None, default=None
        The first step; None is 1 for "adagrad" and "lipschitz", 0.01 for the others.
    power_t : float, default=0.25
        See "invscaling".
    early_stopping : bool, default=False
        Whether the loss of rows held out decides when to stop, and which epoch's
        weights are kept.
    validation_fraction : float, default=0.1
        The share of rows held out.
    n_iter_no_change : int, default=5
        See ``tol``.
    class_weight : dict, "balanced" or None, default=None
        What rows of each class count; "balanced" is n_samples / (n_classes * weight of
        the class), and for `fit` only.
    warm_start : bool, default=False
        Whether `fit` starts from the coefficients of the fit before.
    average : bool or int, default=False
        Whether ``coef_`` is the mean of the weights of all steps, or of those from the
        given one on. Means of sparse weights are hardly sparse.
    batch_size : int or "auto", default="auto"
        Rows in a batch. "auto": all rows up to 64, else between 32 and 256, and more
        for sparse rows.
    clip : str or None, default="global"
        What is clipped: "global", the gradient of the batch, by its norm; "per_sample",
        that of every row by itself, so that no row has more influence than another;
        "adaptive", the gradient relative to the weights (Brock et al., 2021); "value",
        its elements; None, nothing. "auto" is "global" with a threshold that follows
        the gradients, at most ``max_norm``.
    max_norm : float or None, default=None
        The threshold. None is one that follows the gradients, in whatever unit they
        are: four standard deviations above the mean of their logarithms, so that only
        outliers are clipped. For "adaptive" it is a ratio, and None is 0.01.
    norm_type : float, default=2.0
        The p of the norm by which "global" and "per_sample" clip; infinity is allowed.
    momentum : float, default=0.0
        Share of the last direction in the next one, below 1.
    on_divergence : {"warn", "raise", "backtrack", "ignore"}, default="warn"
        What to do when gradients explode or are not finite: a `DivergenceWarning`, a
        `DivergenceError`, or taking the weights back to where gradients were sound and
        halving the steps, up to five times. Steps whose gradient is not finite are
        skipped in any case. Where even the loss overflows learning stops, and the
        weights are those of the epoch where the objective was lowest.
    monitor : bool, default=True
        Whether gradients are recorded.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients; one row for two classes. float32 for float32 rows.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts.
    diagnosis_ : Diagnosis or None
        The monitor's verdict, and a sentence that says what to do.
    grad_history_ : dict of ndarray
        Norms before and after clipping, clip factors, lengths of updates and weights,
        stability, losses: one array each, with their "step"; at most about 4100 steps.
    monitor_ : GradientMonitor or None
        Who watched.
    loss_curve_ : list of float
        The objective of every epoch of `fit`, measured while learning.
    n_iter_ : int
        Epochs.
    n_steps_ : int
        Steps taken; those skipped do not count.
    tol_reached_ : bool
        Whether learning stopped because nothing got better.
    batch_size_ : int
        Rows in a batch.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if `fit` got a frame with names.

    See Also
    --------
    ClippedSGDRegressor : The same for numbers.
    GradientMonitor : Watches any other training loop.

    Notes
    -----
    Weights of rows count by their ratios: multiplying all by a number changes nothing,
    and rows of weight 0 do not exist. Dense and CSR rows give the same model up to
    rounding. Gradients of single rows are never formed: their norms are products of
    those of the row and of the derivatives of its loss.

    References
    ----------
    .. [1] S. Ross, P. Mineiro, J. Langford, Normalized online learning, UAI 2013.
    .. [2] H. B. McMahan, Follow-the-regularized-leader and mirror descent: equivalence
       theorems and L1 regularization, AISTATS 2011.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sknorms.linear_model import ClippedSGDClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> model = ClippedSGDClassifier(random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.97)
    True
    >>> model.predict_proba(X[:1]).argmax(), y[0]
    (np.int64(0), np.int64(0))

    No sample has more influence than another:

    >>> model = ClippedSGDClassifier(clip="per_sample", max_norm=1.0, random_state=0)
    >>> float(model.fit(X, y).grad_history_["norm"].max()) <= 1.0
    True
    """

    def __init__(
        self,
        loss: Any = "log_loss",
        *,
        penalty: Any = None,
        alpha: Any = 0.0001,
        l1_ratio: Any = 0.15,
        fit_intercept: Any = True,
        max_iter: Any = 1000,
        tol: Any = 1e-3,
        shuffle: Any = True,
        random_state: Any = None,
        learning_rate: Any = "adagrad",
        eta0: Any = None,
        power_t: Any = 0.25,
        early_stopping: Any = False,
        validation_fraction: Any = 0.1,
        n_iter_no_change: Any = 5,
        class_weight: Any = None,
        warm_start: Any = False,
        average: Any = False,
        batch_size: Any = "auto",
        clip: Any = "global",
        max_norm: Any = None,
        norm_type: Any = 2.0,
        momentum: Any = 0.0,
        on_divergence: Any = "warn",
        monitor: Any = True,
    ) -> None:
        self.loss = loss
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.random_state = random_state
        self.learning_rate = learning_rate
        self.eta0 = eta0
        self.power_t = power_t
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.average = average
        self.batch_size = batch_size
        self.clip = clip
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.momentum = momentum
        self.on_divergence = on_divergence
        self.monitor = monitor

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn until the objective stands still.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows; float32 and CSR are kept.
        y : array-like of shape (n_samples,)
            Labels: numbers, strings or booleans.
        sample_weight : float, array-like of shape (n_samples,) or None, default=None
            What each row counts.

        Returns
        -------
        ClippedSGDClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If there is only one class.
        DivergenceError
            If gradients explode or are not finite, and ``on_divergence`` is "raise".
        """
        rows, labels, weight = self._labelled(X, y, sample_weight, reset=True)
        present = labels if weight is None else labels[weight > 0.0]
        self.classes_ = np.unique(present)
        if len(self.classes_) < 2:
            raise ValueError(
                "The number of classes has to be greater than one; got "
                f"{len(self.classes_)} class. Pass rows of at least two classes."
            )
        return self._fit(self._task(rows, labels, weight))

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """Learn from each row once, going on from where learning was.

        The scales of features are those of all rows so far.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Labels; not every class has to be there.
        classes : array-like of shape (n_classes,) or None, default=None
            All classes that will ever come; needed in the first call only.
        sample_weight : float, array-like of shape (n_samples,) or None, default=None
            What each row counts, within the rows of this call.

        Returns
        -------
        ClippedSGDClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If ``classes`` is missing in the first call or differs later on, or ``y``
            has others.
        DivergenceError
            If gradients explode or are not finite, and ``on_divergence`` is "raise".
        """
        first = not hasattr(self, "classes_")
        self._announce(classes, first)
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} needs all rows at once; pass a "
                "dict of weights to use partial_fit."
            )
        rows, labels, weight = self._labelled(X, y, sample_weight, reset=first)
        return self._partial_fit(self._task(rows, labels, weight))

    def _labelled(
        self, X: Any, y: Any, sample_weight: Any, *, reset: bool
    ) -> tuple[Any, AnyArray, FloatArray | None]:
        rows, labels = self._rows(X, y, reset=reset)
        check_classification_targets(labels)
        return rows, labels, check_sample_weight(sample_weight, rows.shape[0])

    def _announce(self, classes: Any, first: bool) -> None:
        """Note all classes that will come, or check that they are the same ones."""
        if classes is None:
            if first:
                raise ValueError(
                    "classes must be passed on the first call to partial_fit; got None."
                )
            return
        known = np.unique(classes)
        if first and len(known) < 2:
            raise ValueError(
                f"classes must have at least two different labels; got {classes!r}."
            )
        if not first and not np.array_equal(known, self.classes_):
            raise ValueError(
                f"classes must be those of the first call, {self.classes_!r}; got "
                f"{classes!r}."
            )
        self.classes_ = known

    def _task(self, rows: Any, labels: AnyArray, weight: FloatArray | None) -> Task:
        exists = slice(None) if weight is None else weight > 0.0
        codes = self._codes(labels, exists)
        weight = weighted_by_class(self.class_weight, self.classes_, codes, weight)
        loss, n_outputs = self._resolved_loss()
        sample = weighted_sample(rows, codes, weight)
        target = sample.target
        if isinstance(loss, OneVsRest):
            signs = 2.0 * (target[:, np.newaxis] == np.arange(len(self.classes_))) - 1.0
        elif n_outputs is None:
            signs = 2.0 * target - 1.0
        else:
            signs = target
        return Task(
            loss,
            n_outputs,
            sample._replace(target=signs),
            target,
            output_dtype(rows),
        )

    def _codes(self, labels: AnyArray, exists: Any) -> IndexArray:
        """Return the positions of labels in ``classes_``; 0 for rows of no weight."""
        codes = np.zeros(len(labels), dtype=np.intp)
        found = np.searchsorted(self.classes_, labels[exists])
        found = np.minimum(found, len(self.classes_) - 1)
        strange = self.classes_[found] != labels[exists]
        if strange.any():
            raise ValueError(
                f"y must have the labels of classes only, {self.classes_!r}; got "
                f"{labels[exists][strange][0]!r}."
            )
        codes[exists] = found
        return codes

    def _shaped(self, coef: FloatArray) -> FloatArray:
        return coef[np.newaxis] if coef.ndim == 1 else coef.T
