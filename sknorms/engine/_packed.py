"""Rows of bytes, laid out for instructions that compare 64 of them at a time.

Processors with the vector instructions AVX-512 VNNI and BW add up products, or absolute
differences, of bytes at four to nine times the speed of float32 arithmetic. Bytes are
taken in groups of four (products) or eight (differences), and the groups of several
rows lie side by side, so that every lane of a vector register belongs to a row.
"""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from sknorms._arrays import row_slices
from sknorms._compile import Instruction, MachineCode, kernel, processor_has
from sknorms._typing import AnyArray, Float32Array, IndexArray

__all__ = ["PackedRows", "byte_groups", "can_pack", "packed_scores"]

# Bytes of the groups side by side: two vector registers.
LANE_BYTES = 128
# Queries whose sums are held in registers at a time: 24 of 32 with two each.
_TILE = 12
# Rows taken at a time without the instructions.
_PLAIN_ROWS = 1 << 10
_FEATURES = ("avx512f", "avx512bw", "avx512vnni")


@dataclass(frozen=True)
class _WriteTile:
    """Code for the sums of a few queries with the rows of one block.

    Called with ``(queries, i, words, block, out, place, stride)``: queries i, i + 1,
    ... against the rows of a block, rounded to float32, to place, place + stride, ...
    of a flat array. Groups of four bytes are multiplied, signed by unsigned; of groups
    of eight, both unsigned, the absolute differences are taken.
    """

    rows: int

    def __call__(
        self, code: MachineCode, itemsize: int, arrays: Any, places: Any
    ) -> None:
        tile = _Tile(code, itemsize, self.rows)
        (queries, (_, groups)), (words, _), (out, _) = arrays
        row, block, place, stride = places
        first = tile.moved(queries, row, tile.scaled(groups, itemsize))
        theirs = tile.moved(words, block, tile.scaled(groups, LANE_BYTES))
        totals = tile.add_groups(first, theirs, groups)
        line = tile.moved(out, place, tile.index(4))
        tile.write(totals, line, tile.scaled(stride, 4))


@dataclass(frozen=True)
class _Tile:
    """Writes the parts of the code, with sums in two registers a query."""

    code: MachineCode
    itemsize: int
    rows: int

    @property
    def lanes(self) -> int:
        """Rows of the corpus in one register."""
        return 64 // self.itemsize

    @property
    def vector(self) -> Any:
        """A register of sums."""
        ir = self.code.ir
        return ir.VectorType(ir.IntType(8 * self.itemsize), self.lanes)

    def index(self, number: int) -> Any:
        """Return a constant for addresses."""
        return self.code.ir.Constant(self.code.ir.IntType(64), number)

    def scaled(self, number: Any, factor: int) -> Any:
        """Return a number of bytes."""
        return self.code.builder.mul(number, self.index(factor))

    def moved(self, address: Any, count: Any, size: Any) -> Any:
        """Return an address some items further on."""
        builder = self.code.builder
        return builder.add(address, builder.mul(count, size))

    def add_groups(self, first: Any, block: Any, groups: Any) -> Any:
        """Write the loop over groups; return the variables of the sums."""
        code, vector = self.code, self.vector
        word, wide = vector.element, 2 * self.lanes * self.itemsize
        add = _multiply_add if self.itemsize == 4 else _difference_add
        zero = code.ir.Constant(vector, [0] * self.lanes)
        pairs = [[code.variable(code.builder, zero) for _ in "ab"] for _ in self.every]
        for first_half, second_half in pairs:
            code.builder.store(zero, first_half)
            code.builder.store(zero, second_half)
        with code.loop(code.builder, groups) as loop:
            group = self.moved(block, loop.index, self.index(wide))
            sides = [_load(code, group, offset, vector) for offset in (0, 64)]
            own = self.moved(first, loop.index, self.index(self.itemsize))
            for pair in pairs:
                spread = _spread(code, _load(code, own, 0, word), vector)
                for side, total in zip(sides, pair, strict=True):
                    so_far = code.builder.load(total)
                    code.builder.store(add(code, so_far, spread, side), total)
                own = self.moved(own, groups, self.index(self.itemsize))
        return pairs

    @property
    def every(self) -> range:
        """The queries."""
        return range(self.rows)

    def write(self, pairs: Any, line: Any, stride: Any) -> None:
        """Write the sums as float32, one line a query."""
        ir, builder = self.code.ir, self.code.builder
        narrow = ir.VectorType(ir.FloatType(), self.lanes)
        for pair in pairs:
            for half, total in enumerate(pair):
                value = builder.load(total)
                if self.itemsize == 8:
                    value = builder.trunc(value, ir.VectorType(ir.IntType(32), 8))
                place = _pointer(self.code, line, 4 * self.lanes * half, narrow)
                builder.store(builder.sitofp(value, narrow), place).align = 4
            line = builder.add(line, stride)


