"""What GEMM and ALU instructions compute, prepared once for micro-ops and loop fields.

GEMM runs in float32 through BLAS: sums of at most 2^24 / 2^14 products of 8-bit values are exact
there, and longer ones are cut into such pieces.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from nopt.hw.isa.encoding import AluOp
from nopt.hw.sim.step_plans import AluPlan, Indices, Tile

EXACT_TERMS = 1 << 10
"""Products of two 8-bit values that float32 can sum exactly in any order."""


class Fault(Exception):
    """Why an instruction cannot be executed as asked."""


Scalar = TypeVar("Scalar", bound=np.generic)


class Scratchpads(NamedTuple):
    """Contents: INP and WGT as exact floats (element, batch or block_out, block_in)."""

    inp: NDArray[np.float32]
    wgt: NDArray[np.float32]
    acc: NDArray[np.int32]
    out: NDArray[np.int8]
    fresh: NDArray[np.bool_]
    """Whether OUT holds the low bits of ACC: what GEMM and ALU write, but not a reset or LOAD."""


class Kernel(Protocol):
    """One instruction, ready to run any number of times; `imm` matters to some ALU kernels."""

    def run(self, imm: int) -> None: ...


class ResetKernel:
    """Zero in accumulators; not in OUT, which implementations do differently."""

    def __init__(self, pads: Scratchpads, cells: Indices) -> None:
        self._pads = pads
        self._cells = _lie_together(cells)

    def run(self, imm: int) -> None:
        self._pads.acc[self._cells] = 0
        self._pads.fresh[self._cells] = False


class GemmKernel:
    """Matrix products, added to accumulators."""

    def __init__(self, pads: Scratchpads, tiles: tuple[Tile, ...]) -> None:
        self._pads = pads
        self._tiles = [
            (
                tile,
                np.ascontiguousarray(tile.wgt.T),
                regular_view(pads.acc, tile.dst) if tile.distinct else None,
                regular_view(pads.out, tile.dst),
                _lie_together(np.unique(tile.dst)),
            )
            for tile in tiles
        ]

    def run(self, imm: int) -> None:
        acc, out = self._pads.acc, self._pads.out
        for tile, wgt, acc_view, out_view, cells in self._tiles:
            step = EXACT_TERMS // self._pads.inp.shape[2]
            for k in range(0, tile.src.shape[1], step):
                sums = self._product(tile.src[:, k : k + step], wgt[:, k : k + step])
                if acc_view is not None:
                    acc_view += sums
                elif tile.distinct:
                    acc[tile.dst] += sums
                else:
                    np.add.at(acc, tile.dst, sums)
            if acc_view is not None and out_view is not None:
                np.copyto(out_view, acc_view, casting="unsafe")
            else:
                out[tile.dst] = acc[tile.dst]
            self._pads.fresh[cells] = True

    def _product(self, src: Indices, wgt: Indices) -> NDArray[np.int32]:
        """Sums (m, n, batch, block_out) of rows `src` (m, k) times weights (n, k)."""
        _, batch, block_in = self._pads.inp.shape
        block_out = self._pads.wgt.shape[1]
        left = self._pads.inp.take(src, axis=0, mode="clip")
        right = self._pads.wgt.take(wgt, axis=0, mode="clip")
        if batch > 1:
            left = left.swapaxes(1, 2)
        left = left.reshape(len(src) * batch, src.shape[1] * block_in)
        sums = (left @ weight_matrix(right).T).astype(np.int32)
        return sums.reshape(len(src), batch, len(wgt), block_out).swapaxes(1, 2)


class AluKernel:
    """An operation on accumulators, with one another or with an immediate."""

    def __init__(
        self, pads: Scratchpads, plan: AluPlan, op: AluOp, use_imm: bool, strict: bool
    ) -> None:
        self._acc, self._out, self._fresh = pads.acc, pads.out, pads.fresh
        self._op, self._use_imm = op, use_imm
        self._checks_shifts = strict and op == AluOp.SHR and not use_imm
        self._rounds = [(_lie_together(dst), _lie_together(src)) for dst, src in plan.rounds]

    def run(self, imm: int) -> None:
        acc = self._acc
        for dst, src in self._rounds:
            if self._use_imm:
                result = operate(self._op, acc[src], np.int32(imm))
            else:
                if self._checks_shifts:
                    check_shift(acc[src])
                result = operate(self._op, acc[dst], acc[src])
            acc[dst] = result
            self._out[dst] = result
            self._fresh[dst] = True


def weight_matrix(blocks: NDArray[Scalar]) -> NDArray[Scalar]:
    """Contiguous blocks (n, k, block_out, block_in) as a matrix (n * block_out, k * block_in)."""
    n, k, block_out, block_in = blocks.shape
    # Whole rows of blocks change places: numpy moves them fast if it takes each for one value.
    rows = blocks.view(f"V{block_in * blocks.itemsize}").reshape(n, k, block_out)
    moved = np.ascontiguousarray(rows.swapaxes(1, 2))
    return moved.view(blocks.dtype).reshape(n * block_out, k * block_in)


def check_shift(by: NDArray[np.int32] | int) -> None:
    """Raise `Fault` for a shift that implementations do differently."""
    if np.any(np.abs(by) > 31):
        raise Fault("found a shift by more than 31, expected -31 to 31")


def operate(op: AluOp, x: NDArray[np.int32], y: NDArray[np.int32] | np.int32) -> NDArray[np.int32]:
    """An ALU operation, element by element; sums and products wrap, shifts count modulo 32."""
    match op:
        case AluOp.MIN:
            return np.minimum(x, y)
        case AluOp.MAX:
            return np.maximum(x, y)
        case AluOp.ADD:
            return x + y
        case AluOp.MUL:
            return x * y
        case AluOp.SHR:
            if y.ndim == 0:
                return x >> (y & 31) if y >= 0 else x << (-y & 31)
            return np.where(y >= 0, x >> (y & 31), x << (-y & 31))


def regular_view(array: NDArray[Scalar], cells: Indices) -> NDArray[Scalar] | None:
    """`array[cells]` as a view, if the indices (m, n) go in two regular steps."""
    rows, columns = len(cells), len(cells[0])
    first = int(cells[0, 0])
    down = int(cells[1, 0]) - first if rows > 1 else 1
    across = int(cells[0, 1]) - first if columns > 1 else 1
    lines: Indices = np.arange(rows) * down + first
    expected: Indices = np.add.outer(lines, np.arange(columns) * across)
    if not np.array_equal(cells, expected):
        return None
    strides: Any = (down * array.strides[0], across * array.strides[0], *array.strides[1:])
    return as_strided(array[first:], (*cells.shape, *array.shape[1:]), strides)


def _lie_together(cells: Indices) -> Indices | slice:
    """A slice instead of indices, where these ascend by one."""
    if (np.diff(cells) == 1).all():
        return slice(int(cells[0]), int(cells[-1]) + 1)
    return cells
