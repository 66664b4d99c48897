"""Coefficients for many strengths of a penalty."""

from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sknorms._typing import AnyArray, FloatArray
from sknorms._validation import check_integer
from sknorms.inspection._drawing import COLOURS, GREY, axes_to_draw_on, tidy
from sknorms.inspection._labels import end_labels
from sknorms.inspection._refits import Refits

__all__ = ["CoefficientPathDisplay"]

# Places along the axis at which used coefficients are counted.
_N_COUNTS = 6


class CoefficientPathDisplay:
    """Coefficients against the strength of the penalty, which falls to the right.

    The largest coefficients at the weak end have colours and names, others are grey.
    The axis at the top counts those that are not zero.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
        Strengths above 0, in any order.
    coefs : array-like of shape (n_features, n_alphas)
        Coefficients, as `sknorms.linear_model.lasso_path` returns them.
    chosen_alpha : float, default=None
        A strength to mark.
    feature_names : sequence of str of length n_features, default=None
        Names; None is x0, x1 and so on.
    alpha_label : str, default="alpha"
        What the axis of strengths is called.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the coefficients are.
    figure_ : matplotlib Figure
        Figure with the axes.
    lines_ : list of matplotlib Line2D
        One line a feature that is ever used, those with names last.
    features_ : ndarray of int
        The feature of each line.
    labels_ : list of matplotlib Annotation
        The names.
    chosen_line_ : matplotlib Line2D or None
        The line at ``chosen_alpha``.
    count_ax_ : matplotlib SecondaryAxis
        The axis at the top.

    See Also
    --------
    DualGapDisplay : How near to optimal a fit is.
    sknorms.linear_model.lasso_path : Makes paths.

    Examples
    --------
    From a path:

    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sklearn.datasets import load_diabetes
    >>> from sknorms.inspection import CoefficientPathDisplay
    >>> from sknorms.linear_model import LassoCV, lasso_path
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> alphas, coefs, _ = lasso_path(X, y - y.mean(), alphas=50)
    >>> display = CoefficientPathDisplay(
    ...     alphas=alphas, coefs=coefs, feature_names=X.columns
    ... ).plot(n_labels=2)
    >>> [label.get_text() for label in display.labels_]
    ['s1', 's5']

    From a model that has chosen a strength, which is marked:

    >>> model = LassoCV(cv=3, alphas=20).fit(X, y)
    >>> display = CoefficientPathDisplay.from_estimator(model, X, y)
    >>> bool(display.chosen_alpha == model.alpha_)
    True
    """

    def __init__(
        self,
        *,
        alphas: Any,
        coefs: Any,
        chosen_alpha: float | None = None,
        feature_names: Any = None,
        alpha_label: str = "alpha",
    ) -> None:
        self.alphas = alphas
        self.coefs = coefs
        self.chosen_alpha = chosen_alpha
        self.feature_names = feature_names
        self.alpha_label = alpha_label

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        alphas: Any = None,
        target: int | None = None,
        feature_names: Any = None,
        n_labels: int = 6,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Fit an estimator's model with many strengths and draw the coefficients.

        Parameters
        ----------
        estimator : estimator
            A fitted model with a strength ``alpha`` or ``C`` and ``coef_``, or one that
            has chosen its strength by cross-validation; or a Pipeline that ends in
            one. It is not changed.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        alphas : int or array-like, default=None
            Strengths (for C its inverse), or how many; None is what the estimator has
            tried, or 100 from the smallest that leaves no coefficient to well below
            its own.
        target : int, default=None
            Row of ``coef_`` to draw, where there are several.
        feature_names : sequence of str of length n_features, default=None
            Names; None is those that the estimator has seen.
        n_labels : int, default=6
            How many coefficients get colours and names.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        CoefficientPathDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has no strength, or several rows of coefficients and no
            ``target`` says which one to draw.
        """
        check_is_fitted(estimator)
        last = estimator
        if hasattr(estimator, "named_steps"):
            X, last = estimator[:-1].transform(X), estimator[-1]
        refits = Refits.of(last)
        strengths, coefs = refits.path(X, y, sample_weight, alphas, target)
        if feature_names is None:
            feature_names = getattr(last, "feature_names_in_", None)
        display = cls(
            alphas=strengths,
            coefs=coefs,
            chosen_alpha=refits.chosen,
            feature_names=feature_names,
            alpha_label=refits.strength.label,
        )
        return display.plot(ax, n_labels=n_labels, **kwargs)

    def plot(self, ax: Any = None, *, n_labels: int = 6, **kwargs: Any) -> Self:
        """Draw the coefficients.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        n_labels : int, default=6
            How many coefficients get colours and names.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        CoefficientPathDisplay
            The display itself.
        """
        check_integer("n_labels", n_labels, low=0)
        alphas, coefs = self._checked()
        names = self._names(len(coefs))
        self.ax_ = axes_to_draw_on(ax)
        self.figure_ = self.ax_.get_figure()
        self.features_, n_named = _order(coefs, n_labels)
        colours = _colours(len(self.features_), n_named)
        self.lines_ = [
            self._draw(alphas, coefs[feature], names[feature], colour, kwargs)
            for feature, colour in zip(self.features_, colours, strict=True)
        ]
        self._finish(alphas)
        self.chosen_line_ = self._mark()
        self.count_ax_ = self._count(alphas, coefs)
        self.labels_ = end_labels(
            self.ax_,
            [
                (float(coefs[feature, -1]), names[feature], colour)
                for feature, colour in zip(self.features_, colours, strict=True)
                if colour is not GREY
            ],
        )
        return self

    def _checked(self) -> tuple[FloatArray, FloatArray]:
        """Return strengths, the largest first, and coefficients in that order."""
        alphas = np.asarray(self.alphas, dtype=np.float64)
        coefs = np.asarray(self.coefs, dtype=np.float64)
        if alphas.ndim != 1 or coefs.ndim != 2 or coefs.shape[1] != len(alphas):
            raise ValueError(
                "coefs must have shape (n_features, n_alphas), a column each; got "
                f"coefs of shape {coefs.shape} and alphas of shape {alphas.shape}. Of "
                "several targets, pass the coefficients of one."
            )
        if not (alphas > 0.0).all():
            raise ValueError(
                "alphas must be above 0, because their axis is logarithmic; got "
                f"{alphas.min():g}. Leave that strength out."
            )
        order = np.argsort(-alphas, kind="stable")
        return alphas[order], coefs[:, order]

    def _names(self, n_features: int) -> list[str]:
        if self.feature_names is None:
            return [f"x{i}" for i in range(n_features)]
        names = [str(name) for name in self.feature_names]
        if len(names) != n_features:
            raise ValueError(
                "feature_names must have one name a feature; got "
                f"{len(names)} for {n_features} features."
            )
        return names

    def _draw(
        self,
        alphas: AnyArray,
        coefs: AnyArray,
        name: str,
        colour: str,
        kwargs: dict[str, Any],
    ) -> Any:
        named = colour is not GREY
        style = {
            "color": colour,
            "linewidth": 1.8 if named else 0.8,
            "alpha": 1.0 if named else 0.6,
            "label": name,
        }
        return self.ax_.plot(alphas, coefs, **{**style, **kwargs})[0]

    def _finish(self, alphas: AnyArray) -> None:
        self.ax_.axhline(0.0, color="black", linewidth=0.8, zorder=1)
        self.ax_.set(xscale="log", xlabel=self.alpha_label, ylabel="coefficient")
        ends = float(alphas[0]), float(alphas[-1])
        if ends[0] > ends[1]:
            self.ax_.set_xlim(*ends)
        tidy(self.ax_)

    def _mark(self) -> Any:
        if self.chosen_alpha is None:
            return None
        line = self.ax_.axvline(
            self.chosen_alpha, color="#555555", linestyle="--", linewidth=1, zorder=1
        )
        self.ax_.annotate(
            f"{self.chosen_alpha:.3g}",
            (self.chosen_alpha, 0.0),
            xycoords=("data", "axes fraction"),
            xytext=(-4, 4),
            textcoords="offset points",
            ha="right",
            color="#555555",
            fontsize="small",
        )
        return line

    def _count(self, alphas: AnyArray, coefs: AnyArray) -> Any:
        from matplotlib.ticker import FixedLocator, NullLocator

        at = np.unique(np.linspace(0, len(alphas) - 1, _N_COUNTS).astype(int))
        axis = self.ax_.secondary_xaxis("top")
        axis.xaxis.set_major_locator(FixedLocator(list(alphas[at])))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_xticks(alphas[at], [str(n) for n in (coefs[:, at] != 0.0).sum(axis=0)])
        axis.set_xlabel("coefficients used", fontsize="small")
        axis.tick_params(length=2, labelsize="small")
        axis.spines["top"].set_visible(False)
        return axis


def _order(coefs: AnyArray, n_labels: int) -> tuple[AnyArray, int]:
    """Return the used features, those to name last, and how many these are."""
    used = np.flatnonzero((coefs != 0.0).any(axis=1))
    size = np.abs(coefs[used, -1])
    ordered = used[np.argsort(size, kind="stable")]
    return ordered, min(n_labels, int((size > 0.0).sum()))


def _colours(n_lines: int, n_named: int) -> list[str]:
    """Return a colour a line, the largest coefficient's the first of the palette."""
    named = [COLOURS[i % len(COLOURS)] for i in range(n_named)]
    return [GREY] * (n_lines - n_named) + named[::-1]
