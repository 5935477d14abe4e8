"""Channels in other places, with unused ones between: what reads them is rewritten for that.

An arrangement says where each channel of a tensor lies in another tensor. Convolutions and matrix
products with constant weights absorb it: they have zeros in their weights for what is unused.
Elementwise ops, pools and depthwise convolutions hand it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from xdsl.builder import Builder
from xdsl.dialects.builtin import IntegerAttr, StringAttr, TensorType, i8
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.constants import Array, attribute_of
from nopt.dialects.graph import (
    AddOp,
    AvgPoolOp,
    ClipOp,
    ConstantOp,
    Conv2dOp,
    GlobalAvgPoolOp,
    MatmulOp,
    MaxOp,
    MaxPoolOp,
    MinOp,
    MulOp,
    ReluOp,
    RequantizeOp,
    ReshapeOp,
    SubOp,
)
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.graph.queries import constant_of
from nopt.dialects.shaped import shape_of, tensor_of

_HANDS_ON = (ReluOp, ClipOp, MaxPoolOp, AvgPoolOp, GlobalAvgPoolOp)
_BINARY = (AddOp, SubOp, MulOp, MaxOp, MinOp)


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Channel c, along axis 1, is channel `positions[c]` of a tensor of `size` channels."""

    positions: Array
    size: int

    def spread(self, array: Array, axis: int, unused: int = 0) -> Array:
        """Constants along an axis in the new order."""
        shape = [*array.shape]
        shape[axis] = self.size
        result = np.full(shape, unused, array.dtype)
        index: list[slice | Array] = [slice(None)] * array.ndim
        index[axis] = self.positions
        result[tuple(index)] = array
        return result

    def of_elements(self, inner: int) -> Arrangement:
        """The arrangement of channels of `inner` elements each, that were flattened."""
        elements = self.positions[:, None] * inner + np.arange(inner)
        return Arrangement(elements.reshape(-1), self.size * inner)


def can_read(user: Operation, value: SSAValue) -> bool:
    """Whether a reader absorbs an arrangement of its input's channels, or hands it on to readers
    that do. Convolutions in groups do not: the groups would not be in order."""
    if not isinstance(user, GraphOp) or user.attributes.get(PLACEMENT) == StringAttr("host"):
        return False
    if [*user.operands].count(value) != 1:
        return False
    if _hands_on(user, value):
        readers = [use.operation for use in user.result.uses]
        return bool(readers) and all(can_read(reader, user.result) for reader in readers)
    match user:
        case Conv2dOp() if user.input is value and constant_of(user.weight) is not None:
            return user.groups.value.data == 1
        case MatmulOp() if user.lhs is value and constant_of(user.rhs) is not None:
            return len(shape_of(value)) == 2 and user.transpose_a is None
        case _:
            return False


def _hands_on(user: GraphOp, value: SSAValue) -> bool:
    shape = shape_of(value)
    if isinstance(user, _HANDS_ON):
        return True
    if isinstance(user, RequantizeOp):
        return user.axis is None or user.axis.value.data == 1
    if isinstance(user, ReshapeOp):
        return shape_of(user.result) == (shape[0], prod(shape[1:]))
    if isinstance(user, Conv2dOp):
        return user.input is value and _is_depthwise(user)
    if not isinstance(user, _BINARY):
        return False
    (other,) = [operand for operand in user.operands if operand is not value]
    return constant_of(other) is not None and shape_of(user.result) == shape


def _is_depthwise(op: Conv2dOp) -> bool:
    weights = constant_of(op.weight)
    channels = shape_of(op.input)[1]
    return weights is not None and op.groups.value.data == channels and weights.shape[0] == channels


def move(user: Operation, value: SSAValue, arranged: SSAValue, arrangement: Arrangement) -> None:
    """Let a reader that `can_read` it read the arranged tensor instead of `value`."""
    assert isinstance(user, GraphOp)
    if not _hands_on(user, value):
        new = _absorbed(user, arranged, arrangement)
        new.attributes.update(user.attributes)
        _insert(user, new)
        Rewriter.replace_op(user, [], [new.result])
        return
    new = _handed_on(user, value, arranged, arrangement)
    _insert(user, new)
    if isinstance(user, ReshapeOp):
        arrangement = arrangement.of_elements(prod(shape_of(value)[2:]))
    for use in list(user.result.uses):
        move(use.operation, user.result, new.result, arrangement)
    Rewriter.erase_op(user)


