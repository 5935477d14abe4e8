"""Elementwise arithmetic."""

from __future__ import annotations

from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import i1, i8, i32
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from nopt.dialects import graph
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.shaped import shape_of, tensor_of
from nopt.passes.lowering.graph_nests.contraction_nests import sum_of_products
from nopt.passes.lowering.graph_nests.nest_shapes import broadcast, is_float, parallel


class Binary(RewritePattern):
    """Sums, differences, products, minima and maxima."""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self,
        op: graph.AddOp | graph.SubOp | graph.MulOp | graph.MinOp | graph.MaxOp,
        rewriter: PatternRewriter,
    ):
        shape = shape_of(op.result)
        element = op.result.type.element_type
        if element == i1:
            return
        if isinstance(op, graph.MulOp) and (nest := _scaled_channels(op)) is not None:
            rewriter.replace(op, nest)
            return
        nest = NestBuilder(parallel(shape))
        operands: list[SSAValue] = []
        for operand in op.operands:
            if (number := _splat(operand)) is not None:
                operands.append(nest.constant(number, element))
                continue
            value = nest.load(operand, broadcast(operand, nest.dims))
            operands.append(value if is_float(element) else nest.cast(value, element))
        on_integers, on_floats = _BINARY[type(op)]
        kind = on_floats if is_float(element) else on_integers
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
    if not isinstance(constant, graph.ConstantOp) or prod(shape_of(operand)) != 1:
        return None
    return int(constant.array.item()) if constant.array.dtype.kind == "i" else None


def _scaled_channels(op: graph.MulOp) -> ForOp | None:
    """i8 times a constant i8 vector to i32: a sum of one product, which is a contraction."""
    if op.result.type.element_type != i32:
        return None
    for x, factor in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
        constant = factor.owner
        if not isinstance(constant, graph.ConstantOp) or shape_of(x) != shape_of(op.result):
            continue
        if sum(size > 1 for size in shape_of(factor)) != 1:
            continue
        types = [tensor_of(value).element_type for value in (x, factor)]
        if types == [i8, i8]:
            nest = NestBuilder(parallel(shape_of(op.result)), {"i": 1})
            dims = nest.dims[:-1]
            loads = [nest.load(x, dims), nest.load(factor, broadcast(factor, dims))]
            return nest.finish(sum_of_products(nest, *loads), op)
    return None


class Relu(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.ReluOp, rewriter: PatternRewriter):
        nest = NestBuilder(parallel(shape_of(op.result)))
        x = nest.load(op.input, nest.dims)
        largest = arith.MaximumfOp if is_float(x.type) else arith.MaxSIOp
        zero = nest.constant(0, x.type)
        rewriter.replace(op, nest.finish(nest.binary(largest, x, zero), op))


class Clip(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.ClipOp, rewriter: PatternRewriter):
        low, high = op.bounds
        if not (isinstance(low, int) and isinstance(high, int)):
            return
        nest = NestBuilder(parallel(shape_of(op.result)))
        x = nest.load(op.input, nest.dims)
        rewriter.replace(op, nest.finish(clip(nest, x, low, high), op))


def clip(nest: NestBuilder, value: SSAValue, low: int, high: int) -> SSAValue:
    return nest.binary(arith.MinSIOp, nest.binary(arith.MaxSIOp, value, low), high)
