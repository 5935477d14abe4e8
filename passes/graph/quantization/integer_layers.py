"""What becomes integer: which tensors, and which ops are one layer on the core."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from xdsl.dialects.builtin import TensorType, f32
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from nopt.dialects import graph
from nopt.dialects.constants import Array
from nopt.passes.base.placement import is_on_host

COPIES = (graph.ConcatOp, graph.PadOp, graph.ReshapeOp, graph.SliceOp, graph.TransposeOp)
"""Ops that the host does on floats as well: on integers only for one that wants these."""
AVERAGES = (graph.AvgPoolOp, graph.GlobalAvgPoolOp)
"""Ops whose result says nothing about the range of what they read. All other movers give the same
whether what they read is rounded and clipped, or what they give."""
MOVERS = (*COPIES, *AVERAGES, graph.ClipOp, graph.MaxPoolOp, graph.ReluOp)
"""Ops that work on integers as they do on floats if operands and result share one scale."""

_TERMS = 1 << 16
"""So many products of integers of 8 bits stay below half of what 32 bits hold."""

Contraction: TypeAlias = graph.Conv2dOp | graph.ConvTranspose2dOp | graph.MatmulOp
Activation: TypeAlias = graph.ReluOp | graph.ClipOp


@dataclass(frozen=True)
class Layer:
    """A contraction, or an addition of two tensors, with all that is folded into it."""

    ops: tuple[Operation, ...]
    """From the contraction or addition to the op whose result the layer computes, each the only
    reader of the one before; the layer is rewritten in the place of the last."""
    bias: Array | None = None
    """One number for each output channel, or one for all."""
    skip: SSAValue | None = None
    """A tensor that is added to the biased contraction, or to the other one of an addition."""
    activation: Activation | None = None

    @property
    def root(self) -> Operation:
        return self.ops[0]

    @property
    def result(self) -> SSAValue:
        return self.ops[-1].results[0]

    @property
    def axis(self) -> int:
        """The axis of the output channels."""
        return channel_axis(self.root)


def shape_of(value: SSAValue) -> tuple[int, ...]:
    """The shape of a tensor value."""
    assert isinstance(value.type, TensorType)
    return value.type.get_shape()


def is_float_tensor(value: SSAValue) -> bool:
    """Whether a value is a tensor of f32."""
    return isinstance(value.type, TensorType) and value.type.element_type == f32


def constant_of(value: SSAValue) -> Array | None:
    """The value of a constant, None for anything else."""
    return value.owner.array if isinstance(value.owner, graph.ConstantOp) else None


def is_constant(value: SSAValue) -> bool:
    """Whether a value is a constant."""
    return isinstance(value.owner, graph.ConstantOp)


def channel_axis(op: Operation) -> int:
    """The axis of a contraction's output channels."""
    return len(shape_of(op.results[0])) - 1 if isinstance(op, graph.MatmulOp) else 1


def input_axis(op: Operation) -> int:
    """The axis of a contraction's input channels."""
    if isinstance(op, graph.MatmulOp):
        return len(shape_of(op.lhs)) - (2 if op.transpose_a is not None else 1)
    return 1


def has_weights(op: Operation) -> bool:
    """Whether a contraction has constant weights, with one scale for each output channel."""
    if isinstance(op, graph.Conv2dOp | graph.ConvTranspose2dOp):
        return is_constant(op.weight)
    return isinstance(op, graph.MatmulOp) and is_constant(op.rhs) and len(shape_of(op.rhs)) == 2


def is_contraction(op: Operation) -> bool:
    """Whether an op is a contraction of floats that the core can compute on integers."""
    if not isinstance(op, Contraction) or not is_float_tensor(op.result) or _on_host(op):
        return False
    if has_weights(op):
        return True
    inner = -2 if isinstance(op, graph.MatmulOp) and op.transpose_a is not None else -1
    return isinstance(op, graph.MatmulOp) and shape_of(op.lhs)[inner] < _TERMS


def is_sum(op: Operation) -> bool:
    """Whether an op adds two tensors of one shape, neither of them constant."""
    return (
        isinstance(op, graph.AddOp)
        and is_float_tensor(op.result)
        and not _on_host(op)
        and all(operand.type == op.result.type for operand in op.operands)
        and not any(is_constant(operand) for operand in op.operands)
    )


