"""Pools: reductions of windows."""

from __future__ import annotations

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerType, i32, i64
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from nopt.dialects import graph
from nopt.dialects.affine_nest import Reduction
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.shaped import shape_of
from nopt.passes.lowering.exact_division import Reciprocal, floor_reciprocal, mean_reciprocal
from nopt.passes.lowering.graph_nests.nest_shapes import gives_integers, parallel
from nopt.passes.lowering.graph_nests.requantize_nests import rounded_shift


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
        if counts_vary or not gives_integers(op):
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
    nest = NestBuilder(parallel(shape_of(op.result)), {"kh": kernel_height, "kw": kernel_width})
    n, c, h, w, kh, kw = nest.dims
    x = nest.load(op.input, [n, c, h * vertical + kh - top, w * horizontal + kw - left], pad)
    return nest, x


class GlobalAvgPool(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.GlobalAvgPoolOp, rewriter: PatternRewriter):
        if not gives_integers(op):
            return
        _, _, height, width = shape_of(op.input)
        nest = NestBuilder(parallel(shape_of(op.result)), {"kh": height, "kw": width})
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
        return rounded_shift(nest, total, count.bit_length() - 1)
    if total.type == i32 and (exact := mean_reciprocal(count, -largest, largest)) is not None:
        return _times(nest, total, exact)
    if total.type == i32:
        # floor((sum + count / 2) / (2^k * odd)): the power of two first leaves small numbers.
        power = (count & -count).bit_length() - 1
        half = count // 2
        low, high = (-largest + half) >> power, (largest + half) >> power
        if (exact := floor_reciprocal(count >> power, low, high)) is not None:
            rounded = nest.binary(arith.AddiOp, total, half)
            return _times(nest, nest.binary(arith.ShRSIOp, rounded, power), exact)
    wide = nest.cast(total, i64)
    doubled = nest.binary(arith.AddiOp, nest.binary(arith.MuliOp, wide, 2), count)
    return nest.cast(nest.binary(arith.FloorDivSIOp, doubled, 2 * count), i32)


def _times(nest: NestBuilder, value: SSAValue, by: Reciprocal) -> SSAValue:
    scaled = nest.binary(arith.MuliOp, value, by.multiplier)
    return nest.binary(arith.ShRSIOp, nest.binary(arith.AddiOp, scaled, by.offset), by.shift)
