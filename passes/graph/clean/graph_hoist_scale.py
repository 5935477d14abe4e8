"""`graph-hoist-scale`: a scalar factor goes back to where weights can take it up.

The scale of attention scores, say, moves through the product of queries and keys, through the
transposes and reshapes that make the heads, and before the bias of the queries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from nopt.dialects.constants import attribute_of, numpy_type
from nopt.dialects.graph import (
    AddOp,
    ConstantOp,
    MatmulOp,
    MulOp,
    ReshapeOp,
    SliceOp,
    TransposeOp,
)
from nopt.dialects.graph.queries import splat_of
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.graph.types import FLOATS
from nopt.passes.graph.clean.weighted import weights_of
from nopt.passes.graph.rules import apply_rules, with_operand


def hoist(op: MulOp) -> Replacement:
    """A scalar is applied before a move, or to an operand of a product, if weights can take it."""
    inner, number = op.lhs.owner, splat_of(op.rhs)
    if number is None or op.result.type.element_type not in FLOATS or op.result.type != op.lhs.type:
        return None
    if not isinstance(inner, Operation) or (position := _towardsweights_of(op.lhs)) is None:
        return None
    dtype = numpy_type(op.result.type.element_type)
    scalar = ConstantOp(attribute_of(np.array(number, dtype), "scale"))
    scalar.result.name_hint = op.rhs.name_hint
    source = inner.operands[position]
    scaled = MulOp(source, scalar)
    scaled.result.name_hint = source.name_hint and f"{source.name_hint}_scaled"
    return [scalar, scaled, with_operand(inner, position, scaled.result)]


def _towardsweights_of(value: SSAValue) -> int | None:
    """Which operand of the op behind a value to scale, so that weights can take up the scale."""
    op = value.owner
    if not value.has_one_use():
        return None
    if isinstance(op, ReshapeOp | TransposeOp | SliceOp):
        candidates = [0]
    elif isinstance(op, MatmulOp) and weights_of(op) is None:
        candidates = [0, 1]
    else:
        return None
    return next((i for i in candidates if _takes_scale(op.operands[i])), None)


def _takes_scale(value: SSAValue) -> bool:
    """Whether a scalar that multiplies the value can end in weights."""
    op = value.owner
    if not value.has_one_use() or not isinstance(op, Operation):
        return False
    if isinstance(op, AddOp | MulOp):
        return isinstance(op.rhs.owner, ConstantOp) and _takes_scale(op.lhs)
    return weights_of(op) is not None or _towardsweights_of(value) is not None


@dataclass(frozen=True)
class GraphHoistScalePass(ModulePass):
    """Move scalar factors before moves and products of activations, if weights can take them up."""

    name = "graph-hoist-scale"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rules(ctx, op, [Rule(MulOp, hoist)])