def is_mover(op: Operation) -> bool:
    """Whether an op moves, compares or averages floats."""
    return isinstance(op, MOVERS) and is_float_tensor(op.results[0]) and not _on_host(op)


def _on_host(op: Operation) -> bool:
    """Whether a person has placed the op on the host."""
    return is_on_host(op)


def only_user(value: SSAValue) -> Operation | None:
    """The op that reads a value once, if no other op does."""
    uses = list(value.uses)
    return uses[0].operation if len(uses) == 1 else None


def _bias(op: Operation) -> tuple[SSAValue, Array] | None:
    """The contraction's result and the constant for each channel that an op adds to it."""
    if not isinstance(op, graph.AddOp) or _on_host(op):
        return None
    for value, other in (op.operands, reversed(op.operands)):
        root = value.owner
        while isinstance(root, graph.AddOp) and (inner := _bias(root)) is not None:
            root = inner[0].owner
        if not (isinstance(root, Operation) and is_contraction(root)):
            continue
        if not is_constant(other) or only_user(value) is None or value.type != op.result.type:
            continue
        rank, axis = len(shape_of(value)), channel_axis(root)
        shape = shape_of(other)
        sizes = (1,) * (rank - len(shape)) + shape
        if all(size == 1 for i, size in enumerate(sizes) if i != axis):
            array = constant_of(other)
            assert array is not None
            return value, array.reshape(-1)
    return None


def integer_tensors(function: FuncOp) -> set[SSAValue]:
    """The results that integers will stand for: of contractions; of sums and movers where an
    operand is one of them, or a reader of the result wants one; of copies only if one does.

    So what is joined for the host alone, as the boxes, scores and classes of a detector, keeps
    scales of its own."""
    ops = list(function.body.block.ops)
    integer: set[SSAValue] = {op.results[0] for op in ops if is_contraction(op)}

    def wanted(value: SSAValue) -> bool:
        return any(
            is_contraction(use.operation)
            or (bool(use.operation.results) and use.operation.results[0] in integer)
            for use in value.uses
        )

    def becomes_integer(op: Operation) -> bool:
        known = [operand in integer for operand in op.operands]
        if is_sum(op):
            return all(known) or (any(known) and wanted(op.results[0]))
        if is_mover(op):
            return wanted(op.results[0]) or (any(known) and not isinstance(op, COPIES))
        bias = _bias(op)
        return bias is not None and bias[0] in integer

    count = -1
    while count != len(integer):
        count = len(integer)
        for op in (*ops, *reversed(ops)):
            if op.results and op.results[0] not in integer and becomes_integer(op):
                integer.add(op.results[0])
    return integer


def find_layers(function: FuncOp, integer: Collection[SSAValue]) -> list[Layer]:
    """The layers that compute integer tensors, in program order of their results.

    Of two contractions that a sum adds, the later takes it."""
    ops = list(function.body.block.ops)
    layers: list[Layer] = []
    taken: set[Operation] = set()
    for op in reversed(ops):
        if is_contraction(op):
            layers.append(_contraction_layer(op, integer, taken))
            taken |= set(layers[-1].ops)
    for op in ops:
        if is_sum(op) and op.results[0] in integer and op not in taken:
            layers.append(_with_activation(Layer((op,), skip=op.operands[1])))
    order = {op: index for index, op in enumerate(ops)}
    return sorted(layers, key=lambda layer: order[layer.ops[-1]])


def _contraction_layer(
    op: Operation, integer: Collection[SSAValue], taken: Collection[Operation]
) -> Layer:
    layer = Layer((op,))
    while (user := only_user(layer.result)) is not None and (bias := _bias(user)) is not None:
        total = bias[1].astype(np.float64) + (0 if layer.bias is None else layer.bias)
        layer = Layer((*layer.ops, user), total)
    is_free_sum = user is not None and is_sum(user) and user not in taken
    if user is not None and is_free_sum and user.results[0] in integer and has_weights(op):
        (skip,) = [operand for operand in user.operands if operand != layer.result]
        layer = Layer((*layer.ops, user), layer.bias, skip)
    return _with_activation(layer)


def _with_activation(layer: Layer) -> Layer:
    user = only_user(layer.result)
    if isinstance(user, graph.ReluOp | graph.ClipOp) and is_mover(user):
        return replace(layer, ops=(*layer.ops, user), activation=user)
    return layer
