"""Random small quantized networks in `graph`, with inputs, for the property tests."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st
from xdsl.dialects.builtin import FunctionType, ModuleOp, i8, i16, i32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue

from nopt.dialects import graph
from nopt.dialects.constants import attribute_of, numpy_type, tensor_type

CHANNELS = (1, 2, 3, 4, 5, 8, 12, 16, 17, 20, 32, 33)
LARGEST = 6000
"""Elements of the largest tensor; nests have at most 50 times as many points."""


class Network:
    """A module whose function @main is the network, and what to call it with."""

    def __init__(self, module: ModuleOp, inputs: list[np.ndarray]):
        self.module = module
        self.inputs = inputs
        self.text = str(module)

    def __repr__(self) -> str:
        """The network as drawn, whatever became of the module."""
        return self.text


def values(rng: np.random.Generator, shape, dtype, extreme: float) -> np.ndarray:
    """Integers over the whole range, some at its ends; small exact numbers for floats."""
    if np.issubdtype(dtype, np.floating):
        return rng.integers(-9, 9, shape).astype(dtype)
    limits = np.iinfo(dtype)
    whole = rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    ends = rng.choice(np.array([limits.min, limits.max, -1, 0], dtype), shape)
    return np.where(rng.random(shape) < extreme, ends, whole)


class _Draft:
    """A network under construction: ops are drawn and appended to a block."""

    def __init__(self, draw: Any, largest: int):
        self.draw = draw
        self.largest = largest
        self.rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self.extreme = draw(st.sampled_from([0.0, 0.1, 1.0]))
        self.block = Block()
        self.inputs: list[np.ndarray] = []
        self.live: list[SSAValue] = []

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def argument(self, shape, dtype=np.int8) -> SSAValue:
        array = values(self.rng, shape, np.dtype(dtype), self.extreme)
        self.inputs.append(array)
        value = self.block.insert_arg(tensor_type(shape, array.dtype), len(self.block.args))
        value.name_hint = f"in{len(self.inputs)}"
        self.live.append(value)
        return value

    def constant(self, shape, dtype=np.int8) -> SSAValue:
        array = values(self.rng, shape, np.dtype(dtype), self.extreme)
        op = graph.ConstantOp(attribute_of(array, "c"))
        self.block.add_op(op)
        return op.result

    def parameter(self, shape, dtype=np.int8) -> SSAValue:
        """Weights: constant mostly."""
        make = self.pick(self.constant, self.constant, self.argument)
        return make(shape, dtype)

    def add(self, op: graph.GraphOp) -> None:
        self.block.add_op(op)
        op.verify()
        self.live.append(op.result)

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
        other = self.pick(*same) if self.pick(True, False) else self.argument(shape_of(x), dtype)
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
                    make = self.pick(self.argument, self.constant)
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


def shape_of(value: SSAValue) -> tuple[int, ...]:
    return value.type.get_shape()  # pyright: ignore


def dtype_of(value: SSAValue) -> np.dtype[Any]:
    return numpy_type(value.type.element_type)  # pyright: ignore


def is_integer(value: SSAValue) -> bool:
    return np.issubdtype(dtype_of(value), np.integer)


@st.composite
def networks(draw: Any, steps: int = 4, largest: int = LARGEST, floats: bool = True) -> Network:
    """A function @main of up to `steps` ops or layers; returns the last value, perhaps another."""
    draft = _Draft(draw, largest)
    if draft.pick(True, True, False):
        size = [draft.number(1, 7), draft.number(1, 7)]
        shape = [draft.pick(1, 1, 2), draft.pick(*CHANNELS), *size]
        draft.argument(shape if prod(shape) <= largest else [1, 3, 4, 4])
    else:
        shape = [draft.pick(*CHANNELS) for _ in range(draft.number(1, 3))]
        dtype = draft.pick(*[np.int8] * 6, np.int32, np.float32 if floats else np.int16)
        draft.argument(shape if prod(shape) <= largest else [5, 8], dtype)
    for _ in range(draft.number(1, steps)):
        draft.step()
    results = [draft.live[-1]]
    if draft.pick(False, False, True):
        results.append(draft.pick(*draft.live))
    draft.block.add_op(ReturnOp(*results))
    type = FunctionType.from_lists(draft.block.arg_types, [r.type for r in results])
    module = ModuleOp([FuncOp("main", type, Region(draft.block))])
    module.verify()
    return Network(module, draft.inputs)
