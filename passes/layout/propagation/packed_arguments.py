"""Arguments that functions take packed: of which they read nothing but a pack.

What the caller of a program hands over is copied into the core's memory anyway, and that copy packs
it. The function's type then says what lies there, and

    %x: tensor<8x4x16x16xi8> {affine_nest.order = affine_map<…>,
                              affine_nest.packs = tensor<128x64xi8>}

what the caller still has: interpreters and programs take that, and pack it. Not so a function that
another one calls: that gives it what it has.
"""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import SSAValue
from xdsl.rewriter import Rewriter

from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.affine_nest.arguments import (
    PACKS,
    argument_attributes,
    arguments_of,
    set_argument_attributes,
)
from nopt.passes.layout.tensor_layouts import Layout, layout_of


def take_packed(module: ModuleOp, block: int) -> None:
    """Let functions take arguments packed of which they read nothing else."""
    called = {op.callee.root_reference.data for op in module.walk() if isinstance(op, CallOp)}
    for function in [op for op in module.walk() if isinstance(op, FuncOp)]:
        if function.sym_name.data in called:
            continue
        for argument in arguments_of(function):
            layout = layout_of(argument, block)
            packing = _packing(argument, layout) if layout is not None else None
            if packing is None:
                continue
            attributes = argument_attributes(argument)
            attributes[PACKS] = argument.type
            taken = Rewriter.replace_value_with_new_type(argument, packing.result.type)
            Rewriter.replace_op(packing, [], [taken])
            set_argument_attributes(function, argument.index, attributes)
            function.update_function_type()


def _packing(argument: SSAValue, layout: Layout) -> ForOp | None:
    """The one reader of an argument, if that packs it in its layout."""
    users = [use.operation for use in argument.uses]
    if len(users) != 1 or not isinstance(users[0], LoadOp):
        return None
    nest, wanted = users[0].nest, layout.pack(argument)
    alike = isinstance(nest, ForOp) and nest.is_structurally_equivalent(wanted)
    wanted.erase()
    return nest if alike and isinstance(nest, ForOp) else None
