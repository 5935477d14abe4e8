"""Windows of a tile: brought to accumulators, or computed there, and compared.

An i8 window reaches the accumulators through the identity matrix. Windows that can be compared axis
by axis lie there in planes (`separate_windows`), of which the last one is the result's tile.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr

from nopt.dialects.affine_nest import Reduction
from nopt.dialects.tensor_intrinsic import AluKind
from nopt.passes.core.core_nest import IMMEDIATE, Product, Window
from nopt.passes.core.separable_pooling import Phase, SeparateWindows
from nopt.passes.kernel.kernel_builder import Exprs, Size, number
from nopt.passes.kernel.kernel_operands import KernelOperands
from nopt.passes.kernel.operands import InnerProduct, Operand

_BELOW_SUMS = 15
"""Bits by which the least immediate is shifted to be below all sums of a product."""


class KernelWindows(KernelOperands):
    """The operands of a kernel, and what its tiles do with windows."""

    def _diagonal(self, operand: Operand) -> tuple[SSAValue, Exprs]:
        """The matrix that brings an i8 operand to the accumulators."""
        weight, _ = self.tiling.scale(operand)
        return self.eye, [number(0), number(self.tiling.diagonals.index(weight))]

    def _stage(self, operand: Operand) -> None:
        """Bring an i8 window to accumulators, through the identity; add what stands for its pad."""
        sizes = self._window_sizes(operand)
        window = [AffineDimExpr(axis) for axis in range(len(sizes))]
        stage = (self.stages[operand.load], [number(0), *window])
        self.build.reset(sizes, stage)
        self._bring(operand, sizes, stage, window)
        if shift := self.tiling.scale(operand)[1]:
            self.build.alu(AluKind.SHR, sizes, stage, -shift)

    def _bring(
        self,
        operand: Operand,
        sizes: Sequence[Size],
        acc: tuple[SSAValue, Exprs],
        window: Sequence[AffineExpr],
    ) -> None:
        """Add elements of an i8 window to accumulators, and what stands for their pad."""
        buffer = self.buffers[operand.load]
        inp = (buffer.memref, [buffer.slot, *window])
        self.build.gemm(sizes, acc, inp, self._diagonal(operand))
        padded = self.tiling.padded
        if padded is not None and operand.load is self.tiling.start.input:
            inside = (self.inside, [buffer.slot, *(window[axis] for axis in padded.axes)])
            self.build.gemm(sizes, acc, inside, (self.pad_matrix, [number(0)]))

    def _fold(self, operand: Operand) -> None:
        """Fold the points of a chunk of windows into the tile, one after the other."""
        local = self._locals()
        reduction = range(self.tiling.parallel, len(self.tiling.extents))
        start = self.tiling.start
        assert isinstance(start, Window)
        kind = AluKind.MAX if start.kind is Reduction.MAX else AluKind.MIN
        looped = [iterator for iterator in reduction if self.tiles[iterator] > 1]
        for iterator in looped:
            # A loop, not a box: no accumulator may be touched twice in a row.
            size = self._size(iterator)
            local[iterator] = self.build.open_loop(self.tiles[iterator], "k", size)
        window = self._window_indices(operand, local)
        stage = (self.stages[operand.load], [number(0), *window])
        self.build.alu(kind, self._boxed(self._parallel), self._tile(), stage)
        for _ in looped:
            self.build.close_loop()

    # --- Windows that are compared axis by axis, in planes.

    def _reset_planes(self, windows: SeparateWindows) -> None:
        for plane in windows.planes:
            sizes = self._sizes_and(windows.more(plane))
            self.build.reset(sizes, self._plane(windows, plane, self._points))

    def _bring_to_planes(self, operand: Operand, windows: SeparateWindows) -> None:
        """Bring the elements of i8 windows to their planes."""
        for plane in windows.planes:
            sizes = self._sizes_and(windows.more(plane))
            positions = [windows.position(axis, plane) for axis in self._parallel]
            window = [
                dim * stride + first
                for dim, (stride, first) in zip(self._points, positions, strict=True)
            ]
            acc = self._plane(windows, plane, self._points)
            self.build.reset(sizes, acc)
            self._bring(operand, sizes, acc, window)

    def _multiply_in_planes(self, product: Product, windows: SeparateWindows) -> None:
        """Add a chunk of the products that windows are made of."""
        summed = range(self.tiling.compared.stop, len(self.tiling.extents))
        terms = [AffineDimExpr(self.tiling.parallel + i) for i in range(len(summed))]
        operands = [self.tiling.operand(load) for load in (product.input, product.weight)]
        for plane in windows.planes:
            sizes = [*self._sizes_and(windows.more(plane)), *self._sizes(summed)]
            at = [*self._in_window(windows, plane), *terms]
            inp, wgt = (
                (self.buffers[operand.load].memref, self._in_buffer(operand, at))
                for operand in operands
            )
            self.build.gemm(sizes, self._plane(windows, plane, self._points), inp, wgt)

    def _in_window(self, windows: SeparateWindows, plane: Phase) -> list[AffineExpr]:
        """A point of a plane by the iterators of results and windows: along an axis with a window
        by that alone, since a plane may have more elements than there are results."""
        inner = self.tiling.inner
        assert inner is not None
        results, elements = list(self._points), [number(0)] * len(self.tiling.compared)
        for axis in self._parallel:
            row = inner.coefficients[axis, self.tiling.parallel :]
            for iterator in np.flatnonzero(row).tolist():
                stride, first = windows.position(axis, plane)
                elements[iterator] = results[axis] * stride + first
                results[axis] = number(0)
        return [*results, *elements]

    def _leave_out(self, inner: InnerProduct, windows: SeparateWindows) -> None:
        """Overwrite what lies outside of the product by what is below all sums."""
        for axis in self._parallel:
            loops = [self.loops.index(axis)] if axis in self.loops else []
            for plane in windows.planes:
                extent = self.tiling.extents[axis]
                for element in inner.outside(axis, windows, plane[axis], extent):
                    sizes, at = self._sizes_and(windows.more(plane)), self._points
                    turn = self.build.last_turn if element else self.build.first_turn
                    local = element and element - (self.trips[axis] - 1) * self.tiles[axis]
                    sizes[axis], at[axis] = (number(1),), number(local)
                    with turn(loops):
                        acc = self._plane(windows, plane, at)
                        self.build.reset(sizes, acc)
                        self.build.alu(AluKind.ADD, sizes, acc, IMMEDIATE[0])
                        self.build.alu(AluKind.SHR, sizes, acc, -_BELOW_SUMS)

    def _compare(self, windows: SeparateWindows) -> None:
        """Compare the planes along each axis; the last one becomes the result."""
        start = self.tiling.start
        assert isinstance(start, Window)
        kind = AluKind.MAX if start.kind is Reduction.MAX else AluKind.MIN
        for fold in windows.folds():
            further = [dim + offset for dim, offset in zip(self._points, fold.offset, strict=True)]
            into = self._plane(windows, fold.into, self._points)
            of = self._plane(windows, fold.of, further)
            self.build.alu(kind, self._sizes_and(fold.more), into, of)

    @property
    def _points(self) -> list[AffineExpr]:
        """The point of a box over all parallel iterators."""
        return [AffineDimExpr(axis) for axis in self._parallel]

    def _plane(self, windows: SeparateWindows, plane: Phase, at: Exprs) -> tuple[SSAValue, Exprs]:
        """An element of a plane of windows; the result's are those of the tile."""
        if plane == windows.result:
            memref, (slot, *_) = self._tile()
            return memref, [slot, *(number(0) for _ in self.plane), *at]
        return self.planes[plane], [number(0), *at]

    def _sizes_and(self, more: Sequence[int]) -> list[Size]:
        """Sizes of the tile, and so many more elements along each of its dimensions."""
        return [
            tuple(expr + extra for expr in size)
            for size, extra in zip(self._sizes(self._parallel), more, strict=True)
        ]
