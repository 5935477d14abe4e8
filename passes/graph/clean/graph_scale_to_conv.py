"""`graph-scale-to-conv`: a factor for each channel becomes a depthwise 1x1 convolution.

The core has no vector multiplication, but a convolution in groups of one channel is a matrix
product with diagonal blocks. What follows no convolution (pre-activation networks normalize first)
so still runs there. Between ops that stay float a product stays, too: integers would round it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import DenseResourceAttr, ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from nopt.dialects.constants import attribute_of
from nopt.dialects.graph import AddOp, ConstantOp, Conv2dOp, MulOp
from nopt.dialects.graph.queries import splat_of
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.graph.types import FLOATS
from nopt.dialects.shaped import shape_of
from nopt.passes.graph.quantization.integer_layers import Contraction, is_mover
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
    if not _is_among_integers(op):
        return None
    name = attr.resource_handle.data if isinstance(attr, DenseResourceAttr) else "weights"
    weights = ConstantOp(attribute_of(np.reshape(factor, (-1, 1, 1, 1)), name))
    weights.result.name_hint = op.rhs.name_hint
    return [weights, Conv2dOp(op.lhs, weights, groups=shape[1])]


def _is_among_integers(op: MulOp) -> bool:
    """Whether a contraction makes what is multiplied, or reads the product: itself or by ops that
    integers go through."""
    return any(
        any(isinstance(found, Contraction) for found in _through(op, step))
        for step in (_makers, _readers)
    )


def _through(op: Operation, step: Callable[[Operation], list[Operation]]) -> Iterator[Operation]:
    """What is a step from an op, and beyond that as far as integers go through."""
    seen: set[Operation] = set()
    found = step(op)
    while found:
        each = found.pop()
        if each not in seen:
            seen.add(each)
            yield each
            if is_mover(each) or isinstance(each, AddOp):
                found += step(each)


def _makers(op: Operation) -> list[Operation]:
    return [owner for value in op.operands if isinstance(owner := value.owner, Operation)]


def _readers(op: Operation) -> list[Operation]:
    return [use.operation for use in op.results[0].uses]


@dataclass(frozen=True)
class GraphScaleToConvPass(ModulePass):
    """Multiply channels by constants as depthwise convolutions, which the core runs."""

    name = "graph-scale-to-conv"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rules(ctx, op, [Rule(MulOp, convolve)])
