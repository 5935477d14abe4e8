"""What a function must be to become a program; complaints are about the op that is not so."""

from __future__ import annotations

from xdsl.dialects.builtin import DYNAMIC_INDEX, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue

from nopt.dialects import isa
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.shaped import is_tensor
from nopt.passes.base.machine import ATTRIBUTE
from nopt.passes.base.placement import is_on_core
from nopt.passes.base.places import about

_DIALECTS = ("affine_nest", "graph", "isa")
"""What runs on the core, or on the host by an interpreter."""


class AssembleError(ValueError):
    """A module that is no program: not lowered to `isa`, or without a function to run."""


def find_function(module: ModuleOp, entry: str) -> FuncOp:
    """Function `entry`; for `main`, the only one will do. Raises AssembleError if there is none."""
    functions = [op for op in module.ops if isinstance(op, FuncOp)]
    named = [op for op in functions if op.sym_name.data == entry]
    if named or (entry == "main" and len(functions) == 1):
        return (named or functions)[0]
    found = ", ".join(f"@{op.sym_name.data}" for op in functions) or "none"
    other = " or a single function" if entry == "main" else ""
    raise AssembleError(f"expected a function @{entry}{other}, found {found}")


def check_program(module: ModuleOp, function: FuncOp) -> None:
    """Raise, about the op, what keeps a function from being assembled."""
    with about(function):
        if len(function.body.blocks) != 1:
            found = f"{len(function.body.blocks)} blocks" if function.body.blocks else "no body"
            raise AssembleError(f"found {found}, expected one block: a program has no branches")
        for argument in function.body.block.args:
            _check_tensor(argument)
    for op in function.body.block.ops:
        with about(op):
            _check_op(op)
    lowered = any(isinstance(op, isa.KernelOp) for op in function.body.block.ops)
    if not lowered and ATTRIBUTE not in module.attributes:
        raise AssembleError("found no isa.kernel and no machine, expected the result of -p vta")


def _check_op(op: Operation) -> None:
    if op.name == "tensor_intrinsic.kernel":
        raise AssembleError("expected isa.kernel; run convert-tensor-intrinsic-to-isa first")
    if isinstance(op, ForOp) and is_on_core(op):
        raise AssembleError("expected isa.kernel for what is placed on the core; run -p vta first")
    if op.dialect_name() not in _DIALECTS and not isinstance(op, ReturnOp):
        raise AssembleError(f"a program has operations of {', '.join(_DIALECTS)} only")
    for result in op.results:
        _check_tensor(result)


def _check_tensor(value: SSAValue) -> None:
    if not is_tensor(value.type) or DYNAMIC_INDEX in value.type.get_shape():
        raise AssembleError(f"found {value.type}, expected a tensor of static shape")
