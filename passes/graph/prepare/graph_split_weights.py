"""`graph-split-weights`: weights of 9 bits as parts of 8, summed in one product.

Weights that have a zero point, less that, may leave 8 bits: those of uint8 lie in [-255, 255]. The
core multiplies 8 bits, so what does not fit is a second part, and the product sums over both:

    sum over i of x[i] * w[i]  ==  sum over j, i of x[i] * part[j, i]

A weight of 255 takes a third one. All parts read the same input, which lies in memory once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i8, i16
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from nopt.dialects.constants import Array, load_resource_dialect
from nopt.dialects.graph import BroadcastOp, Conv2dOp, MatmulOp, ReshapeOp
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.graph.queries import constant_of
from nopt.dialects.shaped import shape_of, tensor_of
from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.graph.rules import constant_like

_I8 = np.iinfo(np.int8)

_MOST_PARTS = 3


@dataclass(frozen=True)
class GraphSplitWeightsPass(ModulePass):
    """Write convolutions and products by constants of 9 bits as such by constants of 8."""

    name = "graph-split-weights"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        patterns = GreedyRewritePatternApplier([SplitConv(), SplitMatmul()])
        PatternRewriteWalker(patterns, apply_recursively=False).rewrite_module(op)
        erase_dead_code(op)


class SplitConv(RewritePattern):
    """The parts follow one another in the channels of each group."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Conv2dOp, rewriter: PatternRewriter):
        if (parts := _parts(op.input, op.weight)) is None:
            return
        x = _repeated(rewriter, op, op.input, 1, shape_of(op.weight)[1], len(parts))
        weight = constant_like(rewriter, np.concatenate(parts, 1), op.weight)
        options = {
            "strides": op.strides.get_values(),
            "pads": op.pads.get_values(),
            "dilations": op.dilations.get_values(),
        }
        _replace(rewriter, op, Conv2dOp(x, weight, **options, groups=op.groups.value.data))


class SplitMatmul(RewritePattern):
    """The parts follow one another along what is summed over."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MatmulOp, rewriter: PatternRewriter):
        if (parts := _parts(op.lhs, op.rhs)) is None or len(shape_of(op.rhs)) != 2:
            return
        transpose_a, transpose_b = op.transpose_a is not None, op.transpose_b is not None
        axis = len(shape_of(op.lhs)) - (2 if transpose_a else 1)
        x = _repeated(rewriter, op, op.lhs, axis, shape_of(op.lhs)[axis], len(parts))
        weight = constant_like(rewriter, np.concatenate(parts, int(transpose_b)), op.rhs)
        product = MatmulOp(x, weight, transpose_a=transpose_a, transpose_b=transpose_b)
        _replace(rewriter, op, product)


def _parts(x: SSAValue, weight: SSAValue) -> list[Array] | None:
    """Parts of 8 bits; None if what is multiplied is of other types, or needs too many."""
    values = constant_of(weight)
    if values is None or tensor_of(x).element_type != i8 or tensor_of(weight).element_type != i16:
        return None
    parts = [np.clip(values, _I8.min, _I8.max)]
    while (rest := values - sum(parts)).any():
        if len(parts) == _MOST_PARTS:
            return None
        parts.append(np.clip(rest, _I8.min, _I8.max))
    return [part.astype(np.int8) for part in parts]


def _repeated(
    rewriter: PatternRewriter, at: GraphOp, x: SSAValue, axis: int, length: int, count: int
) -> SSAValue:
    """A tensor with each run of `length` indices along an axis `count` times."""
    if count == 1:
        return x
    before, size, after = shape_of(x)[:axis], shape_of(x)[axis], shape_of(x)[axis + 1 :]
    runs = size // length
    apart = rewriter.insert(ReshapeOp(x, [*before, runs, 1, length, *after]))
    often = rewriter.insert(BroadcastOp(apart.result, [*before, runs, count, length, *after]))
    joined = rewriter.insert(ReshapeOp(often.result, [*before, size * count, *after]))
    joined.result.name_hint = x.name_hint
    for each in (apart, often, joined):
        each.location = at.location
    return joined.result


def _replace(rewriter: PatternRewriter, op: GraphOp, by: GraphOp) -> None:
    by.location = op.location
    by.attributes.update(op.attributes)
    by.result.name_hint = op.result.name_hint
    rewriter.replace(op, by)
