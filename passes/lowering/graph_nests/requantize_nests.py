"""Requantization: shifts that round, and multiplications by fixed-point factors."""

from __future__ import annotations

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerType, i32, i64
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from nopt.dialects import graph
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.constants import Array, attribute_of
from nopt.dialects.shaped import shape_of
from nopt.passes.lowering.graph_nests.elementwise_nests import clip
from nopt.passes.lowering.graph_nests.nest_shapes import parallel


def rounded_shift(nest: NestBuilder, value: SSAValue, shift: int) -> SSAValue:
    """(value + 2^(shift-1)) >> shift; the sum cannot wrap for shifts above 1."""
    halved = nest.binary(arith.ShRSIOp, value, shift - 1) if shift > 1 else value
    return nest.binary(arith.ShRSIOp, nest.binary(arith.AddiOp, halved, 1), 1)


class Requantize(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.RequantizeOp, rewriter: PatternRewriter):
        nest = NestBuilder(parallel(shape_of(op.result)))
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
            scaled = rounded_shift(nest, wide, shift) if shift else wide
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
        clipped = scaled if fits else clip(nest, scaled, -limit, limit - 1)
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
