"""How distances become alike as dimensions are added."""

from typing import Any, Self

import numpy as np

from sknorms._typing import AnyArray, FloatArray
from sknorms.inspection._contrasts import Draws
from sknorms.inspection._drawing import COLOURS, GREY, axes_to_draw_on, legend, tidy
from sknorms.inspection._seen import metric_seen, named_metrics, rows_seen

__all__ = ["DistanceConcentrationDisplay"]

_MARKERS = "osD^vP"


class DistanceConcentrationDisplay:
    """Relative contrast against dimension, for one metric or several.

    The contrast is the mean distance over the distance of the nearest row, both on
    average. Near 1 the nearest row is hardly nearer than any other, and neighbours say
    little. Columns that are noise bring it down, as those that repeat others do not.
    Distances that are squares, such as "sqeuclidean" and "cosine" (half of a squared
    chord), have about the square of the contrast.

    Make one by `from_data` or `from_estimator`, which draw it as well; `plot` draws it
    again.

    Parameters
    ----------
    dimensions : array-like of shape (n_dimensions,)
        Numbers of dimensions, ascending.
    contrasts : array-like of shape (n_metrics, n_dimensions, n_repeats)
        The contrast of each draw, as `sknorms.audit.relative_contrast` returns it.
        What is not finite is not drawn.
    names : sequence of str of length n_metrics
        What the metrics are called.
    dimension_label : str, default="dimensions"
        What the axis of dimensions is called.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    lines_ : list of matplotlib Line2D
        One line a metric, the mean over the draws.
    bands_ : list of matplotlib PolyCollection
        From the least to the largest of the draws; empty if there is one draw only.
    floor_line_ : matplotlib Line2D
        The line at 1, where there is no contrast.

    See Also
    --------
    sknorms.audit.relative_contrast : Measures what is drawn.
    HubnessDisplay : Another thing that comes with dimension.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from sknorms.inspection import DistanceConcentrationDisplay
    >>> X = np.random.default_rng(0).normal(size=(300, 50))
    >>> display = DistanceConcentrationDisplay.from_data(
    ...     X, ["euclidean", "chebyshev"], dimensions=[2, 10, 50]
    ... )
    >>> display.contrasts.shape
    (2, 3, 5)
    >>> [round(y) for y in display.lines_[0].get_ydata()]
    [13, 2, 1]
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]
    bands_: list[Any]
    floor_line_: Any

    def __init__(
        self,
        *,
        dimensions: Any,
        contrasts: Any,
        names: Any,
        dimension_label: str = "dimensions",
    ) -> None:
        self.dimensions = dimensions
        self.contrasts = contrasts
        self.names = names
        self.dimension_label = dimension_label

    @classmethod
    def from_data(
        cls,
        X: Any,
        metrics: Any = "euclidean",
        *,
        by: str = "columns",
        dimensions: Any = None,
        n_repeats: int = 5,
        sample: int | None = 1000,
        random_state: Any = 0,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Measure the contrast of rows in fewer dimensions than they have, and draw it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows. Those that are not finite, zero or repeated are left out, in each
            of the draws anew.
        metrics : str, Metric or callable, sequence of such, or dict of label to such, \
default="euclidean"
            Distances. Parameters that data determine are learnt from each draw.
        by : {"columns", "projections"}, default="columns"
            Whether dimensions are columns, drawn without replacement, or inner products
            with normal random vectors, which suit sparse rows: few of their columns are
            zero in most rows.
        dimensions : int or array-like of int, default=None
            How many dimensions; None is up to eight numbers from 2 to all, of
            projections to 256 at most.
        n_repeats : int, default=5
            How often to draw; smaller draws are parts of larger ones.
        sample : int or None, default=1000
            At most how many rows to draw; None for all of them.
        random_state : int, RandomState instance or None, default=0
            Which rows and dimensions those are.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        DistanceConcentrationDisplay
            The display, drawn. A draw that leaves fewer than two rows has NaN in
            ``contrasts``.

        Raises
        ------
        ValueError
            If a metric is a similarity or not defined on the rows, a dimension is not
            between 1 and n_features, or no draw has a contrast.
        """
        named = named_metrics(metrics)
        draws = Draws.of(X, by, dimensions, sample, random_state)
        display = cls(
            dimensions=draws.sizes,
            contrasts=draws.contrasts(named, n_repeats),
            names=list(named),
            dimension_label=draws.way.label,
        )
        return display.plot(ax, **kwargs)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        by: str = "columns",
        dimensions: Any = None,
        n_repeats: int = 5,
        sample: int | None = 1000,
        random_state: Any = 0,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Measure the contrast of an estimator's metric on the rows that it works on.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator of neighbours, such as `sknorms.neighbors.Retriever`, or
            a Pipeline that ends in one.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to pass to the estimator.
        by : {"columns", "projections"}, default="columns"
            What dimensions are, as in `from_data`.
        dimensions : int or array-like of int, default=None
            How many dimensions; None is up to eight numbers from 2 to all, of
            projections to 256 at most.
        n_repeats : int, default=5
            How often to draw.
        sample : int or None, default=1000
            At most how many rows to draw; None for all of them.
        random_state : int, RandomState instance or None, default=0
            Which rows and dimensions those are.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        DistanceConcentrationDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has no metric, or a similarity.
        """
        metric = metric_seen(estimator)
        return cls.from_data(
            rows_seen(estimator, X),
            metric,
            by=by,
            dimensions=dimensions,
            n_repeats=n_repeats,
            sample=sample,
            random_state=random_state,
            ax=ax,
            **kwargs,
        )

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the contrasts.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        DistanceConcentrationDisplay
            The display itself.

        Raises
        ------
        ValueError
            If shapes do not fit, or no contrast is finite.
        """
        sizes, contrasts = self._checked()
        self.ax_ = axes_to_draw_on(ax)
        self.figure_ = self.ax_.get_figure()
        self.floor_line_ = self.ax_.axhline(
            1.0, color=GREY, linestyle="--", linewidth=1, zorder=0, label="no contrast"
        )
        self.lines_, self.bands_ = [], []
        for i, (name, draws) in enumerate(zip(self.names, contrasts, strict=True)):
            style: dict[str, Any] = {
                "color": COLOURS[i % len(COLOURS)],
                "label": str(name),
            }
            style |= {"marker": _MARKERS[i % len(_MARKERS)], "markersize": 5, **kwargs}
            self._draw(sizes, draws, style)
        self._finish(sizes)
        return self

    def _checked(self) -> tuple[AnyArray, FloatArray]:
        sizes = np.asarray(self.dimensions)
        contrasts = np.asarray(self.contrasts, dtype=np.float64)
        wanted = (len(self.names), len(sizes))
        if contrasts.ndim != 3 or contrasts.shape[:2] != wanted:
            raise ValueError(
                "contrasts must have shape (n_metrics, n_dimensions, n_repeats); got "
                f"{contrasts.shape} for {wanted[0]} names and {wanted[1]} dimensions."
            )
        if not np.isfinite(contrasts).any():
            raise ValueError(
                "contrasts must hold a finite number; got none, which happens if every "
                "draw leaves fewer than two distinct rows, or all nearest rows at "
                'distance 0. Draw more dimensions, or use by="projections".'
            )
        return sizes, contrasts

    def _draw(self, sizes: AnyArray, draws: FloatArray, style: dict[str, Any]) -> None:
        usable = np.isfinite(draws)
        seen = usable.any(axis=1)
        counts = usable.sum(axis=1)[seen]
        means = np.where(usable, draws, 0.0).sum(axis=1)[seen] / counts
        self.lines_ += self.ax_.plot(sizes[seen], means, **style)
        if draws.shape[1] > 1:
            low = np.where(usable, draws, np.inf).min(axis=1)[seen]
            high = np.where(usable, draws, -np.inf).max(axis=1)[seen]
            colour = self.lines_[-1].get_color()
            self.bands_.append(
                self.ax_.fill_between(
                    sizes[seen], low, high, color=colour, alpha=0.2, linewidth=0
                )
            )

    def _finish(self, sizes: AnyArray) -> None:
        from matplotlib import ticker

        self.ax_.set(
            xscale="log",
            yscale="log",
            xlabel=self.dimension_label,
            ylabel="relative contrast: mean / nearest distance",
        )
        self.ax_.xaxis.set_major_locator(
            ticker.FixedLocator([float(size) for size in sizes])
        )
        self.ax_.xaxis.set_minor_locator(ticker.NullLocator())
        self.ax_.xaxis.set_major_formatter(ticker.FormatStrFormatter("%d"))
        self.ax_.yaxis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
        self.ax_.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        self.ax_.yaxis.set_minor_formatter(ticker.NullFormatter())
        legend(self.ax_)
        tidy(self.ax_)
