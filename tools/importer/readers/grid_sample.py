"""GridSample: images read at computed places, between their pixels."""

from __future__ import annotations

from itertools import product

import numpy as np
from xdsl.dialects.builtin import f32, i32
from xdsl.ir import SSAValue

from nopt.dialects.graph import (
    AddOp,
    CastOp,
    ClipOp,
    CompareOp,
    Comparison,
    Function,
    GatherOp,
    MinOp,
    MulOp,
    SliceOp,
    SubOp,
    TransposeOp,
    UnaryOp,
    WhereOp,
)
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, shape_of
from nopt.tools.importer.registry import reads

_MODES = {"linear": "linear", "bilinear": "linear", "nearest": "nearest"}


@reads("GridSample")
def grid_sample(node: Node) -> SSAValue:
    """Of an image [N, C, H, W] and places [N, h, w, 2] in [-1, 1], x first."""
    x, grid = node.tensor(0), node.tensor(1)
    if len(shape_of(x)) != 4:
        node.fail(f"the input has rank {len(shape_of(x))}, expected 4")
    mode = _MODES.get(node.text("mode", "linear"))
    if mode is None:
        node.fail(f"attribute 'mode' is '{node.text('mode', '')}', expected linear or nearest")
    return _Sampling(node, x, grid).run(mode)


class _Sampling:
    def __init__(self, node: Node, x: SSAValue, grid: SSAValue):
        self.node = node
        self.batch, self.channels, *self.size = shape_of(x)
        _, *self.result, _ = shape_of(grid)
        self.padding = node.text("padding_mode", "zeros")
        if self.padding not in ("zeros", "border", "reflection"):
            expected = "zeros, border or reflection"
            node.fail(f"attribute 'padding_mode' is '{self.padding}', expected {expected}")
        self.aligned = bool(node.integer("align_corners", 0))
        # A pixel's channels lie together: one index chooses all of them.
        moved = node.emit(TransposeOp(x, [0, 2, 3, 1]))
        pixels = self.batch * self.size[0] * self.size[1]
        self.pixels = reshaped(node, moved, (pixels, self.channels))
        self.grid = grid

    def run(self, mode: str) -> SSAValue:
        places = [self._place(axis) for axis in (0, 1)]
        if mode == "nearest":
            whole = [self._unary(Function.ROUND, place) for place in places]
            total = self._pixel([self._bounded(p, axis) for axis, p in enumerate(whole)])
        else:
            total = self._between(places)
        return self.node.emit(TransposeOp(total, [0, 3, 1, 2]))

    def _place(self, axis: int) -> SSAValue:
        """Where in pixels along an axis is read, [N, h, w]."""
        node, size = self.node, self.size[axis]
        shape = [self.batch, *self.result]
        one = node.emit(SliceOp(self.grid, [0, 0, 0, 1 - axis], [*shape, 1]))
        given = reshaped(node, one, tuple(shape))
        scale = (size - 1) / 2 if self.aligned else size / 2
        place = self._plus(self._times(given, scale), (size - 1) / 2)
        return place if self.padding == "zeros" else self._bounded(place, axis)

    def _bounded(self, place: SSAValue, axis: int) -> SSAValue:
        """Inside of the image, but for zeros around it."""
        size = self.size[axis]
        if self.padding == "zeros":
            return place
        if self.padding == "reflection":
            low, high = (0.0, size - 1.0) if self.aligned else (-0.5, size - 0.5)
            place = self._reflected(place, low, high)
        return self.node.emit(ClipOp(place, 0.0, size - 1.0))

    def _reflected(self, place: SSAValue, low: float, high: float) -> SSAValue:
        """As if there were mirrors at both ends."""
        span = high - low
        if span == 0:
            return self._times(place, 0.0)
        turn = self._times(self._plus(place, -low), 1 / (2 * span))
        inside = self.node.emit(SubOp(turn, self._unary(Function.FLOOR, turn)))
        there = self._times(inside, 2 * span)
        back = self._plus(self._times(there, -1.0), 2 * span)
        return self._plus(self.node.emit(MinOp(there, back)), low)

    def _between(self, places: list[SSAValue]) -> SSAValue:
        """The four pixels around, each by how near it is."""
        node = self.node
        floors = [self._unary(Function.FLOOR, place) for place in places]
        shares = [node.emit(SubOp(p, f)) for p, f in zip(places, floors, strict=True)]
        total: SSAValue | None = None
        for corner in product((0, 1), repeat=2):
            whole = [self._plus(f, float(c)) for f, c in zip(floors, corner, strict=True)]
            weight: SSAValue | None = None
            for share, taken in zip(shares, corner, strict=True):
                own = share if taken else self._plus(self._times(share, -1.0), 1.0)
                weight = own if weight is None else node.emit(MulOp(weight, own))
            assert weight is not None
            weight = reshaped(node, weight, (*shape_of(weight), 1))
            part = node.emit(MulOp(self._pixel(whole), weight))
            total = part if total is None else node.emit(AddOp(total, part))
        assert total is not None
        return total

    def _pixel(self, places: list[SSAValue]) -> SSAValue:
        """The pixels at whole places, [N, h, w, C]; zeros outside."""
        node = self.node
        inside: SSAValue | None = None
        index = node.array(self._batches(), "batches")
        for axis, place in enumerate(places):
            size = self.size[axis]
            held = node.emit(ClipOp(place, 0.0, size - 1.0))
            own = node.emit(CastOp(node.emit(CompareOp(Comparison.EQ, held, place)), f32))
            inside = own if inside is None else node.emit(MulOp(inside, own))
            step = self.size[1] if axis == 0 else 1
            whole = node.emit(CastOp(held, i32))
            index = node.emit(AddOp(index, node.emit(MulOp(whole, node.splat(step, whole)))))
        assert inside is not None
        pixels = node.emit(GatherOp(self.pixels, index, 0))
        if self.padding != "zeros":
            return pixels
        is_inside = node.emit(CompareOp(Comparison.GT, inside, node.splat(0, inside)))
        is_inside = reshaped(node, is_inside, (*shape_of(inside), 1))
        return node.emit(WhereOp(is_inside, pixels, node.splat(0, pixels)))

    def _batches(self) -> np.ndarray:
        """The first pixel of each image, for each place."""
        first = np.arange(self.batch, dtype=np.int32) * self.size[0] * self.size[1]
        return np.broadcast_to(first.reshape(-1, 1, 1), (self.batch, *self.result))

    # --- Arithmetic.

    def _unary(self, function: Function, x: SSAValue) -> SSAValue:
        return self.node.emit(UnaryOp(function, x))

    def _plus(self, x: SSAValue, term: float) -> SSAValue:
        return self.node.emit(AddOp(x, self.node.splat(term, x))) if term else x

    def _times(self, x: SSAValue, factor: float) -> SSAValue:
        return self.node.emit(MulOp(x, self.node.splat(factor, x)))
