"""`graph-fold-shuffle`: permuted channels are computed in their new order.

A channel shuffle (reshape, transpose, reshape) moves data for nothing if what comes before it is a
convolution with its epilogue: the weights, biases and shifts of its output channels are permuted
instead. A convolution in groups then has inputs of all groups for its outputs, and is written
without groups, with zeros; the core multiplies whole blocks of channels anyway.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import DenseResourceAttr, ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from nopt.dialects.constants import Array, attribute_of
from nopt.dialects.graph import (
    AddOp,
    ClipOp,
    ConstantOp,
    Conv2dOp,
    MulOp,
    ReluOp,
    RequantizeOp,
    ReshapeOp,
)
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.graph.types import FLOATS
from nopt.dialects.shaped import shape_of
from nopt.passes.base.machine import machine_of
from nopt.passes.graph.prepare.selections import shuffle_of
from nopt.passes.graph.rules import apply_rules, with_operand


@dataclass(frozen=True)
class _Folding:
    """The rewrite for a core that multiplies blocks of `block` channels."""

    block: int

    def fold(self, op: ReshapeOp) -> Replacement:
        """The convolution and its epilogue that give the shuffled channels at once."""
        if (shuffle := shuffle_of(op)) is None or op.result.type.element_type in FLOATS:
            return None
        value, order = shuffle
        chain: list[GraphOp] = []
        while value.has_one_use() and isinstance(step := value.owner, GraphOp):
            chain.insert(0, step)
            if isinstance(step, Conv2dOp):
                return self._permuted(chain, order) if self._can_permute(step) else None
            if not _is_by_channel(step):
                return None
            value = step.operands[0]
        return None

    def _can_permute(self, op: Conv2dOp) -> bool:
        """Whether the weights are known, and no whole blocks of zeros come in."""
        outputs, inputs, *_ = shape_of(op.weight)
        groups = op.groups.value.data
        aligned = inputs % self.block == 0 and outputs // groups % self.block == 0
        return isinstance(op.weight.owner, ConstantOp) and (groups == 1 or not aligned)

    def _permuted(self, chain: list[GraphOp], order: Array) -> list[Operation]:
        new: list[Operation] = []
        value: SSAValue | None = None
        for step in chain:
            if isinstance(step, Conv2dOp):
                weights = _constant(step.weight, _without_groups(step)[order])
                conv = Conv2dOp(
                    step.input,
                    weights,
                    strides=step.strides.get_values(),
                    pads=step.pads.get_values(),
                    dilations=step.dilations.get_values(),
                )
                new += [weights, conv]
            else:
                assert value is not None
                new += _reordered(step, value, order)
            value = new[-1].results[0]
        return new


def _is_by_channel(op: GraphOp) -> bool:
    """Whether an op treats channels alike, or by constants with one element for each."""
    match op:
        case ReluOp() | ClipOp():
            return True
        case RequantizeOp():
            return op.axis is None or op.axis.value.data == 1
        case AddOp() | MulOp():
            constant = isinstance(op.rhs.owner, ConstantOp)
            return constant and shape_of(op.lhs) == shape_of(op.result)
        case _:
            return False


def _reordered(op: GraphOp, value: SSAValue, order: Array) -> list[Operation]:
    """The op applied to the value, its constants in the new order of the channels."""
    if isinstance(op, RequantizeOp):
        factors = [
            None if factor is None else factor if factor.ndim == 0 else factor.reshape(-1)[order]
            for factor in (op.shifts, op.multipliers)
        ]
        shift, multiplier = (int(f) if f is not None and f.ndim == 0 else f for f in factors)
        assert shift is not None
        axis = None if op.axis is None else 1
        return [RequantizeOp(value, op.result.type.element_type, shift, multiplier, axis)]
    if isinstance(op, AddOp | MulOp):
        constant = op.rhs.owner
        assert isinstance(constant, ConstantOp)
        array = constant.array
        if array.ndim >= 3 and array.shape[-3] > 1:
            moved = _constant(op.rhs, np.take(array, order, axis=-3))
            return [moved, type(op)(value, moved, op.result.type.element_type)]
    return [with_operand(op, 0, value)]


def _without_groups(op: Conv2dOp) -> Array:
    """The weights for all input channels."""
    assert isinstance(op.weight.owner, ConstantOp)
    weights, groups = op.weight.owner.array, op.groups.value.data
    outputs, inputs, *kernel = weights.shape
    dense = np.zeros((groups, outputs // groups, groups, inputs, *kernel), weights.dtype)
    own = np.arange(groups)
    dense[own, :, own] = weights.reshape(groups, outputs // groups, inputs, *kernel)
    return dense.reshape(outputs, groups * inputs, *kernel)


def _constant(old: SSAValue, array: Array) -> ConstantOp:
    assert isinstance(old.owner, ConstantOp)
    attr = old.owner.value
    name = attr.resource_handle.data if isinstance(attr, DenseResourceAttr) else "constant"
    constant = ConstantOp(attribute_of(np.ascontiguousarray(array), name))
    constant.result.name_hint = old.name_hint
    return constant


@dataclass(frozen=True)
class GraphFoldShufflePass(ModulePass):
    """Permute a convolution's weights instead of its integer results."""

    name = "graph-fold-shuffle"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        folding = _Folding(machine_of(op).block)
        apply_rules(ctx, op, [Rule(ReshapeOp, folding.fold)])
