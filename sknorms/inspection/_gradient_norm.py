"""The norms of gradients over a training run, before and after clipping."""

import textwrap
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sknorms._typing import AnyArray, FloatArray
from sknorms.inspection._drawing import BLUE, ORANGE, axes_to_draw_on, tidy
from sknorms.linear_model import Diagnosis, GradientMonitor

__all__ = ["GradientNormDisplay"]

# How much of a run one point of the running median looks at.
_SHARE = 1 / 20
_TITLE_WIDTH = 70
# A logarithmic axis has room for margins within these.
_DRAWABLE = (1e-150, 1e220)


class GradientNormDisplay:
    """Norms of gradients step by step, where they were clipped, and the verdict.

    Make one by `from_estimator` or `from_monitor`, which draw it as well.

    Parameters
    ----------
    history : dict of ndarray
        What a monitor recorded: `GradientMonitor.history`.
    diagnosis : Diagnosis or None, default=None
        The verdict, the title of the picture.
    name : str or None, default=None
        What the run is called.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    lines_ : list of matplotlib artists
        The norms, their running median, and norms after clipping if there are any.

    See Also
    --------
    sknorms.linear_model.GradientMonitor : Records what is drawn.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sklearn.datasets import load_wine
    >>> from sknorms.inspection import GradientNormDisplay
    >>> from sknorms.linear_model import ClippedSGDClassifier
    >>> model = ClippedSGDClassifier(random_state=0).fit(*load_wine(return_X_y=True))
    >>> display = GradientNormDisplay.from_estimator(model)
    >>> display.ax_.get_yscale(), display.ax_.get_xlabel()
    ('log', 'step')
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]

    def __init__(
        self,
        *,
        history: dict[str, AnyArray],
        diagnosis: Diagnosis | None = None,
        name: str | None = None,
    ) -> None:
        self.history = history
        self.diagnosis = diagnosis
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Any = None, name: str | None = None
    ) -> Self:
        """Draw the gradients of a fitted learner.

        Parameters
        ----------
        estimator : ClippedSGDClassifier or ClippedSGDRegressor
            Fitted, with ``monitor=True``; the last step of a Pipeline as well.
        ax : matplotlib Axes or None, default=None
            What to draw on; None makes a figure.
        name : str or None, default=None
            What the run is called; None is the name of the class.

        Returns
        -------
        GradientNormDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has not recorded its gradients.
        """
        last = estimator[-1] if hasattr(estimator, "named_steps") else estimator
        check_is_fitted(last)
        monitor = getattr(last, "monitor_", None)
        if monitor is None:
            raise ValueError(
                f"estimator must have recorded its gradients; got {last!r}. Fit a "
                "ClippedSGDClassifier or ClippedSGDRegressor with monitor=True."
            )
        called = type(last).__name__ if name is None else name
        return cls.from_monitor(monitor, ax=ax, name=called)

    @classmethod
    def from_monitor(
        cls, monitor: GradientMonitor, *, ax: Any = None, name: str | None = None
    ) -> Self:
        """Draw what a monitor recorded.

        Parameters
        ----------
        monitor : GradientMonitor
            With at least one step.
        ax : matplotlib Axes or None, default=None
            What to draw on; None makes a figure.
        name : str or None, default=None
            What the run is called.

        Returns
        -------
        GradientNormDisplay
            The display, drawn.
        """
        display = cls(history=monitor.history, diagnosis=monitor.diagnosis, name=name)
        return display.plot(ax=ax)

    def plot(self, ax: Any = None, *, name: str | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            What to draw on; None makes a figure.
        name : str or None, default=None
            What the run is called; None is the name the display has.

        Returns
        -------
        GradientNormDisplay
            The display itself, with ``ax_``, ``figure_`` and ``lines_``.

        Raises
        ------
        ValueError
            If nothing was recorded.
        """
        norms = np.asarray(self.history.get("norm", ()), dtype=np.float64)
        if not len(norms):
            raise ValueError(
                "history must hold at least one step; got none. Record gradients first."
            )
        ax = axes_to_draw_on(ax)
        self.ax_, self.figure_ = ax, ax.figure
        steps = self.history["step"]
        usable = np.isfinite(norms) & (norms > 0.0)
        drawn = np.clip(norms[usable], *_DRAWABLE)
        self.lines_ = self._draw_norms(steps[usable], drawn)
        self._draw_clipped(steps, usable)
        self._mark_nonfinite(steps[~np.isfinite(norms)])
        if usable.any():
            ax.set_yscale("log")
        ax.set(xlabel="step", ylabel="norm of the gradient")
        ax.grid(True, axis="y", color="#e5e5e5", linewidth=0.6)
        ax.set_axisbelow(True)
        tidy(ax)
        self._write_title(self.name if name is None else name)
        ax.legend(frameon=False, loc="best", fontsize="small")
        return self

    def _draw_norms(self, steps: AnyArray, norms: FloatArray) -> list[Any]:
        thin = {"color": BLUE, "alpha": 0.35, "linewidth": 0.8}
        bold = {"color": BLUE, "linewidth": 2.0, "label": "running median"}
        lines = self.ax_.plot(steps, norms, label="gradient", **thin)
        return [*lines, *self.ax_.plot(steps, _running_median(norms), **bold)]

    def _draw_clipped(self, steps: AnyArray, usable: AnyArray) -> None:
        """Show what was left of gradients that were clipped as a whole."""
        factor = np.asarray(self.history.get("clip_factor", ()), dtype=np.float64)
        if not len(factor):
            return
        clipped = usable & (factor < 1.0)
        share = clipped.sum() / max(1, np.isfinite(factor).sum())
        if clipped.any():
            self.lines_ += self.ax_.plot(
                steps[clipped],
                self.history["clipped_norm"][clipped],
                linestyle="none",
                marker=".",
                markersize=4,
                color=ORANGE,
                label=f"after clipping ({share:.0%} of steps)",
            )

    def _mark_nonfinite(self, steps: AnyArray) -> None:
        if len(steps):
            self.lines_ += self.ax_.plot(
                steps,
                np.full(len(steps), 0.98),
                transform=self.ax_.get_xaxis_transform(),
                linestyle="none",
                marker="x",
                color=ORANGE,
                label="not finite",
            )

    def _write_title(self, name: str | None) -> None:
        told = "" if self.diagnosis is None else str(self.diagnosis)
        text = ": ".join(part for part in (name, told.split(". ")[0]) if part)
        title = "\n".join(textwrap.wrap(text, _TITLE_WIDTH))
        self.ax_.set_title(title, fontsize="medium", loc="left")


def _running_median(values: FloatArray) -> FloatArray:
    """Return the median around each value, of fewer values where an end is near."""
    medians = values.copy()
    half = min(max(1, int(len(values) * _SHARE / 2)), max(0, len(values) - 1) // 2)
    for reach in range(1, half):
        medians[reach] = np.median(values[: 2 * reach + 1])
        medians[-1 - reach] = np.median(values[-2 * reach - 1 :])
    if half:
        windows = np.lib.stride_tricks.sliding_window_view(values, 2 * half + 1)
        medians[half : len(values) - half] = np.median(windows, axis=1)
    return medians
