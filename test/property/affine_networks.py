"""Random small quantized networks in `graph`, with inputs, for the property tests."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from drafts import Draft, Network, dtype_of, is_integer, shape_of
from hypothesis import strategies as st
from xdsl.dialects.builtin import i8, i16, i32
from xdsl.ir import SSAValue

from nopt.dialects import graph

CHANNELS = (1, 2, 3, 4, 5, 8, 12, 16, 17, 20, 32, 33)
LARGEST = 6000
"""Elements of the largest tensor; nests have at most 50 times as many points."""


class GraphDraft(Draft):
    """Ops of `graph`, each applied to a value that is there."""

    def __init__(self, draw: Any, largest: int = LARGEST):
        super().__init__(draw)
        self.largest = largest
        self.live: list[SSAValue] = []

    def activation(self, shape: Sequence[int], dtype: Any = np.int8) -> SSAValue:
        value = self.argument(self.values(shape, dtype))
        self.live.append(value)
        return value

    def weights(self, shape: Sequence[int], dtype: Any = np.int8) -> SSAValue:
        return self.constant(self.values(shape, dtype))

    def parameter(self, shape: Sequence[int], dtype: Any = np.int8) -> SSAValue:
        """Weights: constant mostly."""
        return self.pick(self.weights, self.weights, self.activation)(shape, dtype)

    def add(self, op: graph.GraphOp) -> None:
        self.live.append(self.append(op))

    def results(self) -> list[SSAValue]:
        """The last value, perhaps another one."""
        more = [self.pick(*self.live)] if self.pick(False, False, True) else []
        return [self.live[-1], *more]

    # --- One op each, applied to `x`.

    def conv2d(self, x: SSAValue) -> None:
        _, channels, height, width = shape_of(x)
        groups = self.pick(1, 1, channels, *(g for g in range(1, channels) if channels % g == 0))
        outputs = groups * self.pick(1, 1, 2, 3) if groups > 1 else self.pick(*CHANNELS)
        pads = [self.number(0, 2) for _ in range(4)]
        dilations = self.pick((1, 1), (1, 1), (2, 1), (2, 2))
        sizes = (height + pads[0] + pads[2], width + pads[1] + pads[3])
        kernel = [
            self.number(1, min(3, (size - 1) // dilation + 1))
            for size, dilation in zip(sizes, dilations, strict=True)
        ]
        dtype = self.pick(*[np.int8] * 7, np.int16)
        shape = (outputs, channels // groups, *kernel)
        points = prod(shape) * sizes[0] * sizes[1]
        if points > 50 * self.largest:
            return
        strides = self.pick((1, 1), (2, 2), (1, 3))
        weight = self.parameter(shape, dtype)
        options = {"strides": strides, "pads": pads, "dilations": dilations, "groups": groups}
        self.add(graph.Conv2dOp(x, weight, **options))

    def matmul(self, x: SSAValue) -> None:
        *batch, rows, inner = shape_of(x)
        transpose_a, transpose_b = self.pick(False, True), self.pick(False, True)
        if transpose_a:
            rows, inner = inner, rows
        if self.pick(False, False, True):
            if transpose_a == transpose_b:  # x by its own transpose
                transpose_b = not transpose_a
            if prod(batch) * rows * rows * inner < 50 * self.largest:
                self.add(graph.MatmulOp(x, x, transpose_a=transpose_a, transpose_b=transpose_b))
            return
        columns = self.pick(*CHANNELS)
        if prod(batch) * rows * columns > self.largest:
            return
        shape = [columns, inner] if transpose_b else [inner, columns]
        if self.pick(False, True):
            shape = [*batch, *shape]
        options = {"transpose_a": transpose_a, "transpose_b": transpose_b}
        self.add(graph.MatmulOp(x, self.parameter(shape), **options))

    def bias(self, x: SSAValue) -> None:
        shape = shape_of(x)
        axis = 1 if len(shape) == 4 else len(shape) - 1
        own = [size if i == axis else 1 for i, size in enumerate(shape)][self.pick(0, axis) :]
        dtype = self.pick(np.int8, np.int32, np.int32) if is_integer(x) else np.float32
        other = self.parameter(self.pick(own, own, [1]), dtype)
        pair = self.pick((x, other), (other, x))
        element = i32 if is_integer(x) and self.pick(False, True) else None
        self.add(graph.AddOp(*pair, element))

    def residual(self, x: SSAValue) -> None:
        same = [
            v for v in self.live if shape_of(v) == shape_of(x) and is_integer(v) == is_integer(x)
        ]
        dtype = np.int8 if is_integer(x) else np.float32
        other = self.pick(*same) if self.pick(True, False) else self.activation(shape_of(x), dtype)
        self.add(graph.AddOp(x, other))

    def relu(self, x: SSAValue) -> None:
        self.add(graph.ReluOp(x))

    def clip(self, x: SSAValue) -> None:
        limits = np.iinfo(dtype_of(x))
        near = st.integers(-128, 127)
        anywhere = st.integers(int(limits.min), int(limits.max))
        bounds = [self.draw(near | anywhere) for _ in range(2)]
        self.add(graph.ClipOp(x, min(bounds), max(bounds)))

    def requantize(self, x: SSAValue) -> None:
        element = self.pick(i8, i8, i8, i16, i32)
        axis = self.number(0, len(shape_of(x)) - 1)
        size = shape_of(x)[axis]
        shift: Any = self.draw(st.integers(0, 12) | st.integers(0, 31))
        multiplier: Any = None
        form = self.pick("shift", "shift", "shifts", "multiplier", "multipliers")
        if form == "shifts":
            shift = self.rng.integers(0, 31, size, endpoint=True)
        elif form == "multiplier":
            multiplier, shift = self.number(1, 2**31 - 1), self.number(1, 62)
        elif form == "multipliers":
            multiplier = self.rng.integers(1, 2**31 - 1, size, endpoint=True)
            shift = self.pick(30, self.rng.integers(1, 62, size, endpoint=True))
        vector = isinstance(shift, np.ndarray) or isinstance(multiplier, np.ndarray)
        self.add(graph.RequantizeOp(x, element, shift, multiplier, axis if vector else None))

    def pool(self, x: SSAValue) -> None:
        size = shape_of(x)[2:]
        kernel = [self.number(1, min(3, s)) for s in size]
        pads = [self.number(0, k - 1) for k in (*kernel, *kernel)]
        strides = self.pick((1, 1), (2, 2), (1, 2))
        kinds = [graph.MaxPoolOp, graph.AvgPoolOp] if is_integer(x) else [graph.MaxPoolOp]
        self.add(self.pick(*kinds)(x, kernel, strides=strides, pads=pads))

    def global_pool(self, x: SSAValue) -> None:
        self.add(graph.GlobalAvgPoolOp(x))

    def reshape(self, x: SSAValue) -> None:
        sizes = list(shape_of(x))
        for _ in range(self.number(1, 3)):
            at = self.number(0, len(sizes) - 1)
            divisors = [d for d in range(2, sizes[at]) if sizes[at] % d == 0]
            if divisors and self.pick(True, False) and len(sizes) < 5:
                d = self.pick(*divisors)
                sizes[at : at + 1] = self.pick([d, sizes[at] // d], [sizes[at] // d, d])
            elif at + 1 < len(sizes):
                sizes[at : at + 2] = [sizes[at] * sizes[at + 1]]
            elif len(sizes) < 5:
                sizes.insert(at, 1)
        self.add(graph.ReshapeOp(x, sizes))

    def transpose(self, x: SSAValue) -> None:
        self.add(graph.TransposeOp(x, self.draw(st.permutations(range(len(shape_of(x)))))))

    def concat(self, x: SSAValue) -> None:
        """With earlier values, itself or others, along any axis, in any order."""
        shape = shape_of(x)
        axis = self.pick(*range(len(shape)), *[1] * 3 * (len(shape) == 4))
        fits = [
            v
            for v in self.live
            if dtype_of(v) == dtype_of(x)
            and len(shape_of(v)) == len(shape)
            and all(n == shape[i] or i == axis for i, n in enumerate(shape_of(v)))
        ]
        pieces = [x]
        for _ in range(self.number(1, 3)):
            if self.pick(True, True, False):
                pieces.append(self.pick(*fits))
            else:
                size = self.pick(*CHANNELS)
                new = [size if i == axis else n for i, n in enumerate(shape)]
                if prod(new) <= self.largest:
                    make = self.pick(self.activation, self.weights)
                    pieces.append(make(new, dtype_of(x)))
        if sum(prod(shape_of(piece)) for piece in pieces) <= self.largest:
            self.add(graph.ConcatOp(self.draw(st.permutations(pieces)), axis))

    def slice(self, x: SSAValue) -> None:
        shape = shape_of(x)
        starts = [self.pick(0, self.number(0, size - 1)) for size in shape]
        steps = [self.pick(1, 1, 2) for _ in shape]
        most = [(n - s - 1) // d + 1 for n, s, d in zip(shape, starts, steps, strict=True)]
        counts = [self.pick(m, self.number(1, m)) for m in most]
        self.add(graph.SliceOp(x, starts, counts, steps))

    def pad(self, x: SSAValue) -> None:
        shape = shape_of(x)
        low, high = ([self.pick(0, 0, 1, 3) for _ in shape] for _ in range(2))
        value = self.pick(0, 0, -5, 100)
        if prod(sum(sizes) for sizes in zip(low, shape, high, strict=True)) <= self.largest:
            self.add(graph.PadOp(x, low, high, value))

    def broadcast(self, x: SSAValue) -> None:
        shape = [self.pick(1, 2, 16) if size == 1 else size for size in shape_of(x)]
        outer = self.pick([], [], [2]) if len(shape) < 4 else []
        if prod([*outer, *shape]) <= self.largest:
            self.add(graph.BroadcastOp(x, [*outer, *shape]))

    def layer(self, x: SSAValue) -> None:
        """A contraction or pool of i8, an epilogue, and requantization by a shift to i8."""
        if dtype_of(x) != np.int8:
            self.add(graph.RequantizeOp(x, i8, self.number(0, 12)))
            x = self.live[-1]
        start = self.conv2d if len(shape_of(x)) == 4 else self.matmul
        start(x)
        steps = [self.bias, self.relu, self.clip, self.residual, self.reshape, self.transpose]
        for step in self.draw(st.lists(st.sampled_from(steps), max_size=4)):
            step(self.live[-1])
        self.add(graph.RequantizeOp(self.live[-1], i8, self.number(0, 12)))
        for step in self.draw(st.lists(st.sampled_from(steps[1:]), max_size=2)):
            step(self.live[-1])

    def step(self) -> None:
        """Apply a random op that fits, or a layer, to the last value, or to an earlier one."""
        x = self.live[-1] if self.pick(True, True, True, False) else self.pick(*self.live)
        if is_integer(x) and len(shape_of(x)) > 1 and self.pick(True, False):
            self.layer(x)
            return
        ops = [self.residual, self.relu, self.reshape, self.transpose, self.bias]
        ops += [self.concat, self.concat, self.slice, self.pad, self.broadcast]
        image = len(shape_of(x)) == 4
        if is_integer(x):
            ops += [self.clip, self.requantize, self.requantize]
            ops += [self.conv2d] * 4 + [self.global_pool] if image else []
            ops += [self.matmul] * 2 if len(shape_of(x)) >= 2 else []
        ops += [self.pool] if image else []
        self.pick(*ops)(x)


@st.composite
def networks(draw: Any, steps: int = 4, largest: int = LARGEST, floats: bool = True) -> Network:
    """A function @main of up to `steps` ops or layers; returns the last value, perhaps another."""
    draft = GraphDraft(draw, largest)
    if draft.pick(True, True, False):
        size = [draft.number(1, 7), draft.number(1, 7)]
        shape = [draft.pick(1, 1, 2), draft.pick(*CHANNELS), *size]
        draft.activation(shape if prod(shape) <= largest else [1, 3, 4, 4])
    else:
        shape = [draft.pick(*CHANNELS) for _ in range(draft.number(1, 3))]
        dtype = draft.pick(*[np.int8] * 6, np.int32, np.float32 if floats else np.int16)
        draft.activation(shape if prod(shape) <= largest else [5, 8], dtype)
    for _ in range(draft.number(1, steps)):
        draft.step()
    return draft.finish(*draft.results())
