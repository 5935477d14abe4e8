"""`convert-own-to-graph`: the op by ops that nopt compiles: a sum in 32 bits, shifted."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i8, i32
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from nopt.dialects.graph import AddOp, RequantizeOp
from own_op.dialect import MeanOp


class _Mean(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MeanOp, rewriter: PatternRewriter) -> None:
        total = AddOp(op.lhs, op.rhs, i32)
        rewriter.replace_op(op, [total, RequantizeOp(total, i8, 1)])


@dataclass(frozen=True)
class ConvertOwnToGraphPass(ModulePass):
    """Replace ops of `own` by ops of `graph`."""

    name = "convert-own-to-graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(_Mean()).rewrite_module(op)
