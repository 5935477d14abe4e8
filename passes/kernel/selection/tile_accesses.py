"""Which entries of its buffers a tile's steps touch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from xdsl.ir.affine import AffineConstantExpr, AffineExpr

from nopt.dialects.affine_nest import Reduction
from nopt.dialects.tensor_intrinsic import AluKind
from nopt.passes.core.core_nest import Window
from nopt.passes.kernel.operands import Operand
from nopt.passes.kernel.tile_program import Access, Box, Buffers, Gemm, Step
from nopt.passes.kernel.tiling import Tiling

ZERO = AffineConstantExpr(0)


class TileAccesses:
    """Accesses to the buffers of one nest, by iterators and operands."""

    def __init__(self, tiling: Tiling, buffers: Buffers) -> None:
        self.tiling, self.buffers = tiling, buffers

    def in_tile(self, at: Sequence[AffineExpr], before: bool = False) -> Access:
        """A point of the result's tile, or of the tile before."""
        byte = [ZERO] * (self.tiling.planes > 1)
        return Access(self.buffers.result, (*byte, *at), before)

    def in_window(self, operand: Operand, at: Sequence[AffineExpr]) -> Access:
        """What the point `at`, by iterators, reads of an operand's window."""
        return Access(self.buffers.windows[operand], window_indices(operand, at))

    def diagonal(self, operand: Operand) -> Access:
        """The matrix that brings an i8 operand to the accumulators."""
        assert self.buffers.diagonals is not None
        weight, _ = self.tiling.scale(operand)
        index = AffineConstantExpr(self.tiling.diagonals.index(weight))
        return Access(self.buffers.diagonals, (index,))

    def bring(
        self, operand: Operand, box: Box, acc: Access, window: Sequence[AffineExpr]
    ) -> Iterator[Step]:
        """Add elements of an i8 window to accumulators, and what stands for their pad."""
        inp = Access(self.buffers.windows[operand], tuple(window))
        yield Gemm(box, acc, inp, self.diagonal(operand))
        padded, pad, inside = self.tiling.padded, self.buffers.pad, self.buffers.inside
        if padded is not None and operand.load is self.tiling.start.input:
            assert pad is not None and inside is not None
            mask = Access(inside, tuple(window[axis] for axis in padded.axes))
            yield Gemm(box, acc, mask, Access(pad, ()))

    @property
    def extremum(self) -> AluKind:
        """What compares the elements of windows."""
        start = self.tiling.start
        assert isinstance(start, Window)
        return AluKind.MAX if start.kind is Reduction.MAX else AluKind.MIN


def window_indices(operand: Operand, at: Sequence[AffineExpr]) -> tuple[AffineExpr, ...]:
    """Which element of a tile's window a point reads, the point given by the tile's iterators."""
    indices: list[AffineExpr] = []
    for row, step in zip(operand.coefficients, operand.steps, strict=True):
        index: AffineExpr = ZERO
        for iterator in np.flatnonzero(row).tolist():
            index = index + at[iterator] * int(row[iterator] // step)
        indices.append(index)
    return tuple(indices)
