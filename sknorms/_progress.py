"""How far long work has come, shown on standard error: by tqdm, or else in text."""

import sys
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TextIO, TypeVar

from sknorms._validation import check_integer

__all__ = ["Progress", "Report", "check_verbose"]

Task = TypeVar("Task")

# Seconds of work that are not worth a word, unless one is asked for whatever happens.
_DELAY = 0.5
# Seconds between two updates of a line on a terminal, and between two lines elsewhere.
_TERMINAL_PAUSE, _LOG_PAUSE = 0.1, 10.0


def check_verbose(verbose: Any) -> int:
    """Return how much is to be said: 0 nothing, 1 on a terminal only, 2 anywhere."""
    if isinstance(verbose, bool):
        return int(verbose)
    return check_integer("verbose", verbose, low=0)


class _Display(ABC):
    """Where an amount of finished work is shown."""

    @abstractmethod
    def show(self, done: int) -> None:
        """Show that so much is done."""

    @abstractmethod
    def close(self) -> None:
        """End the line, if one was begun."""


class _Bar(_Display):
    """A bar of tqdm."""

    def __init__(
        self, bars: Any, total: int, unit: str, stream: TextIO, delay: float
    ) -> None:
        self._bar = bars(
            total=total, unit=f" {unit}", file=stream, delay=delay, dynamic_ncols=True
        )

    def show(self, done: int) -> None:
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _Text(_Display):
    """A line of text, rewritten on a terminal; elsewhere a line from time to time."""

    def __init__(self, total: int, unit: str, stream: TextIO, delay: float) -> None:
        self._total, self._unit, self._stream = total, unit, stream
        self._on_terminal = stream.isatty()
        self._start = time.monotonic()
        self._next = self._start + delay
        self._width = 0

    def show(self, done: int) -> None:
        now = time.monotonic()
        is_last_of_several = done >= self._total and self._width > 0
        if now < self._next and not is_last_of_several:
            return
        self._next = now + (_TERMINAL_PAUSE if self._on_terminal else _LOG_PAUSE)
        text = _sentence(done, self._total, self._unit, now - self._start)
        if self._on_terminal:
            self._stream.write("\r" + text.ljust(self._width))
        else:
            self._stream.write(text + "\n")
        self._width = len(text)
        self._stream.flush()

    def close(self) -> None:
        if self._width and self._on_terminal:
            self._stream.write("\n")
            self._stream.flush()


def _sentence(done: int, total: int, unit: str, seconds: float) -> str:
    rate = done / seconds if seconds > 0 else 0.0
    share = f"{done:,} of {total:,} {unit} ({done / total:.0%})"
    if not rate:
        return share
    left = f"{_clock((total - done) / rate)} left"
    when = f"took {_clock(seconds)}" if done >= total else left
    speed = f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"
    return f"{share}, {speed} {unit}/s, {when}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@dataclass
class _Count:
    """The work of one call, which may be done in several searches.

    Attributes
    ----------
    total : int
    unit : str
    stream : text stream
    delay : float
        Seconds that pass before anything is shown.
    done : float
        What is finished of the total.
    """

    total: int
    unit: str
    stream: TextIO
    delay: float
    done: float = 0.0
    _display: _Display | None = field(default=None, repr=False)
    _closed: bool = False

    def begin(self) -> None:
        if self._display is None and not self._closed:
            self._display = self._make_display()

    def advance(self, amount: float) -> None:
        if self._display is None:
            return
        self.done += amount
        # Shares of tasks add up to a whole but for their rounding.
        self._display.show(min(int(self.done + 1e-6), self.total))
        if self.done >= self.total - 1e-6:
            self.close()

    def close(self) -> None:
        if self._display is not None:
            self._display.close()
        self._display, self._closed = None, True

    def _make_display(self) -> _Display:
        given = (self.total, self.unit, self.stream, self.delay)
        try:
            from tqdm import tqdm
        except ImportError:
            return _Text(*given)
        return _Bar(tqdm, *given)


@dataclass(frozen=True)
class Progress:
    """A handle on the progress of one call of a user.

    Attributes
    ----------
    count : _Count
    share : float
        What part of the call the holder of this handle does.
    """

    count: _Count
    share: float = 1.0

    @classmethod
    def of(cls, verbose: Any, total: int, unit: str = "queries") -> "Progress | None":
        """Return a handle, or None where nothing is to be shown.

        Parameters
        ----------
        verbose : int
            0 shows nothing, 1 what takes longer than half a second if standard error
            is a terminal, 2 everything wherever standard error goes.
        total : int
            How much there is to do.
        unit : str
            Of what.
        """
        level = check_verbose(verbose)
        stream = sys.stderr
        if level == 0 or total == 0 or (level == 1 and not stream.isatty()):
            return None
        return cls(_Count(total, unit, stream, _DELAY if level == 1 else 0.0))

    def part(self, share: float) -> "Progress":
        """Return a handle for a part of the work."""
        return replace(self, share=self.share * share)

    def begin(self) -> None:
        """Start the clock, unless it runs; nothing is shown without."""
        self.count.begin()

    def advance(self, amount: float) -> None:
        """Say that a further amount is done; all done ends the line."""
        self.count.advance(amount * self.share)

    def close(self) -> None:
        """End the line early."""
        self.count.close()


@dataclass(frozen=True)
class Report(ABC, Generic[Task]):
    """Tells a progress how much each finished task was worth.

    Attributes
    ----------
    progress : Progress
    """

    progress: Progress

    @abstractmethod
    def amount(self, task: Task) -> float:
        """Return what a task is worth."""

    def begin(self) -> None:
        """Say that tasks begin."""
        self.progress.begin()

    def done(self, task: Task) -> None:
        """Say that a task is done."""
        self.progress.advance(self.amount(task))

    def fail(self) -> None:
        """Say that no further task will be done."""
        self.progress.close()
