"""Running a function op by op, so that every tensor can be looked at and none is kept too long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.interpreter import Interpreter
from xdsl.ir import Operation, SSAValue

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
        self,
        inputs: Sequence[Array],
        watch: Watch | None = None,
        place: str = "",
        known: Mapping[SSAValue, Array] | None = None,
    ) -> tuple[Array, ...]:
        """The function's results; `watch` sees every input and every op's result in order.

        With some values `known`, only what is still needed is run. Inputs that an op cannot take
        raise an error about it, whose text begins with `place`."""
        values = self._constants | dict(known or {})
        ops = [*self._block.ops] if known is None else self._needed(known)
        readers = Counter(operand for op in ops for operand in op.operands)

        def define(value: SSAValue, array: Array) -> None:
            if watch is not None:
                watch(value, array)
            if readers[value]:
                values[value] = array

        for argument, array in zip(self._block.args, inputs, strict=True):
            define(argument, array)
        for op in ops:
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

    def _needed(self, known: Mapping[SSAValue, Array]) -> list[Operation]:
        """The ops without which the results cannot be computed from what is known."""
        ops, wanted = list[Operation](), set[SSAValue]()
        for op in reversed([*self._block.ops]):
            if isinstance(op, ReturnOp) or not wanted.isdisjoint(op.results):
                ops.append(op)
                wanted.update(operand for operand in op.operands if operand not in known)
        return ops[::-1]


def live_at(function: FuncOp, places: Iterable[int]) -> set[SSAValue]:
    """What ops compute that is read at or behind one of some places in the function, but is there
    before."""
    place_of = {op: place for place, op in enumerate(function.body.block.ops)}
    found, ends = set[SSAValue](), [*places]
    for op, place in place_of.items():
        for result in () if isinstance(op, ConstantOp) else op.results:
            last = max((place_of[use.operation] for use in result.uses), default=place)
            if any(place < end <= last for end in ends):
                found.add(result)
    return found


def unchanged(function: FuncOp, former: Iterable[SSAValue]) -> set[SSAValue]:
    """Values, of those that a function had before a rewrite, which it still computes as then."""
    before, same = set(former), set[SSAValue](function.body.block.args)
    for op in function.body.block.ops:
        if before.issuperset(op.results) and same.issuperset(op.operands):
            same.update(op.results)
    return same
