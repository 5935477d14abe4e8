"""Applying rules to a whole module."""

from collections.abc import Sequence

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriteWalker,
    RewritePattern,
)
from xdsl.transforms.dead_code_elimination import region_dce

from nopt.dialects.annotations import REPRESENTS
from nopt.dialects.constants import load_resource_dialect


def apply_rules(ctx: Context, module: ModuleOp, rules: Sequence[RewritePattern]) -> None:
    """Apply rules until none matches, and remove what nobody reads any more."""
    load_resource_dialect(ctx)
    pattern = GreedyRewritePatternApplier([*rules], dce_enabled=True)
    PatternRewriteWalker(pattern, post_walk_func=region_dce).rewrite_module(module)


def with_operand(op: Operation, position: int, value: SSAValue) -> Operation:
    """The op with another operand, without what was said of the tensor it gives."""
    new = op.clone()
    new.operands[position] = value
    new.attributes.pop(REPRESENTS, None)
    new.results[0].name_hint = None
    return new
