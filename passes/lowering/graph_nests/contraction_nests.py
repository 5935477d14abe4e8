"""Convolutions and matrix products: of integers, and of floats if that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import i32
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from nopt.dialects import graph
from nopt.dialects.affine_nest import ForOp, Reduction
from nopt.dialects.affine_nest.builder import NestBuilder, Place
from nopt.dialects.constants import attribute_of, numpy_type
from nopt.dialects.shaped import shape_of, tensor_of
from nopt.passes.lowering.graph_nests.nest_shapes import gives_integers, is_float, parallel


@dataclass
class Conv2d(RewritePattern):
    floats: bool = False

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.Conv2dOp, rewriter: PatternRewriter):
        if self.floats or gives_integers(op):
            top, left, _, _ = op.pads.get_values()
            strides = op.strides.get_values()
            rewriter.replace(op, _convolution(op, op.input, op.weight, strides, (top, left)))


@dataclass
class ConvTranspose2d(RewritePattern):
    """A convolution with the kernel turned around, of the input with zeros between its pixels."""

    floats: bool = False

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.ConvTranspose2dOp, rewriter: PatternRewriter):
        if not (self.floats or gives_integers(op)):
            return
        top, left, _, _ = op.pads.get_values()
        kernel, dilations = shape_of(op.weight)[2:], op.dilations.get_values()
        reach = [(size - 1) * dilation for size, dilation in zip(kernel, dilations, strict=True)]
        pads = (reach[0] - top, reach[1] - left)
        x, weight = _spread(op, rewriter), _turned(op, rewriter)
        rewriter.replace(op, _convolution(op, x, weight, (1, 1), pads))


def _convolution(
    op: graph.Conv2dOp | graph.ConvTranspose2dOp,
    input: SSAValue,
    weights: SSAValue,
    strides: Sequence[int],
    pads: tuple[int, int],
) -> ForOp:
    """The nest of a convolution with dilations and groups of `op`; pads are (top, left)."""
    batch, channels, height, width = shape_of(op.result)
    _, inputs, kernel_height, kernel_width = shape_of(weights)
    dilation_h, dilation_w = op.dilations.get_values()
    group_outputs = channels // op.groups.value.data
    nest = NestBuilder(
        {"n": batch, "o": channels, "h": height, "w": width},
        {"i": inputs, "kh": kernel_height, "kw": kernel_width},
    )
    n, o, h, w, i, kh, kw = nest.dims
    channel = (o // group_outputs) * inputs + i
    row = h * strides[0] + kh * dilation_h - pads[0]
    column = w * strides[1] + kw * dilation_w - pads[1]
    x = nest.load(input, [n, channel, row, column], 0)
    weight = nest.load(weights, [o, i, kh, kw])
    return nest.finish(sum_of_products(nest, x, weight), op)


def _turned(op: graph.ConvTranspose2dOp, rewriter: PatternRewriter) -> SSAValue:
    """The weights [C, O / groups, KH, KW] as [O, C / groups, KH, KW], the kernel turned around."""
    channels, outputs, height, width = shape_of(op.weight)
    groups = op.groups.value.data
    inputs = channels // groups
    if isinstance(op.weight.owner, graph.ConstantOp):
        by_group = op.weight.owner.array.reshape(groups, inputs, outputs, height, width)
        array = by_group.swapaxes(1, 2)[..., ::-1, ::-1].reshape(-1, inputs, height, width)
        turned: Operation = graph.ConstantOp(attribute_of(array, op.weight.name_hint or "w"))
    else:
        nest = NestBuilder({"o": groups * outputs, "i": inputs, "kh": height, "kw": width})
        o, i, kh, kw = nest.dims
        channel = (o // outputs) * inputs + i
        indices = [channel, o % outputs, -kh + (height - 1), -kw + (width - 1)]
        turned = nest.finish(nest.load(op.weight, indices))
    turned.results[0].name_hint = op.weight.name_hint
    rewriter.insert(turned)
    return turned.results[0]


def _spread(op: graph.ConvTranspose2dOp, rewriter: PatternRewriter) -> SSAValue:
    """The input with as many zeros between its pixels as the strides say."""
    vertical, horizontal = op.strides.get_values()
    if vertical == horizontal == 1:
        return op.input
    batch, channels, height, width = shape_of(op.input)
    shape = (batch, channels, (height - 1) * vertical + 1, (width - 1) * horizontal + 1)
    dtype = numpy_type(tensor_of(op.input).element_type)
    zeros = graph.ConstantOp(attribute_of(np.zeros(shape, dtype), "zeros"))
    nest = NestBuilder(parallel(shape_of(op.input)))
    n, c, h, w = nest.dims
    map = AffineMap(4, 0, (n, c, h * vertical, w * horizontal))
    place = Place(map, tensor_of(zeros.result), zeros.result)
    spread = nest.finish(nest.load(op.input, nest.dims), place=place)
    rewriter.insert([zeros, spread])
    spread.result.name_hint = op.input.name_hint
    return spread.result


@dataclass
class Matmul(RewritePattern):
    floats: bool = False

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.MatmulOp, rewriter: PatternRewriter):
        if not (self.floats or gives_integers(op)):
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
    if is_float(a.type):
        return nest.reduce(Reduction.ADD, nest.binary(arith.MulfOp, a, b))
    product = nest.binary(arith.MuliOp, nest.cast(a, i32), nest.cast(b, i32))
    return nest.reduce(Reduction.ADD, product)
