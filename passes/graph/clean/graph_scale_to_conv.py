"""`graph-scale-to-conv`: a factor for each channel becomes a depthwise 1x1 convolution.

The core has no vector multiplication, but a convolution in groups of one channel is a matrix
product with diagonal blocks. What follows no convolution (pre-activation networks normalize first)
so still runs there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import DenseResourceAttr, ModuleOp
from xdsl.passes import ModulePass

from nopt.dialects.constants import attribute_of
from nopt.dialects.graph import ConstantOp, Conv2dOp, MulOp
from nopt.dialects.graph.queries import splat_of
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.graph.types import FLOATS
from nopt.dialects.shaped import shape_of
from nopt.passes.graph.rules import apply_rules


def convolve(op: MulOp) -> Replacement:
    """x * c with a constant of shape [C, 1, 1]; a factor that all channels share stays."""
    shape = shape_of(op.result)
    if len(shape) != 4 or op.lhs.type != op.result.type:
        return None
    if op.result.type.element_type not in FLOATS or not isinstance(op.rhs.owner, ConstantOp):
        return None
    factor, attr = op.rhs.owner.array, op.rhs.owner.value
    aligned = factor.reshape((1,) * (4 - factor.ndim) + factor.shape)
    if aligned.size != aligned.shape[1] or splat_of(op.rhs) is not None:
        return None
    name = attr.resource_handle.data if isinstance(attr, DenseResourceAttr) else "weights"
    weights = ConstantOp(attribute_of(np.reshape(factor, (-1, 1, 1, 1)), name))
    weights.result.name_hint = op.rhs.name_hint
    return [weights, Conv2dOp(op.lhs, weights, groups=shape[1])]


@dataclass(frozen=True)
class GraphScaleToConvPass(ModulePass):
    """Multiply channels by constants as depthwise convolutions, which the core runs."""

    name = "graph-scale-to-conv"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rules(ctx, op, [Rule(MulOp, convolve)])
