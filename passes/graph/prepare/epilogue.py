"""What follows a sum of products of integers until its result has 8 bits, on any channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.builder import Builder
from xdsl.dialects.builtin import IntegerAttr, TensorType, i8
from xdsl.ir import SSAValue

from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.constants import Array, attribute_of
from nopt.dialects.graph import (
    AddOp,
    ClipOp,
    MaxOp,
    MinOp,
    MulOp,
    ReluOp,
    RequantizeOp,
    SliceOp,
    SubOp,
)
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.graph.queries import constant_of
from nopt.dialects.shaped import shape_of, tensor_of
from nopt.passes.graph.rules import constant_like

_ELEMENTWISE = (ReluOp, ClipOp, AddOp, SubOp, MulOp, MaxOp, MinOp)


def epilogue_of(root: GraphOp) -> list[GraphOp]:
    """The elementwise ops behind a convolution, up to the last one that gives 8 bits.

    Each is the only reader of the one before; those by channel have channels as axis 1."""
    chain: list[GraphOp] = []
    length = 0
    value: SSAValue = root.result
    while value.has_one_use():
        (use,) = value.uses
        user = use.operation
        by_channel = isinstance(user, RequantizeOp) and (
            user.axis is None or user.axis.value.data == 1
        )
        if not isinstance(user, GraphOp) or not (by_channel or isinstance(user, _ELEMENTWISE)):
            break
        if PLACEMENT in user.attributes or shape_of(user.result) != shape_of(root.result):
            break
        chain.append(user)
        value = user.result
        if tensor_of(value).element_type == i8:
            length = len(chain)
    return chain[:length]


def on_channels(
    build: Builder, chain: Sequence[GraphOp], root: SSAValue, value: SSAValue, channels: Array
) -> SSAValue:
    """An epilogue of `root` behind a value of any images, whose channels are some of the root's,
    in any order: what differs by channel is chosen alike. Its result."""
    before = root
    for op in chain:
        operands = [
            value if operand is before else _operand(build, operand, op, channels)
            for operand in op.operands
        ]
        properties = dict(op.properties)
        if isinstance(op, RequantizeOp) and op.axis is not None:
            for name, factor in (("multiplier", op.multipliers), ("shift", op.shifts)):
                if factor is not None and not isinstance(properties[name], IntegerAttr):
                    chosen = factor.reshape(-1)[channels].astype(np.int32)
                    properties[name] = attribute_of(chosen, name)
        type_ = TensorType(tensor_of(op.result).element_type, shape_of(value))
        new = type(op).create(operands=operands, properties=properties, result_types=[type_])
        new.location = op.location
        new.results[0].name_hint = op.result.name_hint
        before, value = op.result, build.insert(new).results[0]
    return value


def _operand(build: Builder, operand: SSAValue, op: GraphOp, channels: Array) -> SSAValue:
    """Some channels of what an elementwise op is combined with, if it differs by channel."""
    axis = channel_axis(operand, op)
    if axis < 0 or shape_of(operand)[axis] == 1:
        return operand
    if (array := constant_of(operand)) is not None:
        return constant_like(build, np.take(array, channels, axis), operand)
    return neighbours(build, operand, int(channels[0]), len(channels))


def channel_axis(operand: SSAValue, op: GraphOp) -> int:
    """The dimension of an operand that broadcasts along channels; below 0 if it has none."""
    return 1 - len(shape_of(op.result)) + len(shape_of(operand))


def neighbours(build: Builder, value: SSAValue, first: int, count: int) -> SSAValue:
    """Channels of an image that follow one another."""
    shape = [*shape_of(value)]
    if shape[1] == count:
        return value
    starts = [0, first, *[0] * (len(shape) - 2)]
    shape[1] = count
    part = build.insert(SliceOp(value, starts, shape)).result
    part.name_hint = value.name_hint
    return part
