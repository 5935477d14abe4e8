"""Running a function op by op, so that every tensor can be looked at and none is kept too long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.interpreter import Interpreter
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import ConstantOp
from nopt.dialects.interpreters.graph import GraphFunctions
from nopt.passes.base.places import about

Watch = Callable[[SSAValue, Array], None]


def network_of(module: ModuleOp) -> FuncOp:
    """The one function with a body that has `graph` ops.

    Raises ValueError if there is none, or several."""
    functions = [op for op in module.ops if isinstance(op, FuncOp) and not op.is_declaration]
    networks = [
        function
        for function in functions
        if any(op.dialect_name() == "graph" for op in function.body.block.ops)
    ]
    if len(networks) != 1:
        raise ValueError(f"the module has {len(networks)} functions of graph ops, expected one")
    return networks[0]


class GraphRun:
    """A function of `graph` ops, to be run on several samples; its constants are decoded once."""

    def __init__(self, function: FuncOp):
        self.function = function
        self._block = function.body.block
        self._interpreter = Interpreter(ModuleOp([]))
        self._interpreter.register_implementations(GraphFunctions())
        self._constants: dict[SSAValue, Array] = {
            op.result: op.array for op in self._block.ops if isinstance(op, ConstantOp)
        }

    def run(
        self, inputs: Sequence[Array], watch: Watch | None = None, place: str = ""
    ) -> tuple[Array, ...]:
        """The function's results; `watch` sees every input and every op's result in order.

        Inputs that an op cannot take raise an error about it, whose text begins with `place`."""
        values = dict(self._constants)
        readers = Counter(operand for op in self._block.ops for operand in op.operands)

        def define(value: SSAValue, array: Array) -> None:
            if watch is not None:
                watch(value, array)
            if readers[value]:
                values[value] = array

        for argument, array in zip(self._block.args, inputs, strict=True):
            define(argument, array)
        for op in self._block.ops:
            arguments = tuple(values[operand] for operand in op.operands)
            if isinstance(op, ReturnOp):
                return arguments
            if isinstance(op, ConstantOp):
                continue
            with about(op), np.errstate(all="ignore"):
                try:
                    results = self._interpreter.run_op(op, arguments)
                except ValueError as error:
                    reason = str(error).removeprefix(f"{op.name}: ")
                    raise ValueError(f"{place}{reason}") from error
            for operand in op.operands:
                readers[operand] -= 1
                if not readers[operand] and operand not in self._constants:
                    values.pop(operand, None)
            del arguments
            for value, array in zip(op.results, results, strict=True):
                define(value, array)
        raise ValueError(f"@{self.function.sym_name.data} has no func.return")
