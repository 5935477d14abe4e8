"""Applying rules to a whole module, and what they build."""

from collections.abc import Sequence

import numpy as np
from xdsl.builder import Builder
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
from nopt.dialects.constants import Array, attribute_of, load_resource_dialect
from nopt.dialects.graph import ConstantOp


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


def constant_like(build: Builder, array: Array, like: SSAValue) -> SSAValue:
    """A constant in place of another value, whose name it has."""
    name = like.name_hint or "constant"
    constant = build.insert(ConstantOp(attribute_of(np.ascontiguousarray(array), name)))
    constant.result.name_hint = like.name_hint
    return constant.result
