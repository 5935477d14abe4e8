"""The steps of windows that are compared axis by axis, in planes (`separable_pooling`).

Where the windows of neighbours overlap, the tile that comes next along the *carried* axis finds
their elements in the accumulators, compared along all other axes: it copies these, and computes
what is new. The maximum of several elements of a window is as good there as each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineSymExpr

from nopt.dialects.tensor_intrinsic import AluKind
from nopt.passes.core.separable_pooling import Phase, SeparateWindows
from nopt.passes.kernel.operands import InnerProduct, Operand
from nopt.passes.kernel.selection.tile_accesses import ZERO, TileAccesses
from nopt.passes.kernel.tile_program import (
    Access,
    After,
    Alu,
    Border,
    Box,
    Buffers,
    Gemm,
    Points,
    Reset,
    Size,
    Step,
)
from nopt.passes.kernel.tiling import Tiling

_BELOW_SUMS = 15
"""Bits by which the least immediate is shifted to be below all sums of a product."""


@dataclass(frozen=True)
class _Elements:
    """Some elements of a plane: a box, and where it is."""

    box: Box
    at: Sequence[AffineExpr]
    first_along: int | None = None
    """Only first tiles along this axis have them."""
    later_along: tuple[int, ...] = ()
    """All but the first tiles along these axes have them."""

    def take(self, *steps: Step) -> tuple[Step, ...]:
        """Steps on them."""
        for axis in self.later_along:
            steps = (After(axis, steps),)
        return steps if self.first_along is None else (Border(self.first_along, 0, steps),)


class WindowSelection:
    """The steps of one nest, its windows in planes, and the axis along which they are carried."""

    def __init__(
        self, tiling: Tiling, windows: SeparateWindows, buffers: Buffers, carried: int | None
    ) -> None:
        self.tiling, self.windows, self.carried = tiling, windows, carried
        self.accesses = TileAccesses(tiling, buffers)
        self.planes = buffers.planes
        self.points: list[AffineExpr] = [AffineDimExpr(i) for i in range(tiling.parallel)]

    def begin(self) -> Iterator[Step]:
        """What windows have in common with those of the tile before; resets for a product."""
        if self.carried is not None:
            yield After(self.carried, tuple(self._copies(self.carried)))
        if self.tiling.inner is not None:
            for plane in self.windows.planes:
                yield from self._reset(plane)

    def chunk(self) -> Iterator[Step]:
        """A chunk of a product, or all of windows that are loaded."""
        if self.tiling.inner is not None:
            yield from self._multiply(self.tiling.inner)
        else:
            yield from self._bring(self.tiling.operand(self.tiling.start.input))
            yield from self._compare()

    def end(self) -> Iterator[Step]:
        """What is left to do with the sums of a product."""
        if self.tiling.inner is not None:
            yield from self._leave_out(self.tiling.inner)
            yield from self._compare()

    # --- Elements.

    def _plane(self, plane: Phase, at: Sequence[AffineExpr], before: bool = False) -> Access:
        """An element of a plane of windows; the result's are those of the tile."""
        if plane == self.windows.result:
            return self.accesses.in_tile(at, before)
        return Access(self.planes[plane], tuple(at))

    def _computed(self, plane: Phase, more: Sequence[int]) -> Iterator[_Elements]:
        """Those elements of a plane that no tile before has."""
        carried, points = self.carried, self.points
        found = 0 if carried is None else self.windows.axes[carried].more(plane[carried])
        if carried is None or not found:
            yield _Elements(_more(more), points)
            return
        if not self._is_outside(carried, range(found), plane):
            first = [*points]
            first[carried] = points[carried] + AffineSymExpr(carried)
            yield _Elements(_with(_more(more), carried, found), first, carried)
        new = [*points]
        new[carried] = points[carried] + found
        yield _Elements(_with(_more(more), carried, Points(carried)), new)

    def _needed(self, plane: Phase) -> Iterator[_Elements]:
        """Those that are also sums of a product, if there is one.

        An element that is none is left out where others always stay; `_leave_out` overwrites it.
        """
        more = self.windows.more(plane)
        parts = [*self._computed(plane, more)]
        for axis in range(len(self.points)):
            if axis == self.carried or not more[axis]:
                continue
            if self._is_outside(axis, range(1), plane):
                parts = [each for part in parts for each in _apart(part, axis)]
        yield from parts

    def _is_outside(self, axis: int, elements: range, plane: Phase) -> bool:
        """Whether a product has no such sums, along an axis."""
        if (inner := self.tiling.inner) is None:
            return False
        outside = inner.outside(axis, self.windows, plane[axis], self.tiling.extents[axis])
        return set(elements) <= set(outside)

    # --- Steps.

    def _copies(self, carried: int) -> Iterator[Step]:
        """Take over the last elements of the tile before, as many as it has beyond its results."""
        results = _more([0] * self.tiling.parallel)
        last = [*self.points]
        last[carried] = last[carried] + AffineSymExpr(carried)
        for phase in self.windows.axes[carried].phases:
            if found := self.windows.axes[carried].more(phase):
                plane = (*self.windows.result[:carried], phase, *self.windows.result[carried + 1 :])
                box, acc = _with(results, carried, found), self._plane(plane, self.points)
                yield Reset(box, acc)
                yield Alu(AluKind.ADD, box, acc, self._plane(plane, last, before=True))

    def _reset(self, plane: Phase) -> Iterator[Step]:
        for new in self._needed(plane):
            yield from new.take(Reset(new.box, self._plane(plane, new.at)))

    def _bring(self, operand: Operand) -> Iterator[Step]:
        """Bring the elements of i8 windows to their planes."""
        for plane in self.windows.planes:
            positions = [self.windows.position(axis, plane) for axis in range(len(self.points))]
            for new in self._computed(plane, self.windows.more(plane)):
                window = [
                    point * stride + first
                    for point, (stride, first) in zip(new.at, positions, strict=True)
                ]
                acc = self._plane(plane, new.at)
                products = self.accesses.bring(operand, new.box, acc, window)
                yield from new.take(Reset(new.box, acc), *products)

    def _multiply(self, inner: InnerProduct) -> Iterator[Step]:
        """Add a chunk of the products that windows are made of."""
        tiling = self.tiling
        summed = range(tiling.compared.stop, len(tiling.extents))
        terms = [AffineDimExpr(tiling.parallel + i) for i in range(len(summed))]
        operands = [tiling.operand(inner.product.input), tiling.operand(inner.product.weight)]
        for plane in self.windows.planes:
            for new in self._needed(plane):
                at = [*self._in_sums(inner, plane, new.at), *terms]
                inp, wgt = (self.accesses.in_window(operand, at) for operand in operands)
                box = (*new.box, *(Points(i) for i in summed))
                acc = self._plane(plane, new.at)
                yield from new.take(Gemm(box, acc, inp, wgt, is_windowed=True))

    def _in_sums(
        self, inner: InnerProduct, plane: Phase, at: Sequence[AffineExpr]
    ) -> list[AffineExpr]:
        """A point of a plane by the iterators of results and windows: along an axis with a window
        by that alone, since a plane may have more elements than there are results."""
        results = [*at]
        elements: list[AffineExpr] = [ZERO] * len(self.tiling.compared)
        for axis in range(len(at)):
            row = inner.coefficients[axis, len(at) :]
            for iterator in np.flatnonzero(row).tolist():
                stride, first = self.windows.position(axis, plane)
                elements[iterator] = results[axis] * stride + first
                results[axis] = ZERO
        return [*results, *elements]

    def _leave_out(self, inner: InnerProduct) -> Iterator[Step]:
        """Overwrite what lies outside of the product by what is below all sums."""
        for axis, extent in enumerate(self.tiling.extents[: self.tiling.parallel]):
            for plane in self.windows.planes:
                more = self.windows.more(plane)
                whole = [_Elements(_more(more), self.points)]
                parts = whole if axis == self.carried else [*self._computed(plane, more)]
                for element in inner.outside(axis, self.windows, plane[axis], extent):
                    for part in parts:
                        yield Border(axis, element, part.take(*self._lowest(axis, plane, part)))

    def _lowest(self, axis: int, plane: Phase, part: _Elements) -> Iterator[Step]:
        """Write what is below all sums to the elements at a border."""
        box, at = _with(part.box, axis, 1), [*part.at]
        at[axis] = AffineSymExpr(axis)
        acc = self._plane(plane, at)
        yield Reset(box, acc)
        yield Alu(AluKind.ADD, box, acc, self.tiling.immediates.low)
        yield Alu(AluKind.SHR, box, acc, -_BELOW_SUMS)

    def _compare(self) -> Iterator[Step]:
        """Compare the planes along each axis; the last one becomes the result."""
        for fold in self.windows.folds(self.carried):
            whole = [_Elements(_more(fold.more), self.points)]
            carried = fold.axis == self.carried
            for part in whole if carried else self._computed(fold.into, fold.more):
                further = [dim + offset for dim, offset in zip(part.at, fold.offset, strict=True)]
                into, of = self._plane(fold.into, part.at), self._plane(fold.of, further)
                yield from part.take(Alu(self.accesses.extremum, part.box, into, of))


def _more(more: Sequence[int]) -> Box:
    """The box of a tile with so many more elements along each of its dimensions."""
    return tuple(Points(axis, extra) for axis, extra in enumerate(more))


def _apart(part: _Elements, axis: int) -> Iterator[_Elements]:
    """The first elements along an axis, which first tiles do not have, and the others."""
    size, first, rest = part.box[axis], [*part.at], [*part.at]
    assert isinstance(size, Points)
    first[axis], rest[axis] = ZERO, part.at[axis] + 1
    later = (*part.later_along, axis)
    yield replace(part, box=_with(part.box, axis, 1), at=first, later_along=later)
    fewer = replace(size, more=size.more - 1)
    yield replace(part, box=_with(part.box, axis, fewer), at=rest)


def _with(box: Box, axis: int, size: Size) -> Box:
    """A box that has another size along one of its dimensions."""
    return (*box[:axis], size, *box[axis + 1 :])
