"""`convert-graph-to-affine-nest`: each `graph` op becomes one nest of the same meaning.

Ops without a pattern stay, and so do convolutions, products, clips and means of floats, and what is
placed on the host: it runs them as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat, IntegerType, ModuleOp, StringAttr, i1, i8, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineExpr
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from nopt.dialects import graph
from nopt.dialects.affine_nest import ForOp, Reduction
from nopt.dialects.constants import Array, attribute_of, load_resource_dialect
from nopt.dialects.graph.types import INTEGERS, NUMBERS
from nopt.passes.affine.exact_division import mean_reciprocal
from nopt.passes.affine.nest_builder import NestBuilder

_LETTERS = "nchw"


def _shape(value: SSAValue) -> tuple[int, ...]:
    return value.type.get_shape()  # pyright: ignore


def _parallel(shape: Sequence[int]) -> dict[str, int]:
    """One parallel iterator a dimension: n, c, h, w for images, i0, i1, … otherwise."""
    names = _LETTERS if len(shape) == 4 else [f"i{axis}" for axis in range(len(shape))]
    return dict(zip(names, shape, strict=True))


def _is_float(type: Attribute) -> bool:
    return isinstance(type, AnyFloat)


def _gives_integers(op: graph.GraphOp) -> bool:
    return op.result.type.element_type in INTEGERS


def _row_major(dims: Sequence[AffineExpr], shape: Sequence[int]) -> AffineExpr:
    position = AffineExpr.constant(0)
    for dim, size in zip(dims, shape, strict=True):
        position = position * size + dim
    return position


class Conv2d(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.Conv2dOp, rewriter: PatternRewriter):
        if not _gives_integers(op):
            return
        batch, channels, height, width = _shape(op.result)
        _, inputs, kernel_height, kernel_width = _shape(op.weight)
        (vertical, horizontal), (top, left, _, _) = (
            op.strides.get_values(),
            op.pads.get_values()[:4],
        )
        dilation_h, dilation_w = op.dilations.get_values()
        group_outputs = channels // op.groups.value.data
        nest = NestBuilder(
            {"n": batch, "o": channels, "h": height, "w": width},
            {"i": inputs, "kh": kernel_height, "kw": kernel_width},
        )
        n, o, h, w, i, kh, kw = nest.dims
        channel = (o // group_outputs) * inputs + i
        row = h * vertical + kh * dilation_h - top
        column = w * horizontal + kw * dilation_w - left
        x = nest.load(op.input, [n, channel, row, column], 0)
        weight = nest.load(op.weight, [o, i, kh, kw])
        rewriter.replace(op, nest.finish(_sum_of_products(nest, x, weight), op))


class Matmul(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.MatmulOp, rewriter: PatternRewriter):
        if not _gives_integers(op):
            return
        *batch, rows, columns = _shape(op.result)
        inner = _shape(op.lhs)[-2 if op.transpose_a is not None else -1]
        names = {f"b{axis}": size for axis, size in enumerate(batch)}
        nest = NestBuilder({**names, "m": rows, "n": columns}, {"k": inner})
        *outer, m, n, k = nest.dims
        left = [k, m] if op.transpose_a is not None else [m, k]
        right = [n, k] if op.transpose_b is not None else [k, n]
        shared = outer if len(_shape(op.rhs)) > 2 else []
        a = nest.load(op.lhs, [*outer, *left])
        b = nest.load(op.rhs, [*shared, *right])
        rewriter.replace(op, nest.finish(_sum_of_products(nest, a, b), op))


def _sum_of_products(nest: NestBuilder, a: SSAValue, b: SSAValue) -> SSAValue:
    product = nest.binary(arith.MuliOp, nest.cast(a, i32), nest.cast(b, i32))
    return nest.reduce(Reduction.ADD, product)


class Binary(RewritePattern):
    """Sums, differences, products, minima and maxima."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self,
        op: graph.AddOp | graph.SubOp | graph.MulOp | graph.MinOp | graph.MaxOp,
        rewriter: PatternRewriter,
    ):
        shape = _shape(op.result)
        element = op.result.type.element_type
        if element == i1:
            return
        if isinstance(op, graph.MulOp) and (nest := _scaled_channels(op)) is not None:
            rewriter.replace(op, nest)
            return
        nest = NestBuilder(_parallel(shape))
        operands: list[SSAValue] = []
        for operand in op.operands:
            if (number := _splat(operand)) is not None:
                operands.append(nest.constant(number, element))
                continue
            value = nest.load(operand, _broadcast(operand, nest.dims))
            operands.append(value if _is_float(element) else nest.cast(value, element))
        on_integers, on_floats = _BINARY[type(op)]
        kind = on_floats if _is_float(element) else on_integers
        rewriter.replace(op, nest.finish(nest.binary(kind, *operands), op))


_BINARY: dict[type[graph.GraphOp], tuple[type[Operation], type[Operation]]] = {
    graph.AddOp: (arith.AddiOp, arith.AddfOp),
    graph.SubOp: (arith.SubiOp, arith.SubfOp),
    graph.MulOp: (arith.MuliOp, arith.MulfOp),
    graph.MinOp: (arith.MinSIOp, arith.MinimumfOp),
    graph.MaxOp: (arith.MaxSIOp, arith.MaximumfOp),
}


