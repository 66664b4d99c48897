"""Whether metrics find the same neighbours."""

from typing import Any, Self

import numpy as np

from sknorms._typing import FloatArray
from sknorms.audit import MetricAudit, metric_agreement
from sknorms.audit._structure import MetricAgreement
from sknorms.inspection._drawing import axes_to_draw_on
from sknorms.inspection._seen import metric_seen, named_metrics, rows_seen

__all__ = ["MetricAgreementDisplay"]

_COMPARED = ("euclidean", "dot", "cosine")
# More names than this, or longer ones, are written aslant below the columns.
_MOST_LEVEL, _LONGEST_LEVEL = 4, 12
# Width of a digit with some space, in sizes of its font, and the largest size used.
_DIGIT, _LARGEST = 0.68, 10.0
# Cells lighter than this have dark numbers.
_LIGHT = 0.5


class MetricAgreementDisplay:
    """The share of nearest neighbours that each two metrics have in common.

    Metrics that agree may be swapped for the cheaper one; where they do not, the choice
    decides what a search finds.

    Make one by `from_data`, `from_estimator` or `from_audit`, which draw it as well;
    `plot` draws it again.

    Parameters
    ----------
    agreement : MetricAgreement
        What `sknorms.audit.metric_agreement` returns.
    names : sequence of str, default=None
        What the metrics are called; None is their names.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    im_ : matplotlib AxesImage
        The heat map.
    text_ : ndarray of matplotlib Text of shape (n_metrics, n_metrics), or None
        The numbers in the cells.
    colorbar_ : matplotlib Colorbar or None
        The scale of colours.

    See Also
    --------
    sknorms.audit.metric_agreement : Measures what is drawn.
    NormDistributionDisplay : Lengths of rows, why metrics may disagree.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sknorms.datasets import load_word_vectors
    >>> from sknorms.inspection import MetricAgreementDisplay
    >>> X = load_word_vectors().data
    >>> display = MetricAgreementDisplay.from_data(X, ["euclidean", "cosine"])
    >>> print(display.text_[0, 1].get_text())
    0.73

    Metrics with parameters under labels of one's own, drawn again with intervals:

    >>> from sknorms.metrics import get_metric
    >>> metrics = {"l2": "euclidean", "l0.5": get_metric("minkowski", p=0.5)}
    >>> display = MetricAgreementDisplay.from_data(X, metrics, sample=300)
    >>> display = display.plot(include_intervals=True)
    >>> [label.get_text() for label in display.ax_.get_xticklabels()]
    ['l2', 'l0.5']
    """

    ax_: Any
    figure_: Any
    im_: Any
    text_: Any
    colorbar_: Any

    def __init__(self, *, agreement: MetricAgreement, names: Any = None) -> None:
        self.agreement = agreement
        self.names = names

    @classmethod
    def from_data(
        cls,
        X: Any,
        metrics: Any = _COMPARED,
        *,
        n_neighbors: int = 10,
        sample: int | None = 2000,
        random_state: Any = 0,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Compare the neighbours under several metrics and draw what is common.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows. Those that are not finite, zero or repeated are left out.
        metrics : sequence of str, Metric or callable, or dict of label to such, \
default=("euclidean", "dot", "cosine")
            The metrics.
        n_neighbors : int, default=10
            How many neighbours.
        sample : int or None, default=2000
            At most how many rows to draw; None for all of them.
        random_state : int, RandomState instance or None, default=0
            Which rows those are.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For `plot`.

        Returns
        -------
        MetricAgreementDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there are fewer than two metrics or usable rows, or a metric is not
            defined on them.
        """
        named = named_metrics(metrics)
        if len(named) < 2:
            raise ValueError(
                "metrics must name at least two metrics to compare; got "
                f"{', '.join(named)}."
            )
        found = metric_agreement(
            X,
            list(named.values()),
            n_neighbors=n_neighbors,
            sample=sample,
            random_state=random_state,
        )
        return cls(agreement=found, names=list(named)).plot(ax, **kwargs)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        metrics: Any = _COMPARED,
        *,
        n_neighbors: int = 10,
        sample: int | None = 2000,
        random_state: Any = 0,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Compare an estimator's metric with others, on the rows that it works on.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator of neighbours, such as `sknorms.neighbors.Retriever`, or
            a Pipeline that ends in one.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to pass to the estimator.
        metrics : sequence of str, Metric or callable, or dict of label to such, \
default=("euclidean", "dot", "cosine")
            The metrics to compare with.
        n_neighbors : int, default=10
            How many neighbours.
        sample : int or None, default=2000
            At most how many rows to draw; None for all of them.
        random_state : int, RandomState instance or None, default=0
            Which rows those are.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For `plot`.

        Returns
        -------
        MetricAgreementDisplay
            The display, drawn, the estimator's metric first.

        Raises
        ------
        ValueError
            If the estimator has no metric.
        """
        own = named_metrics(metric_seen(estimator))
        return cls.from_data(
            rows_seen(estimator, X),
            {**own, **named_metrics(metrics)},
            n_neighbors=n_neighbors,
            sample=sample,
            random_state=random_state,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_audit(cls, audit: MetricAudit, *, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the agreement that an audit has measured.

        Parameters
        ----------
        audit : MetricAudit
            What `sknorms.audit.check_metric` returns.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For `plot`.

        Returns
        -------
        MetricAgreementDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the audit had too few usable rows to compare metrics.
        """
        if audit.statistics.agreement is None:
            raise ValueError(
                "audit must have compared metrics, for which it needs at least three "
                f"usable rows; got {audit.statistics.n_sampled}."
            )
        return cls(agreement=audit.statistics.agreement).plot(ax, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        include_values: bool = True,
        include_intervals: bool = False,
        values_format: str = ".2f",
        cmap: Any = "cividis",
        colorbar: bool = True,
        im_kw: dict[str, Any] | None = None,
        text_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        include_values : bool, default=True
            Whether cells show their number.
        include_intervals : bool, default=False
            Whether they show its 95 % interval as well, below it.
        values_format : str, default=".2f"
            How numbers are written.
        cmap : str or matplotlib Colormap, default="cividis"
            The colours.
        colorbar : bool, default=True
            Whether to draw the scale of colours.
        im_kw : dict, default=None
            For ``ax.imshow``.
        text_kw : dict, default=None
            For ``ax.text``.

        Returns
        -------
        MetricAgreementDisplay
            The display itself.

        Raises
        ------
        ValueError
            If there is not one name for each metric.
        """
        names = self._called()
        self.ax_ = axes_to_draw_on(ax)
        self.figure_ = self.ax_.get_figure()
        look = {"cmap": cmap, "vmin": 0.0, "vmax": 1.0, **(im_kw or {})}
        self.im_ = self.ax_.imshow(self.agreement.overlap, **look)
        self.text_ = None
        if include_values:
            written = self._written(values_format, include_intervals)
            self.text_ = self._write(written, text_kw or {})
        self._name_axes(names)
        self.colorbar_ = self._draw_colorbar() if colorbar else None
        return self

    def _called(self) -> list[str]:
        metrics = self.agreement.metrics
        names = list(map(str, metrics if self.names is None else self.names))
        if len(names) != len(metrics):
            raise ValueError(
                f"names must have one name a metric; got {len(names)} for "
                f"{len(metrics)} metrics."
            )
        return names

    def _written(self, style: str, intervals: bool) -> list[list[str]]:
        """Return what each cell says; there is no doubt about the diagonal."""
        found = self.agreement
        m = len(found.metrics)
        written = [[format(value, style) for value in row] for row in found.overlap]
        if intervals:
            for i, j in zip(*np.nonzero(~np.eye(m, dtype=bool)), strict=True):
                low, high = found.low[i, j], found.high[i, j]
                written[i][j] += f"\n{low:{style}}\N{EN DASH}{high:{style}}"
        return written

    def _write(self, written: list[list[str]], text_kw: dict[str, Any]) -> Any:
        inks = np.where(_lightness(self.im_) > _LIGHT, "black", "white")
        size = _font_size(self.ax_, written)
        text = np.empty(inks.shape, dtype=object)
        for i, j in np.ndindex(*inks.shape):
            style = {"ha": "center", "va": "center", "fontsize": size}
            style |= {"color": str(inks[i, j]), **text_kw}
            text[i, j] = self.ax_.text(j, i, written[i][j], **style)
        return text

    def _name_axes(self, names: list[str]) -> None:
        places = np.arange(len(names))
        level = len(names) <= _MOST_LEVEL and max(map(len, names)) <= _LONGEST_LEVEL
        slant: dict[str, Any] = {
            "rotation": 45,
            "ha": "right",
            "rotation_mode": "anchor",
        }
        self.ax_.set_xticks(places, names, **({} if level else slant))
        self.ax_.set_yticks(places, names)
        self.ax_.set(xlabel="metric", ylabel="metric")
        self.ax_.tick_params(length=0)

    def _draw_colorbar(self) -> Any:
        k = self.agreement.n_neighbors
        label = f"share of {k} neighbours in common"
        return self.figure_.colorbar(self.im_, ax=self.ax_, label=label)


def _font_size(ax: Any, written: list[list[str]]) -> float:
    """Return the size in points at which what is written fits into the cells."""
    inches = ax.get_figure().get_size_inches() * ax.get_position().size
    longest = max(len(line) for row in written for cell in row for line in cell.split())
    cell = 72.0 * float(inches.min()) / len(written)
    return min(_LARGEST, cell / (_DIGIT * longest))


def _lightness(image: Any) -> FloatArray:
    """Return how light the cells look, 0 to 1: root of the luminance of Rec. 709."""
    colours = np.asarray(image.cmap(image.norm(image.get_array())))[..., :3]
    linear = np.where(
        colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4
    )
    return np.asarray(np.sqrt(linear @ [0.2126, 0.7152, 0.0722]))
