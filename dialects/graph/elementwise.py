"""Ops that treat every element by itself."""

from collections.abc import Sequence

from typing_extensions import override
from xdsl.dialects.builtin import IntegerAttr, i64
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, traits_def
from xdsl.traits import Commutative

from nopt.dialects.graph import types as rules
from nopt.dialects.graph.base import INTEGER, GraphOp, SameTypeOp, Value
from nopt.dialects.graph.types import Tensor


@irdl_op_definition
class AddOp(GraphOp):
    """Elementwise sum; shapes broadcast as in numpy.

    `%y = graph.add %a, %b : (tensor<1x64x7x7xi32>, tensor<64x1x1xi32>) -> tensor<1x64x7x7xi32>`

    Integer operands are sign-extended to the result's width w and added modulo 2^w. Floats are
    added in the one type that operands and result share.
    """

    name = "graph.add"

    lhs = operand_def()
    rhs = operand_def()

    traits = traits_def(Commutative())
    assembly_format = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)"

    def __init__(
        self,
        lhs: Value,
        rhs: Value,
        element_type: Attribute | None = None,
    ):
        """The result's element type defaults to the wider one of the operands."""
        result = rules.add_type(SSAValue.get(lhs).type, SSAValue.get(rhs).type, element_type)
        super().__init__(operands=[lhs, rhs], result_types=[result])

    @override
    def result_type(self) -> Tensor:
        return rules.add_type(self.lhs.type, self.rhs.type, self.result.type.element_type)


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
    """Elementwise min(max(x, min), max) of integers.

    `%y = graph.clip %x min -5 max 100 : tensor<1x64xi32>`

    Both bounds are values of the element type, min <= max.
    """

    name = "graph.clip"

    min = prop_def(INTEGER)
    max = prop_def(INTEGER)

    assembly_format = "$input `min` $min `max` $max attr-dict `:` type($input)"

    def __init__(self, input: Value, min: int, max: int):
        super().__init__(
            operands=[input],
            properties={"min": IntegerAttr(min, i64), "max": IntegerAttr(max, i64)},
            result_types=[SSAValue.get(input).type],
        )

    @property
    def bounds(self) -> tuple[int, int]:
        """(min, max)."""
        return self.min.value.data, self.max.value.data

    @override
    def result_type(self) -> Tensor:
        rules.check_tensor("input", self.input.type, rules.INTEGERS)
        least, most = rules.value_range(self.result.type.element_type)
        low, high = self.bounds
        for what, bound in (("min", low), ("max", high)):
            if not least <= bound <= most:
                expected = f"{least} to {most} as {self.result.type.element_type} holds"
                rules.refuse(what, f"is {bound}", expected)
        if low > high:
            rules.refuse("min", f"is {low}", f"at most max, {high}")
        return self.result.type

    @override
    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        whole = self.bounds == rules.value_range(self.result.type.element_type)
        return (self.input,) if whole else None
