"""Between real numbers and the integers that stand for them."""

from abc import ABC
from typing import TypeAlias

import numpy as np
from typing_extensions import override
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    DenseResourceAttr,
    FloatAttr,
    IntegerAttr,
    TensorType,
    f32,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import base, irdl_op_definition, operand_def, opt_prop_def, prop_def

from nopt.dialects.constants import Array, ConstantAttr, attribute_of
from nopt.dialects.graph import types as rules
from nopt.dialects.graph.factors import aligned
from nopt.dialects.graph.graph_op import FLOAT, INTEGER, GraphOp, Value
from nopt.dialects.graph.syntax import Number
from nopt.dialects.graph.types import Tensor

ScaleAttr: TypeAlias = FloatAttr | ConstantAttr
SCALE = FLOAT | base(DenseIntOrFPElementsAttr) | base(DenseResourceAttr)


class _ScaleOp(GraphOp, ABC):
    """What both directions share: an integer q stands for (q - zero_point) * scale.

    The scale is an f32 above 0, or a vector with one for each index along `axis`. The zero point
    is an integer that the integers' type holds, and 0 by default.
    """

    input = operand_def()
    scale = prop_def(SCALE)
    zero_point = prop_def(INTEGER, default_value=IntegerAttr(0, i64))
    axis = opt_prop_def(INTEGER)

    custom_directives = (Number,)
    assembly_format = (
        "$input `scale` custom<Number>($scale) (`zero_point` $zero_point^)? (`axis` $axis^)? "
        "attr-dict `:` type($input) `->` type($result)"
    )

    def __init__(
        self,
        input: Value,
        element_type: Attribute,
        scale: float | Array,
        zero_point: int = 0,
        axis: int | None = None,
    ):
        """A scale that is an array is a vector along `axis`."""
        type = rules.check_tensor("input", SSAValue.get(input).type, rules.NUMBERS)
        if isinstance(scale, float | int):
            factor: ScaleAttr = FloatAttr(scale, f32)
        else:
            factor = attribute_of(scale.astype(np.float32), "scale")
        super().__init__(
            operands=[input],
            properties={
                "scale": factor,
                "zero_point": IntegerAttr(zero_point, i64),
                "axis": None if axis is None else IntegerAttr(axis, i64),
            },
            result_types=[TensorType(element_type, type.get_shape())],
        )

    @property
    def scales(self) -> Array:
        """The scales in f32, of a shape that broadcasts to the input's."""
        shape = rules.check_tensor("input", self.input.type, rules.NUMBERS).get_shape()
        return aligned("scale", self.scale, self.axis, shape, f32).astype(np.float32)

    def _check(self, integer: Attribute) -> None:
        scales = self.scales
        wrong = scales[~((scales > 0) & (scales < np.inf))]
        if wrong.size:
            rules.refuse("scale", f"is {wrong[0]}", "a finite number above 0")
        if self.axis is not None and isinstance(self.scale, FloatAttr):
            rules.refuse("axis", "is given", "no axis without a vector")
        zero, (least, most) = self.zero_point.value.data, rules.value_range(integer)
        if not least <= zero <= most:
            rules.refuse("zero_point", f"is {zero}", f"{least} to {most} as {integer} holds")


@irdl_op_definition
class QuantizeOp(_ScaleOp):
    """The integers nearest to x / scale + zero_point, saturated to the result's element type.

    `%q = graph.quantize %x scale 0.05 : tensor<1x64xf32> -> tensor<1x64xi8>`
    `%q = graph.quantize %x scale dense<[0.5, 0.25]> : tensor<2xf32> axis 1 :
    tensor<1x2x4x4xf32> -> tensor<1x2x4x4xi8>`

    The quotient is rounded to f32, then to the nearest integer, the even one of two, and the zero
    point added to that exactly; NaN gives the zero point.
    """

    name = "graph.quantize"

    @override
    def result_type(self) -> Tensor:
        shape = rules.check_tensor("input", self.input.type, (f32,)).get_shape()
        result = rules.check_tensor("result", self.result.type, rules.NARROW_INTEGERS)
        self._check(result.element_type)
        return TensorType(result.element_type, shape)


@irdl_op_definition
class DequantizeOp(_ScaleOp):
    """The numbers (q - zero_point) * scale that integers stand for, as f32.

    `%x = graph.dequantize %q scale 0.05 zero_point -3 : tensor<1x64xi8> -> tensor<1x64xf32>`

    The difference is exact, then rounded to f32, and so is the product.
    """

    name = "graph.dequantize"

    def __init__(
        self,
        input: Value,
        scale: float | Array,
        zero_point: int = 0,
        axis: int | None = None,
    ):
        """A scale that is an array is a vector along `axis`."""
        super().__init__(input, f32, scale, zero_point, axis)

    @override
    def result_type(self) -> Tensor:
        type = rules.check_tensor("input", self.input.type, rules.NARROW_INTEGERS)
        self._check(type.element_type)
        return TensorType(f32, type.get_shape())