def _splat(operand: SSAValue) -> int | None:
    """The number, if an operand is an integer constant of one element."""
    constant = operand.owner
    if not isinstance(constant, graph.ConstantOp) or prod(_shape(operand)) != 1:
        return None
    return int(constant.array.item()) if constant.array.dtype.kind == "i" else None


def _broadcast(operand: SSAValue, dims: Sequence[AffineExpr]) -> list[AffineExpr | int]:
    """The indices of an operand whose shape broadcasts to that of `dims`."""
    own = _shape(operand)
    inner = dims[len(dims) - len(own) :]
    return [dim if size > 1 else 0 for dim, size in zip(inner, own, strict=True)]


def _scaled_channels(op: graph.MulOp) -> ForOp | None:
    """i8 times a constant i8 vector to i32: a sum of one product, which is a contraction."""
    if op.result.type.element_type != i32:
        return None
    for x, factor in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
        constant = factor.owner
        if not isinstance(constant, graph.ConstantOp) or _shape(x) != _shape(op.result):
            continue
        if sum(size > 1 for size in _shape(factor)) != 1:
            continue
        types = [value.type.element_type for value in (x, factor)]  # pyright: ignore
        if types == [i8, i8]:
            nest = NestBuilder(_parallel(_shape(op.result)), {"i": 1})
            dims = nest.dims[:-1]
            loads = [nest.load(x, dims), nest.load(factor, _broadcast(factor, dims))]
            return nest.finish(_sum_of_products(nest, *loads), op)
    return None


class Relu(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.ReluOp, rewriter: PatternRewriter):
        nest = NestBuilder(_parallel(_shape(op.result)))
        x = nest.load(op.input, nest.dims)
        largest = arith.MaximumfOp if _is_float(x.type) else arith.MaxSIOp
        zero = nest.constant(0, x.type)
        rewriter.replace(op, nest.finish(nest.binary(largest, x, zero), op))


class Clip(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.ClipOp, rewriter: PatternRewriter):
        low, high = op.bounds
        if not (isinstance(low, int) and isinstance(high, int)):
            return
        nest = NestBuilder(_parallel(_shape(op.result)))
        x = nest.load(op.input, nest.dims)
        rewriter.replace(op, nest.finish(_clip(nest, x, low, high), op))


def _clip(nest: NestBuilder, value: SSAValue, low: int, high: int) -> SSAValue:
    return nest.binary(arith.MinSIOp, nest.binary(arith.MaxSIOp, value, low), high)


class MaxPool(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.MaxPoolOp, rewriter: PatternRewriter):
        element = op.result.type.element_type
        lowest = (
            -(1 << (element.bitwidth - 1)) if isinstance(element, IntegerType) else float("-inf")
        )
        nest, x = _window(op, lowest)
        rewriter.replace(op, nest.finish(nest.reduce(Reduction.MAX, x), op))


class AvgPool(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.AvgPoolOp, rewriter: PatternRewriter):
        counts_vary = op.exclude_pads is not None and any(op.pads.get_values())
        if counts_vary or not _gives_integers(op):
            return
        nest, x = _window(op, 0)
        mean = _rounded_mean(nest, x, int(np.prod(op.kernel.get_values())))
        rewriter.replace(op, nest.finish(nest.cast(mean, x.type), op))


def _window(
    op: graph.MaxPoolOp | graph.AvgPoolOp, pad: int | float
) -> tuple[NestBuilder, SSAValue]:
    kernel_height, kernel_width = op.kernel.get_values()
    vertical, horizontal = op.strides.get_values()
    top, left, _, _ = op.pads.get_values()
    nest = NestBuilder(_parallel(_shape(op.result)), {"kh": kernel_height, "kw": kernel_width})
    n, c, h, w, kh, kw = nest.dims
    x = nest.load(op.input, [n, c, h * vertical + kh - top, w * horizontal + kw - left], pad)
    return nest, x


class GlobalAvgPool(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.GlobalAvgPoolOp, rewriter: PatternRewriter):
        if not _gives_integers(op):
            return
        _, _, height, width = _shape(op.input)
        nest = NestBuilder(_parallel(_shape(op.result)), {"kh": height, "kw": width})
        n, c, _, _, kh, kw = nest.dims
        x = nest.load(op.input, [n, c, kh, kw])
        mean = _rounded_mean(nest, x, height * width)
        rewriter.replace(op, nest.finish(nest.cast(mean, x.type), op))


