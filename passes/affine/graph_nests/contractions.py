"""Convolutions and matrix products of integers."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from nopt.dialects import graph
from nopt.dialects.affine_nest import Reduction
from nopt.passes.affine.graph_nests.shapes import gives_integers, shape_of
from nopt.passes.affine.nest_builder import NestBuilder


class Conv2d(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.Conv2dOp, rewriter: PatternRewriter):
        if not gives_integers(op):
            return
        batch, channels, height, width = shape_of(op.result)
        _, inputs, kernel_height, kernel_width = shape_of(op.weight)
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
        rewriter.replace(op, nest.finish(sum_of_products(nest, x, weight), op))


class Matmul(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.MatmulOp, rewriter: PatternRewriter):
        if not gives_integers(op):
            return
        *batch, rows, columns = shape_of(op.result)
        inner = shape_of(op.lhs)[-2 if op.transpose_a is not None else -1]
        names = {f"b{axis}": size for axis, size in enumerate(batch)}
        nest = NestBuilder({**names, "m": rows, "n": columns}, {"k": inner})
        *outer, m, n, k = nest.dims
        left = [k, m] if op.transpose_a is not None else [m, k]
        right = [n, k] if op.transpose_b is not None else [k, n]
        shared = outer if len(shape_of(op.rhs)) > 2 else []
        a = nest.load(op.lhs, [*outer, *left])
        b = nest.load(op.rhs, [*shared, *right])
        rewriter.replace(op, nest.finish(sum_of_products(nest, a, b), op))


def sum_of_products(nest: NestBuilder, a: SSAValue, b: SSAValue) -> SSAValue:
    product = nest.binary(arith.MuliOp, nest.cast(a, i32), nest.cast(b, i32))
    return nest.reduce(Reduction.ADD, product)