def _insert(user: GraphOp, new: GraphOp) -> None:
    new.location = user.location
    new.result.name_hint = user.result.name_hint
    Builder(InsertPoint.before(user)).insert(new)


def _constant(user: GraphOp, array: Array, like: SSAValue) -> SSAValue:
    name = like.name_hint or "constant"
    constant = ConstantOp(attribute_of(array, name))
    constant.result.name_hint = like.name_hint
    return Builder(InsertPoint.before(user)).insert(constant).result


def _absorbed(user: GraphOp, arranged: SSAValue, arrangement: Arrangement) -> GraphOp:
    """A contraction of the arranged tensor."""
    if isinstance(user, Conv2dOp):
        weights = constant_of(user.weight)
        assert weights is not None
        return Conv2dOp(
            arranged,
            _constant(user, arrangement.spread(weights, 1), user.weight),
            strides=user.strides.get_values(),
            pads=user.pads.get_values(),
            dilations=user.dilations.get_values(),
        )
    assert isinstance(user, MatmulOp)
    transposed = user.transpose_b is not None
    array = constant_of(user.rhs)
    assert array is not None
    weights = arrangement.spread(array, 1 if transposed else 0)
    return MatmulOp(arranged, _constant(user, weights, user.rhs), transpose_b=transposed)


def _handed_on(
    user: GraphOp, value: SSAValue, arranged: SSAValue, arrangement: Arrangement
) -> GraphOp:
    """The op on the arranged tensor: its result is arranged alike."""
    operands = [arranged if operand is value else operand for operand in user.operands]
    properties = dict(user.properties)
    channels = shape_of(value)[1]
    match user:
        case Conv2dOp():
            weights = constant_of(user.weight)
            assert weights is not None
            operands[1] = _constant(user, arrangement.spread(weights, 0), user.weight)
            properties["groups"] = IntegerAttr(arrangement.size, user.groups.type)
        case RequantizeOp() if user.axis is not None:
            for name, factor in (("multiplier", user.multipliers), ("shift", user.shifts)):
                if factor is None or factor.ndim == 0:
                    continue
                vector = arrangement.spread(factor.reshape(-1), 0, unused=1)
                properties[name] = attribute_of(vector.astype(np.int32), name)
        case _ if isinstance(user, _BINARY):
            (index,) = [i for i, operand in enumerate(user.operands) if operand is not value]
            operands[index] = _spread_constant(user, operands[index], value, arrangement)
        case _:
            pass
    shape = [*shape_of(user.result)]
    shape[1] = shape[1] // channels * arrangement.size
    result = TensorType(tensor_of(user.result).element_type, shape)
    return type(user).create(operands=operands, properties=properties, result_types=[result])


def _spread_constant(
    user: GraphOp, constant: SSAValue, value: SSAValue, arrangement: Arrangement
) -> SSAValue:
    """The constant operand of an elementwise op: arranged, if it varies along the channels."""
    array = constant_of(constant)
    assert array is not None
    axis = 1 - (len(shape_of(value)) - array.ndim)
    if axis < 0 or array.shape[axis] == 1:
        return constant
    return _constant(user, arrangement.spread(array, axis), constant)


def picked(arranged: SSAValue, arrangement: Arrangement, before: Operation) -> RequantizeOp:
    """The op that gives an i8 tensor itself again, by a product with zeros and ones."""
    selection = arrangement.spread(np.eye(len(arrangement.positions), dtype=np.int8), 1)
    build = Builder(InsertPoint.before(before))
    weights = build.insert(ConstantOp(attribute_of(selection[:, :, None, None], "picked")))
    sums = build.insert(Conv2dOp(arranged, weights))
    again = build.insert(RequantizeOp(sums, i8, 0))
    for op in (sums, again):
        op.location = before.location
    return again
