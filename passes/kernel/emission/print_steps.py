"""The steps of a tile program as ops on boxes, in the tile that the open loops are at."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr

from nopt.dialects.tensor_intrinsic import Memory
from nopt.passes.core.vectors import entries_of
from nopt.passes.kernel.emission.kernel_builder import Exprs, Size, number
from nopt.passes.kernel.emission.kernel_loads import KernelLoads
from nopt.passes.kernel.last_tile import last_tile
from nopt.passes.kernel.tile_program import (
    Access,
    After,
    Alu,
    Border,
    Box,
    Buffer,
    Clear,
    ForEach,
    Gemm,
    Points,
    Reset,
    Span,
    Step,
    Store,
    Strips,
)


class StepPrinter:
    """Appends the ops of steps to a kernel's body; `result` is what the kernel stores to."""

    def __init__(self, loads: KernelLoads, result: SSAValue) -> None:
        self.loads, self.loops, self.build = loads, loads.loops, loads.build
        self.result = result
        self.points: list[AffineExpr] = [number(0)] * len(self.loops.tiling.extents)
        """The points that steps around hold, by iterator."""
        self.strip: dict[int, int] = {}
        """Sizes of the strip of the last tile that steps are on, by iterator, if they differ."""

    def print(self, steps: Sequence[Step]) -> None:
        """Append the ops of steps, in order."""
        for step in steps:
            self._print(step)

    def _print(self, step: Step) -> None:
        match step:
            case Reset(box, acc):
                self.build.reset(self._sizes(box), self._entry(acc, box))
            case Clear(buffer):
                self._clear(buffer)
            case Gemm(box, acc, inp, wgt):
                entries = [self._entry(each, box) for each in (acc, inp, wgt)]
                self.build.gemm(self._sizes(box), *entries)
            case Alu(kind, box, acc, other):
                operand = other if isinstance(other, int) else self._entry(other, box)
                self.build.alu(kind, self._sizes(box), self._entry(acc, box), operand)
            case ForEach():
                self._for_each(step)
            case Border():
                self._at_border(step)
            case After():
                self._after(step)
            case Strips():
                self._strips(step)
            case Store():
                self._store(step)

    def _clear(self, buffer: Buffer) -> None:
        shape = [self.loads.held(buffer), *map(self._most, buffer.shape)]
        large = [axis for axis, size in enumerate(shape) if size > 1]
        entry = [number(0)] * len(shape)
        for dim, axis in enumerate(large):
            entry[axis] = AffineDimExpr(dim)
        sizes = [(number(shape[axis]),) for axis in large]
        self.build.reset(sizes, (self.loads.memrefs[buffer], entry))

    def _for_each(self, step: ForEach) -> None:
        looped = [each for each in step.iterators if self.loops.tiles[each] > 1]
        for iterator in looped:
            size = self.loops.size(iterator)
            self.points[iterator] = self.build.open_loop(self.loops.tiles[iterator], "k", size)
        self.print(step.steps)
        for iterator in looped:
            self.build.close_loop()
            self.points[iterator] = number(0)

    def _at_border(self, step: Border) -> None:
        loops, axis = self.loops, step.axis
        around = [loops.loops.index(axis)] if axis in loops.loops else []
        turn = self.build.last_turn if step.element else self.build.first_turn
        before = (loops.trips[axis] - 1) * loops.tiles[axis] if step.element else 0
        self.points[axis] = number(step.element - before)
        with turn(around):
            self.print(step.steps)
        self.points[axis] = number(0)

    def _after(self, step: After) -> None:
        loops, axis = self.loops, step.axis
        if axis not in loops.loops:
            return
        self.points[axis] = number(loops.tiles[axis])
        with self.build.later_turn(loops.loops.index(axis)):
            self.print(step.steps)
        self.points[axis] = number(0)

    def _strips(self, step: Strips) -> None:
        around, count = range(self.loops.parallel), self.loops.schedule.strip_count
        if count == 1:
            self.print(step.steps)
            return
        last = last_tile(self.loops.tiling, self.loops.candidates.tiles)
        axis, size = int(last.axis[0]), int(last.length[0]) // count
        if around:
            with self.build.earlier_turn(around):
                self.print(step.steps)
        with self.build.last_turn(around):
            self.points[axis] = self.build.open_loop(count, "strip") * size
            self.strip[axis] = size
            self.print(step.steps)
            self.build.close_loop()
        del self.strip[axis]
        self.points[axis] = number(0)

    def _store(self, step: Store) -> None:
        tiling = self.loops.tiling
        memref, (slot, *_) = self.loads.entry(step.acc)
        parallel = range(tiling.parallel)
        first = [self.loops.base(i) + tiling.first_stored[i] for i in parallel]
        offsets = [base + point for base, point in zip(first, self.points, strict=False)]
        sizes = [self._size(Points(i)) for i in parallel]
        if tiling.planes > 1:
            offsets, sizes = [number(step.plane), *offsets], [(number(1),), *sizes]
        begin = [slot, *self.points[: tiling.parallel]] if self.strip else [slot]
        for count in entries_of(Memory.ACC, tiling.config):
            offsets, sizes = [*offsets, number(0)], [*sizes, (number(count),)]
            begin = [*begin, number(0)] if self.strip else begin
        self.build.store(memref, self.result, begin, offsets, sizes)

    # --- Boxes: dimensions of one element are none.

    def _most(self, size: int | Points | Span) -> int:
        if isinstance(size, Points) and size.iterator in self.strip:
            return self.strip[size.iterator] + size.more
        return int(self.loops.candidates.most(size)[0])

    def _sizes(self, box: Box) -> list[Size]:
        return [self._size(size) for size in box if self._most(size) > 1]

    def _size(self, size: int | Points | Span) -> Size:
        match size:
            case Points(iterator, more) if iterator in self.strip:
                return (number(self.strip[iterator] + more),)
            case Points(iterator, more):
                return self.loops.size(iterator, more)
            case Span(operand, axis):
                return self.loops.window_sizes(operand)[axis]
            case _:
                return (number(size),)

    def _entry(self, access: Access, box: Box) -> tuple[SSAValue, Exprs]:
        dims: list[AffineExpr] = []
        counted = 0
        for size in box:
            large = self._most(size) > 1
            dims.append(AffineDimExpr(counted) if large else number(0))
            counted += large
        memref, (slot, *indices) = self.loads.entry(access)
        moved = [index.replace_dims_and_symbols(dims, self.points) for index in indices]
        first = self.loads.first(access.buffer)
        return memref, [slot, *(index + at for index, at in zip(moved, first, strict=True))]
