"""Elementwise ops of `graph`, with one operand or several."""

from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.interpreter import Interpreter, InterpreterFunctions, impl

from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.graph import (
    AddOp,
    BinaryOp,
    CastOp,
    ClipOp,
    CompareOp,
    Comparison,
    DivOp,
    Function,
    LeakyReluOp,
    MaxOp,
    MinOp,
    MulOp,
    PowOp,
    ReluOp,
    SubOp,
    UnaryOp,
    WhereOp,
)
from nopt.dialects.interpreters.erf import erf
from nopt.dialects.interpreters.results import is_float, result


def _power(a: Array, b: Array) -> Array:
    """numpy has one function for arrays without gaps and another, with other last bits, for
    those with; which one must not depend on where an array came from."""
    return np.power(*(np.asarray(x, order="C") for x in np.broadcast_arrays(a, b)))


_BINARY: dict[type[BinaryOp], Callable[[Array, Array], Array]] = {
    AddOp: np.add,
    DivOp: np.divide,
    MaxOp: np.maximum,
    MinOp: np.minimum,
    MulOp: np.multiply,
    PowOp: _power,
    SubOp: np.subtract,
}

_COMPARISONS: dict[Comparison, Callable[[Array, Array], Array]] = {
    Comparison.EQ: np.equal,
    Comparison.NE: np.not_equal,
    Comparison.LT: np.less,
    Comparison.LE: np.less_equal,
    Comparison.GT: np.greater,
    Comparison.GE: np.greater_equal,
}


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _gelu(x: Array) -> Array:
    return x / 2 * (1 + erf(x * x.dtype.type(0.5**0.5)))


def _gelu_tanh(x: Array) -> Array:
    inner = x.dtype.type((2 / np.pi) ** 0.5) * (x + x.dtype.type(0.044715) * x * x * x)
    return x / 2 * (1 + np.tanh(inner))


_FUNCTIONS: dict[Function, Callable[[Array], Array]] = {
    Function.ABS: np.abs,
    Function.CEIL: np.ceil,
    Function.COS: np.cos,
    Function.ERF: erf,
    Function.EXP: np.exp,
    Function.FLOOR: np.floor,
    Function.GELU: _gelu,
    Function.GELU_TANH: _gelu_tanh,
    Function.HARD_SWISH: lambda x: x * np.clip(x + 3, 0, 6) / 6,
    Function.LOG: np.log,
    Function.NEG: np.negative,
    Function.RECIPROCAL: np.reciprocal,
    Function.ROUND: np.rint,
    Function.SIGMOID: _sigmoid,
    Function.SILU: lambda x: x * _sigmoid(x),
    Function.SIN: np.sin,
    Function.SOFTPLUS: lambda x: np.logaddexp(x, x.dtype.type(0)),
    Function.SQRT: np.sqrt,
    Function.TANH: np.tanh,
}


def _quiet() -> np.errstate:
    """Floats overflow to infinity and fail to NaN, integers wrap, as defined: no warnings."""
    return np.errstate(all="ignore")


def _saturated(x: Array, dtype: np.dtype[Any]) -> Array:
    """Floats towards zero, as integers; NaN is 0."""
    limits = np.iinfo(dtype)
    whole = np.trunc(np.nan_to_num(x.astype(np.float64), nan=0.0))
    with _quiet():
        inside = whole.astype(np.int64)
    # The largest i64 is no float64; its neighbour above is.
    least = np.where(whole < limits.min, limits.min, inside)
    return np.where(whole >= float(limits.max), limits.max, least)


class ElementwiseFunctions(InterpreterFunctions):
    """Ops element by element."""

    def _binary(
        self, interpreter: Interpreter, op: BinaryOp, args: tuple[Array, Array]
    ) -> tuple[Array]:
        (a,), (b,) = (result(op, arg) for arg in args)
        with _quiet():
            return result(op, _BINARY[type(op)](a, b))

    add = impl(AddOp)(_binary)
    div = impl(DivOp)(_binary)
    max = impl(MaxOp)(_binary)
    min = impl(MinOp)(_binary)
    mul = impl(MulOp)(_binary)
    pow = impl(PowOp)(_binary)
    sub = impl(SubOp)(_binary)

    @impl(ReluOp)
    def relu(self, interpreter: Interpreter, op: ReluOp, args: tuple[Array]) -> tuple[Array]:
        return result(op, np.maximum(args[0], 0))

    @impl(ClipOp)
    def clip(self, interpreter: Interpreter, op: ClipOp, args: tuple[Array]) -> tuple[Array]:
        return result(op, np.clip(args[0], *op.bounds))

    @impl(LeakyReluOp)
    def leaky_relu(
        self, interpreter: Interpreter, op: LeakyReluOp, args: tuple[Array]
    ) -> tuple[Array]:
        (x,) = args
        return result(op, np.where(x > 0, x, x * x.dtype.type(op.slope.value.data)))

    @impl(UnaryOp)
    def unary(self, interpreter: Interpreter, op: UnaryOp, args: tuple[Array]) -> tuple[Array]:
        with _quiet():
            return result(op, _FUNCTIONS[op.kind.data](np.asarray(args[0], order="C")))

    @impl(CastOp)
    def cast(self, interpreter: Interpreter, op: CastOp, args: tuple[Array]) -> tuple[Array]:
        (x,) = args
        dtype = numpy_type(op.result.type.element_type)
        if is_float(x) and np.issubdtype(dtype, np.integer):
            return result(op, _saturated(x, dtype))
        with _quiet():
            return result(op, x)

    @impl(CompareOp)
    def compare(
        self, interpreter: Interpreter, op: CompareOp, args: tuple[Array, Array]
    ) -> tuple[Array]:
        return result(op, _COMPARISONS[op.kind.data](*args))

    @impl(WhereOp)
    def where(
        self, interpreter: Interpreter, op: WhereOp, args: tuple[Array, Array, Array]
    ) -> tuple[Array]:
        return result(op, np.where(*args))
