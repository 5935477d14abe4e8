"""What GEMM and ALU instructions compute, prepared once for micro-ops and loop fields.

GEMM runs in float32 through BLAS: sums of at most 2^24 / 2^14 products of 8-bit values are exact
there, and longer ones are cut into such pieces.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from nopt.hw.isa.encoding import AluOp
from nopt.hw.sim.product_groups import Indices
from nopt.hw.sim.step_plans import AluPlan, Cells, Tile

EXACT_TERMS = 1 << 10
"""Products of two 8-bit values that float32 can sum exactly in any order."""
_BLOCK_BYTES = 1 << 20
"""Of rows that are multiplied at once."""
_BLOCK_COLUMNS = 1024


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

    def __init__(self, pads: Scratchpads, cells: Cells) -> None:
        self._pads, self._cells = pads, cells

    def run(self, imm: int) -> None:
        self._pads.acc[self._cells] = 0
        self._pads.fresh[self._cells] = False


class GemmKernel:
    """Matrix products, added to accumulators."""

    def __init__(self, pads: Scratchpads, tiles: tuple[Tile, ...]) -> None:
        self._pads = pads
        self._tiles = [(tile, _views(pads, tile)) for tile in tiles]

    def run(self, imm: int) -> None:
        acc, out = self._pads.acc, self._pads.out
        for tile, views in self._tiles:
            if views is not None:
                self._multiply(tile, views[0], add=True)
                np.copyto(views[1], views[0], casting="unsafe")
            elif tile.distinct:
                sums = acc[tile.dst]
                self._multiply(tile, sums, add=True)
                acc[tile.dst] = out[tile.dst] = sums
            else:
                sums = np.empty((*tile.dst.shape, *acc.shape[1:]), np.int32)
                self._multiply(tile, sums, add=False)
                np.add.at(acc, tile.dst, sums)
                out[tile.dst] = acc[tile.dst]
            self._pads.fresh[tile.cells] = True

    def _multiply(self, tile: Tile, sums: NDArray[np.int32], add: bool) -> None:
        multiply(sums, self._pads.inp, tile.src, self._weights, tile.wgt, add)

    def _weights(self, which: Indices) -> NDArray[np.float32]:
        return weight_matrix(self._pads.wgt.take(which, axis=0, mode="clip"))


class AluKernel:
    """An operation on accumulators, with one another or with an immediate."""

    def __init__(
        self, pads: Scratchpads, plan: AluPlan, op: AluOp, use_imm: bool, strict: bool
    ) -> None:
        self._acc, self._out, self._fresh = pads.acc, pads.out, pads.fresh
        self._op, self._use_imm = op, use_imm
        self._checks_shifts = strict and op == AluOp.SHR and not use_imm
        self._rounds = plan.rounds

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


def _views(pads: Scratchpads, tile: Tile) -> tuple[NDArray[np.int32], NDArray[np.int8]] | None:
    """The destinations in ACC and OUT as views, if they are distinct and go in regular steps."""
    if not tile.distinct or tile.strides is None:
        return None
    acc = _regular_view(pads.acc, tile.dst, tile.strides)
    return acc, _regular_view(pads.out, tile.dst, tile.strides)


def _regular_view(
    array: NDArray[Scalar], cells: Indices, strides: tuple[int, int]
) -> NDArray[Scalar]:
    """`array[cells]` as a view of a contiguous array, if the indices go in regular steps."""
    entry, *inner = array.strides
    shape = (*cells.shape, *array.shape[1:])
    steps = (strides[0] * entry, strides[1] * entry, *inner)
    return np.ndarray(shape, array.dtype, array.data, int(cells[0, 0]) * entry, steps)


def multiply(
    sums: NDArray[np.int32],
    inputs: NDArray[np.float32],
    src: Indices,
    weights: Callable[[Indices], NDArray[np.float32]],
    wgt: Indices,
    add: bool,
) -> None:
    """Rows `src` (m, k) of `inputs` (elements, batch, block_in) times columns `wgt` (n, k), set in
    or added to `sums` (m, n, batch, block_out).

    `weights` gives some columns (n, k) as the matrix (n * block_out, k * block_in). Blocks of rows
    and columns are so large that they stay in the cache until they are multiplied; sums of more
    than the exact number of terms come in parts.
    """
    (rows, terms), columns = src.shape, len(wgt)
    _, batch, block_in = inputs.shape
    block_out = sums.shape[3]
    most = EXACT_TERMS // block_in
    down = max(_BLOCK_BYTES // (4 * batch * block_in * min(terms, most)), 1)
    across = max(_BLOCK_COLUMNS // block_out, 1)
    for k in range(0, terms, most):
        for n in range(0, columns, across):
            right = weights(wgt[n : n + across, k : k + most]).T
            for m in range(0, rows, down):
                left = inputs.take(src[m : m + down, k : k + most], axis=0, mode="clip")
                count = len(left)
                if batch > 1:
                    left = left.swapaxes(1, 2)
                products = left.reshape(count * batch, -1) @ right
                products = products.reshape(count, batch, -1, block_out).swapaxes(1, 2)
                part = sums[m : m + down, n : n + across]
                if add or k > 0:
                    part += products.astype(np.int32)
                else:
                    part[:] = products


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
