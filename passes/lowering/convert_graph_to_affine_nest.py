"""`convert-graph-to-affine-nest`: each `graph` op becomes one nest of the same meaning.

Ops without a pattern stay, and so do convolutions, products, clips and means of floats, and what is
placed on the host: it runs them as they are. Joined tensors are written piece by piece into one.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
)

from nopt.dialects.constants import load_resource_dialect
from nopt.passes.base.placement import is_on_host
from nopt.passes.lowering.graph_nests.contraction_nests import Conv2d, ConvTranspose2d, Matmul
from nopt.passes.lowering.graph_nests.elementwise_nests import Binary, Clip, Relu
from nopt.passes.lowering.graph_nests.move_nests import Reshape, Transpose
from nopt.passes.lowering.graph_nests.piece_nests import (
    Broadcast,
    Concat,
    Gather,
    Pad,
    Slice,
    share_prefixes,
)
from nopt.passes.lowering.graph_nests.pool_nests import AvgPool, GlobalAvgPool, MaxPool
from nopt.passes.lowering.graph_nests.requantize_nests import Requantize


@dataclass(frozen=True)
class ConvertGraphToAffineNestPass(ModulePass):
    """Turn each graph op into one affine_nest nest; constants stay, and what the host runs.

    With `floats`, convolutions and products of floats are nests, too, whose sums are in the order
    of their loops.
    """

    name = "convert-graph-to-affine-nest"
    level = "affine_nest"

    floats: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        share_prefixes(op)
        patterns: list[RewritePattern] = [
            AvgPool(),
            Binary(),
            Broadcast(),
            Clip(),
            Concat(),
            Conv2d(self.floats),
            Gather(),
            ConvTranspose2d(self.floats),
            GlobalAvgPool(),
            Matmul(self.floats),
            MaxPool(),
            Pad(),
            Relu(),
            Requantize(),
            Reshape(),
            Slice(),
            Transpose(),
        ]
        walker = PatternRewriteWalker(_NotOnHost(patterns), apply_recursively=False)
        walker.rewrite_module(op)


class _NotOnHost(GreedyRewritePatternApplier):
    """All but the ops that a partition, or a person, placed on the host."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if not is_on_host(op):
            super().match_and_rewrite(op, rewriter)
