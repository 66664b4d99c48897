"""How long the rows are, and whether their length is one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from sknorms._typing import FloatArray
from sknorms._validation import check_choice
from sknorms.audit import MetricAudit, norm_statistics
from sknorms.audit._norm_statistics import NormStatistics
from sknorms.inspection._drawing import axes_to_draw_on, free_colour, legend, tidy
from sknorms.inspection._seen import rows_seen

__all__ = ["NormDistributionDisplay"]

# Odd, so that rows of one length are in the middle of a bar.
_N_BINS = 41
# Lengths that differ by less than this share of themselves are one bar, so that
# rounding of unit rows does not look like a spread.
_LEAST_SPAN = 0.02
# Axes have no room for margins beyond; longer rows are drawn as being so long.
_DRAWABLE = 1e307
_UNIT = "unit length"


def _histogram(ax: Any, norms: FloatArray, style: dict[str, Any]) -> Any:
    from matplotlib.colors import to_rgba

    colour = style.pop("color")
    # An outline shows a single narrow bar on a wide axis.
    look = {"histtype": "stepfilled", "edgecolor": colour, "linewidth": 1.2}
    look |= {"facecolor": to_rgba(colour, 0.45), "bins": _bins(norms)}
    look |= {"weights": np.full(len(norms), 1.0 / len(norms)), **style}
    return ax.hist(norms, **look)[2][0]


def _ecdf(ax: Any, norms: FloatArray, style: dict[str, Any]) -> Any:
    return ax.ecdf(norms, **{"linewidth": 1.8, **style})


@dataclass(frozen=True)
class _Kind:
    """A way to draw a distribution.

    Attributes
    ----------
    label : str
        What the axis says.
    draw : callable
        From axes, norms and a style to what was drawn.
    """

    label: str
    draw: Callable[[Any, FloatArray, dict[str, Any]], Any]


_KINDS = {
    "histogram": _Kind("share of rows", _histogram),
    "ecdf": _Kind("share of rows at most as long", _ecdf),
}


class NormDistributionDisplay:
    """Euclidean norms of rows, their mean, and where unit length is.

    Euclidean distance and inner products also compare lengths, cosine does not: where
    lengths spread, they rank differently. Zero, repeated and non-finite rows are
    counted in the legend.

    Make one by `from_data`, `from_estimator` or `from_audit`, which draw it as well;
    `plot` draws it again, on other axes or in the other kind.

    Parameters
    ----------
    statistics : NormStatistics
        What `sknorms.audit.norm_statistics` returns.
    name : str, default=None
        What the rows are called in the legend; None is "rows".

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    distribution_ : matplotlib Polygon or Line2D
        The outline of the histogram, or the line of the cumulative distribution.
    mean_line_ : matplotlib Line2D
        The line at the mean.
    unit_line_ : matplotlib Line2D
        The line at 1; without points, and said to be far off, where all norms are far
        from it.

    See Also
    --------
    sknorms.audit.norm_statistics : Measures what is drawn.
    MetricAgreementDisplay : Whether metrics find the same neighbours.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sknorms.datasets import load_word_vectors
    >>> from sknorms.inspection import NormDistributionDisplay
    >>> X = load_word_vectors().data
    >>> display = NormDistributionDisplay.from_data(X, name="raw")
    >>> [text.get_text() for text in display.ax_.get_legend().get_texts()][1:]
    ['mean 4.97 (CV 0.13)', 'unit length (0% of rows)']

    The same distribution, as shares of rows up to a length:

    >>> display.plot(kind="ecdf").ax_.get_ylabel()
    'share of rows at most as long'

    What a transformer makes of rows, over the first picture:

    >>> from sknorms.preprocessing import Normalizer
    >>> unit = Normalizer().fit(X)
    >>> after = NormDistributionDisplay.from_estimator(unit, X, ax=display.ax_)
    >>> after.statistics.unit_share
    1.0
    """

    ax_: Any
    figure_: Any
    distribution_: Any
    mean_line_: Any
    unit_line_: Any

    def __init__(self, *, statistics: NormStatistics, name: str | None = None) -> None:
        self.statistics = statistics
        self.name = name

    @classmethod
    def from_data(
        cls,
        X: Any,
        *,
        sample: int | None = 100_000,
        random_state: Any = 0,
        kind: str = "histogram",
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Measure rows and draw their norms.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows. NaN and infinity are counted, not refused.
        sample : int or None, default=100000
            At most how many rows to look at; None for all of them.
        random_state : int, RandomState instance or None, default=0
            Which rows those are.
        kind : {"histogram", "ecdf"}, default="histogram"
            Bars, or the empirical cumulative distribution.
        name : str, default=None
            What the rows are called in the legend; None is "rows".
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.hist`` or ``ax.ecdf``.

        Returns
        -------
        NormDistributionDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If no row is finite.
        """
        found = norm_statistics(X, sample=sample, random_state=random_state)
        return cls(statistics=found, name=name).plot(ax, kind=kind, **kwargs)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        sample: int | None = 100_000,
        random_state: Any = 0,
        kind: str = "histogram",
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the norms of the rows that an estimator works on.

        Parameters
        ----------
        estimator : estimator
            A fitted transformer, whose results are measured; or a Pipeline, of which
            those of the steps before a last one that does not transform are.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to pass to the estimator.
        sample : int or None, default=100000
            At most how many rows to look at; None for all of them.
        random_state : int, RandomState instance or None, default=0
            Which rows those are.
        kind : {"histogram", "ecdf"}, default="histogram"
            Bars, or the empirical cumulative distribution.
        name : str, default=None
            What the rows are called in the legend; None is the name of the class.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.hist`` or ``ax.ecdf``.

        Returns
        -------
        NormDistributionDisplay
            The display, drawn.
        """
        return cls.from_data(
            rows_seen(estimator, X),
            sample=sample,
            random_state=random_state,
            kind=kind,
            name=type(estimator).__name__ if name is None else name,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_audit(
        cls,
        audit: MetricAudit,
        *,
        kind: str = "histogram",
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the norms that an audit has measured.

        Parameters
        ----------
        audit : MetricAudit
            What `sknorms.audit.check_metric` returns.
        kind : {"histogram", "ecdf"}, default="histogram"
            Bars, or the empirical cumulative distribution.
        name : str, default=None
            What the rows are called in the legend; None is "rows".
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.hist`` or ``ax.ecdf``.

        Returns
        -------
        NormDistributionDisplay
            The display, drawn.
        """
        display = cls(statistics=audit.statistics.norms, name=name)
        return display.plot(ax, kind=kind, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        kind: str = "histogram",
        name: str | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the norms.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure. A second distribution on the same axes
            gets another colour.
        kind : {"histogram", "ecdf"}, default="histogram"
            Bars, or the empirical cumulative distribution.
        name : str, default=None
            What the rows are called in the legend; None is the name the display has.
        **kwargs : dict
            For ``ax.hist`` or ``ax.ecdf``.

        Returns
        -------
        NormDistributionDisplay
            The display itself.

        Raises
        ------
        ValueError
            If no row is finite.
        """
        drawn_as = _KINDS[check_choice("kind", kind, list(_KINDS))]
        norms = self._drawable()
        self.ax_ = axes_to_draw_on(ax)
        self.figure_ = self.ax_.get_figure()
        colour = kwargs.get("color", free_colour(self.ax_))
        called = self.name if name is None else name
        style = {"color": colour, "label": self._told(called or "rows"), **kwargs}
        self.distribution_ = drawn_as.draw(self.ax_, norms, style)
        self.mean_line_ = self._mark_mean(colour)
        self.unit_line_ = self._mark_unit(norms)
        self.ax_.set(xlabel="Euclidean norm of a row", ylabel=drawn_as.label)
        legend(self.ax_)
        tidy(self.ax_)
        return self

    def _drawable(self) -> FloatArray:
        norms = np.minimum(self.statistics.norms, _DRAWABLE)
        if not len(norms):
            raise ValueError(
                "statistics must hold the norm of at least one finite row; got none of "
                f"{self.statistics.n_rows} rows. Replace NaN and infinity first."
            )
        return norms

    def _told(self, name: str) -> str:
        """Return the name with counts of rows that are to be looked at."""
        found = self.statistics
        counts = {
            "zero": found.n_zero,
            "repeated": found.n_duplicates,
            "not finite": found.n_nonfinite,
        }
        told = [f"{count:,} {what}" for what, count in counts.items() if count]
        return f"{name} ({', '.join(told)})" if told else name

    def _mark_mean(self, colour: Any) -> Any:
        found = self.statistics
        return self.ax_.axvline(
            min(found.mean, _DRAWABLE),
            color=colour,
            linestyle="--",
            linewidth=1.5,
            label=f"mean {_short(found.mean)} (CV {found.cv:.2f})",
        )

    def _mark_unit(self, norms: FloatArray) -> Any:
        label = f"{_UNIT} ({self.statistics.unit_share:.0%} of rows)"
        low, high = _limits(norms)
        style = {"color": "black", "linestyle": ":", "linewidth": 1.5}
        if 2 * low - high <= 1.0 <= 2 * high - low:
            return self.ax_.axvline(1.0, label=label, **style)
        return self.ax_.plot([], [], label=f"{label}, far off", **style)[0]


def _short(value: float) -> str:
    return f"{value:,.0f}" if 1e3 <= value < 1e6 else f"{value:.3g}"


def _limits(norms: FloatArray) -> tuple[float, float]:
    """Return the range of the norms, widened if they are all but equal."""
    low, high = float(norms.min()), float(norms.max())
    least = _LEAST_SPAN * high if high > 0 else 1.0
    missing = max(0.0, least - (high - low)) / 2
    return low - missing, high + missing


def _bins(norms: FloatArray) -> FloatArray:
    return np.linspace(*_limits(norms), _N_BINS + 1)
