"""Functions take tensors as callers have them: what a function took packed, it packs first.

Programs and loops do so. The host of a program does it while it copies an argument into the core's
memory.
"""

from __future__ import annotations

from xdsl.builder import Builder
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Attribute, BlockArgument, Operation
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.affine_nest.arguments import (
    ARGUMENT_ORDER,
    PACKS,
    argument_attributes,
    arguments_of,
    set_argument_attributes,
)
from nopt.dialects.shaped import shape_of
from nopt.passes.base.places import about
from nopt.passes.layout.tensor_layouts import Layout


def with_given_arguments(module: ModuleOp) -> ModuleOp:
    """The module itself, or one like it whose functions pack their arguments themselves."""
    if not any(_packed(op) for op in module.walk()):
        return module
    module = module.clone()
    give_arguments(module)
    return module


def give_arguments(module: ModuleOp) -> None:
    """Let functions pack their arguments themselves.

    Raises, about the call, that another function of the module gives them packed."""
    given: set[str] = set()
    for function in [op for op in module.walk() if isinstance(op, FuncOp)]:
        for argument in _packed(function):
            _pack(function, argument)
            function.update_function_type()
            given.add(function.sym_name.data)
    for call in module.walk():
        if isinstance(call, CallOp) and (name := call.callee.root_reference.data) in given:
            with about(call):
                raise ValueError(f"gives @{name} what it takes packed; only callers outside can")


def _packed(op: Operation) -> list[BlockArgument]:
    arguments = arguments_of(op) if isinstance(op, FuncOp) else ()
    return [value for value in arguments if PACKS in argument_attributes(value)]


def _pack(function: FuncOp, argument: BlockArgument) -> None:
    attributes: dict[str, Attribute] = argument_attributes(argument)
    set_argument_attributes(function, argument.index, {})
    given = Rewriter.replace_value_with_new_type(argument, attributes[PACKS])
    layout = Layout.written(attributes[ARGUMENT_ORDER], shape_of(given))
    packing = layout.pack(given)
    packing.result.name_hint = given.name_hint
    packing.location = function.location
    given.replace_uses_with_if(packing.result, lambda use: use.operation.parent_op() is not packing)
    Builder(InsertPoint.at_start(function.body.blocks[0])).insert(packing)
