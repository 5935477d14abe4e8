"""Networks written in Python: a method for each op of the `graph` dialect."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, get_args, get_type_hints

import numpy as np
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.utils.str_enum import StrEnum

from nopt.dialects import graph
from nopt.dialects.array_names import identifier
from nopt.dialects.constants import attribute_of, element_type, numpy_type
from nopt.dialects.graph import types as rules
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.shaped import tensor_of
from nopt.tools.errors import nearest

Operand = SSAValue | Operation | np.ndarray[Any, np.dtype[Any]] | float
"""A tensor; arrays become constants, and so do numbers, of the other operand's type."""


class GraphBuilder:
    """A function `main` of tensors, op by op.

        g = nopt.GraphBuilder()
        x = g.argument("x", (1, 16, 14, 14), "i8")
        y = g.requantize(g.relu(g.conv2d(x, weights, pads=1)), shift=7)
        g.result(y)
        program = nopt.compile(g)

    A method's parameters are those of the op's class, as `help(g.conv2d)` says. Operands may be
    arrays, or numbers of the other operand's type. One number stands for all of a list that has a
    default, and for both sides of a kernel; `"i8"` stands for an element type, which is what
    `quantize`, `requantize` and `cast` make if it is not given. Ops verify at once: VerifyException
    says what was found and expected.
    """

    def __init__(self) -> None:
        self._block = Block()
        self._function = FuncOp("main", ((), ()), Region(self._block))
        self._module = ModuleOp([self._function])

    @property
    def module(self) -> ModuleOp:
        """The module so far. Raises ValueError before `result`."""
        if not isinstance(self._block.last_op, ReturnOp):
            raise ValueError("the graph has no result yet, expected g.result(…) first")
        return self._module

    def argument(self, name: str, shape: Sequence[int], dtype: str = "f32") -> SSAValue:
        """An input of the function, of an element type such as "i8" or "f32"."""
        type = TensorType(_element(dtype), tuple(shape))
        value = self._block.insert_arg(type, len(self._block.args))
        value.name_hint = identifier(name)
        self._function.update_function_type()
        return value

    def constant(self, array: Any, name: str = "constant") -> SSAValue:
        """Numbers that are known: weights, a bias."""
        return self._add(graph.ConstantOp(attribute_of(np.asarray(array), name)), name)

    def result(self, *values: SSAValue) -> None:
        """Return tensors; the graph is complete then."""
        if isinstance(self._block.last_op, ReturnOp):
            raise ValueError("the graph has its results already")
        self._block.add_op(ReturnOp(*values))
        self._function.update_function_type()
        self._module.verify()

    def _add(self, op: Operation, name: str | None = None) -> SSAValue:
        op.verify()
        self._block.add_op(op)
        (result,) = op.results
        result.name_hint = name and identifier(name)
        return result

    def __getattr__(self, name: str) -> Callable[..., SSAValue]:
        cls = _ops().get(name)
        if cls is None:
            raise AttributeError(f"graph has no op '{name}'{nearest(name, _ops())}")

        def add(*operands: Any, name: str | None = None, **properties: Any) -> SSAValue:
            return self._add(self._made(cls, operands, properties), name)

        # `help` and editors read these.
        add.__name__, add.__doc__ = name, cls.__doc__
        add.__signature__ = inspect.signature(cls.__init__)  # pyright: ignore[reportFunctionMemberAccess]
        return add

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_ops()})

    def _made(self, cls: type[GraphOp], given: Sequence[Any], named: dict[str, Any]) -> GraphOp:
        signature = inspect.signature(cls.__init__)
        element = signature.parameters.get("element_type")
        if element is not None and element.default is element.empty and len(given) == 1:
            # What the core computes with.
            named = {"element_type": "i8", **named}
        bound = signature.bind(None, *given, **named)
        hints = get_type_hints(cls.__init__)
        like = next((each for each in bound.args if isinstance(each, SSAValue)), None)
        arguments = {
            key: self._converted(cls, key, hints[key], value, like)
            for key, value in bound.arguments.items()
            if key != "self"
        }
        return cls(**arguments)

    def _converted(
        self, cls: type[GraphOp], key: str, hint: Any, value: Any, like: SSAValue | None
    ) -> Any:
        """A parameter as the op's class takes it."""
        if key in _operands(cls):
            if isinstance(value, list | tuple):
                return [self._operand(each, like) for each in value]
            return self._operand(value, like)
        if hint == Sequence[int] and isinstance(value, int):
            default = inspect.signature(cls.__init__).parameters[key].default
            usual = 2 if key == "kernel" else 1
            return (value,) * (len(default) if isinstance(default, tuple) else usual)
        if isinstance(value, str):
            for kind in (hint, *get_args(hint)):
                if isinstance(kind, type) and issubclass(kind, StrEnum):
                    return kind(value)
            return _element(value)
        return value

    def _operand(self, value: Operand, like: SSAValue | None) -> SSAValue:
        if isinstance(value, SSAValue | Operation):
            return SSAValue.get(value)
        array = np.asarray(value)
        if not isinstance(value, np.ndarray) and like is not None:
            dtype = numpy_type(tensor_of(like).element_type)
            cast = array.astype(dtype)
            if dtype.kind != "f" and not np.array_equal(cast, array):
                raise ValueError(f"{value} is no {dtype}, which the other operand holds")
            array = cast
        return self.constant(array)


@cache
def _ops() -> dict[str, type[GraphOp]]:
    """The ops of the dialect by name, without constants, which have a method."""
    found = [op for op in graph.Graph.operations if issubclass(op, GraphOp)]
    names = {op.name.removeprefix("graph."): op for op in found}
    return {name: op for name, op in names.items() if name != "constant"}


def _operands(cls: type[GraphOp]) -> set[str]:
    return {name for name, _ in cls.get_irdl_definition().operands}


def _element(name: str) -> Attribute:
    """An element type by its name in MLIR, or in numpy. Raises ValueError for an unknown one."""
    types = {str(each): each for each in rules.ANY}
    try:
        return types[name] if name in types else element_type(np.dtype(name))
    except TypeError:
        known = ", ".join(types)
        raise ValueError(f"unknown element type '{name}', expected one of {known}") from None