def _pointer(code: MachineCode, address: Any, offset: int, kind: Any) -> Any:
    moved = code.builder.add(address, code.ir.Constant(code.ir.IntType(64), offset))
    return code.builder.inttoptr(moved, kind.as_pointer())


def _load(code: MachineCode, address: Any, offset: int, kind: Any) -> Any:
    loaded = code.builder.load(_pointer(code, address, offset, kind))
    loaded.align = 4
    return loaded


def _spread(code: MachineCode, value: Any, vector: Any) -> Any:
    """Return a vector with the value in every lane."""
    ir, builder = code.ir, code.builder
    undefined = ir.Constant(vector, ir.Undefined)
    first = ir.Constant(ir.IntType(32), 0)
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    single = builder.insert_element(undefined, value, first)
    return builder.shuffle_vector(single, undefined, lanes)


def _multiply_add(code: MachineCode, total: Any, ours: Any, theirs: Any) -> Any:
    """Add the four products of every group: VPDPBUSD."""
    kind = total.type
    name = "llvm.x86.avx512.vpdpbusd.512"
    call = _declared(code, name, code.ir.FunctionType(kind, [kind] * 3))
    return code.builder.call(call, [total, theirs, ours])


def _difference_add(code: MachineCode, total: Any, ours: Any, theirs: Any) -> Any:
    """Add the eight absolute differences of every group: VPSADBW."""
    ir, builder = code.ir, code.builder
    bytes_ = ir.VectorType(ir.IntType(8), 64)
    name = "llvm.x86.avx512.psad.bw.512"
    call = _declared(code, name, ir.FunctionType(total.type, [bytes_] * 2))
    both = [builder.bitcast(side, bytes_) for side in (ours, theirs)]
    return builder.add(total, builder.call(call, both))


def _declared(code: MachineCode, name: str, kind: Any) -> Any:
    module = code.builder.module
    known = module.globals.get(name)
    return code.ir.Function(module, kind, name) if known is None else known


_tile = Instruction(_WriteTile(_TILE))
_single = Instruction(_WriteTile(1))


