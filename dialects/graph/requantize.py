"""Rescaling from wide to narrow integers."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from typing_extensions import override
from xdsl.dialects.builtin import (
    I32,
    DenseIntOrFPElementsAttr,
    DenseResourceAttr,
    IntegerAttr,
    TensorType,
    i32,
    i64,
)
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import base, irdl_op_definition, operand_def, opt_prop_def, prop_def
from xdsl.utils.hints import isa

from nopt.dialects.constants import Array, ConstantAttr, attribute_of
from nopt.dialects.graph import types as rules
from nopt.dialects.graph.factors import aligned
from nopt.dialects.graph.graph_op import INTEGER, GraphOp, Value
from nopt.dialects.graph.syntax import Factor
from nopt.dialects.graph.types import Tensor

FactorAttr: TypeAlias = IntegerAttr | ConstantAttr
FACTOR = (
    IntegerAttr.constr(type=base(I32)) | base(DenseIntOrFPElementsAttr) | base(DenseResourceAttr)
)


def _factor(value: int | Array, name: str) -> FactorAttr:
    if isinstance(value, int):
        return IntegerAttr(value, i32)
    return attribute_of(value.astype(np.int32), name)


@irdl_op_definition
class RequantizeOp(GraphOp, HasFolderInterface):
    """Rescale integers, round half up, saturate to the result's element type.

    `%y = graph.requantize %x shift 7 : tensor<1x64xi32> -> tensor<1x64xi8>`
    `%y = graph.requantize %x multiplier 12345 shift 20 : tensor<1x64xi32> -> tensor<1x64xi8>`
    `%y = graph.requantize %x multiplier dense<[9, 7]> : tensor<2xi32> shift 20 axis 1 :
    tensor<1x2x4x4xi32> -> tensor<1x2x4x4xi8>`

    Shift form, s in [0, 31]: (x + 2^(s-1)) >> s, x itself for s = 0. Multiplier form, m in
    [1, 2^31) and s in [1, 62]: (x * m + 2^(s-1)) >> s. Products and sums are exact (64 bits hold
    them: nothing wraps before the shift), >> rounds down. A factor is one number, or a vector with
    one for each index along `axis`.
    """

    name = "graph.requantize"

    input = operand_def()
    multiplier = opt_prop_def(FACTOR)
    shift = prop_def(FACTOR)
    axis = opt_prop_def(INTEGER)

    custom_directives = (Factor,)
    assembly_format = (
        "$input (`multiplier` custom<Factor>($multiplier)^)? `shift` custom<Factor>($shift) "
        "(`axis` $axis^)? attr-dict `:` type($input) `->` type($result)"
    )

    def __init__(
        self,
        input: Value,
        element_type: Attribute,
        shift: int | Array,
        multiplier: int | Array | None = None,
        axis: int | None = None,
    ):
        """A factor that is an array is a vector along `axis`."""
        type = rules.check_tensor("input", SSAValue.get(input).type, rules.NARROW_INTEGERS)
        super().__init__(
            operands=[input],
            properties={
                "multiplier": None if multiplier is None else _factor(multiplier, "multiplier"),
                "shift": _factor(shift, "shift"),
                "axis": None if axis is None else IntegerAttr(axis, i64),
            },
            result_types=[TensorType(element_type, type.get_shape())],
        )

    @property
    def multipliers(self) -> Array | None:
        """The multipliers in i64, of a shape that broadcasts to the input's; None in shift form."""
        return None if self.multiplier is None else self._aligned("multiplier", self.multiplier)

    @property
    def shifts(self) -> Array:
        """The shifts in i64, of a shape that broadcasts to the input's."""
        return self._aligned("shift", self.shift)

    def _aligned(self, what: str, factor: FactorAttr) -> Array:
        return aligned(what, factor, self.axis, self._input_shape(), i32).astype(np.int64)

    def _input_shape(self) -> tuple[int, ...]:
        type = rules.check_tensor("input", self.input.type, rules.NARROW_INTEGERS)
        return type.get_shape()

    @override
    def result_type(self) -> Tensor:
        shape = self._input_shape()
        element = self.result.type.element_type
        if element not in rules.NARROW_INTEGERS:
            rules.refuse("result", f"has element type {element}", "i8 or i16 or i32")
        multipliers, shifts = self.multipliers, self.shifts
        if multipliers is None:
            self._check_range("shift", shifts, 0, 31)
        else:
            self._check_range("multiplier", multipliers, 1, 2**31 - 1)
            self._check_range("shift", shifts, 1, 62)
        if self.axis is not None and not any(
            isa(factor, ConstantAttr) for factor in (self.multiplier, self.shift)
        ):
            rules.refuse("axis", "is given", "no axis without a vector")
        return TensorType(element, shape)

    def _check_range(self, what: str, values: Array, least: int, most: int) -> None:
        wrong = values[(values < least) | (values > most)]
        if wrong.size:
            rules.refuse(what, f"is {wrong[0]}", f"{least} to {most}")

    @override
    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        same = self.multiplier is None and self.input.type == self.result.type
        return (self.input,) if same and not self.shifts.any() else None
