"""A bounded table of what was measured at each step, with the extremes kept.

Every step is stored until the table is full. Then every second row is dropped, and from
there on only every second step is stored, and so on: however long a run is, its history
has a fixed size and evenly spaced steps. The first and the last step, the largest
gradient and the first one that was not finite are there whatever the spacing.
"""

import math
from collections.abc import Sequence

import numpy as np

from sknorms._typing import AnyArray

__all__ = ["History"]

_FIRST_SIZE = 64


class History:
    """Rows of numbers, one a step, of which at most ``capacity`` are kept.

    Parameters
    ----------
    fields : sequence of str
        Names of the numbers; the first one is what the largest step is known by.
    capacity : int
        How many evenly spaced steps are kept, at least 2, besides up to three others.
    """

    def __init__(self, fields: Sequence[str], capacity: int) -> None:
        self.fields = tuple(fields)
        self.capacity = capacity
        self.stride = 1
        self.n_steps = 0
        self._rows = np.empty((0, len(self.fields)))
        self._n_rows = 0
        self._extremes: dict[str, tuple[int, tuple[float, ...]]] = {}
        self._largest = -math.inf

    def append(self, row: tuple[float, ...]) -> None:
        """Store one step, or only remember it as the last one."""
        step = self.n_steps
        self.n_steps = step + 1
        self._extremes["last"] = (step, row)
        first = row[0]
        if first > self._largest and first != math.inf:
            self._largest = first
            self._extremes["largest"] = (step, row)
        elif not math.isfinite(first) and "nonfinite" not in self._extremes:
            self._extremes["nonfinite"] = (step, row)
        if step % self.stride == 0:
            self._keep(row, step)

    def extend(self, rows: AnyArray) -> None:
        """Store several steps; the same as one by one, and faster."""
        first = rows[:, 0]
        if not np.isfinite(first).all():
            for row in rows.tolist():
                self.append(tuple(row))
            return
        at = int(first.argmax())
        if first[at] > self._largest:
            self._largest = float(first[at])
            self._extremes["largest"] = (self.n_steps + at, tuple(rows[at].tolist()))
        start, self.n_steps = self.n_steps, self.n_steps + len(rows)
        self._extremes["last"] = (self.n_steps - 1, tuple(rows[-1].tolist()))
        while len(rows):
            # Up to where the table is full; keeping one more row thins it out.
            kept = rows[-start % self.stride :: self.stride]
            kept = kept[: max(1, self.capacity - self._n_rows)]
            if not len(kept):
                return
            done = -start % self.stride + (len(kept) - 1) * self.stride + 1
            if self._n_rows == self.capacity:
                self._keep(tuple(kept[0].tolist()), start + done - 1)
            else:
                self._make_room(len(kept))
                self._rows[self._n_rows : self._n_rows + len(kept)] = kept
                self._n_rows += len(kept)
            rows, start = rows[done:], start + done

    def _make_room(self, n_more: int) -> None:
        needed = self._n_rows + n_more
        if needed > len(self._rows):
            size = max(needed, _FIRST_SIZE, 2 * len(self._rows))
            larger = np.empty((min(self.capacity, size), len(self.fields)))
            larger[: self._n_rows] = self._rows[: self._n_rows]
            self._rows = larger

    def _keep(self, row: tuple[float, ...], step: int) -> None:
        if self._n_rows == self.capacity:
            kept = self._rows[: self._n_rows : 2].copy()
            self._n_rows = len(kept)
            self._rows[: self._n_rows] = kept
            self.stride *= 2
            if step % self.stride:
                return
        self._make_room(1)
        self._rows[self._n_rows] = row
        self._n_rows += 1

    def arrays(self) -> dict[str, AnyArray]:
        """Return one array a field, and the numbers of their steps as ``"step"``."""
        steps: AnyArray = np.arange(self._n_rows, dtype=np.int64) * self.stride
        rows = self._rows[: self._n_rows]
        extra = {
            step: row for step, row in self._extremes.values() if step % self.stride
        }
        if extra:
            steps = np.concatenate([steps, np.array(list(extra), dtype=np.int64)])
            rows = np.concatenate([rows, np.array(list(extra.values()))])
            order = np.argsort(steps)
            steps, rows = steps[order], rows[order]
        columns = {name: rows[:, i].copy() for i, name in enumerate(self.fields)}
        return {"step": steps, **columns}
