"""Operators that work element by element."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce

import numpy as np
from onnx import TensorProto, helper
from xdsl.ir import SSAValue

from nopt.dialects.constants import element_type
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
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, dtype_of, shape_of
from nopt.tools.importer.onnx_types import is_converted, stored_type, unsigned_limits
from nopt.tools.importer.readers.unsigned import as_unsigned, wrapped
from nopt.tools.importer.registry import MICROSOFT, reads

_UNARY = {
    "Ceil": Function.CEIL,
    "Cos": Function.COS,
    "Erf": Function.ERF,
    "Exp": Function.EXP,
    "Floor": Function.FLOOR,
    "HardSwish": Function.HARD_SWISH,
    "Log": Function.LOG,
    "Reciprocal": Function.RECIPROCAL,
    "Round": Function.ROUND,
    "Sigmoid": Function.SIGMOID,
    "Sin": Function.SIN,
    "Softplus": Function.SOFTPLUS,
    "Sqrt": Function.SQRT,
    "Tanh": Function.TANH,
}
_BINARY: dict[str, type[BinaryOp]] = {"Add": AddOp, "Div": DivOp, "Mul": MulOp, "Sub": SubOp}
_VARIADIC: dict[str, type[BinaryOp]] = {"Max": MaxOp, "Min": MinOp, "Sum": AddOp}
_COMPARISONS = {
    "Equal": Comparison.EQ,
    "Greater": Comparison.GT,
    "GreaterOrEqual": Comparison.GE,
    "Less": Comparison.LT,
    "LessOrEqual": Comparison.LE,
}


@reads(*_UNARY)
def unary(node: Node) -> SSAValue:
    return node.emit(UnaryOp(_UNARY[node.op], node.tensor(0)))


@reads("Gelu")
def gelu(node: Node) -> SSAValue:
    kinds = {"none": Function.GELU, "tanh": Function.GELU_TANH}
    kind = node.text("approximate", "none")
    if kind not in kinds:
        node.fail(f"attribute 'approximate' is '{kind}', expected none or tanh")
    return node.emit(UnaryOp(kinds[kind], node.tensor(0)))


@reads("Gelu", "BiasGelu", "FastGelu", domain=MICROSOFT)
def microsoft_gelu(node: Node) -> SSAValue:
    x = node.emit(AddOp(node.tensor(0), node.tensor(1))) if node.has(1) else node.tensor(0)
    return node.emit(UnaryOp(Function.GELU_TANH if node.op == "FastGelu" else Function.GELU, x))


@reads("Abs")
def absolute(node: Node) -> SSAValue:
    x = node.tensor(0)
    if _is_float(x):
        return node.emit(UnaryOp(Function.ABS, x))
    return node.emit(MaxOp(x, _negative(node, x)))


@reads("Neg")
def negative(node: Node) -> SSAValue:
    x = node.tensor(0)
    return node.emit(UnaryOp(Function.NEG, x)) if _is_float(x) else _negative(node, x)


def _negative(node: Node, x: SSAValue) -> SSAValue:
    return node.emit(SubOp(node.splat(0, x), x))


@reads("Swish")
def swish(node: Node) -> SSAValue:
    x, alpha = node.tensor(0), node.number("alpha", 1.0)
    if alpha == 1:
        return node.emit(UnaryOp(Function.SILU, x))
    scaled = node.emit(MulOp(x, node.splat(alpha, x)))
    return node.emit(MulOp(x, node.emit(UnaryOp(Function.SIGMOID, scaled))))


@reads(*_BINARY)
def binary(node: Node) -> SSAValue:
    a, b = operands(node)
    result = node.emit(_BINARY[node.op](a, b))
    # Quotients stay within the type.
    return result if node.op == "Div" else wrapped(node, result)


@reads("Pow")
def power(node: Node) -> SSAValue:
    a, b = operands(node)
    if dtype_of(a) != dtype_of(b):
        b = node.emit(CastOp(b, element_type(dtype_of(a))))
    return node.emit(PowOp(a, b))


@reads(*_VARIADIC)
def variadic(node: Node) -> SSAValue:
    combine = _VARIADIC[node.op]
    return reduce(lambda a, b: node.emit(combine(a, b)), node.tensors())


@reads("Mean")
def mean(node: Node) -> SSAValue:
    total = reduce(lambda a, b: node.emit(AddOp(a, b)), node.tensors())
    return node.emit(DivOp(total, node.splat(node.count, total)))


@reads(*_COMPARISONS)
def compare(node: Node) -> SSAValue:
    a, b = operands(node)
    return node.emit(CompareOp(_COMPARISONS[node.op], a, b))


def operands(node: Node) -> tuple[SSAValue, SSAValue]:
    """Both inputs; before version 7 the second's shape is placed by an attribute."""
    a, b = node.tensor(0), node.tensor(1)
    if node.version >= 7 or not node.has_attribute("axis"):
        return a, b
    rank, shape = len(shape_of(a)), shape_of(b)
    axis = node.axis(node.integer("axis", 0), rank)
    after = rank - axis - len(shape)
    if after < 0:
        node.fail(f"attribute 'axis' is {axis}, expected at most {rank - len(shape)}")
    return a, reshaped(node, b, (*shape, *[1] * after))


