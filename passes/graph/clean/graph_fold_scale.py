"""`graph-fold-scale`: constants that multiply the result of a convolution or a matrix product go
into its weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import DenseResourceAttr, ModuleOp
from xdsl.passes import ModulePass

from nopt.dialects.constants import Array, attribute_of
from nopt.dialects.graph import (
    ConstantOp,
    Conv2dOp,
    ConvTranspose2dOp,
    MatmulOp,
    MulOp,
)
from nopt.dialects.graph.queries import constant_of
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.shaped import shape_of
from nopt.passes.graph.clean.weighted import Contraction, weights_of
from nopt.passes.graph.rules import apply_rules, with_operand


def _aligned(op: Contraction, operand: int, factor: Array) -> Array | None:
    """What to multiply the weights with, so that the result is multiplied by the factor."""
    shape = shape_of(op.result)
    factor = factor.reshape((1,) * (len(shape) - factor.ndim) + factor.shape)
    outputs = {Conv2dOp: 1, ConvTranspose2dOp: 1, MatmulOp: len(shape) - 2 + operand}[type(op)]
    if factor.shape[outputs] != factor.size:
        return None
    vector = np.broadcast_to(factor.reshape(-1), shape[outputs])
    weights = op.operands[operand]
    if isinstance(op, Conv2dOp):
        return vector.reshape(-1, 1, 1, 1)
    if isinstance(op, ConvTranspose2dOp):
        groups = op.groups.value.data
        inputs, own, *_ = shape_of(weights)
        by_group = np.repeat(vector.reshape(groups, own), inputs // groups, axis=0)
        return by_group.reshape(inputs, own, 1, 1)
    transposed = op.transpose_b if operand else op.transpose_a
    is_last = (operand == 1) == (transposed is None)
    return vector if is_last else vector.reshape(-1, 1)


def fold(op: MulOp) -> Replacement:
    """contraction(x, w) * c is contraction(x, w * c) for constants of one c an output channel."""
    contraction, factor = op.lhs.owner, constant_of(op.rhs)
    if factor is None or not op.lhs.has_one_use() or op.result.type != op.lhs.type:
        return None
    if not isinstance(contraction, Contraction) or (operand := weights_of(contraction)) is None:
        return None
    old = contraction.operands[operand].owner
    assert isinstance(old, ConstantOp)
    if old.array.dtype.kind != "f" or (c := _aligned(contraction, operand, factor)) is None:
        return None
    attr = old.value
    name = attr.resource_handle.data if isinstance(attr, DenseResourceAttr) else "weights"
    weights = ConstantOp(attribute_of(old.array * c, name))
    weights.result.name_hint = old.result.name_hint
    return [weights, with_operand(contraction, operand, weights.result)]


@dataclass(frozen=True)
class GraphFoldScalePass(ModulePass):
    """Fold constants that multiply results of contractions into their weights, of floats."""

    name = "graph-fold-scale"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rules(ctx, op, [Rule(MulOp, fold)])
