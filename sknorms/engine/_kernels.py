"""Compiled kernels of the engine. Each has a NumPy twin beside its caller."""

from sknorms._compile import kernel
from sknorms._typing import Float32Array, FloatArray, IndexArray

__all__ = ["collect_survivors", "insert_candidates"]

# Scores are tested in runs of this many. Only in this form, with a fixed length, a
# boolean to collect into and no call, does the test compile to vector instructions,
# which makes it ten times faster than pair by pair.
_RUN = 64


@kernel()
def _collect_run(
    score: Float32Array,
    offset: Float32Array,
    i: int,
    start: int,
    stop: int,
    w: float,
    t: float,
    rows: IndexArray,
    columns: IndexArray,
    found: int,
) -> int:
    """Write the pairs of a run that pass; return how many there are by now."""
    for j in range(start, stop):
        if not (w * offset[j] - score[i, j] > t):
            rows[found] = i
            columns[found] = j
            found += 1
    return found


@kernel()
def collect_survivors(
    score: Float32Array,
    offset: Float32Array,
    weight: Float32Array,
    level: Float32Array,
    first_row: int,
    rows: IndexArray,
    columns: IndexArray,
) -> tuple[int, int]:
    """Write the pairs that pass the bound; return how many, and the next row.

    Stops before a row that might not fit into the output, so that the caller can
    refine what there is and come back.
    """
    n_rows, n_columns = score.shape
    in_runs = n_columns - n_columns % _RUN
    found = 0
    for i in range(first_row, n_rows):
        if found + n_columns > rows.shape[0]:
            return found, i
        w, t = weight[i], level[i]
        for start in range(0, in_runs, _RUN):
            passing = False
            for j in range(_RUN):
                # Written so that NaN passes: what cannot be bounded is kept.
                passing |= not (w * offset[start + j] - score[i, start + j] > t)
            if passing:
                stop = start + _RUN
                found = _collect_run(
                    score, offset, i, start, stop, w, t, rows, columns, found
                )
        found = _collect_run(
            score, offset, i, in_runs, n_columns, w, t, rows, columns, found
        )
    return found, n_rows


@kernel()
def insert_candidates(
    keys: FloatArray,
    indices: IndexArray,
    rows: IndexArray,
    new_keys: FloatArray,
    new_indices: IndexArray,
) -> None:
    """Insert candidates into rows kept sorted by (key, index), dropping the last."""
    k = keys.shape[1]
    for c in range(rows.shape[0]):
        i = rows[c]
        key = new_keys[c]
        index = new_indices[c]
        at = k
        while at > 0 and (
            key < keys[i, at - 1]
            or (key == keys[i, at - 1] and index < indices[i, at - 1])
        ):
            at -= 1
        for move in range(k - 1, at, -1):
            keys[i, move] = keys[i, move - 1]
            indices[i, move] = indices[i, move - 1]
        if at < k:
            keys[i, at] = key
            indices[i, at] = index