@reads("Not")
def logical_not(node: Node) -> SSAValue:
    return _not(node, node.tensor(0))


def _not(node: Node, x: SSAValue) -> SSAValue:
    no, yes = node.splat(False, x), node.splat(True, x)
    return node.emit(WhereOp(x, no, yes))


@reads("And", "Or", "Xor")
def logical(node: Node) -> SSAValue:
    a, b = operands(node)
    match node.op:
        case "And":
            return node.emit(WhereOp(a, b, node.splat(False, b)))
        case "Or":
            return node.emit(WhereOp(a, node.splat(True, b), b))
        case _:
            return node.emit(WhereOp(a, _not(node, b), b))


@reads("Where")
def where(node: Node) -> SSAValue:
    return node.emit(WhereOp(node.tensor(0), node.tensor(1), node.tensor(2)))


@reads("Cast", "CastLike")
def cast(node: Node) -> SSAValue:
    x = node.tensor(0)
    if node.op == "CastLike":
        like = node.value(1)
        dtype = like.dtype if isinstance(like, np.ndarray) else dtype_of(node.tensor(1))
        element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    elif isinstance(name := node.attribute("to"), str):
        # The first version has names.
        element = TensorProto.DataType.Value(name)
    else:
        element = node.integer("to", 0)
    dtype = stored_type(element, f"{node}: attribute 'to'")
    if is_converted(element) and dtype_of(x) != np.float32:
        node.builder.count_conversion(element)
    if (limits := unsigned_limits(element)) is not None:
        return as_unsigned(node, x, limits, dtype)
    return x if dtype_of(x) == dtype else node.emit(CastOp(x, element_type(dtype)))


@reads("Relu")
def relu(node: Node) -> SSAValue:
    return node.emit(ReluOp(node.tensor(0)))


@reads("LeakyRelu")
def leaky_relu(node: Node) -> SSAValue:
    return node.emit(LeakyReluOp(node.tensor(0), node.number("alpha", 0.01)))


@reads("PRelu")
def p_relu(node: Node) -> SSAValue:
    x, slope = node.tensor(0), node.tensor(1)
    rank = len(shape_of(x))
    if len(shape_of(slope)) == 1 and rank > 2 and node.version < 7:
        # One number for each channel.
        slope = reshaped(node, slope, (*shape_of(slope), *[1] * (rank - 2)))
    positive = node.emit(CompareOp(Comparison.GT, x, node.splat(0, x)))
    return node.emit(WhereOp(positive, x, node.emit(MulOp(x, slope))))


@reads("Clip")
def clip(node: Node) -> SSAValue:
    x = node.tensor(0)
    low, high = clip_bounds(node)
    if low is not None and high is not None and low <= high:
        kind = float if _is_float(x) else int
        return node.emit(ClipOp(x, kind(low), kind(high)))
    if low == 0 and high is None:
        return node.emit(ReluOp(x))
    for index, bound, limit in ((1, low, MaxOp), (2, high, MinOp)):
        if bound is not None:
            x = node.emit(limit(x, node.splat(bound, x)))
        elif node.has(index) and node.constant(index) is None:
            x = node.emit(limit(x, node.tensor(index)))
    return x


def clip_bounds(node: Node) -> tuple[float | None, float | None]:
    """The known bounds of a Clip; None where there is none, or it is not known."""
    if node.version < 11:
        found = [node.attribute(name) for name in ("min", "max")]
    else:
        found = [
            None if node.constant(index) is None else node.known_number(index, "a bound")
            for index in (1, 2)
        ]
    if any(bound is not None and np.isnan(bound) for bound in found):
        node.fail("a bound is NaN, expected a number")
    low, high = found
    largest = np.finfo(np.float32).max
    low = None if low is None or low <= -largest else low
    return low, None if high is None or high >= largest else high


@reads("HardSigmoid")
def hard_sigmoid(node: Node) -> SSAValue:
    x = node.tensor(0)
    scaled = node.emit(MulOp(x, node.splat(node.number("alpha", 0.2), x)))
    moved = node.emit(AddOp(scaled, node.splat(node.number("beta", 0.5), x)))
    return node.emit(ClipOp(moved, 0.0, 1.0))


@reads("Elu", "Selu")
def elu(node: Node) -> SSAValue:
    is_selu = node.op == "Selu"
    x = node.tensor(0)
    alpha = node.number("alpha", 1.67326319217681884765625 if is_selu else 1.0)
    gamma = node.number("gamma", 1.05070102214813232421875) if is_selu else 1.0
    constant: Callable[[float], SSAValue] = partial(node.splat, like=x)
    below = node.emit(MinOp(x, constant(0)))
    grown = node.emit(SubOp(node.emit(UnaryOp(Function.EXP, below)), constant(1)))
    result = node.emit(AddOp(node.emit(ReluOp(x)), node.emit(MulOp(grown, constant(alpha)))))
    return node.emit(MulOp(result, constant(gamma))) if is_selu else result


def _is_float(x: SSAValue) -> bool:
    return dtype_of(x).kind == "f"
