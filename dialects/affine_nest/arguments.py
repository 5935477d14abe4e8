"""Arguments of functions that lie in memory in another order than the caller has them.

    %x: tensor<8x4x16x16xi8> {affine_nest.order = affine_map<…>,
                              affine_nest.packs = tensor<128x64xi8>}

The element at each index of the tensor that `packs` names is at that of the map in the argument.
Without `packs` the order is that of the argument itself: one to be packed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import AffineMapAttr, ArrayAttr, DictionaryAttr, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue
from xdsl.traits import OpTrait
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.affine_nest.orders import BadOrder, check_order, extent_of_part
from nopt.dialects.affine_points import evaluate
from nopt.dialects.constants import Array
from nopt.dialects.shaped import is_tensor

ARGUMENT_ORDER = "affine_nest.order"
"""Attribute of an argument: where in memory its elements lie, as a map."""

PACKS = "affine_nest.packs"
"""Attribute of an argument: the type of the tensor that a caller has."""

_ORDERS = (ARGUMENT_ORDER, PACKS)


def arguments_of(function: FuncOp) -> tuple[BlockArgument, ...]:
    """The arguments of a function; none if it is only declared."""
    return tuple(function.body.blocks[0].args) if function.body.blocks else ()


def function_of(value: SSAValue) -> FuncOp | None:
    """The function that has a value as its argument."""
    parent = value.block.parent_op() if isinstance(value, BlockArgument) else None
    return parent if isinstance(parent, FuncOp) else None


def argument_attributes(value: SSAValue) -> dict[str, Attribute]:
    """The attributes of a function's argument; none for other values."""
    function = function_of(value)
    if function is None or function.arg_attrs is None or not isinstance(value, BlockArgument):
        return {}
    return dict(function.arg_attrs.data[value.index].data)


def set_argument_attributes(function: FuncOp, index: int, attributes: dict[str, Attribute]) -> None:
    """Replace the attributes of a function's argument; without any, there are none."""
    each = [DictionaryAttr({}) for _ in function.function_type.inputs]
    if function.arg_attrs is not None:
        each = [*function.arg_attrs.data]
    each[index] = DictionaryAttr(attributes)
    function.arg_attrs = ArrayAttr(each) if any(one.data for one in each) else None


def drop_orders(function: FuncOp) -> None:
    """Let the arguments of a function lie in memory as their types say."""
    for index, attributes in enumerate(function.arg_attrs or ()):
        kept = {name: attr for name, attr in attributes.data.items() if name not in _ORDERS}
        set_argument_attributes(function, index, kept)


def given_type(argument: SSAValue) -> Attribute:
    """The type of what a caller gives."""
    return argument_attributes(argument).get(PACKS, argument.type)


def packed(array: Array, argument: SSAValue) -> Array:
    """What a caller gives as it lies in memory."""
    attributes = argument_attributes(argument)
    order = attributes.get(ARGUMENT_ORDER)
    if PACKS not in attributes or not isinstance(order, AffineMapAttr):
        return array
    assert is_tensor(argument.type)
    result = np.zeros(argument.type.get_shape(), array.dtype)
    grid = list(np.ogrid[tuple(slice(0, size) for size in array.shape)])
    places = [evaluate(expr, grid) for expr in order.data.results]
    result[tuple(np.broadcast_to(place, array.shape) for place in places)] = array
    return result


@dataclass(frozen=True)
class VerifiesOrdersOfArguments(OpTrait):
    """What `affine_nest` has to say about a function: the orders of its arguments are some."""

    def verify(self, op: Operation) -> None:
        assert isinstance(op, FuncOp)
        if op.arg_attrs is None:
            return
        for number, (type, attributes) in enumerate(
            zip(op.function_type.inputs, op.arg_attrs, strict=False)
        ):
            try:
                _verify_argument(type, attributes.data)
            except (BadOrder, VerifyException) as error:
                raise VerifyException(f"argument {number}: {error}") from error


FuncOp.traits.add_trait(VerifiesOrdersOfArguments())


def _verify_argument(type: Attribute, attributes: Mapping[str, Attribute]) -> None:
    order, given = attributes.get(ARGUMENT_ORDER), attributes.get(PACKS, type)
    if order is None:
        if PACKS in attributes:
            raise VerifyException(f"has {PACKS} but no {ARGUMENT_ORDER}")
        return
    if not isinstance(order, AffineMapAttr):
        raise VerifyException(f"{ARGUMENT_ORDER} is {order}, expected affine_map<…>")
    if not is_tensor(given) or not is_tensor(type):
        raise VerifyException(f"{ARGUMENT_ORDER} of {given} in {type}, expected tensors")
    shape = given.get_shape()
    check_order(order.data, shape)
    if PACKS not in attributes:
        return
    packed_shape = [extent_of_part(part, shape) for part in order.data.results]
    expected = TensorType(given.element_type, packed_shape)
    if type != expected:
        raise VerifyException(f"is {type}, expected {expected} from {given} in its order")
