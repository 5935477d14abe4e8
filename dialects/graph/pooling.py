"""Maxima and means over windows of an image."""

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from typing_extensions import override
from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def

from nopt.dialects.graph import types as rules
from nopt.dialects.graph import window_types as windows
from nopt.dialects.graph.graph_op import INTEGER_LIST, GraphOp, Value, integers
from nopt.dialects.graph.types import Tensor


class _PoolOp(GraphOp, ABC):
    """A pool over [N, C, H, W]: one value for each window, each channel by itself.

    `kernel` and `strides` are (vertical, horizontal), `pads` are (top, left, bottom, right) and
    less than the kernel, so that no window lies wholly in the padding.
    """

    ELEMENTS: ClassVar[tuple[Attribute, ...]]

    input = operand_def()
    kernel = prop_def(INTEGER_LIST)
    strides = prop_def(INTEGER_LIST, default_value=integers((1, 1)))
    pads = prop_def(INTEGER_LIST, default_value=integers((0, 0, 0, 0)))

    assembly_format = (
        "$input `kernel` $kernel (`strides` $strides^)? (`pads` $pads^)? attr-dict `:` "
        "type($input) `->` type($result)"
    )

    def __init__(
        self,
        input: Value,
        kernel: Sequence[int],
        *,
        strides: Sequence[int] = (1, 1),
        pads: Sequence[int] = (0, 0, 0, 0),
    ):
        type = SSAValue.get(input).type
        result = windows.pool_type(type, self.ELEMENTS, kernel, strides, pads)
        super().__init__(
            operands=[input],
            properties={
                "kernel": integers(kernel),
                "strides": integers(strides),
                "pads": integers(pads),
            },
            result_types=[result],
        )

    @override
    def result_type(self) -> Tensor:
        return windows.pool_type(
            self.input.type,
            self.ELEMENTS,
            self.kernel.get_values(),
            self.strides.get_values(),
            self.pads.get_values(),
        )


@irdl_op_definition
class MaxPoolOp(_PoolOp):
    """Maximum of each window; padding never wins, it is the element type's smallest value.

    `%y = graph.max_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] :
    tensor<1x64x112x112xi8> -> tensor<1x64x56x56xi8>`
    """

    name = "graph.max_pool"
    ELEMENTS: ClassVar[tuple[Attribute, ...]] = rules.NUMBERS


@irdl_op_definition
class AvgPoolOp(_PoolOp):
    """Mean of each window of n = KH * KW elements, padded zeros counted.

    `%y = graph.avg_pool %x kernel [2, 2] strides [2, 2] : tensor<1x8x6x6xi8> -> tensor<1x8x3x3xi8>`
    `%y = graph.avg_pool %x kernel [3, 3] pads [1, 1, 1, 1] exclude_pads :
    tensor<1x8x6x6xi8> -> tensor<1x8x6x6xi8>`

    With `exclude_pads`, n is how many elements of the window lie inside the image. Of integers,
    rounded half up, floor((2 * sum + n) / (2 * n)) with an exact sum: the mean always fits the
    element type. Of floats as in `graph.reduce`.
    """

    name = "graph.avg_pool"
    ELEMENTS: ClassVar[tuple[Attribute, ...]] = rules.MULTIPLIED

    exclude_pads = opt_prop_def(UnitAttr)

    assembly_format = (
        "$input `kernel` $kernel (`strides` $strides^)? (`pads` $pads^)? "
        "(`exclude_pads` $exclude_pads^)? attr-dict `:` type($input) `->` type($result)"
    )

    def __init__(
        self,
        input: Value,
        kernel: Sequence[int],
        *,
        strides: Sequence[int] = (1, 1),
        pads: Sequence[int] = (0, 0, 0, 0),
        exclude_pads: bool = False,
    ):
        super().__init__(input, kernel, strides=strides, pads=pads)
        if exclude_pads:
            self.exclude_pads = UnitAttr()


@irdl_op_definition
class GlobalAvgPoolOp(GraphOp):
    """Mean of each channel's n = H * W elements.

    `%y = graph.global_avg_pool %x : tensor<1x512x7x7xi8> -> tensor<1x512x1x1xi8>`

    Of integers, rounded half up, floor((2 * sum + n) / (2 * n)) with an exact sum: the mean always
    fits the element type. Of floats as in `graph.reduce`.
    """

    name = "graph.global_avg_pool"

    input = operand_def()

    assembly_format = "$input attr-dict `:` type($input) `->` type($result)"

    def __init__(self, input: Value):
        result = windows.global_pool_type(SSAValue.get(input).type)
        super().__init__(operands=[input], result_types=[result])

    @override
    def result_type(self) -> Tensor:
        return windows.global_pool_type(self.input.type)