@kernel()
def _packed_sums(
    queries: AnyArray, words: AnyArray, start: int, stop: int, out: Float32Array
) -> None:
    """Write the sums of every query with rows ``start`` to ``stop``."""
    lanes, width = words.shape[2], out.shape[1]
    flat, spare = out.reshape(out.size), np.empty(_TILE * lanes, np.float32)
    for block in range(start // lanes, (stop + lanes - 1) // lanes):
        low, high = max(block * lanes, start), min((block + 1) * lanes, stop)
        whole = high - low == lanes
        for first in range(0, queries.shape[0], _TILE):
            count = min(_TILE, queries.shape[0] - first)
            place = first * width + low - start
            target, stride = (flat, width) if whole else (spare, lanes)
            place = place if whole else 0
            if count == _TILE:
                _tile(queries, first, words, block, target, place, stride)
            else:
                for row in range(count):
                    _single(
                        queries,
                        first + row,
                        words,
                        block,
                        target,
                        place + row * stride,
                        stride,
                    )
            if not whole:
                skipped = low - block * lanes
                for row in range(count):
                    for j in range(high - low):
                        value = spare[row * lanes + skipped + j]
                        out[first + row, low - start + j] = value


@dataclass(frozen=True, eq=False)
class PackedRows:
    """Some consecutive rows of a packed table.

    Attributes
    ----------
    words : int32 or int64 array of shape (n_blocks, n_groups, lanes)
        Groups of four bytes, for products, or of eight, for differences.
    start, stop : int
        Which rows these are.
    """

    words: AnyArray
    start: int
    stop: int

    @classmethod
    def empty(cls, n_rows: int, n_groups: int, dtype: Any) -> "PackedRows":
        """Return room for rows; the lanes of a last block that is not full are 0."""
        lanes = LANE_BYTES // np.dtype(dtype).itemsize
        words = np.zeros((-(-n_rows // lanes), n_groups, lanes), dtype)
        return cls(words, 0, n_rows)

    @classmethod
    def of(cls, groups: AnyArray) -> "PackedRows":
        """Pack rows of groups."""
        n_rows, n_groups = groups.shape
        lanes = LANE_BYTES // groups.itemsize
        filled = np.zeros((-(-n_rows // lanes) * lanes, n_groups), groups.dtype)
        filled[:n_rows] = groups
        side_by_side = filled.reshape(-1, lanes, n_groups).transpose(0, 2, 1)
        return cls(np.ascontiguousarray(side_by_side), 0, n_rows)

    def groups(self, rows: IndexArray) -> AnyArray:
        """Return the groups of chosen rows, one row a line."""
        block, lane = np.divmod(rows + self.start, self.words.shape[2])
        chosen: AnyArray = self.words[block, :, lane]
        return chosen

    @property
    def lanes(self) -> int:
        """Rows of a block."""
        return int(self.words.shape[2])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, and bytes of a row."""
        return len(self), self.words.shape[1] * self.words.itemsize

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, selection: Any) -> "PackedRows":
        if isinstance(selection, slice):
            first, last, _ = selection.indices(len(self))
            return PackedRows(self.words, self.start + first, self.start + last)
        return PackedRows.of(self.groups(np.asarray(selection, dtype=np.intp)))

    def __setitem__(self, selection: slice, packed: "PackedRows") -> None:
        """Write whole blocks."""
        lanes = self.words.shape[2]
        first, part = divmod(self.start + selection.start, lanes)
        if part:
            raise ValueError("packed rows are written to in whole blocks.")
        self.words[first : first + len(packed.words)] = packed.words


def byte_groups(values: AnyArray, dtype: Any) -> AnyArray:
    """Return rows of bytes as groups, the last one filled up with zeros."""
    size = np.dtype(dtype).itemsize
    width = -(-values.shape[1] // size) * size
    padded = np.zeros((len(values), width), values.dtype)
    padded[:, : values.shape[1]] = values
    return padded.view(dtype)


def packed_scores(queries: AnyArray, corpus: PackedRows, out: Float32Array) -> None:
    """Write the sums of all pairs, rounded to float32.

    Parameters
    ----------
    queries : int32 or int64 array of shape (n, n_groups)
        Groups of bytes, of the dtype of the corpus.
    corpus : PackedRows
    out : float32 array of shape (n, len(corpus))
    """
    if can_pack():
        _packed_sums(queries, corpus.words, corpus.start, corpus.stop, out)
    else:
        _plain_sums(queries, corpus, out)


def _plain_sums(queries: AnyArray, corpus: PackedRows, out: Float32Array) -> None:
    """Write the same, for rows that were packed on another machine."""
    products = queries.dtype == np.int32
    ours = queries.view(np.int8 if products else np.uint8).astype(np.float64)
    for rows in row_slices(len(corpus), _PLAIN_ROWS):
        groups = np.ascontiguousarray(corpus.groups(np.arange(rows.start, rows.stop)))
        theirs = groups.view(np.uint8).astype(np.float64)
        # Sums of such small integers are exact in float64.
        sums = ours @ theirs.T if products else cdist(ours, theirs, "cityblock")
        np.copyto(out[:, rows], sums, casting="same_kind")


@functools.cache
def can_pack() -> bool:
    """Whether there are the instructions, and their results are right."""
    if not processor_has(*_FEATURES):
        return False
    try:
        return all(_works(dtype) for dtype in (np.int32, np.int64))
    except Exception:
        # A compiler that does not know the instructions by these names.
        return False


def _works(dtype: Any) -> bool:
    bytes_ = (np.arange(13 * 37 * 8) * 37 % 251).reshape(-1, 37 * 8)
    theirs = bytes_.astype(np.uint8)
    ours = theirs[::-1].view(np.int8) if dtype == np.int32 else theirs[::-1]
    found = np.empty((len(ours), len(theirs)), np.float32)
    corpus = PackedRows.of(byte_groups(theirs, dtype))
    words = byte_groups(np.ascontiguousarray(ours), dtype), corpus.words
    _packed_sums(*words, corpus.start, corpus.stop, found)
    x, y = ours.astype(np.int64), theirs.astype(np.int64)
    if dtype == np.int32:
        return bool((found == x @ y.T).all())
    return bool((found == np.abs(x[:, None] - y[None]).sum(axis=2)).all())
