"""Ops in which an element depends on many others: reductions and what normalizes by them."""

from collections.abc import Sequence
from enum import auto

from typing_extensions import override
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, TensorType, UnitAttr, f32, i32, i64
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import (
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
)
from xdsl.utils.str_enum import StrEnum

from nopt.dialects.graph import types as rules
from nopt.dialects.graph.graph_op import (
    FLOAT,
    INTEGER,
    INTEGER_LIST,
    GraphOp,
    SameTypeOp,
    Value,
    integers,
)
from nopt.dialects.graph.syntax import Number
from nopt.dialects.graph.types import Tensor


class Statistic(StrEnum):
    """What `graph.reduce` makes of many elements."""

    SUM = auto()
    MEAN = auto()
    MIN = auto()
    MAX = auto()


@irdl_attr_definition
class StatisticAttr(EnumAttribute[Statistic], SpacedOpaqueSyntaxAttribute):
    """A `Statistic`, printed as its word."""

    name = "graph.statistic"


@irdl_op_definition
class ReduceOp(GraphOp):
    """Sum, mean, smallest or largest of all elements along some axes.

    `%y = graph.reduce mean %x axes [1] : tensor<1x128x384xf32> -> tensor<1x384xf32>`
    `%y = graph.reduce max %x axes [2, 3] keep_dims : tensor<1x8x7x7xi8> -> tensor<1x8x1x1xi8>`

    The axes, in rising order, vanish from the shape or with `keep_dims` become 1. The sum of
    integers is an i32 (of i64 an i64), modulo 2^w; their mean is rounded half up, as in
    `graph.avg_pool`. Sums of floats are exact and rounded as in `graph.matmul`; for a mean, the
    sum in f64 is divided and then rounded to the type.
    """

    name = "graph.reduce"

    kind = prop_def(StatisticAttr)
    input = operand_def()
    axes = prop_def(INTEGER_LIST)
    keep_dims = opt_prop_def(UnitAttr)

    assembly_format = (
        "$kind $input `axes` $axes (`keep_dims` $keep_dims^)? attr-dict `:` "
        "type($input) `->` type($result)"
    )

    def __init__(
        self, kind: Statistic, input: Value, axes: Sequence[int], *, keep_dims: bool = False
    ):
        super().__init__(
            operands=[input],
            properties={
                "kind": StatisticAttr(kind),
                "axes": integers(axes),
                "keep_dims": UnitAttr() if keep_dims else None,
            },
            result_types=[_reduce_type(kind, SSAValue.get(input).type, axes, keep_dims)],
        )

    @override
    def result_type(self) -> Tensor:
        axes, keep_dims = self.axes.get_values(), self.keep_dims is not None
        return _reduce_type(self.kind.data, self.input.type, axes, keep_dims)


def _reduce_type(kind: Statistic, input: Attribute, axes: Sequence[int], keep_dims: bool) -> Tensor:
    allowed = rules.MULTIPLIED if kind == Statistic.MEAN else rules.NUMBERS
    type = rules.check_tensor("input", input, allowed)
    shape = type.get_shape()
    if list(axes) != sorted({axis for axis in axes if 0 <= axis < len(shape)}):
        rules.refuse("axes", f"are {list(axes)}", f"some of 0 to {len(shape) - 1}, rising")
    element = type.element_type
    if kind == Statistic.SUM and element in rules.NARROW_INTEGERS:
        element = i32
    if keep_dims:
        return TensorType(element, [1 if i in axes else size for i, size in enumerate(shape)])
    return TensorType(element, [size for i, size in enumerate(shape) if i not in axes])


@irdl_op_definition
class SoftmaxOp(SameTypeOp):
    """exp(x) over its sum along an axis, of floats.

    `%y = graph.softmax %x axis 1 : tensor<1x1000xf32>`

    Computed as exp(x - m) with m the largest along the axis, so that nothing overflows; the sum as
    in `graph.reduce`.
    """

    name = "graph.softmax"

    axis = prop_def(INTEGER)

    assembly_format = "$input `axis` $axis attr-dict `:` type($input)"

    def __init__(self, input: Value, axis: int):
        super().__init__(
            operands=[input],
            properties={"axis": IntegerAttr(axis, i64)},
            result_types=[SSAValue.get(input).type],
        )

    @override
    def result_type(self) -> Tensor:
        type = rules.check_tensor("input", self.input.type, rules.FLOATS)
        rules.check_axis("axis", self.axis.value.data, len(type.get_shape()))
        return self.result.type


