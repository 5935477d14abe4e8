"""Ops that treat every element of one tensor by itself."""

from collections.abc import Sequence
from enum import auto

import numpy as np
from typing_extensions import override
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, TensorType, f32, i64
from xdsl.dialects.utils import EnumAttribute
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import irdl_attr_definition, irdl_op_definition, operand_def, prop_def
from xdsl.utils.hints import isa
from xdsl.utils.str_enum import StrEnum

from nopt.dialects.graph import types as rules
from nopt.dialects.graph.graph_op import FLOAT, NUMBER, GraphOp, SameTypeOp, Value
from nopt.dialects.graph.syntax import Number
from nopt.dialects.graph.types import Tensor


@irdl_op_definition
class ReluOp(SameTypeOp, HasFolderInterface):
    """Elementwise max(x, 0), of integers or floats: `%y = graph.relu %x : tensor<1x64xi32>`."""

    name = "graph.relu"
    assembly_format = "$input attr-dict `:` type($input)"

    def __init__(self, input: Value):
        super().__init__(operands=[input], result_types=[SSAValue.get(input).type])

    @override
    def result_type(self) -> Tensor:
        rules.check_tensor("input", self.input.type, rules.NUMBERS)
        return self.result.type

    @override
    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        return (self.input,) if isinstance(self.input.owner, ReluOp) else None


@irdl_op_definition
class ClipOp(SameTypeOp, HasFolderInterface):
    """Elementwise min(max(x, min), max).

    `%y = graph.clip %x min -5 max 100 : tensor<1x64xi32>`
    `%y = graph.clip %x min 0.0 max 6.0 : tensor<1x64xf32>`

    min <= max. For integers, both bounds are values of the element type; for floats, both are f32
    numbers, written with a point.
    """

    name = "graph.clip"

    min = prop_def(NUMBER)
    max = prop_def(NUMBER)

    custom_directives = (Number,)
    assembly_format = (
        "$input `min` custom<Number>($min) `max` custom<Number>($max) attr-dict `:` type($input)"
    )

    def __init__(self, input: Value, min: int | float, max: int | float):
        super().__init__(
            operands=[input],
            properties={"min": _number(min), "max": _number(max)},
            result_types=[SSAValue.get(input).type],
        )

    @property
    def bounds(self) -> tuple[int | float, int | float]:
        """(min, max)."""
        return self.min.value.data, self.max.value.data

    @override
    def result_type(self) -> Tensor:
        element = rules.check_tensor("input", self.input.type, rules.NUMBERS).element_type
        is_float = element in rules.FLOATS
        for what, attr in (("min", self.min), ("max", self.max)):
            bound = attr.value.data
            if is_float != isa(attr, FloatAttr) or not np.isfinite(bound):
                expected = f"a finite {'float' if is_float else 'integer'} for {element}"
                rules.refuse(what, f"is {bound}", expected)
            if not is_float:
                least, most = rules.value_range(element)
                if not least <= bound <= most:
                    rules.refuse(what, f"is {bound}", f"{least} to {most} as {element} holds")
        low, high = self.bounds
        if low > high:
            rules.refuse("min", f"is {low}", f"at most max, {high}")
        return self.result.type

    @override
    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        element = self.result.type.element_type
        whole = element in rules.INTEGERS and self.bounds == rules.value_range(element)
        return (self.input,) if whole else None


def _number(value: int | float) -> FloatAttr | IntegerAttr:
    return FloatAttr(value, f32) if isinstance(value, float) else IntegerAttr(value, i64)


@irdl_op_definition
class LeakyReluOp(SameTypeOp):
    """Elementwise x where x > 0, else slope * x, of floats.

    `%y = graph.leaky_relu %x slope 0.1 : tensor<1x64xf32>`
    """

    name = "graph.leaky_relu"

    slope = prop_def(FLOAT)

    custom_directives = (Number,)
    assembly_format = "$input `slope` custom<Number>($slope) attr-dict `:` type($input)"

    def __init__(self, input: Value, slope: float):
        super().__init__(
            operands=[input],
            properties={"slope": FloatAttr(slope, f32)},
            result_types=[SSAValue.get(input).type],
        )

    @override
    def result_type(self) -> Tensor:
        rules.check_tensor("input", self.input.type, rules.FLOATS)
        return self.result.type


class Function(StrEnum):
    """The functions of one number that `graph.unary` knows."""

    ABS = auto()
    """|x|"""
    CEIL = auto()
    """The smallest integer not below x."""
    COS = auto()
    ERF = auto()
    """2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
    EXP = auto()
    FLOOR = auto()
    """The largest integer not above x."""
    GELU = auto()
    """x / 2 * (1 + erf(x / sqrt(2)))"""
    GELU_TANH = auto()
    """x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))"""
    HARD_SWISH = auto()
    """x * min(max(x + 3, 0), 6) / 6"""
    LOG = auto()
    """The natural logarithm."""
    NEG = auto()
    """-x"""
    RECIPROCAL = auto()
    """1 / x"""
    ROUND = auto()
    """The nearest integer, the even one of two."""
    SIGMOID = auto()
    """1 / (1 + exp(-x))"""
    SILU = auto()
    """x / (1 + exp(-x))"""
    SIN = auto()
    SOFTPLUS = auto()
    """log(1 + exp(x))"""
    SQRT = auto()
    TANH = auto()


@irdl_attr_definition
class FunctionAttr(EnumAttribute[Function], SpacedOpaqueSyntaxAttribute):
    """A `Function`, printed as its word."""

    name = "graph.function"


@irdl_op_definition
class UnaryOp(SameTypeOp):
    """Elementwise function of floats; `Function` lists them and defines those that need it.

    `%y = graph.unary gelu %x : tensor<1x128x1536xf32>`

    The result is the function's value up to a few units in the last place of an f32.
    """

    name = "graph.unary"

    kind = prop_def(FunctionAttr)

    assembly_format = "$kind $input attr-dict `:` type($input)"

    def __init__(self, kind: Function, input: Value):
        super().__init__(
            operands=[input],
            properties={"kind": FunctionAttr(kind)},
            result_types=[SSAValue.get(input).type],
        )

    @override
    def result_type(self) -> Tensor:
        rules.check_tensor("input", self.input.type, rules.FLOATS)
        return self.result.type


@irdl_op_definition
class CastOp(GraphOp, HasFolderInterface):
    """The same numbers in another element type.

    `%y = graph.cast %x : tensor<1x128xi64> -> tensor<1x128xf32>`

    To fewer bits of integer: modulo 2^w. From float to integer: towards zero, saturating, 0 for
    NaN. To float: the nearest, the even one of two. To i1: whether it is not 0; from i1: 1 or 0.
    """

    name = "graph.cast"

    input = operand_def()

    assembly_format = "$input attr-dict `:` type($input) `->` type($result)"

    def __init__(self, input: Value, element_type: Attribute):
        result = _cast_type(SSAValue.get(input).type, element_type)
        super().__init__(operands=[input], result_types=[result])

    @override
    def result_type(self) -> Tensor:
        return _cast_type(self.input.type, self.result.type.element_type)

    @override
    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        return (self.input,) if self.input.type == self.result.type else None


def _cast_type(input: Attribute, element: Attribute) -> Tensor:
    shape = rules.check_tensor("input", input, rules.ANY).get_shape()
    result: Tensor = TensorType(element, shape)
    return rules.check_tensor("result", result, rules.ANY)