def _rounded_mean(nest: NestBuilder, x: SSAValue, count: int) -> SSAValue:
    """floor((2 sum + count) / (2 count)): by a shift, or a multiplication and a shift, if exact."""
    element = x.type
    assert isinstance(element, IntegerType)
    # Exact: summed in a type that holds the largest sum.
    largest = count << (element.bitwidth - 1)
    total = nest.reduce(Reduction.ADD, nest.cast(x, i32 if largest < 1 << 31 else i64))
    if count == 1:
        return total
    if count & (count - 1) == 0:
        return _rounded_shift(nest, total, count.bit_length() - 1)
    if total.type == i32 and (exact := mean_reciprocal(count, -largest, largest)) is not None:
        scaled = nest.binary(arith.MuliOp, total, exact.multiplier)
        return nest.binary(
            arith.ShRSIOp, nest.binary(arith.AddiOp, scaled, exact.offset), exact.shift
        )
    wide = nest.cast(total, i64)
    doubled = nest.binary(arith.AddiOp, nest.binary(arith.MuliOp, wide, 2), count)
    return nest.cast(nest.binary(arith.FloorDivSIOp, doubled, 2 * count), i32)


def _rounded_shift(nest: NestBuilder, value: SSAValue, shift: int) -> SSAValue:
    """(value + 2^(shift-1)) >> shift; the sum cannot wrap for shifts above 1."""
    halved = nest.binary(arith.ShRSIOp, value, shift - 1) if shift > 1 else value
    return nest.binary(arith.ShRSIOp, nest.binary(arith.AddiOp, halved, 1), 1)


class Reshape(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.ReshapeOp, rewriter: PatternRewriter):
        if op.result.type.element_type not in NUMBERS:
            return
        shape = _shape(op.result)
        nest = NestBuilder(_parallel(shape))
        position = _row_major(nest.dims, shape)
        indices: list[AffineExpr] = []
        for size in reversed(_shape(op.input)):
            indices.insert(0, position % size)
            position = position // size
        rewriter.replace(op, nest.finish(nest.load(op.input, indices), op))


class Transpose(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.TransposeOp, rewriter: PatternRewriter):
        if op.result.type.element_type not in NUMBERS:
            return
        nest = NestBuilder(_parallel(_shape(op.result)))
        indices = [nest.dims[axis] for axis in np.argsort(op.permutation.get_values())]
        rewriter.replace(op, nest.finish(nest.load(op.input, indices), op))


class Requantize(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.RequantizeOp, rewriter: PatternRewriter):
        nest = NestBuilder(_parallel(_shape(op.result)))
        x = nest.load(op.input, nest.dims)
        multipliers, shifts = op.multipliers, op.shifts
        element = op.result.type.element_type
        assert isinstance(element, IntegerType)
        # By a shift of 1, an i32 may round up beyond i32: that saturates, except as an i32.
        rounds_beyond = x.type == i32 and bool((shifts == 1).all())
        if multipliers is None and shifts.ndim == 0 and not (rounds_beyond and element == i32):
            shift = int(shifts)
            wide = nest.cast(x, i32)
            if rounds_beyond:
                wide = nest.binary(arith.MinSIOp, wide, (1 << 31) - 2)
            scaled = _rounded_shift(nest, wide, shift) if shift else wide
        else:
            wide = nest.cast(x, i64)
            if multipliers is not None:
                factor = _factor(nest, multipliers, "multiplier", rewriter)
                wide = nest.binary(arith.MuliOp, wide, factor)
            half = np.where(shifts > 0, 1 << np.maximum(shifts - 1, 0), 0)
            rounded = nest.binary(arith.AddiOp, wide, _factor(nest, half, "rounding", rewriter))
            scaled = nest.binary(arith.ShRSIOp, rounded, _factor(nest, shifts, "shift", rewriter))
        limit = 1 << (element.bitwidth - 1)
        fits = isinstance(scaled.type, IntegerType) and scaled.type.bitwidth <= element.bitwidth
        clipped = scaled if fits else _clip(nest, scaled, -limit, limit - 1)
        rewriter.replace(op, nest.finish(nest.cast(clipped, element), op))


def _factor(
    nest: NestBuilder, values: Array, name: str, rewriter: PatternRewriter
) -> SSAValue | int:
    """A number, or what the nest loads of a constant vector that lies along one axis."""
    if values.size == 1:
        return int(values.item())
    (axis,) = [axis for axis, size in enumerate(values.shape) if size > 1]
    constant = graph.ConstantOp(attribute_of(values.reshape(-1).astype(np.int64), name))
    rewriter.insert(constant)
    return nest.load(constant.result, [nest.dims[axis]])


@dataclass(frozen=True)
class ConvertGraphToAffineNestPass(ModulePass):
    """Turn each graph op into one affine_nest nest; constants stay, and what the host runs."""

    name = "convert-graph-to-affine-nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        patterns: list[RewritePattern] = [
            AvgPool(),
            Binary(),
            Clip(),
            Conv2d(),
            GlobalAvgPool(),
            Matmul(),
            MaxPool(),
            Relu(),
            Requantize(),
            Reshape(),
            Transpose(),
        ]
        walker = PatternRewriteWalker(_NotOnHost(patterns), apply_recursively=False)
        walker.rewrite_module(op)


class _NotOnHost(GreedyRewritePatternApplier):
    """All but the ops that a partition, or a person, placed on the host."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if op.attributes.get("placement") != StringAttr("host"):
            super().match_and_rewrite(op, rewriter)
