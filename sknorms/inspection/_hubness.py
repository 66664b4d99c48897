"""How unevenly searches find the rows."""

from typing import Any, Self

import numpy as np

from sknorms._typing import FloatArray
from sknorms.audit import MetricAudit, hubness, neighbor_pass
from sknorms.audit._structure import Hubness
from sknorms.inspection._drawing import (
    GREY,
    axes_to_draw_on,
    free_colour,
    has_line,
    legend_above,
    tidy,
)
from sknorms.inspection._seen import metric_seen, pass_of_graph, rows_seen

__all__ = ["HubnessDisplay"]


class HubnessDisplay:
    """In how many lists of nearest neighbours the rows are: hubs and anti-hubs.

    Each point is a number of lists, and the share of rows that are in so many. If all
    rows were found equally often they would lie at the mean; hubs, far to the right,
    turn up in the answers to everything, and anti-hubs, at 0, are never found.

    Make one by `from_data`, `from_estimator`, `from_graph` or `from_audit`, which draw
    it as well; `plot` draws it again. A second one on the same axes has another colour,
    such as after a step against hubs.

    Parameters
    ----------
    hubness : Hubness
        What `sknorms.audit.hubness` returns.
    name : str, default=None
        What the neighbours are called in the legend; None is the metric.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    line_ : matplotlib Line2D
        Shares of rows by the number of lists they are in, 0 included.
    hubs_ : matplotlib Line2D
        Those of hubs, which are in more than five times as many lists as the mean row.
    anti_hubs_ : matplotlib Line2D
        That of rows in no list; without points if there are none.
    limit_line_ : matplotlib Line2D or None
        The line beyond which rows are hubs; None if it was there before, or if no count
        is near to it.

    See Also
    --------
    sknorms.audit.hubness : Measures what is drawn.
    sknorms.neighbors.LocalScaling : A step against hubs.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from sknorms.inspection import HubnessDisplay
    >>> from sknorms.neighbors import KNeighborsTransformer, LocalScaling
    >>> X = np.random.default_rng(0).normal(size=(500, 100))
    >>> before = HubnessDisplay.from_data(X, name="euclidean")
    >>> round(before.hubness.skewness, 1)
    6.6

    A graph of neighbours after a step against hubs, on the same axes:

    >>> graph = KNeighborsTransformer(n_neighbors=50).fit_transform(X)
    >>> graph = LocalScaling(n_neighbors=10).fit_transform(graph)
    >>> after = HubnessDisplay.from_graph(graph, name="rescaled", ax=before.ax_)
    >>> after.hubness.skewness < before.hubness.skewness
    True
    """

    ax_: Any
    figure_: Any
    line_: Any
    hubs_: Any
    anti_hubs_: Any
    limit_line_: Any

    def __init__(self, *, hubness: Hubness, name: str | None = None) -> None:
        self.hubness = hubness
        self.name = name

    @classmethod
    def from_data(
        cls,
        X: Any,
        metric: Any = "euclidean",
        *,
        n_neighbors: int = 10,
        sample: int | None = 2000,
        random_state: Any = 0,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Search for the neighbours of rows and draw how often each row is found.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows. Those that are not finite, zero or repeated are left out.
        metric : str, Metric or callable, default="euclidean"
            As `sknorms.metrics.get_metric` takes it.
        n_neighbors : int, default=10
            How many neighbours.
        sample : int or None, default=2000
            At most how many rows to draw; None for all of them.
        random_state : int, RandomState instance or None, default=0
            Which rows those are.
        name : str, default=None
            What the neighbours are called in the legend; None is the metric.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        HubnessDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If fewer than two rows are usable, or the metric is not defined on them.
        """
        found = neighbor_pass(
            X,
            metric,
            n_neighbors=n_neighbors,
            sample=sample,
            random_state=random_state,
        )
        return cls(hubness=hubness(found), name=name).plot(ax, **kwargs)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        n_neighbors: int = 10,
        sample: int | None = 2000,
        random_state: Any = 0,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw how often rows are found under an estimator's metric.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator of neighbours, such as `sknorms.neighbors.Retriever`, or
            a Pipeline that ends in one.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to pass to the estimator.
        n_neighbors : int, default=10
            How many neighbours.
        sample : int or None, default=2000
            At most how many rows to draw; None for all of them.
        random_state : int, RandomState instance or None, default=0
            Which rows those are.
        name : str, default=None
            What the neighbours are called in the legend; None is the metric.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        HubnessDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has no metric.
        """
        metric = metric_seen(estimator)
        return cls.from_data(
            rows_seen(estimator, X),
            metric,
            n_neighbors=n_neighbors,
            sample=sample,
            random_state=random_state,
            name=name,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_graph(
        cls,
        graph: Any,
        *,
        n_neighbors: int = 10,
        name: str = "graph",
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw how often rows are found in a graph of neighbours.

        Parameters
        ----------
        graph : {array-like, sparse matrix} of shape (n_samples, n_samples)
            Distances of all rows to each other, or CSR with those of at least
            ``n_neighbors`` rows other than itself for each row, as
            `sknorms.neighbors.KNeighborsTransformer` and steps after it make from their
            training rows.
        n_neighbors : int, default=10
            How many neighbours; the nearest are counted.
        name : str, default="graph"
            What the neighbours are called in the legend.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        HubnessDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the graph is not square, or has too few neighbours.
        """
        found = pass_of_graph(graph, n_neighbors, name)
        return cls(hubness=hubness(found), name=name).plot(ax, **kwargs)

    @classmethod
    def from_audit(
        cls,
        audit: MetricAudit,
        metric: str | None = None,
        *,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the hubness that an audit has measured.

        Parameters
        ----------
        audit : MetricAudit
            What `sknorms.audit.check_metric` returns.
        metric : str, default=None
            Which of the metrics the audit has compared; None is the one it is about, or
            the first.
        name : str, default=None
            What the neighbours are called in the legend; None is the metric.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        HubnessDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the audit has not searched under the metric.
        """
        known = audit.statistics.hubness
        if not known:
            raise ValueError(
                "audit must have searched for neighbours, for which it needs at least "
                f"three usable rows; got {audit.statistics.n_sampled}."
            )
        if metric is None:
            metric = audit.metric if audit.metric in known else next(iter(known))
        if metric not in known:
            raise ValueError(
                f"metric must be one that the audit has compared, {', '.join(known)}; "
                f"got {metric!r}. Use from_data for others."
            )
        return cls(hubness=known[metric], name=name).plot(ax, **kwargs)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> Self:
        """Draw the distribution.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        name : str, default=None
            What the neighbours are called in the legend; None is the name the display
            has, or the metric.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        HubnessDisplay
            The display itself.
        """
        found = self.hubness
        self.ax_ = axes_to_draw_on(ax)
        self.figure_ = self.ax_.get_figure()
        called = self.name if name is None else name
        label = (
            f"{called or found.metric}: skewness {found.skewness:.2f} ({found.band})"
        )
        colour = free_colour(self.ax_)
        style = {"color": colour, "marker": ".", "linewidth": 1, "label": label}
        counts, shares = _distribution(found)
        self.line_ = self.ax_.plot(counts, shares, **{**style, **kwargs})[0]
        self._mark_ends(counts, shares)
        self.limit_line_ = self._draw_limit()
        k = found.n_neighbors
        self._finish()
        self.ax_.set(
            xlabel=f"k-occurrence: in how many lists of {k} neighbours a row is",
            ylabel="share of rows",
        )
        legend_above(self.ax_, most_columns=2)
        tidy(self.ax_)
        return self

    def _finish(self) -> None:
        """Make axes logarithmic, with room for rows that are in no list."""
        from matplotlib import ticker

        self.ax_.set_yscale("log")
        self.ax_.set_xscale("symlog", linthresh=1.0, linscale=0.5)
        marks = ticker.SymmetricalLogLocator(linthresh=1.0, base=10.0, subs=(1, 2, 5))
        self.ax_.xaxis.set_major_locator(marks)
        self.ax_.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        drawn = [np.max(line.get_xdata(), initial=1.0) for line in self.ax_.get_lines()]
        self.ax_.set_xlim(-0.5, 1.3 * max(drawn))

    def _mark_ends(self, counts: Any, shares: FloatArray) -> None:
        """Mark hubs and anti-hubs, and say how much there is of them."""
        found, colour = self.hubness, self.line_.get_color()
        style = {"linestyle": "none", "markersize": 7, "color": colour}
        style |= {"markeredgecolor": "black", "markeredgewidth": 0.8, "zorder": 3}
        hubs = counts > found.hub_limit
        n_hubs = int(found.hubs.sum())
        self.hubs_ = self.ax_.plot(
            counts[hubs],
            shares[hubs],
            marker="D",
            label=f"{n_hubs:,} hubs: {found.hub_share:.0%} of all entries",
            **{**style, "markersize": 5},
        )[0]
        self.anti_hubs_ = self.ax_.plot(
            counts[counts == 0],
            shares[counts == 0],
            marker="s",
            label=f"anti-hubs: {found.anti_hub_share:.0%} of rows",
            **style,
        )[0]

    def _draw_limit(self) -> Any:
        limit = self.hubness.hub_limit
        label = f"_hubs beyond {limit:g}"
        if has_line(self.ax_, label) or self.hubness.counts.max() < limit / 2:
            return None
        line = self.ax_.axvline(
            limit, color=GREY, linestyle="--", linewidth=1, zorder=0, label=label
        )
        self.ax_.annotate(
            f"hubs: over {limit:g}",
            (limit, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3, -2),
            textcoords="offset points",
            va="top",
            color="#666666",
            fontsize="small",
        )
        return line


def _distribution(found: Hubness) -> tuple[Any, FloatArray]:
    """Return the counts that occur, and the share of rows with each."""
    counts, n_rows = np.unique(found.counts, return_counts=True)
    return counts, np.asarray(n_rows / len(found.counts))
