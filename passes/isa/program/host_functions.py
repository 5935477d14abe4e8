"""What runs on the host: functions of a module of their own, printed into the program file."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region, SSAValue

from nopt.dialects.graph import ConstantOp
from nopt.dialects.printing import ModulePrinter
from nopt.passes.isa.program.phases import tensors_read


class HostFunctions:
    """The host module, one function for each host step."""

    def __init__(self) -> None:
        self.module = ModuleOp([])
        self._count = 0

    def add(
        self, ops: Sequence[Operation], inputs: Sequence[SSAValue], outputs: Sequence[SSAValue]
    ) -> str:
        """A function of copies of the ops, with the constants that they read: its name."""
        name = f"host_{self._count}"
        self._count += 1
        block = Block(arg_types=[value.type for value in inputs])
        values: dict[SSAValue, SSAValue] = {}
        for value, argument in zip(inputs, block.args, strict=True):
            argument.name_hint = value.name_hint
            values[value] = argument
        for op in ops:
            for value in tensors_read(op):
                if isinstance(value.owner, ConstantOp) and value not in values:
                    constant = value.owner.clone()
                    block.add_op(constant)
                    values[value] = constant.result
            clone = op.clone(values)
            block.add_op(clone)
            values.update(zip(op.results, clone.results, strict=True))
        block.add_op(ReturnOp(*(values[value] for value in outputs)))
        types = ([value.type for value in inputs], [value.type for value in outputs])
        self.module.body.block.add_op(FuncOp(name, types, Region(block)))
        return name

    def text(self, ctx: Context) -> str:
        """The module as text, with the bytes of its constants."""
        stream = StringIO()
        printer = ModulePrinter(stream=stream)
        printer.print_op(self.module)
        printer.print_metadata([Builtin, *ctx.loaded_dialects])
        return stream.getvalue()
