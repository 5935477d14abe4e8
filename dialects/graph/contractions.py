"""Convolution and matrix product."""

from collections.abc import Sequence

from typing_extensions import override
from xdsl.dialects.builtin import IntegerAttr, UnitAttr, i64
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def

from nopt.dialects.graph import types as rules
from nopt.dialects.graph import window_types as windows
from nopt.dialects.graph.graph_op import INTEGER, INTEGER_LIST, GraphOp, Value, integers
from nopt.dialects.graph.types import Tensor


@irdl_op_definition
class Conv2dOp(GraphOp):
    """2-D convolution (cross-correlation) of [N, C, H, W] with weights [O, C / groups, KH, KW].

    `%y = graph.conv2d %x, %w strides [2, 2] pads [3, 3, 3, 3] : (tensor<1x3x33x29xi8>,
    tensor<20x3x7x7xi8>) -> tensor<1x20x17x15xi32>`

    y[n, o, h, w] = sum over i, kh, kw of
    x[n, g * C / groups + i, h * sh + kh * dh - top, w * sw + kw * dw - left] * weight[o, i, kh, kw]
    with g = o // (O / groups), and x = 0 outside. Strides and dilations are (vertical, horizontal),
    pads are (top, left, bottom, right). Of integers, products and sums are exact, the i32 result is
    their value modulo 2^32. Of floats, all in one type, they are as in
    `graph.matmul`.
    """

    name = "graph.conv2d"

    input = operand_def()
    weight = operand_def()
    strides = prop_def(INTEGER_LIST, default_value=integers((1, 1)))
    pads = prop_def(INTEGER_LIST, default_value=integers((0, 0, 0, 0)))
    dilations = prop_def(INTEGER_LIST, default_value=integers((1, 1)))
    groups = prop_def(INTEGER, default_value=IntegerAttr(1, i64))

    assembly_format = (
        "$input `,` $weight (`strides` $strides^)? (`pads` $pads^)? (`dilations` $dilations^)? "
        "(`groups` $groups^)? attr-dict `:` functional-type(operands, results)"
    )

    def __init__(
        self,
        input: Value,
        weight: Value,
        *,
        strides: Sequence[int] = (1, 1),
        pads: Sequence[int] = (0, 0, 0, 0),
        dilations: Sequence[int] = (1, 1),
        groups: int = 1,
    ):
        result = windows.conv2d_type(
            SSAValue.get(input).type, SSAValue.get(weight).type, strides, pads, dilations, groups
        )
        super().__init__(
            operands=[input, weight],
            properties={
                "strides": integers(strides),
                "pads": integers(pads),
                "dilations": integers(dilations),
                "groups": IntegerAttr(groups, i64),
            },
            result_types=[result],
        )

    @override
    def result_type(self) -> Tensor:
        return windows.conv2d_type(
            self.input.type,
            self.weight.type,
            self.strides.get_values(),
            self.pads.get_values(),
            self.dilations.get_values(),
            self.groups.value.data,
        )


@irdl_op_definition
class ConvTranspose2dOp(GraphOp):
    """Transposed 2-D convolution of [N, C, H, W] with weights [C, O / groups, KH, KW].

    `%y = graph.conv_transpose2d %x, %w strides [2, 2] pads [1, 1, 1, 1] output_pads [1, 1] :
    (tensor<1x8x7x7xi8>, tensor<8x4x3x3xi8>) -> tensor<1x4x14x14xi32>`

    Every x[n, g * C / groups + i, h, w] * weight[g * C / groups + i, o, kh, kw] is added to
    y[n, g * O / groups + o, h * sh + kh * dh - top, w * sw + kw * dw - left], where that exists.
    Output pads (vertical, horizontal) add rows below and columns at the right. Arithmetic, strides,
    pads and dilations are as in `graph.conv2d`.
    """

    name = "graph.conv_transpose2d"

    input = operand_def()
    weight = operand_def()
    strides = prop_def(INTEGER_LIST, default_value=integers((1, 1)))
    pads = prop_def(INTEGER_LIST, default_value=integers((0, 0, 0, 0)))
    output_pads = prop_def(INTEGER_LIST, default_value=integers((0, 0)))
    dilations = prop_def(INTEGER_LIST, default_value=integers((1, 1)))
    groups = prop_def(INTEGER, default_value=IntegerAttr(1, i64))

    assembly_format = (
        "$input `,` $weight (`strides` $strides^)? (`pads` $pads^)? "
        "(`output_pads` $output_pads^)? (`dilations` $dilations^)? (`groups` $groups^)? "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(
        self,
        input: Value,
        weight: Value,
        *,
        strides: Sequence[int] = (1, 1),
        pads: Sequence[int] = (0, 0, 0, 0),
        output_pads: Sequence[int] = (0, 0),
        dilations: Sequence[int] = (1, 1),
        groups: int = 1,
    ):
        types = SSAValue.get(input).type, SSAValue.get(weight).type
        result = windows.conv_transpose2d_type(
            *types, strides, pads, output_pads, dilations, groups
        )
        super().__init__(
            operands=[input, weight],
            properties={
                "strides": integers(strides),
                "pads": integers(pads),
                "output_pads": integers(output_pads),
                "dilations": integers(dilations),
                "groups": IntegerAttr(groups, i64),
            },
            result_types=[result],
        )

    @override
    def result_type(self) -> Tensor:
        return windows.conv_transpose2d_type(
            self.input.type,
            self.weight.type,
            self.strides.get_values(),
            self.pads.get_values(),
            self.output_pads.get_values(),
            self.dilations.get_values(),
            self.groups.value.data,
        )


@irdl_op_definition
class MatmulOp(GraphOp):
    """Matrix product of [..., M, K] and [..., K, N], over equal leading batch dimensions.

    `%y = graph.matmul %a, %b transpose_b : (tensor<6x128x64xi8>, tensor<6x128x64xi8>)
    -> tensor<6x128x128xi32>`

    `transpose_a` and `transpose_b` say that the last two dimensions of an operand are swapped
    ([..., K, M], [..., N, K]). A second operand of rank 2 serves every batch. Of integers, products
    and sums are exact, the i32 result is their value modulo 2^32. Of floats, all in one type, they
    are exact, too, and the result is rounded once: to f64, then to the type. A zero is +0.
    """

    name = "graph.matmul"

    lhs = operand_def()
    rhs = operand_def()
    transpose_a = opt_prop_def(UnitAttr)
    transpose_b = opt_prop_def(UnitAttr)

    assembly_format = (
        "$lhs `,` $rhs (`transpose_a` $transpose_a^)? (`transpose_b` $transpose_b^)? attr-dict "
        "`:` functional-type(operands, results)"
    )

    def __init__(
        self,
        lhs: Value,
        rhs: Value,
        *,
        transpose_a: bool = False,
        transpose_b: bool = False,
    ):
        types = (SSAValue.get(lhs).type, SSAValue.get(rhs).type)
        result = rules.matmul_type(*types, transpose_a, transpose_b)
        super().__init__(
            operands=[lhs, rhs],
            properties={
                "transpose_a": UnitAttr() if transpose_a else None,
                "transpose_b": UnitAttr() if transpose_b else None,
            },
            result_types=[result],
        )

    @override
    def result_type(self) -> Tensor:
        return rules.matmul_type(
            self.lhs.type, self.rhs.type, self.transpose_a is not None, self.transpose_b is not None
        )
