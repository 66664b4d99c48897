"""Every value between two tables of rows, written tile by tile."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sknorms._arrays import row_slices
from sknorms._parallel import effective_jobs, run_tasks
from sknorms._typing import AnyArray, Rows
from sknorms.engine._geometry import Geometry
from sknorms.engine._plan import working_bytes

__all__ = ["fill_matrix", "fill_pairs"]

# Values of the corpus side of a tile (512 KiB in float64) and pairs in a tile (2 MiB):
# both sides and the keys then stay in the second-level cache.
_SIDE_VALUES = 1 << 16
_TILE_PAIRS = 1 << 18
_MOST_QUERIES = 256
# Threads are given up before blocks get smaller than this.
_FEW_QUERIES = 8
_MOST_CORPUS_ROWS = 2048
# Below this many terms, handing work to threads, about 10 ms with joblib, costs more
# than it saves.
_SERIAL_WORK = 30_000_000


def fill_matrix(
    geometry: Geometry,
    queries: Rows,
    corpus: Rows,
    out: AnyArray,
    *,
    mirror: bool = False,
    first_row: int = 0,
    n_jobs: int | None = None,
    working_memory: float | None = None,
) -> None:
    """Write the finished values of all pairs into ``out``.

    Parameters
    ----------
    geometry : Geometry
    queries, corpus : ndarray or CSR of shape (n_queries, d) and (n_corpus, d)
        Validated rows.
    out : float32 or float64 array of shape (n_queries, n_corpus)
        Every entry is rounded once from float64 and depends on its two rows alone.
    mirror : bool, default=False
        Whether both sides are the same rows and the geometry is symmetric, so that half
        of the values can be copied.
    first_row : int, default=0
        What error messages call the first query.
    n_jobs : int or None
    working_memory : float or None
        Budget in MiB for everything but ``out``.

    Raises
    ------
    ValueError
        If a pair has no value, or one that the dtype of ``out`` cannot hold.
    """
    plan = _plan(geometry, queries, corpus, n_jobs, working_memory)
    fill = _Fill(geometry, queries, corpus, out, mirror, first_row, plan.corpus_rows)
    blocks = row_slices(queries.shape[0], plan.query_rows)
    run_tasks(fill, blocks, plan.n_jobs, shared_memory=True)


def fill_pairs(geometry: Geometry, first: Rows, second: Rows, out: AnyArray) -> None:
    """Write the finished values of row i of ``first`` and row i of ``second``.

    ``out`` has shape (n,); what holds for `fill_matrix` holds here.
    """
    width = max(1, geometry.represented_width(first.shape[-1]), first.shape[-1])
    step = max(1, _SIDE_VALUES // width) if geometry.has_pairs else 1
    for block in row_slices(len(out), step):
        x, y = first[block], second[block]
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if geometry.has_pairs:
                keys = geometry.keys(geometry.represent(x), geometry.represent(y))
            else:
                keys = geometry.block_keys(x, y)[0]
            values = geometry.finish(geometry.settle(keys))
            np.copyto(out[block], values, casting="same_kind")
        _require_finite(geometry, out[block], (block.start, block.start))


@dataclass(frozen=True)
class _Plan:
    query_rows: int
    corpus_rows: int
    n_jobs: int

    def bytes(self, width: int, *, has_pairs: bool) -> int:
        """Return an upper estimate of the working memory of all threads."""
        pairs = 8 * 3 * self.query_rows * self.corpus_rows
        sides = 8 * width * (4 * self.query_rows + 6 * self.corpus_rows)
        if not has_pairs:
            # A function of two blocks may well spread all differences out.
            pairs *= 1 + width
        return self.n_jobs * (pairs + sides)


def _plan(
    geometry: Geometry,
    queries: Rows,
    corpus: Rows,
    n_jobs: int | None,
    working_memory: float | None,
) -> _Plan:
    n_queries, n_corpus = queries.shape[0], corpus.shape[0]
    width = _width(geometry, queries, corpus)
    jobs = _jobs(geometry, n_queries * n_corpus * width, n_jobs)
    columns = min(max(_SIDE_VALUES // width, 32), _MOST_CORPUS_ROWS, n_corpus)
    # A few tasks a thread, so that no thread waits long for the last one.
    share = n_queries if jobs == 1 else -(-n_queries // (4 * jobs))
    rows = min(_TILE_PAIRS // columns, _MOST_QUERIES, share)
    plan = _Plan(max(1, rows), columns, jobs)
    limit = working_bytes(working_memory)
    while plan.bytes(width, has_pairs=geometry.has_pairs) > limit:
        smaller = _smaller(plan)
        if smaller == plan:
            break  # one row against one row: there is nothing left to save
        plan = smaller
    return plan


def _width(geometry: Geometry, queries: Rows, corpus: Rows) -> int:
    if not geometry.has_pairs:
        # What a user's function takes may have any shape; one number a row, say.
        return max(1, int(corpus.shape[-1]))
    return max(1, geometry.block_width(queries, corpus))


def _jobs(geometry: Geometry, work: int, n_jobs: int | None) -> int:
    if n_jobs is None and (work < _SERIAL_WORK or not geometry.has_pairs):
        # A user's function is not called from several threads unless asked for.
        return 1
    return effective_jobs(n_jobs)


def _smaller(plan: _Plan) -> _Plan:
    if plan.corpus_rows > max(1, plan.query_rows // 2):
        return replace(plan, corpus_rows=-(-plan.corpus_rows // 2))
    if plan.query_rows > _FEW_QUERIES or (plan.query_rows > 1 and plan.n_jobs == 1):
        return replace(plan, query_rows=-(-plan.query_rows // 2))
    return replace(plan, n_jobs=1)


@dataclass(frozen=True)
class _Fill:
    """The task of one block of queries."""

    geometry: Geometry
    queries: Rows
    corpus: Rows
    out: AnyArray
    mirror: bool
    first_row: int
    corpus_rows: int

    def __call__(self, block: slice) -> None:
        first = block.start if self.mirror else 0
        for part in row_slices(self.corpus.shape[0] - first, self.corpus_rows):
            self._tile(block, slice(part.start + first, part.stop + first))
        if self.mirror:
            above = self.out[block, block.stop :]
            self.out[block.stop :, block] = above.T

    def _tile(self, block: slice, part: slice) -> None:
        tile = self.out[block, part]
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            geometry = self.geometry
            keys = geometry.block_keys(self.queries[block], self.corpus[part])
            values = geometry.finish(geometry.settle(keys))
            np.copyto(tile, values, casting="same_kind")
        origin = (block.start + self.first_row, part.start)
        _require_finite(self.geometry, tile, origin)


def _require_finite(
    geometry: Geometry, values: AnyArray, origin: tuple[int, int]
) -> None:
    finite = np.isfinite(values)
    if finite.all():
        return
    place = np.argwhere(~finite)[0]
    value = values[tuple(place)]
    # Of values in pairs, the one position is that of both rows.
    row, column = np.broadcast_to(place, 2) + origin
    raise ValueError(_without_value(geometry, row, column, value))


def _without_value(geometry: Geometry, row: int, column: int, value: Any) -> str:
    if np.isnan(value):
        return (
            f"row {row} of X and row {column} of Y have no value under {geometry!r}: "
            "there is nothing to compare them by. Drop or impute rows that share no "
            "observed column."
        )
    remedy = "Scale the data down."
    if value.dtype == np.float32:
        remedy = "Pass float64 data, or scale it down."
    return (
        f"the value of row {row} of X and row {column} of Y under {geometry!r} is "
        f"beyond the largest {value.dtype}. {remedy}"
    )
