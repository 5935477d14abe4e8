"""Tensors that are to lie in memory in an order of their own: packed once, and opened for all.

A packed tensor stands between who makes it and who reads it. Who makes it on the core stores it so
(`direct_layouts`), and who reads it there reads it so (`direct_reads`). An argument of a function
that nobody calls is given so: what the caller hands over is copied into the core's memory anyway,
and that copy packs it. The function's type then says what lies there, and

    %x: tensor<8x4x16x16xi8> {affine_nest.order = affine_map<…>,
                              affine_nest.packs = tensor<128x64xi8>}

what the caller still has: interpreters and programs take that, and pack it.
"""

from __future__ import annotations

from xdsl.builder import Builder
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Attribute, Block, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.affine_nest.arguments import (
    PACKS,
    argument_attributes,
    arguments_of,
    set_argument_attributes,
)
from nopt.dialects.affine_nest.attributes import ORDER
from nopt.dialects.shaped import is_tensor
from nopt.passes.layout.tensor_orders import Order, check_orders, order_of


def open_orders(module: ModuleOp, block: int) -> None:
    """Pack each tensor that has an order, and open it for those who read it.

    Raises what is wrong with an order, about the nest or function.
    """
    for function in [op for op in module.walk() if isinstance(op, FuncOp)]:
        check_orders(function, block)
        results = [op.result for op in function.walk() if isinstance(op, ForOp)]
        for tensor in (*arguments_of(function), *results):
            if (order := order_of(tensor, block)) is not None:
                _open(tensor, order)


def _open(tensor: SSAValue, order: Order) -> None:
    owner = tensor.owner
    place = InsertPoint.at_start(owner) if isinstance(owner, Block) else InsertPoint.after(owner)
    packed = order.packed(tensor)
    opened = order.opened(packed.result, _type(tensor).get_shape())
    tensor.replace_uses_with_if(opened.result, lambda use: use.operation.parent_op() is not packed)
    for nest in (packed, opened):
        nest.result.name_hint = tensor.name_hint
        at = owner.first_op if isinstance(owner, Block) else owner
        if at is not None:
            nest.location = at.location
    Builder(place).insert([packed, opened])
    if isinstance(owner, ForOp):
        del owner.attributes[ORDER]


def _type(tensor: SSAValue) -> TensorType[Attribute]:
    assert is_tensor(tensor.type)
    return tensor.type


def give_packed(module: ModuleOp, block: int) -> None:
    """Let functions take arguments packed of which they read nothing else."""
    called = {op.callee.root_reference.data for op in module.walk() if isinstance(op, CallOp)}
    for function in [op for op in module.walk() if isinstance(op, FuncOp)]:
        if function.sym_name.data in called:
            continue
        for argument in arguments_of(function):
            order = order_of(argument, block)
            packing = _packing(argument, order) if order is not None else None
            if packing is None:
                continue
            attributes = argument_attributes(argument)
            attributes[PACKS] = argument.type
            taken = Rewriter.replace_value_with_new_type(argument, packing.result.type)
            Rewriter.replace_op(packing, [], [taken])
            set_argument_attributes(function, argument.index, attributes)
            function.update_function_type()


def _packing(argument: SSAValue, order: Order) -> ForOp | None:
    """The one reader of an argument, if that packs it in its order."""
    users = [use.operation for use in argument.uses]
    if len(users) != 1 or not isinstance(users[0], LoadOp):
        return None
    nest, wanted = users[0].nest, order.packed(argument)
    alike = isinstance(nest, ForOp) and nest.is_structurally_equivalent(wanted)
    wanted.erase()
    return nest if alike and isinstance(nest, ForOp) else None
