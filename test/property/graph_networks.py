"""Random small networks of every op of `graph`, of integers or of floats, for clean-up's tests."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from affine_networks import GraphDraft
from drafts import Network, dtype_of, is_integer, shape_of
from hypothesis import strategies as st
from xdsl.dialects.builtin import i8, i32, i64
from xdsl.ir import SSAValue

from nopt.dialects import graph
from nopt.dialects.graph import Function, Statistic

LARGEST = 600


class CleanDraft(GraphDraft):
    """A network of ops that clean-up looks at; floats stay small."""

    def splat(self, x: SSAValue, number: float) -> SSAValue:
        return self.filled((), x, number)

    def filled(self, shape, x: SSAValue, number: float) -> SSAValue:
        return self.constant(np.full(shape, number, dtype_of(x)))

    def factor(self, x: SSAValue) -> SSAValue:
        """A constant to combine with x: a number, one for each channel, or one for each element."""
        shape = shape_of(x)
        axis = 1 if len(shape) == 4 else len(shape) - 1
        channels = [size if i == axis else 1 for i, size in enumerate(shape)]
        own = self.pick((), channels, channels, channels[axis:], shape)
        kind = self.pick("neutral", "random", "random", "power")
        if kind == "random":
            return self.weights(own, dtype_of(x))
        return self.filled(own, x, self.pick(0, 1) if kind == "neutral" else self.pick(1, 2, 4))

    def with_constant(self, x: SSAValue) -> None:
        floats = [] if is_integer(x) else [graph.DivOp]
        kind = self.pick(graph.AddOp, graph.SubOp, graph.MulOp, graph.MinOp, graph.MaxOp, *floats)
        if kind is graph.DivOp:
            shape = self.pick((), (shape_of(x)[-1],))
            other = self.filled(shape, x, self.pick(1.0, 2.0, -0.25, 3.0, 10.0))
            self.add(kind(x, other))
            return
        pair = (x, self.factor(x))
        self.add(kind(*pair) if self.pick(True, True, False) else kind(*reversed(pair)))

    def with_other(self, x: SSAValue) -> None:
        same = [v for v in self.live if v.type == x.type]
        kind = self.pick(graph.AddOp, graph.SubOp, graph.MinOp, graph.MaxOp)
        self.add(kind(x, self.pick(*same)))

    def limit(self, x: SSAValue) -> None:
        low, high = sorted((self.number(-9, 9), self.number(-9, 9)))
        if is_integer(x):
            self.add(graph.ClipOp(x, *self.pick((low, high), (0, 127), (-128, 127))))
        else:
            self.add(graph.ClipOp(x, float(low), float(high)))

    def slice(self, x: SSAValue) -> None:
        starts = [self.number(0, size - 1) for size in shape_of(x)]
        rest = [size - start for size, start in zip(shape_of(x), starts, strict=True)]
        counts = [self.pick(size, self.number(1, size)) for size in rest]
        steps = [
            self.number(1, (size - 1) // (count - 1)) if count > 1 else 1
            for size, count in zip(rest, counts, strict=True)
        ]
        self.add(graph.SliceOp(x, starts, counts, steps))

    def concat(self, x: SSAValue) -> None:
        axis = self.number(0, len(shape_of(x)) - 1)
        self.add(graph.ConcatOp([x] * self.number(1, 2), axis))

    def pad(self, x: SSAValue) -> None:
        border = [[self.pick(0, 0, 1, 2) for _ in shape_of(x)] for _ in range(2)]
        if len(shape_of(x)) == 4:
            border = [[0, 0, *own[2:]] for own in border]
        lowest = -128 if dtype_of(x) == np.int8 else -np.inf if not is_integer(x) else 0
        self.add(graph.PadOp(x, *border, value=self.pick(0, 0, 1, lowest)))
        # An infinite border goes nowhere but into a pool.
        if not is_integer(x) and self.live[-1].owner.value.value.data == -np.inf:
            padded = self.live.pop()
            if len(shape_of(x)) == 4:
                kernel = [min(3, size) for size in shape_of(padded)[2:]]
                pooled = self.append(graph.MaxPoolOp(padded, kernel))
                self.add(graph.ClipOp(pooled, -20.0, 20.0))

    def broadcast(self, x: SSAValue) -> None:
        sizes = [self.number(2, 3) if size == 1 else size for size in shape_of(x)]
        self.add(graph.BroadcastOp(x, self.pick(sizes, [1, *sizes], [2, *sizes])))

    def statistic(self, x: SSAValue) -> None:
        rank = len(shape_of(x))
        axes = (2, 3) if rank == 4 and self.pick(True, False) else (self.number(0, rank - 1),)
        kind = self.pick(*Statistic)
        if kind == Statistic.MEAN and dtype_of(x) == np.int64:
            return
        self.add(graph.ReduceOp(kind, x, axes, keep_dims=self.pick(True, False)))

    def cast(self, x: SSAValue) -> None:
        widen = {np.dtype(np.int8): (i8, i32, i64), np.dtype(np.int32): (i8, i32, i64)}
        if dtype_of(x) in widen:
            self.add(graph.CastOp(x, self.pick(*widen[dtype_of(x)])))

    def rescale(self, x: SSAValue) -> None:
        """By a multiplier that may be a power of two, for all or for each channel."""
        if dtype_of(x) == np.int64:
            return
        powers = 1 << self.rng.integers(0, 30, shape_of(x)[0])
        kind = self.pick("power", "powers", "any")
        multiplier = int(powers[0]) if kind == "power" else powers if kind == "powers" else 3
        axis = 0 if kind == "powers" else None
        self.add(graph.RequantizeOp(x, i8, self.number(1, 40), multiplier, axis))

    def image_pool(self, x: SSAValue) -> None:
        shape = shape_of(x)[2:]
        kernel = self.pick(shape, (1, 1), [min(3, size) for size in shape])
        pads = [self.number(0, k - 1) for k in (*kernel, *kernel)]
        pads = self.pick((0, 0, 0, 0), pads)
        if self.pick(True, False) or dtype_of(x) == np.int64:
            self.add(graph.MaxPoolOp(x, kernel, pads=pads))
        else:
            self.add(graph.AvgPoolOp(x, kernel, pads=pads, exclude_pads=self.pick(True, False)))

    def contraction(self, x: SSAValue) -> None:
        """A convolution or a product with constant weights, or with the value itself."""
        if dtype_of(x) == np.int64:
            return
        shape = shape_of(x)
        dtype = np.int8 if is_integer(x) else np.float32
        if len(shape) != 4:
            self.matrix_product(x, dtype)
            return
        channels = shape[1]
        groups = self.pick(1, channels)
        per_group = self.number(1, 3)
        kernel = [self.number(1, min(3, size)) for size in shape[2:]]
        pads = [self.number(0, 1) for _ in range(4)]
        if self.pick(True, True, False):
            weight = self.weights((groups * per_group, channels // groups, *kernel), dtype)
            self.add(graph.Conv2dOp(x, weight, pads=pads, groups=groups))
        else:
            weight = self.weights((channels, per_group, *kernel), dtype)
            self.add(graph.ConvTranspose2dOp(x, weight, strides=(2, 1), groups=groups))

    def matrix_product(self, x: SSAValue, dtype) -> None:
        if len(shape_of(x)) < 2:
            return
        rank = len(shape_of(x))
        if self.pick(True, False):
            swapped = self.append(graph.TransposeOp(x, [*range(rank - 2), rank - 1, rank - 2]))
            pair = self.pick((x, swapped), (swapped, x))
            self.add(graph.MatmulOp(*pair))
            return
        columns, inner = self.number(1, 4), shape_of(x)[-1]
        if self.pick(True, False):
            weight = self.weights((inner, columns), dtype)
            self.add(graph.MatmulOp(x, weight))
        else:
            weight = self.weights((*shape_of(x)[:-2], columns, inner), dtype)
            self.add(graph.MatmulOp(x, weight, transpose_b=True))

    def function(self, x: SSAValue) -> None:
        kinds = (Function.SIGMOID, Function.TANH, Function.NEG, Function.ERF, Function.GELU)
        self.add(graph.UnaryOp(self.pick(*kinds), x))

    def normalized(self, x: SSAValue) -> None:
        """Back to a small range."""
        self.add(graph.UnaryOp(Function.TANH, x))

    def swish(self, x: SSAValue) -> None:
        """x times a function of x that is nearly a step, spelled out."""
        kind = self.pick("silu", "hard", "hard6", "erf", "tanh", "tanh3")
        number, add, mul = self.splat, graph.AddOp, graph.MulOp
        outer: float | None = None
        if kind == "silu":
            step = self.append(graph.UnaryOp(Function.SIGMOID, x))
        elif kind == "hard":
            shifted = self.append(add(x, number(x, 3)))
            step = self.append(graph.ClipOp(shifted, 0.0, 6.0))
            outer = 1 / 6
        elif kind == "hard6":
            shifted = self.append(mul(x, number(x, 1 / 6)))
            shifted = self.append(add(shifted, number(x, 0.5)))
            step = self.append(graph.ClipOp(shifted, 0.0, 1.0))
        else:
            if kind == "erf":
                inner = self.append(graph.DivOp(x, number(x, 2**0.5)))
                inner = self.append(graph.UnaryOp(Function.ERF, inner))
            else:
                cube = self.append(
                    graph.PowOp(x, number(x, 3))
                    if kind == "tanh3"
                    else mul(x, self.append(mul(x, x)))
                )
                inner = self.append(add(x, self.append(mul(cube, number(x, 0.044715)))))
                inner = self.append(mul(inner, number(x, (2 / np.pi) ** 0.5)))
                inner = self.append(graph.UnaryOp(Function.TANH, inner))
            step = self.append(add(inner, number(x, 1)))
            outer = 0.5
        pair = [x, step]
        if outer is not None and self.pick(True, False):
            pair[0] = self.append(mul(x, number(x, outer)))
            outer = None
        self.add(mul(*self.pick(pair, pair[::-1])))
        if outer is not None:
            y = self.live[-1]
            by_product = self.pick(True, False)
            factor = number(y, outer if by_product else 1 / outer)
            self.add(mul(y, factor) if by_product else graph.DivOp(y, factor))

    def layer_norm(self, x: SSAValue) -> None:
        axis = len(shape_of(x)) - 1

        def mean(y: SSAValue) -> SSAValue:
            return self.append(graph.ReduceOp(Statistic.MEAN, y, [axis], keep_dims=True))

        difference = self.append(graph.SubOp(x, mean(x)))
        if self.pick(True, False):
            square = self.append(graph.MulOp(difference, difference))
        else:
            square = self.append(graph.PowOp(difference, self.splat(x, 2)))
        variance = self.append(graph.AddOp(mean(square), self.splat(x, 0.125)))
        deviation = self.append(graph.UnaryOp(Function.SQRT, variance))
        self.add(graph.DivOp(difference, deviation))
        if self.pick(True, False):
            self.add(graph.MulOp(self.live[-1], self.weights(shape_of(x)[axis:], np.float32)))
            self.add(graph.AddOp(self.live[-1], self.weights(shape_of(x)[axis:], np.float32)))

    def softmax(self, x: SSAValue) -> None:
        axis = self.number(0, len(shape_of(x)) - 1)

        def reduced(kind: Statistic, y: SSAValue) -> SSAValue:
            return self.append(graph.ReduceOp(kind, y, [axis], keep_dims=True))

        shifted = self.append(graph.SubOp(x, reduced(Statistic.MAX, x)))
        power = self.append(graph.UnaryOp(Function.EXP, shifted))
        self.add(graph.DivOp(power, reduced(Statistic.SUM, power)))

    def step(self) -> None:
        x = self.live[-1] if self.pick(True, True, True, False) else self.pick(*self.live)
        if not is_integer(x) and self.pick(False, False, True):
            self.normalized(x)
            x = self.live[-1]
        ops = [self.with_constant] * 4 + [self.relu, self.limit, self.limit]
        ops += [self.with_other, self.contraction, self.contraction]
        ops += [self.reshape, self.transpose, self.slice, self.concat, self.pad, self.broadcast]
        ops += [self.statistic]
        ops += [self.image_pool] * 3 if len(shape_of(x)) == 4 else []
        ops += (
            [self.cast, self.rescale] if is_integer(x) else [self.function, self.swish, self.swish]
        )
        ops += [self.layer_norm, self.softmax] if not is_integer(x) else []
        self.pick(*ops)(x)
        shape = shape_of(self.live[-1])
        if prod(shape) > LARGEST or not 0 < len(shape) < 6:
            self.live.pop()


@st.composite
def graphs(draw: Any, steps: int = 8, floats: bool = True) -> Network:
    """A function @main of up to `steps` ops or idioms of one kind of number."""
    draft = CleanDraft(draw, LARGEST)
    dtype = np.float32 if floats else draft.pick(np.int8, np.int8, np.int32)
    if draft.pick(True, True, False):
        draft.activation([1, draft.number(1, 4), draft.number(1, 5), draft.number(1, 5)], dtype)
    else:
        draft.activation([draft.number(1, 5) for _ in range(draft.number(1, 3))], dtype)
    for _ in range(draft.number(1, steps)):
        draft.step()
    return draft.finish(*draft.results())


def is_close(found: np.ndarray, wanted: np.ndarray) -> bool:
    """Equal integers; floats that differ by rounding, seen from the largest."""
    if np.issubdtype(wanted.dtype, np.integer):
        return np.array_equal(found, wanted)
    scale = max(1.0, float(np.abs(wanted[np.isfinite(wanted)]).max(initial=0)))
    return np.allclose(found, wanted, rtol=1e-4, atol=2e-4 * scale, equal_nan=True)
