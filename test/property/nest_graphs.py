"""Random graphs of nests: what the language can say, not only what networks have.

Nests read arguments, constants and each other, once or several times, by index maps that permute,
slice, stride, split, merge, pad, reverse or repeat dimensions; sum products and windows, strided
and dilated; have epilogues and residuals; yield i8 or the whole i32; write parts of tensors. Some
can only run on the host, in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from drafts import Draft, Network, dtype_of, shape_of
from hypothesis import strategies as st
from xdsl.dialects import arith
from xdsl.dialects.builtin import TensorType, i8, i32
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap

from nopt.dialects.affine_math import dim_ranges, expr_range
from nopt.dialects.affine_nest import Reduction
from nopt.dialects.affine_nest.builder import NestBuilder, Place

SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 20, 24, 32)
"""Around the blocks of cores of 4, 8 and 16 lanes."""
MOST_ELEMENTS = 4_000
MOST_POINTS_EACH = 15
"""Points of the largest nest, as multiples of the elements of the largest tensor."""


@dataclass(frozen=True)
class Iterator:
    extent: int
    is_reduction: bool


class NestGraph(Draft):
    """Nests under construction. One at a time has iterators, in the order in which they came up;
    `expr`s are over these until `begin` says where they are in the nest."""

    def __init__(self, draw: Any, largest: int = MOST_ELEMENTS):
        super().__init__(draw)
        self.largest, self.most_points = largest, largest * MOST_POINTS_EACH
        self.live: list[SSAValue] = []
        self.unfinished: list[SSAValue] = []
        """Tensors with elements that nothing wrote: for others to write into, and to be given."""
        self.iterators: list[Iterator] = []

    def iterator(self, extent: int, is_reduction: bool = False) -> AffineExpr:
        self.iterators.append(Iterator(extent, is_reduction))
        return AffineDimExpr(len(self.iterators) - 1)

    @property
    def points(self) -> int:
        return prod(each.extent for each in self.iterators)

    def tensor(self, shape: Sequence[int], dtype: Any = np.int8) -> SSAValue:
        """An argument, a constant, or what is there already."""
        fits = [v for v in self.live if shape_of(v) == tuple(shape) and dtype_of(v) == dtype]
        if fits and self.pick(True, False):
            return self.pick(*fits)
        array = self.values(shape, dtype) & self.pick(-1, -1, 127)  # perhaps none below 0
        return self.pick(self.constant, self.constant, self.argument)(array)

    # --- How a tensor is read.

    def indices(self, shape: Sequence[int], sums: bool) -> list[AffineExpr]:
        """An index for each dimension, mostly of iterators of its own that reduce if it `sums`."""
        found: list[AffineExpr] = []
        shape = list(shape)
        while shape:
            if len(shape) > 1 and self.pick(*[False] * 9, True):
                merged = self.iterator(shape[0] * shape[1])
                found += [merged // shape[1], merged % shape[1]]
                del shape[:2]
                continue
            found.append(self.index(shape.pop(0), sums))
        return found

    def index(self, size: int, sums: bool) -> AffineExpr:
        kinds = [self.whole] * 6 + [self.part, self.padded, self.padded, self.split]
        kinds += [self.repeated, self.unusual]
        if sums:
            kinds += [self.summed] * 6 + [self.window] * 6
        return self.pick(*kinds)(size, sums)

    def whole(self, size: int, sums: bool) -> AffineExpr:
        return self.iterator(size)

    def summed(self, size: int, sums: bool) -> AffineExpr:
        return self.iterator(size, True)

    def part(self, size: int, sums: bool) -> AffineExpr:
        """A slice, perhaps with a step."""
        first, step = self.pick(0, self.number(0, size - 1)), self.pick(1, 1, 2)
        most = (size - 1 - first) // step + 1
        extent = self.pick(most, self.number(1, most))
        return self.iterator(extent, sums and self.pick(False, True)) * step + first

    def padded(self, size: int, sums: bool) -> AffineExpr:
        before, after = self.number(0, 3), self.number(0, 3)
        return self.iterator(size + before + after) - before

    def split(self, size: int, sums: bool) -> AffineExpr:
        """Two iterators instead of one, the one or the other first in the nest."""
        inner = self.pick(*(n for n in range(1, size + 1) if size % n == 0))
        low = self.iterator(inner, sums and self.pick(False, True))
        return self.iterator(size // inner, sums and self.pick(False, True)) * inner + low

    def repeated(self, size: int, sums: bool) -> AffineExpr:
        """One element, at each point of an iterator."""
        self.iterator(self.pick(2, 3, 16))
        return AffineConstantExpr(self.number(0, size - 1))

    def window(self, size: int, sums: bool) -> AffineExpr:
        stride, dilation = self.pick(1, 1, 2, 3), self.pick(1, 1, 2)
        before, after = self.number(0, 2), self.number(0, 2)
        kernel = self.number(1, min(3, (size + before + after - 1) // dilation + 1))
        extent = (size + before + after - (kernel - 1) * dilation - 1) // stride + 1
        inner = self.iterator(kernel, True) * dilation
        return self.iterator(extent) * stride + inner - before

    def unusual(self, size: int, sums: bool) -> AffineExpr:
        """A number, a diagonal, backwards, or divided."""
        known = [
            AffineDimExpr(i)
            for i, each in enumerate(self.iterators)
            if each.extent <= size and not each.is_reduction
        ]
        new = self.iterator
        return self.pick(
            lambda: AffineConstantExpr(self.number(0, size - 1)),
            lambda: self.pick(*known) if known else new(size),
            lambda: new(size) * -1 + (size - 1),
            lambda: new(2 * size) // 2,
            lambda: new(size + 2) % size,
        )()

    # --- A nest: iterators, what is loaded, what is computed, where it goes.

    def begin(self) -> None:
        """The nest of the iterators so far: parallel ones in any order, then the others."""
        if not any(not each.is_reduction for each in self.iterators):
            self.iterator(self.pick(1, *SIZES[:4]))
        order = range(len(self.iterators))
        parallel = [i for i in order if not self.iterators[i].is_reduction]
        if self.pick(False, True):
            parallel = self.draw(st.permutations(parallel))
        reduction = [i for i in order if self.iterators[i].is_reduction]
        self.nest = NestBuilder(
            {f"p{i}": self.iterators[i].extent for i in parallel},
            {f"r{i}": self.iterators[i].extent for i in reduction},
        )
        positions = {i: position for position, i in enumerate((*parallel, *reduction))}
        self.dims = [AffineDimExpr(positions[i]) for i in order]
        self.iterators = []

    @property
    def parallel(self) -> list[AffineExpr]:
        return list(self.nest.dims[: len(self.nest.parallel)])

    def load(self, source: SSAValue, indices: Sequence[AffineExpr]) -> SSAValue:
        """By indices over the nest's own iterators."""
        ranges = dim_ranges(self.nest.extents)
        ends = [expr_range(expr, ranges) for expr in indices]
        inside = all(
            low >= 0 and high < n for (low, high), n in zip(ends, shape_of(source), strict=True)
        )
        return self.nest.load(source, indices, None if inside else self.pick(0, 0, 7, -128))

    def load_x(self, x: SSAValue, indices: Sequence[AffineExpr]) -> SSAValue:
        return self.load(x, [expr.replace_dims_and_symbols(self.dims, []) for expr in indices])

    def other(self, dtype: Any = np.int8) -> SSAValue:
        """Something to combine a value with: for all points, or along some iterators."""
        dims = self.parallel
        if self.pick(False, True):
            dims = self.draw(st.permutations(dims))[: self.number(0, len(dims))]
        larger = [
            v
            for v in self.live
            if len(shape_of(v)) == len(dims)
            and dtype_of(v) == dtype
            and all(n >= self.extent(dim) for n, dim in zip(shape_of(v), dims, strict=True))
        ]
        if larger and self.pick(True, False):
            source = self.pick(*larger)
            room = [n - self.extent(dim) for n, dim in zip(shape_of(source), dims, strict=True)]
            return self.load(source, [d + self.offset(n) for d, n in zip(dims, room, strict=True)])
        return self.load(self.tensor([self.extent(dim) for dim in dims], dtype), dims)

    def offset(self, most: int) -> int:
        """Where a part begins: often with a block of channels."""
        return self.pick(0, *range(0, most + 1, 16), *range(0, most + 1, 4), self.number(0, most))

    def extent(self, dim: AffineExpr) -> int:
        assert isinstance(dim, AffineDimExpr)
        return self.nest.extents[dim.position]

    def combined(self, value: SSAValue) -> SSAValue:
        """A step of an epilogue."""
        nest = self.nest
        match self.pick("add", "add", "add", "clip", "clip", "shift", "shift", "scale", "odd"):
            case "add":
                element = self.pick(np.int8, np.int32)
                number = self.pick(5, -70_000)
                other = nest.cast(self.other(element), i32) if self.pick(True, False) else number
                op = self.pick(arith.AddiOp, arith.AddiOp, arith.AddiOp, arith.SubiOp)
                return nest.binary(op, value, other)
            case "clip":
                op = self.pick(arith.MaxSIOp, arith.MinSIOp)
                bound: SSAValue | int = self.pick(0, -100, 100, 5000)
                if self.pick(*[False] * 3, True):
                    bound = nest.cast(self.other(), i32)
                return nest.binary(op, value, bound)
            case "shift":
                return nest.binary(arith.ShRSIOp, value, self.number(0, 9))
            case "scale":
                return nest.binary(arith.MuliOp, value, self.pick(0, 1, 3, -2, 64))
            case _:
                return nest.binary(arith.FloorDivSIOp, value, 3)  # on the host only

    def finish_nest(self, value: SSAValue) -> None:
        """Narrowed, or not, to a tensor of its own or a part of one."""
        wide = value.type == i32 and self.pick(*[False] * 7, True)
        if value.type == i32 and not wide:
            if self.pick(True, True, False):
                value = self.nest.binary(arith.MaxSIOp, value, -128)
                value = self.nest.binary(arith.MinSIOp, value, 127)
            value = self.nest.cast(value, i8)
        place = None if wide or self.pick(True, True, True, False) else self.place()
        nest = self.nest.finish(value, place=place)
        if prod(nest.result_shape) <= self.largest:
            partly = place and (place.destination is None or place.destination in self.unfinished)
            (self.unfinished if partly else self.live).append(self.append(nest))

    def place(self) -> Place:
        """A part of a tensor of the nest's rank, that of another nest mostly."""
        extents = self.nest.parallel
        larger = [
            v
            for v in (*self.live, *self.unfinished)
            if len(shape_of(v)) == len(extents)
            and dtype_of(v) == np.int8
            and all(n >= extent for n, extent in zip(shape_of(v), extents, strict=True))
        ]
        steps, sizes = [1] * len(extents), [*extents]
        destination: SSAValue | None = None
        if larger and self.pick(True, True, False):
            chosen = self.pick(*larger)
            destination, sizes = chosen, [*shape_of(chosen)]
        else:
            steps[self.number(0, len(steps) - 1)] = self.pick(1, 1, 2)
            sizes = [
                n * step + self.pick(0, 0, 3, 16) for n, step in zip(extents, steps, strict=True)
            ]
            destination = self.tensor(sizes) if self.pick(True, True, False) else None
        room = [
            size - (extent - 1) * step - 1
            for size, extent, step in zip(sizes, extents, steps, strict=True)
        ]
        indices = [
            dim * step + self.offset(most)
            for dim, step, most in zip(self.parallel, steps, room, strict=True)
        ]
        type = TensorType(i8, sizes)
        return Place(AffineMap(len(extents), 0, tuple(indices)), type, destination)

    # --- Kinds of nests.

    def move(self, x: SSAValue) -> None:
        """What reshapes, transposes, slices, pads and broadcasts are, and more."""
        indices = self.indices(shape_of(x), False)
        if self.pick(*[False] * 5, True):
            self.iterator(self.pick(2, 4, 16))
        if self.points > self.largest:
            return
        self.begin()
        self.finish_nest(self.load_x(x, indices))

    def elementwise(self, x: SSAValue) -> None:
        """On all of a tensor, or on a part."""
        move = self.pick(*[False] * 3, True)
        shape = shape_of(x)
        indices = self.indices(shape, False) if move else [self.iterator(n) for n in shape]
        if self.points > self.largest:
            return
        self.begin()
        value = self.nest.cast(self.load_x(x, indices), i32)
        for _ in range(self.number(1, 3)):
            value = self.combined(value)
        self.finish_nest(value)

    def reduction(self, x: SSAValue) -> None:
        """The sum of a tensor's windows, their maximum or minimum."""
        indices = self.indices(shape_of(x), True)
        if self.points > self.most_points:
            return
        self.begin()
        value = self.load_x(x, indices)
        kind = self.pick(*Reduction)
        value = self.nest.cast(value, i32) if kind is Reduction.ADD else value
        value = self.nest.cast(self.nest.reduce(kind, value), i32)
        self.finish_nest(self.epilogue(value))

    def product(self, x: SSAValue) -> None:
        """A sum of products with weights, along some of the iterators and perhaps one more."""
        indices = self.indices(shape_of(x), True)
        used = [i for i, each in enumerate(self.iterators) if each.is_reduction]
        used += [
            i for i in range(len(self.iterators)) if i not in used and self.pick(*[False] * 4, True)
        ]
        if self.pick(True, True, True, False):
            self.iterator(self.pick(*SIZES))
            used.append(len(self.iterators) - 1)
        shape = [self.iterators[i].extent for i in used]
        if self.points > self.most_points or prod(shape) > self.largest:
            return
        self.begin()
        order = self.draw(st.permutations(range(len(used))))
        weights = self.load(
            self.tensor([shape[i] for i in order]), [self.dims[used[i]] for i in order]
        )
        pair = [self.nest.cast(v, i32) for v in (self.load_x(x, indices), weights)]
        product = self.nest.binary(arith.MuliOp, *self.pick(pair, pair[::-1]))
        value = self.nest.reduce(Reduction.ADD, product)
        self.finish_nest(self.epilogue(value))

    def epilogue(self, value: SSAValue) -> SSAValue:
        for _ in range(self.pick(0, 1, 2, 3)):
            value = self.combined(value)
        if self.pick(True, True, False):
            value = self.nest.binary(arith.ShRSIOp, value, self.number(0, 12))
        return value

    def joined(self, x: SSAValue) -> None:
        """Tensors that differ along one dimension at most, one after another."""
        shape = shape_of(x)
        axis = self.number(0, len(shape) - 1)
        rest = [n for i, n in enumerate(shape) if i != axis]
        fits = [
            v
            for v in self.live
            if len(shape_of(v)) == len(shape)
            and [n for i, n in enumerate(shape_of(v)) if i != axis] == rest
            and dtype_of(v) == np.int8
        ]
        pieces = self.draw(
            st.permutations([x, *(self.pick(*fits) for _ in range(self.number(1, 2)))])
        )
        total = sum(shape_of(piece)[axis] for piece in pieces)
        if total * prod(rest) > self.largest:
            return
        type = TensorType(i8, [total if i == axis else n for i, n in enumerate(shape)])
        joined: SSAValue | None = None
        first = 0
        for piece in pieces:
            nest = NestBuilder({f"p{i}": n for i, n in enumerate(shape_of(piece))})
            indices = [d + first if i == axis else d for i, d in enumerate(nest.dims)]
            map = AffineMap(len(shape), 0, tuple(indices))
            op = nest.finish(nest.load(piece, nest.dims), place=Place(map, type, joined))
            joined = self.append(op)
            first += shape_of(piece)[axis]
        assert joined is not None
        self.live.append(joined)

    def step(self) -> None:
        """A nest of the last tensor mostly."""
        self.iterators = []
        x = self.live[-1] if self.pick(True, True, True, False) else self.pick(*self.live)
        kinds = [self.move] * 3 + [self.elementwise] * 3
        if dtype_of(x) == np.int8:
            kinds += [self.product] * 6 + [self.reduction] * 2
            kinds += [self.joined] * 2 if shape_of(x) else []
        self.pick(*kinds)(x)


@st.composite
def nest_graphs(draw: Any, steps: int = 5, largest: int = MOST_ELEMENTS) -> Network:
    """A function @main of up to `steps` nests, or chains of them that join tensors."""
    draft = NestGraph(draw, largest)
    rank = draft.pick(1, 2, 2, 3, 4, 4, 4)
    most = {1: 32, 2: 32, 3: 17, 4: 20}[rank]
    most = min(most, int(largest ** (1 / rank)))
    shape = [draft.pick(*(n for n in SIZES if n <= most)) for _ in range(rank)]
    if rank == 4:
        shape = [draft.pick(1, 1, 2), shape[1], *(min(n, 9) for n in shape[2:])]
    draft.live.append(draft.argument(draft.values(shape)))
    for _ in range(draft.number(1, steps)):
        draft.step()
    results = [draft.live[-1]]
    if draft.pick(False, False, True):
        results.append(draft.pick(*draft.live))
    return draft.finish(*results, *draft.unfinished[-1:])
