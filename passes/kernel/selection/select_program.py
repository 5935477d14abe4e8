"""Which steps a tile takes, for a nest and variant: the only place that says what a kernel does.

Reset the accumulators, multiply the chunks of the reduction, run the ALU steps, store. What can be
added by a matrix product is, in one step a vector where the ALU takes two: an i8 residual by the
identity matrix, a bias by a constant input. An i8 window reaches the accumulators through the
identity matrix. Windows that can be compared axis by axis lie there in planes, of which the last
one is the result's tile (`select_windows`): the variant of tiles that have their windows whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineSymExpr

from nopt.dialects.affine_nest import Reduction
from nopt.dialects.tensor_intrinsic import AluKind, Memory
from nopt.passes.core.byte_planes import BITS
from nopt.passes.core.core_nest import Product, Window
from nopt.passes.core.separable_pooling import Phase, SeparateWindows
from nopt.passes.kernel.operands import Operand
from nopt.passes.kernel.selection.select_windows import WindowSelection
from nopt.passes.kernel.selection.sub_entries import in_entries
from nopt.passes.kernel.selection.tile_accesses import TileAccesses, window_indices
from nopt.passes.kernel.tile_program import (
    Access,
    Alu,
    Box,
    Buffer,
    Buffers,
    Clear,
    ForEach,
    Gemm,
    Points,
    Reset,
    Span,
    Step,
    Store,
    Strips,
    TileProgram,
)
from nopt.passes.kernel.tiling import Tiling


def select_program(tiling: Tiling, whole_windows: bool, carried: int | None = None) -> TileProgram:
    """The steps of a tile that has all points of the windows it compares, or not; that takes what
    these have in common with those of the tile before along axis `carried`, if any."""
    windows = tiling.windows if whole_windows else None
    buffers = _select_buffers(tiling, windows)
    planes = None if windows is None else WindowSelection(tiling, windows, buffers, carried)
    return in_entries(_Selection(tiling, buffers, planes).program(), tiling.config)


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

    def __init__(self, tiling: Tiling, buffers: Buffers, planes: WindowSelection | None) -> None:
        self.tiling, self.buffers, self.planes = tiling, buffers, planes
        self.accesses = TileAccesses(tiling, buffers)
        self.tile: Box = tuple(Points(i) for i in range(tiling.parallel))
        self.points: list[AffineExpr] = [AffineDimExpr(i) for i in range(len(tiling.extents))]
        """The point of a box over all iterators, or the parallel ones."""
        self.acc = self.accesses.in_tile(self.points[: tiling.parallel])

    def program(self) -> TileProgram:
        once = () if self.tiling.begin is None else (Clear(self.buffers.result),)
        parts = self._begin(), self._chunk(), self._end()
        return TileProgram(self.buffers, once, *map(tuple, parts))

    # --- The begin of a tile.

    def _begin(self) -> Iterator[Step]:
        tiling, (lowest, highest) = self.tiling, self.tiling.immediates
        if self.planes is not None:
            yield from self.planes.begin()
            return
        if (begin := tiling.begin) is not None:
            if isinstance(begin.operand, int):
                other = begin.operand + begin.offset
            else:
                other = self.accesses.in_window(tiling.operand(begin.operand), self.points)
            yield Alu(begin.kind, self.tile, self.acc, other)
            return
        yield Reset(self.tile, self.acc)
        start = tiling.start
        if isinstance(start, Window) and start.kind in (Reduction.MAX, Reduction.MIN):
            # Below, or above, anything that i8 elements and a pad can give.
            extreme = lowest if start.kind is Reduction.MAX else highest
            yield Alu(AluKind.ADD, self.tile, self.acc, extreme)

    # --- One chunk of the reduction.

    def _chunk(self) -> Iterator[Step]:
        tiling, start, accesses = self.tiling, self.tiling.start, self.accesses
        if self.planes is not None:
            yield from self.planes.chunk()
            return
        operand = tiling.operand(start.input)
        if isinstance(start, Product):
            weight = tiling.operand(start.weight)
            yield self._multiply(operand, accesses.in_window(weight, self.points))
        elif operand.memory is Memory.ACC:
            yield from self._combine(AluKind.ADD, operand)
        elif tiling.is_staged(operand):
            yield from self._stage(operand)
            yield self._fold_points(operand)
        else:
            yield self._multiply(operand, accesses.diagonal(operand))

    def _multiply(self, operand: Operand, wgt: Access) -> Step:
        box = tuple(Points(i) for i in range(len(self.tiling.extents)))
        windowed = bool((np.count_nonzero(operand.coefficients, axis=1) > 1).any())
        return Gemm(box, self.acc, self.accesses.in_window(operand, self.points), wgt, windowed)

    def _stage(self, operand: Operand) -> Iterator[Step]:
        """Bring an i8 window to accumulators, through the identity; add what stands for its pad."""
        box = self.buffers.windows[operand].shape
        window = [AffineDimExpr(axis) for axis in range(len(box))]
        stage = Access(self.buffers.stages[operand], (*window,))
        yield Reset(box, stage)
        yield from self.accesses.bring(operand, box, stage, window)
        if shift := self.tiling.scale(operand)[1]:
            yield Alu(AluKind.SHR, box, stage, -shift)

    def _fold_points(self, operand: Operand) -> Step:
        """Fold the points of a chunk of windows into the tile, one after the other.

        A loop, not a box: no accumulator may be touched twice in a row.
        """
        parallel, extents = self.tiling.parallel, self.tiling.extents
        reduction = range(parallel, len(extents))
        at = [*self.points[:parallel], *map(AffineSymExpr, reduction)]
        stage = Access(self.buffers.stages[operand], window_indices(operand, at))
        fold = Alu(self.accesses.extremum, self.tile, self.acc, stage)
        return ForEach((*reduction,), (fold,))

    # --- The end of a tile: ALU steps and stores.

    def _end(self) -> Iterator[Step]:
        tiling = self.tiling
        if self.planes is not None:
            yield from self.planes.end()
        if tiling.goes_in_strips:
            parallel = range(tiling.parallel)
            self.points[: len(parallel)] = [AffineDimExpr(i) + AffineSymExpr(i) for i in parallel]
            self.acc = self.accesses.in_tile(self.points[: len(parallel)])
            yield Strips(tuple(self._finish()))
        else:
            yield from self._finish()

    def _finish(self) -> Iterator[Step]:
        """The epilogue, and the store."""
        tiling = self.tiling
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
        window = self.accesses.in_window(operand, self.points)
        if operand.digits:
            assert self.buffers.ones is not None
            yield Gemm(self.tile, self.acc, Access(self.buffers.ones, ()), window)
        elif operand.memory is Memory.INP and not self.tiling.is_staged(operand):
            yield Gemm(self.tile, self.acc, window, self.accesses.diagonal(operand))
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
