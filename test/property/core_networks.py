"""Random quantized layers of the kind the core runs."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from drafts import Draft, Network, shape_of
from hypothesis import strategies as st
from xdsl.dialects.builtin import i8, i32
from xdsl.ir import Attribute, SSAValue

from nopt.dialects import graph

MOST_POINTS = 3_000_000
"""Multiply-adds of the largest layer."""


class LayerDraft(Draft):
    """Layers, one after the other."""

    def activation(self, *shape: int) -> SSAValue:
        """An i8 input; sometimes without negative values, as after a ReLU."""
        value = self.argument(self.values(shape))
        return self.append(graph.ReluOp(value)) if self.pick(False, False, True) else value

    def weights(self, shape: Sequence[int], limit: int = 128, dtype: Any = np.int8) -> SSAValue:
        return self.constant(self.rng.integers(-limit, limit - 1, shape, dtype, endpoint=True))

    # --- Layers: from an i8 tensor to an i8 tensor.

    def conv(self, x: SSAValue) -> SSAValue:
        _, channels, *size = shape_of(x)
        groups = self.pick(1, 1, 1, channels, *(g for g in (2, 3, 4) if channels % g == 0))
        outputs = groups * self.pick(1, 2) if groups == channels else self.number(1, 40)
        outputs = -(-outputs // groups) * groups
        strides = [self.number(1, 3), self.number(1, 3)]
        dilations = [self.pick(1, 1, 2, 3), self.pick(1, 1, 2)]
        pads = [self.number(0, 3) for _ in range(4)]
        padded = (size[0] + pads[0] + pads[2], size[1] + pads[1] + pads[3])
        most = [(p - 1) // d + 1 for p, d in zip(padded, dilations, strict=True)]
        kernel = [self.number(1, min(5, m)) for m in most]
        shape = (outputs, channels // groups, *kernel)
        if prod(shape) * prod(padded) > MOST_POINTS * prod(strides):
            return x
        weights = self.weights(shape)
        y = graph.Conv2dOp(
            x, weights, strides=strides, pads=pads, dilations=dilations, groups=groups
        )
        return self.epilogue(self.append(y), (outputs, 1, 1))

    def conv_transpose(self, x: SSAValue) -> SSAValue:
        _, channels, *size = shape_of(x)
        groups = self.pick(1, 1, *(g for g in (2, 3, 4) if channels % g == 0))
        kernel = [self.number(1, 4), self.number(1, 4)]
        shape = (channels, self.number(1, 20), *kernel)
        strides, dilations = [self.number(1, 3), self.number(1, 2)], [self.pick(1, 1, 2), 1]
        if prod(shape) * prod(size) * prod(strides) > MOST_POINTS:
            return x
        pads = [self.number(0, (k - 1) * d) for k, d in zip(kernel, dilations, strict=True)]
        options: Any = {"strides": strides, "pads": [*pads, 0, 0], "dilations": dilations}
        y = graph.ConvTranspose2dOp(
            x,
            self.weights(shape),
            output_pads=[0, self.number(0, 1)],
            groups=groups,
            **options,
        )
        return self.epilogue(self.append(y), (shape_of(y.result)[1], 1, 1))

    def matmul(self, x: SSAValue) -> SSAValue:
        """By constant weights, or by a second activation."""
        *batch, rows, inner = shape_of(x)
        transpose_a, transpose_b = self.pick(False, False, True), self.pick(False, True)
        if transpose_a:
            rows, inner = inner, rows
        columns = self.number(1, 80)
        if prod(batch) * rows * inner * columns > MOST_POINTS:
            return x
        shape = (columns, inner) if transpose_b else (inner, columns)
        if self.pick(True, False):
            other = self.weights(shape)
        else:
            other = self.activation(*(batch if self.pick(True, False) else ()), *shape)
        y = graph.MatmulOp(x, other, transpose_a=transpose_a, transpose_b=transpose_b)
        return self.epilogue(self.append(y), (columns,))

    def heads(self, x: SSAValue) -> SSAValue:
        """Products of projections to heads, as in attention, over channels or over rows."""
        if len(shape_of(x)) != 2:
            return x
        rows, inner = shape_of(x)
        count, width = self.number(1, 3), self.pick(16, 32, 5, 40)
        parts: list[SSAValue] = []
        for _ in range(2):
            weights = self.weights((inner, count * width))
            y = self.epilogue(self.append(graph.MatmulOp(x, weights)), (count * width,))
            y = self.append(graph.ReshapeOp(y, [rows, count, width]))
            parts.append(self.append(graph.TransposeOp(y, [1, 0, 2])))
        if self.pick(True, False):
            y = self.append(graph.MatmulOp(*parts, transpose_b=True))
            return self.append(graph.RequantizeOp(y, i8, self.number(0, 12)))
        y = self.append(graph.MatmulOp(self.activation(count, self.number(1, 40), rows), parts[1]))
        y = self.append(graph.RequantizeOp(y, i8, self.number(0, 12)))
        y = self.append(graph.TransposeOp(y, [1, 0, 2]))
        return self.append(graph.ReshapeOp(y, [shape_of(y)[0], count * width]))

    def epilogue(self, y: SSAValue, bias_shape: Sequence[int]) -> SSAValue:
        """Bias, clip or ReLU, residual, requantization: each or none of them."""
        if self.pick(True, True, False):
            limit = self.pick(100, 20000, 20000, 300_000, 1 << 31)
            y = self.append(graph.AddOp(y, self.weights(bias_shape, limit, np.int32)))
        y = self.bounded(y, 1 << self.number(1, 15))
        axis = len(shape_of(y)) - len(bias_shape)
        if self.pick(False, False, True):
            y = self.requantize(y, self.pick(i8, i32), 10, axis)
            y = self.append(graph.AddOp(y, self.skip(shape_of(y)), i32))
            y = self.bounded(y, 256)
        return self.bounded(self.requantize(y, i8, 12, axis), 128)

    def requantize(self, y: SSAValue, type: Attribute, most: int, axis: int) -> SSAValue:
        """By one shift, or by one for each index of the axis; some by multipliers, on the host."""
        if self.pick(*[False] * 9, True):
            return self.append(
                graph.RequantizeOp(y, type, most + 8, multiplier=self.number(1, 999))
            )
        if self.pick(True, False):
            return self.append(graph.RequantizeOp(y, type, self.number(0, most)))
        shifts = self.rng.integers(0, most, (shape_of(y)[axis],), np.int32, endpoint=True)
        return self.append(graph.RequantizeOp(y, type, shifts, axis=axis))

    def skip(self, shape: Sequence[int]) -> SSAValue:
        """A second operand of a sum: an argument, perhaps times a number."""
        x = self.activation(*shape)
        if self.pick(True, False):
            return x
        factor = np.array(self.pick(-1, 0, 1, 2, 4, 64, 128, 1 << 12, 3, -100), np.int32)
        return self.append(graph.MulOp(x, self.constant(factor)))

    def bounded(self, y: SSAValue, limit: int) -> SSAValue:
        match self.pick("", "relu", "clip"):
            case "relu":
                return self.append(graph.ReluOp(y))
            case "clip":
                low, high = sorted(self.number(-limit, limit - 1) for _ in range(2))
                return self.append(graph.ClipOp(y, low, high))
            case _:
                return y

    def add_tensors(self, x: SSAValue) -> SSAValue:
        y = self.append(graph.AddOp(x, self.skip(shape_of(x)), i32))
        return self.append(graph.RequantizeOp(self.bounded(y, 256), i8, self.number(0, 3)))

    def max_pool(self, x: SSAValue) -> SSAValue:
        kernel = [self.number(1, min(4, size)) for size in shape_of(x)[2:]]
        pads = [0] * 4
        if self.pick(False, True):
            pads = [self.number(0, k - 1) for k in (*kernel, *kernel)]
        strides = [self.number(1, 3), self.number(1, 3)]
        return self.append(graph.MaxPoolOp(x, kernel, strides=strides, pads=pads))

    def avg_pool(self, x: SSAValue) -> SSAValue:
        """Sums divided by a power of two, or by any number."""
        if self.pick(False, False, True):
            return self.append(graph.GlobalAvgPoolOp(x))
        kernel = [self.pick(*(n for n in (1, 2, 2, 3, 4, 4, 5) if n <= m)) for m in shape_of(x)[2:]]
        return self.append(graph.AvgPoolOp(x, kernel, strides=self.pick(kernel, [1, 1], [2, 1])))

    def joined(self, x: SSAValue) -> SSAValue:
        """The input, its branches and parts of them, in any order; a few grow the last one."""
        branches = [x]
        for _ in range(self.number(1, 3)):
            source = self.pick(*branches)
            if self.pick(True, True, False):
                y = self.pointwise(source)
            else:
                n, c, h, w = shape_of(source)
                first = self.pick(0, self.number(0, c - 1) // 16 * 16)
                y = self.append(graph.SliceOp(source, [0, first, 0, 0], [n, c - first, h, w]))
            branches.append(y)
            if self.pick(False, True):
                branches.append(self.append(graph.ConcatOp(branches[-2:], 1)))
        return self.append(graph.ConcatOp(self.draw(st.permutations(branches)), 1))

    def pointwise(self, x: SSAValue) -> SSAValue:
        """A convolution that keeps height and width; often of whole blocks of channels."""
        kernel = self.pick(1, 3)
        outputs = self.pick(8, 16, 16, 32, self.number(1, 40))
        weights = self.weights((outputs, shape_of(x)[1], kernel, kernel))
        y = self.append(graph.Conv2dOp(x, weights, pads=[kernel // 2] * 4))
        return self.epilogue(y, (outputs, 1, 1))

    # --- Moves: what no core computes, and layers read through.

    def repeated(self, x: SSAValue) -> SSAValue:
        """One row or column of an image or a matrix, several times."""
        shape = list(shape_of(x))
        axis = self.number(len(shape) - 2, len(shape) - 1)
        starts = [self.number(0, n - 1) if i == axis else 0 for i, n in enumerate(shape)]
        shape[axis] = 1
        row = self.append(graph.SliceOp(x, starts, shape))
        shape[axis] = self.number(2, 17)
        return self.append(graph.BroadcastOp(row, shape))

    def part(self, x: SSAValue) -> SSAValue:
        """Every row and column, or every second one, from some on."""
        shape = shape_of(x)
        starts = [0] * (len(shape) - 2) + [self.number(0, (n - 1) // 2) for n in shape[-2:]]
        steps = [1] * (len(shape) - 2) + [self.pick(1, 2), self.pick(1, 2)]
        counts = [-(-(n - s) // d) for n, s, d in zip(shape, starts, steps, strict=True)]
        return self.append(graph.SliceOp(x, starts, counts, steps))

    def turned(self, x: SSAValue) -> SSAValue:
        """Rows for columns."""
        rank = len(shape_of(x))
        return self.append(graph.TransposeOp(x, [*range(rank - 2), rank - 1, rank - 2]))

    def moved(self, x: SSAValue) -> SSAValue:
        return self.pick(self.repeated, self.repeated, self.part, self.turned)(x)

    def layer(self, x: SSAValue) -> SSAValue:
        if self.pick(*[False] * 4, True):
            x = self.moved(x)
        if len(shape_of(x)) == 4:
            layers = [self.conv] * 3 + [self.max_pool] * 2 + [self.avg_pool, self.joined]
            return self.pick(*layers, self.add_tensors, self.conv_transpose)(x)
        return self.pick(self.matmul, self.matmul, self.heads, self.add_tensors)(x)


@st.composite
def core_networks(draw: Any) -> Network:
    """A chain of one to three layers, on an image or on a matrix; it may give each one's tensor."""
    draft = LayerDraft(draw)
    if draft.pick(True, True, False):
        shape = [draft.pick(1, 1, 1, 2), draft.number(1, 40), draft.number(1, 30)]
        x = draft.activation(*shape, draft.number(1, 30))
    else:
        batch = draft.pick([], [], [2], [3], [2, 2])
        x = draft.activation(*batch, draft.number(1, 80), draft.number(1, 80))
    given: list[SSAValue] = []
    for _ in range(draft.pick(1, 1, 2, 3)):
        given += [x] if draft.pick(False, False, True) else []
        x = draft.layer(x)
    return draft.finish(x, *given)
