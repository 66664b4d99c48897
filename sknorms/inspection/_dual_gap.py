"""How the duality gap of a fit went down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sknorms._typing import AnyArray
from sknorms._validation import check_choice
from sknorms.inspection._drawing import COLOURS, GREY, axes_to_draw_on, tidy

__all__ = ["DualGapDisplay"]

# Where gaps are drawn that are below what float64 can tell from 0.
_LEAST = 1e-17


def _count(gaps: AnyArray, seconds: AnyArray | None) -> AnyArray:
    return np.arange(1, len(gaps) + 1)


def _time(gaps: AnyArray, seconds: AnyArray | None) -> AnyArray:
    if seconds is None:
        raise ValueError(
            "x='seconds' needs the seconds of the passes; got seconds=None. Pass them, "
            "or use x='passes'."
        )
    return seconds


@dataclass(frozen=True)
class _Scale:
    """What gaps are drawn against.

    Attributes
    ----------
    label : str
    places : callable
        From gaps and seconds to places.
    counts : bool
        Whether places are whole numbers.
    """

    label: str
    places: Callable[[AnyArray, AnyArray | None], AnyArray]
    counts: bool


_SCALES = {
    "passes": _Scale("readings of all of X", _count, True),
    "seconds": _Scale("seconds since the solver began", _time, False),
}


class DualGapDisplay:
    """The relative duality gap of a fit, from its start to its end.

    The gap bounds how far the objective is above its minimum, so the curve says what
    stopping earlier would have cost, and what a smaller ``tol`` would.

    Parameters
    ----------
    relative_gaps : array-like of shape (n_passes,), or list of such
        The gap at each reading of X, one series a target. At least 0.
    seconds : array-like of shape (n_passes,), or list of such, default=None
        When each reading ended, since the solver began.
    tol : float, default=None
        The gap that was asked for.
    estimator_name : str, default=None
        What was fitted.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the curves are.
    figure_ : matplotlib Figure
        Figure with the axes.
    lines_ : list of matplotlib Line2D
        The curves, one a target.
    tol_line_ : matplotlib Line2D or None
        The line at ``tol``.

    See Also
    --------
    CoefficientPathDisplay : Coefficients for many strengths of the penalty.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sklearn.datasets import load_diabetes
    >>> from sknorms.inspection import DualGapDisplay
    >>> from sknorms.linear_model import Lasso
    >>> model = Lasso(alpha=0.01, tol=1e-9).fit(*load_diabetes(return_X_y=True))
    >>> display = DualGapDisplay.from_estimator(model)
    >>> display.ax_.get_yscale()
    'log'
    """

    def __init__(
        self,
        *,
        relative_gaps: Any,
        seconds: Any = None,
        tol: float | None = None,
        estimator_name: str | None = None,
    ) -> None:
        self.relative_gaps = relative_gaps
        self.seconds = seconds
        self.tol = tol
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        x: str = "passes",
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the gaps of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted model with a ``gap_history_``, such as `sknorms.linear_model.Lasso`
            or `sknorms.linear_model.LassoCV`; the last step of a Pipeline as well.
        x : {"passes", "seconds"}, default="passes"
            What the gaps are drawn against.
        name : str, default=None
            Name for the legend; None is that of the class.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        DualGapDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has kept no gaps.
        """
        last = estimator[-1] if hasattr(estimator, "named_steps") else estimator
        check_is_fitted(last)
        histories = getattr(last, "gap_history_", None)
        if histories is None:
            raise ValueError(
                f"estimator must have a gap_history_; got {last!r}, which has none. "
                "Use an exact model of sknorms.linear_model."
            )
        histories = [histories] if isinstance(histories, dict) else histories
        display = cls(
            relative_gaps=[one["relative_gap"] for one in histories],
            seconds=[one["seconds"] for one in histories],
            tol=getattr(last, "tol", None),
            estimator_name=type(last).__name__,
        )
        return display.plot(ax, x=x, name=name, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        x: str = "passes",
        name: str | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        x : {"passes", "seconds"}, default="passes"
            What the gaps are drawn against.
        name : str, default=None
            Name for the legend; None is ``estimator_name``.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        DualGapDisplay
            The display itself.
        """
        scale = _SCALES[check_choice("x", x, list(_SCALES))]
        curves = self._curves(scale)
        self.ax_ = axes_to_draw_on(ax)
        self.figure_ = self.ax_.get_figure()
        name = self.estimator_name if name is None else name
        self.lines_ = [
            self._draw(curve, i, _label(name, i, len(curves)), kwargs)
            for i, curve in enumerate(curves)
        ]
        self.tol_line_ = self._draw_tol()
        self._finish(scale)
        return self

    def _curves(self, scale: _Scale) -> list[tuple[AnyArray, AnyArray]]:
        gaps = _series(self.relative_gaps)
        seconds: list[Any] = [None] * len(gaps)
        if self.seconds is not None:
            seconds = _series(self.seconds)
        return [
            (scale.places(one, when), one)
            for one, when in zip(gaps, seconds, strict=True)
        ]

    def _draw(
        self, curve: tuple[Any, Any], i: int, label: str, kwargs: dict[str, Any]
    ) -> Any:
        places, gaps = curve
        style = {"color": COLOURS[i % len(COLOURS)], "marker": "o", "markersize": 4}
        style |= {"label": label, **kwargs}
        return self.ax_.plot(places, np.maximum(gaps, _LEAST), **style)[0]

    def _draw_tol(self) -> Any:
        if not self.tol:
            return None
        line = self.ax_.axhline(
            self.tol, color=GREY, linestyle="--", linewidth=1, zorder=0
        )
        self.ax_.annotate(
            f"tol = {self.tol:g}",
            (1.0, self.tol),
            xycoords=("axes fraction", "data"),
            xytext=(-3, 3),
            textcoords="offset points",
            ha="right",
            color="#666666",
            fontsize="small",
        )
        return line

    def _finish(self, scale: _Scale) -> None:
        from matplotlib.ticker import MaxNLocator

        self.ax_.set(
            yscale="log", xlabel=scale.label, ylabel="duality gap / objective at 0"
        )
        if scale.counts:
            self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True))
        if any(not line.get_label().startswith("_") for line in self.lines_):
            self.ax_.legend(frameon=False)
        tidy(self.ax_)


def _series(values: Any) -> list[AnyArray]:
    """Return one array a target."""
    if np.ndim(values[0]) == 0:
        values = [values]
    return [np.asarray(one, dtype=np.float64) for one in values]


def _label(name: str | None, i: int, n_curves: int) -> str:
    """Return what the legend says of a curve; what begins with _ is left out."""
    if n_curves == 1:
        return name or "_gap"
    return f"{name}, target {i}" if name else f"target {i}"
