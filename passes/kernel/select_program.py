"""Which steps a tile takes, for a nest and variant: the only place that says what a kernel does.

Reset the accumulators, multiply the chunks of the reduction, run the ALU steps, store. What can be
added by a matrix product is, in one step a vector where the ALU takes two: an i8 residual by the
identity matrix, a bias by a constant input. An i8 window reaches the accumulators through the
identity matrix. Windows that can be compared axis by axis lie there in planes, of which the last
one is the result's tile (`separable_pooling`): the variant of tiles that have their windows whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineSymExpr

from nopt.dialects.affine_nest import Reduction
from nopt.dialects.tensor_intrinsic import AluKind, Memory
from nopt.passes.core.byte_planes import BITS
from nopt.passes.core.core_nest import Product, Window
from nopt.passes.core.separable_pooling import Phase, SeparateWindows
from nopt.passes.kernel.operands import InnerProduct, Operand
from nopt.passes.kernel.tile_program import (
    Access,
    Alu,
    Border,
    Box,
    Buffer,
    Buffers,
    ForEach,
    Gemm,
    Points,
    Reset,
    Span,
    Step,
    Store,
    TileProgram,
)
from nopt.passes.kernel.tiling import Tiling

_BELOW_SUMS = 15
"""Bits by which the least immediate is shifted to be below all sums of a product."""

_ZERO = AffineConstantExpr(0)


def select_program(tiling: Tiling, whole_windows: bool) -> TileProgram:
    """The steps of a tile that has all points of the windows it compares, or not."""
    return _Selection(tiling, tiling.windows if whole_windows else None).program()


def _select_buffers(tiling: Tiling, windows: SeparateWindows | None) -> Buffers:
    tile: Box = tuple(Points(i) for i in range(tiling.parallel))
    # Planes of bytes are stored one after the other, as boxes of one in the first dimension.
    byte: Box = (1,) * (tiling.planes > 1)
    planes: dict[Phase, Buffer] = {}
    result = Buffer("acc", Memory.ACC, (*byte, *tile), is_result=True)
    if windows is not None:
        shapes = {
            plane: tuple(Points(axis, more) for axis, more in enumerate(windows.more(plane)))
            for plane in windows.planes
        }
        result = Buffer("acc", Memory.ACC, (*byte, *shapes[windows.result]), is_result=True)
        planes = {
            plane: result if plane == windows.result else Buffer("stage", Memory.ACC, shape)
            for plane, shape in shapes.items()
        }
    names = {Memory.INP: "inp", Memory.WGT: "wgt", Memory.ACC: "operand"}
    held: dict[Operand, Buffer] = {}
    stages: dict[Operand, Buffer] = {}
    for operand in tiling.operands:
        window = tuple(Span(operand, axis) for axis in range(len(operand.shape)))
        name = "bias" if operand.digits else names[operand.memory]
        held[operand] = Buffer(name, operand.memory, window, operand)
        in_planes = windows is not None and operand.load is tiling.start.input
        if tiling.is_staged(operand) and not in_planes:
            stages[operand] = Buffer("stage", Memory.ACC, window)
    inside = pad = None
    if tiling.padded is not None:
        start = tiling.operand(tiling.start.input)
        seen = tuple(Span(start, axis) for axis in tiling.padded.axes)
        inside = Buffer("inside", Memory.INP, seen, start)
        pad = Buffer("pad", Memory.WGT, ())
    return Buffers(
        result,
        held,
        stages,
        planes,
        Buffer("multiplicand", Memory.ACC, (*byte, *tile)) if tiling.multiplications else None,
        Buffer("digits", Memory.INP, ()) if tiling.uses_digits else None,
        Buffer("eye", Memory.WGT, (len(tiling.diagonals),)) if tiling.diagonals else None,
        inside,
        pad,
    )


class _Selection:
    """The steps of one nest and variant."""

    def __init__(self, tiling: Tiling, windows: SeparateWindows | None) -> None:
        self.tiling, self.windows = tiling, windows
        self.buffers = _select_buffers(tiling, windows)
        self.tile: Box = tuple(Points(i) for i in range(tiling.parallel))
        self.points: list[AffineExpr] = [AffineDimExpr(i) for i in range(len(tiling.extents))]
        """The point of a box over all iterators, or the parallel ones."""
        self.acc = self._in_tile(self.points[: tiling.parallel])

    def program(self) -> TileProgram:
        return TileProgram(
            self.buffers, tuple(self._begin()), tuple(self._chunk()), tuple(self._end())
        )

    # --- Accesses.

    def _in_tile(self, at: Sequence[AffineExpr]) -> Access:
        byte = [_ZERO] * (self.tiling.planes > 1)
        return Access(self.buffers.result, (*byte, *at))

    def _in_window(self, operand: Operand, at: Sequence[AffineExpr]) -> Access:
        """What the point `at`, by iterators, reads of an operand's window."""
        return Access(self.buffers.windows[operand], _window_indices(operand, at))

    def _diagonal(self, operand: Operand) -> Access:
        """The matrix that brings an i8 operand to the accumulators."""
        assert self.buffers.diagonals is not None
        weight, _ = self.tiling.scale(operand)
        index = AffineConstantExpr(self.tiling.diagonals.index(weight))
        return Access(self.buffers.diagonals, (index,))

    def _plane(self, plane: Phase, at: Sequence[AffineExpr]) -> Access:
        """An element of a plane of windows; the result's are those of the tile."""
        assert self.windows is not None
        if plane == self.windows.result:
            return self._in_tile(at)
        return Access(self.buffers.planes[plane], tuple(at))

    # --- The begin of a tile.

    def _begin(self) -> Iterator[Step]:
        start, (lowest, highest) = self.tiling.start, self.tiling.immediates
        if self.windows is not None:
            if self.tiling.inner is not None:
                for plane in self.windows.planes:
                    acc = self._plane(plane, self.points[: self.tiling.parallel])
                    yield Reset(_more(self.windows.more(plane)), acc)
            return
        yield Reset(self.tile, self.acc)
        if isinstance(start, Window) and start.kind in (Reduction.MAX, Reduction.MIN):
            # Below, or above, anything that i8 elements and a pad can give.
            extreme = lowest if start.kind is Reduction.MAX else highest
            yield Alu(AluKind.ADD, self.tile, self.acc, extreme)

    # --- One chunk of the reduction.

    def _chunk(self) -> Iterator[Step]:
        tiling, start = self.tiling, self.tiling.start
        if tiling.inner is not None and self.windows is not None:
            yield from self._multiply_in_planes(tiling.inner, self.windows)
            return
        operand = tiling.operand(start.input)
        if isinstance(start, Product):
            weight = tiling.operand(start.weight)
            yield self._multiply(operand, self._in_window(weight, self.points))
        elif operand.memory is Memory.ACC:
            yield from self._combine(AluKind.ADD, operand)
        elif self.windows is not None:
            yield from self._bring_to_planes(operand, self.windows)
            yield from self._compare(self.windows)
        elif tiling.is_staged(operand):
            yield from self._stage(operand)
            yield self._fold_points(operand)
        else:
            yield self._multiply(operand, self._diagonal(operand))

    def _multiply(self, operand: Operand, wgt: Access) -> Step:
        box = tuple(Points(i) for i in range(len(self.tiling.extents)))
        windowed = bool((np.count_nonzero(operand.coefficients, axis=1) > 1).any())
        return Gemm(box, self.acc, self._in_window(operand, self.points), wgt, windowed)

    def _stage(self, operand: Operand) -> Iterator[Step]:
        """Bring an i8 window to accumulators, through the identity; add what stands for its pad."""
        box = self.buffers.windows[operand].shape
        window = [AffineDimExpr(axis) for axis in range(len(box))]
        stage = Access(self.buffers.stages[operand], (*window,))
        yield Reset(box, stage)
        yield from self._bring(operand, box, stage, window)
        if shift := self.tiling.scale(operand)[1]:
            yield Alu(AluKind.SHR, box, stage, -shift)

    def _bring(
        self, operand: Operand, box: Box, acc: Access, window: Sequence[AffineExpr]
    ) -> Iterator[Step]:
        """Add elements of an i8 window to accumulators, and what stands for their pad."""
        inp = Access(self.buffers.windows[operand], tuple(window))
        yield Gemm(box, acc, inp, self._diagonal(operand))
        padded, pad, inside = self.tiling.padded, self.buffers.pad, self.buffers.inside
        if padded is not None and operand.load is self.tiling.start.input:
            assert pad is not None and inside is not None
            mask = Access(inside, tuple(window[axis] for axis in padded.axes))
            yield Gemm(box, acc, mask, Access(pad, ()))

    def _fold_points(self, operand: Operand) -> Step:
        """Fold the points of a chunk of windows into the tile, one after the other.

        A loop, not a box: no accumulator may be touched twice in a row.
        """
        parallel, extents = self.tiling.parallel, self.tiling.extents
        reduction = range(parallel, len(extents))
        at = [*self.points[:parallel], *map(AffineSymExpr, reduction)]
        stage = Access(self.buffers.stages[operand], _window_indices(operand, at))
        return ForEach((*reduction,), (Alu(self._extremum, self.tile, self.acc, stage),))

    @property
    def _extremum(self) -> AluKind:
        start = self.tiling.start
        assert isinstance(start, Window)
        return AluKind.MAX if start.kind is Reduction.MAX else AluKind.MIN

    # --- Windows that are compared axis by axis, in planes.

    def _bring_to_planes(self, operand: Operand, windows: SeparateWindows) -> Iterator[Step]:
        """Bring the elements of i8 windows to their planes."""
        points = self.points[: self.tiling.parallel]
        for plane in windows.planes:
            positions = [windows.position(axis, plane) for axis in range(len(points))]
            window = [
                dim * stride + first for dim, (stride, first) in zip(points, positions, strict=True)
            ]
            box, acc = _more(windows.more(plane)), self._plane(plane, points)
            yield Reset(box, acc)
            yield from self._bring(operand, box, acc, window)

    def _multiply_in_planes(self, inner: InnerProduct, windows: SeparateWindows) -> Iterator[Step]:
        """Add a chunk of the products that windows are made of."""
        tiling = self.tiling
        summed = range(tiling.compared.stop, len(tiling.extents))
        terms = [AffineDimExpr(tiling.parallel + i) for i in range(len(summed))]
        loads = (inner.product.input, inner.product.weight)
        for plane in windows.planes:
            box = (*_more(windows.more(plane)), *(Points(i) for i in summed))
            at = [*self._in_sums(inner, windows, plane), *terms]
            inp, wgt = (self._in_window(tiling.operand(load), at) for load in loads)
            acc = self._plane(plane, self.points[: tiling.parallel])
            yield Gemm(box, acc, inp, wgt, is_windowed=True)

    def _in_sums(
        self, inner: InnerProduct, windows: SeparateWindows, plane: Phase
    ) -> list[AffineExpr]:
        """A point of a plane by the iterators of results and windows: along an axis with a window
        by that alone, since a plane may have more elements than there are results."""
        parallel = self.tiling.parallel
        results: list[AffineExpr] = self.points[:parallel]
        elements: list[AffineExpr] = [_ZERO] * len(self.tiling.compared)
        for axis in range(parallel):
            row = inner.coefficients[axis, parallel:]
            for iterator in np.flatnonzero(row).tolist():
                stride, first = windows.position(axis, plane)
                elements[iterator] = results[axis] * stride + first
                results[axis] = _ZERO
        return [*results, *elements]

    def _leave_out(self, inner: InnerProduct, windows: SeparateWindows) -> Iterator[Step]:
        """Overwrite what lies outside of the product by what is below all sums."""
        for axis in range(self.tiling.parallel):
            for plane in windows.planes:
                extent = self.tiling.extents[axis]
                for element in inner.outside(axis, windows, plane[axis], extent):
                    box = [*_more(windows.more(plane))]
                    at = self.points[: self.tiling.parallel]
                    box[axis], at[axis] = 1, AffineSymExpr(axis)
                    acc = self._plane(plane, at)
                    steps = (
                        Reset(tuple(box), acc),
                        Alu(AluKind.ADD, tuple(box), acc, self.tiling.immediates.low),
                        Alu(AluKind.SHR, tuple(box), acc, -_BELOW_SUMS),
                    )
                    yield Border(axis, element, steps)

    def _compare(self, windows: SeparateWindows) -> Iterator[Step]:
        """Compare the planes along each axis; the last one becomes the result."""
        points = self.points[: self.tiling.parallel]
        for fold in windows.folds():
            further = [dim + offset for dim, offset in zip(points, fold.offset, strict=True)]
            into, of = self._plane(fold.into, points), self._plane(fold.of, further)
            yield Alu(self._extremum, _more(fold.more), into, of)

    # --- The end of a tile: ALU steps and stores.

    def _end(self) -> Iterator[Step]:
        tiling = self.tiling
        if tiling.inner is not None and self.windows is not None:
            yield from self._leave_out(tiling.inner, self.windows)
            yield from self._compare(self.windows)
        if tiling.padded is not None:
            yield Alu(AluKind.ADD, self.tile, self.acc, tiling.padded.pad)
        for step in tiling.steps:
            if shifts := step.shifts_to_multiply(tiling.config):
                yield from self._multiply_by_shifts(shifts)
            elif isinstance(step.operand, int):
                yield Alu(step.kind, self.tile, self.acc, step.operand)
            else:
                yield from self._combine(step.kind, tiling.operand(step.operand))
        for plane in range(tiling.planes):
            if plane:
                yield Alu(AluKind.SHR, self.tile, self.acc, BITS)
            yield Store(self.acc, plane)

    def _combine(self, kind: AluKind, operand: Operand) -> Iterator[Step]:
        """A step with a loaded operand."""
        window = self._in_window(operand, self.points)
        if operand.digits:
            assert self.buffers.ones is not None
            yield Gemm(self.tile, self.acc, Access(self.buffers.ones, ()), window)
        elif operand.memory is Memory.INP and not self.tiling.is_staged(operand):
            yield Gemm(self.tile, self.acc, window, self._diagonal(operand))
        elif operand.memory is Memory.INP:
            yield from self._stage(operand)
            stage = Access(self.buffers.stages[operand], window.indices)
            yield Alu(kind, self.tile, self.acc, stage)
        else:
            yield Alu(kind, self.tile, self.acc, window)

    def _multiply_by_shifts(self, shifts: Sequence[int]) -> Iterator[Step]:
        """Horner's scheme over the factor's one bits, highest first."""
        assert self.buffers.copy is not None
        copy = Access(self.buffers.copy, self.acc.indices)
        yield Reset(self.tile, copy)
        yield Alu(AluKind.ADD, self.tile, copy, self.acc)
        *inner, last = shifts
        for shift in inner:
            yield Alu(AluKind.SHR, self.tile, self.acc, -shift)
            yield Alu(AluKind.ADD, self.tile, self.acc, copy)
        if last:
            yield Alu(AluKind.SHR, self.tile, self.acc, -last)


def _more(more: Sequence[int]) -> Box:
    """The box of a tile with so many more elements along each of its dimensions."""
    return tuple(Points(axis, extra) for axis, extra in enumerate(more))


def _window_indices(operand: Operand, at: Sequence[AffineExpr]) -> tuple[AffineExpr, ...]:
    """Which element of a tile's window a point reads, the point given by the tile's iterators."""
    indices: list[AffineExpr] = []
    for row, step in zip(operand.coefficients, operand.steps, strict=True):
        index: AffineExpr = _ZERO
        for iterator in np.flatnonzero(row).tolist():
            index = index + at[iterator] * int(row[iterator] // step)
        indices.append(index)
    return tuple(indices)