@irdl_op_definition
class LayerNormOp(GraphOp):
    """(x - mean) / sqrt(variance + epsilon) * scale + bias, of floats.

    `%y = graph.layer_norm %x, %s, %b axis 2 epsilon 1.0e-12 : (tensor<1x128x384xf32>,
    tensor<384xf32>, tensor<384xf32>) -> tensor<1x128x384xf32>`

    Mean and variance (the mean of (x - mean)^2) are those of all elements along `axis` and the axes
    after it, as `graph.reduce` computes them; scale and bias have the shape of these axes.
    """

    name = "graph.layer_norm"

    input = operand_def()
    scale = operand_def()
    bias = operand_def()
    axis = prop_def(INTEGER)
    epsilon = prop_def(FLOAT)

    custom_directives = (Number,)
    assembly_format = (
        "$input `,` $scale `,` $bias `axis` $axis `epsilon` custom<Number>($epsilon) attr-dict `:` "
        "functional-type(operands, results)"
    )

    def __init__(self, input: Value, scale: Value, bias: Value, *, axis: int, epsilon: float):
        super().__init__(
            operands=[input, scale, bias],
            properties={"axis": IntegerAttr(axis, i64), "epsilon": FloatAttr(epsilon, f32)},
            result_types=[SSAValue.get(input).type],
        )

    @override
    def result_type(self) -> Tensor:
        type = rules.check_tensor("input", self.input.type, rules.FLOATS)
        axis, shape = self.axis.value.data, type.get_shape()
        rules.check_axis("axis", axis, len(shape))
        expected: Tensor = TensorType(type.element_type, shape[axis:])
        for what, operand in (("scale", self.scale), ("bias", self.bias)):
            if operand.type != expected:
                rules.refuse(what, f"has type {operand.type}", expected)
        if self.epsilon.value.data < 0:
            rules.refuse("epsilon", f"is {self.epsilon.value.data}", "at least 0.0")
        return type


@irdl_op_definition
class LrnOp(SameTypeOp):
    """Local response normalization of [N, C, H, W] over neighbouring channels, of floats.

    `%y = graph.lrn %x size 5 alpha 1.0e-4 beta 0.75 bias 1.0 : tensor<1x96x54x54xf32>`

    y[n, c, h, w] = x[n, c, h, w] / (bias + alpha / size * sum of x[n, i, h, w]^2)^beta, over the
    channels i that exist from c - floor((size - 1) / 2) to c + ceil((size - 1) / 2). Squares are
    rounded, their sum is as in `graph.reduce`.
    """

    name = "graph.lrn"

    size = prop_def(INTEGER)
    alpha = prop_def(FLOAT)
    beta = prop_def(FLOAT)
    bias = prop_def(FLOAT)

    custom_directives = (Number,)
    assembly_format = (
        "$input `size` $size `alpha` custom<Number>($alpha) `beta` custom<Number>($beta) "
        "`bias` custom<Number>($bias) attr-dict `:` type($input)"
    )

    def __init__(self, input: Value, *, size: int, alpha: float, beta: float, bias: float):
        super().__init__(
            operands=[input],
            properties={
                "size": IntegerAttr(size, i64),
                "alpha": FloatAttr(alpha, f32),
                "beta": FloatAttr(beta, f32),
                "bias": FloatAttr(bias, f32),
            },
            result_types=[SSAValue.get(input).type],
        )

    @override
    def result_type(self) -> Tensor:
        rules.check_tensor("input", self.input.type, rules.FLOATS, "NCHW")
        if self.size.value.data < 1:
            rules.refuse("size", f"is {self.size.value.data}", "at least 1")
        return self.result.type
