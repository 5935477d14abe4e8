"""Ops that combine tensors element by element; shapes broadcast as in numpy."""

from abc import ABC
from collections.abc import Collection
from enum import auto
from typing import ClassVar

from typing_extensions import override
from xdsl.dialects.builtin import TensorType, i1
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import (
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    prop_def,
    traits_def,
)
from xdsl.traits import Commutative
from xdsl.utils.str_enum import StrEnum

from nopt.dialects.graph import types as rules
from nopt.dialects.graph.graph_op import GraphOp, Value
from nopt.dialects.graph.types import Tensor


class BinaryOp(GraphOp, ABC):
    """A function of two numbers.

    Integer operands are sign-extended to the result's width w and combined modulo 2^w. Floats are
    combined in the one type that operands and result share.
    """

    ELEMENTS: ClassVar[Collection[Attribute]] = rules.NUMBERS

    lhs = operand_def()
    rhs = operand_def()

    assembly_format = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)"

    def __init__(self, lhs: Value, rhs: Value, element_type: Attribute | None = None):
        """The result's element type defaults to the wider one of the operands."""
        types = SSAValue.get(lhs).type, SSAValue.get(rhs).type
        result = rules.binary_type(*types, element_type, self.ELEMENTS)
        super().__init__(operands=[lhs, rhs], result_types=[result])

    @override
    def result_type(self) -> Tensor:
        element = self.result.type.element_type
        return rules.binary_type(self.lhs.type, self.rhs.type, element, self.ELEMENTS)


@irdl_op_definition
class AddOp(BinaryOp):
    """Elementwise sum.

    `%y = graph.add %a, %b : (tensor<1x64x7x7xi32>, tensor<64x1x1xi32>) -> tensor<1x64x7x7xi32>`
    """

    name = "graph.add"
    traits = traits_def(Commutative())


@irdl_op_definition
class SubOp(BinaryOp):
    """Elementwise difference lhs - rhs.

    `%y = graph.sub %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>`
    """

    name = "graph.sub"


@irdl_op_definition
class MulOp(BinaryOp):
    """Elementwise product.

    `%y = graph.mul %a, %b : (tensor<1x64x7x7xi8>, tensor<64x1x1xi8>) -> tensor<1x64x7x7xi32>`
    """

    name = "graph.mul"
    traits = traits_def(Commutative())


@irdl_op_definition
class MinOp(BinaryOp):
    """Elementwise smaller one; of floats NaN if one is.

    `%y = graph.min %a, %b : (tensor<2x3xi8>, tensor<2x3xi8>) -> tensor<2x3xi8>`
    """

    name = "graph.min"
    traits = traits_def(Commutative())


@irdl_op_definition
class MaxOp(BinaryOp):
    """Elementwise larger one; of floats NaN if one is.

    `%y = graph.max %a, %b : (tensor<2x3xi8>, tensor<2x3xi8>) -> tensor<2x3xi8>`
    """

    name = "graph.max"
    traits = traits_def(Commutative())


@irdl_op_definition
class DivOp(BinaryOp):
    """Elementwise quotient lhs / rhs of floats.

    `%y = graph.div %a, %b : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>`
    """

    name = "graph.div"
    ELEMENTS: ClassVar[Collection[Attribute]] = rules.FLOATS


@irdl_op_definition
class PowOp(BinaryOp):
    """Elementwise lhs to the power of rhs, of floats.

    `%y = graph.pow %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>`
    """

    name = "graph.pow"
    ELEMENTS: ClassVar[Collection[Attribute]] = rules.FLOATS


class Comparison(StrEnum):
    """What `graph.compare` asks of lhs and rhs."""

    EQ = auto()
    NE = auto()
    LT = auto()
    LE = auto()
    GT = auto()
    GE = auto()


@irdl_attr_definition
class ComparisonAttr(EnumAttribute[Comparison], SpacedOpaqueSyntaxAttribute):
    """A `Comparison`, printed as its word."""

    name = "graph.comparison"


@irdl_op_definition
class CompareOp(GraphOp):
    """Elementwise comparison of lhs with rhs, of one element type, signed; shapes broadcast.

    `%y = graph.compare lt %a, %b : (tensor<2x3xi64>, tensor<i64>) -> tensor<2x3xi1>`
    """

    name = "graph.compare"

    kind = prop_def(ComparisonAttr)
    lhs = operand_def()
    rhs = operand_def()

    assembly_format = "$kind $lhs `,` $rhs attr-dict `:` functional-type(operands, results)"

    def __init__(self, kind: Comparison, lhs: Value, rhs: Value):
        result = _compare_type(SSAValue.get(lhs).type, SSAValue.get(rhs).type)
        super().__init__(
            operands=[lhs, rhs], properties={"kind": ComparisonAttr(kind)}, result_types=[result]
        )

    @override
    def result_type(self) -> Tensor:
        return _compare_type(self.lhs.type, self.rhs.type)


def _compare_type(lhs: Attribute, rhs: Attribute) -> Tensor:
    return TensorType(i1, _alike(("lhs", lhs), ("rhs", rhs), rules.NUMBERS).get_shape())


@irdl_op_definition
class WhereOp(GraphOp):
    """Elementwise choice: lhs where the condition is true, else rhs; all three shapes broadcast.

    `%y = graph.where %c, %a, %b : (tensor<2x3xi1>, tensor<2x3xf32>, tensor<f32>)
    -> tensor<2x3xf32>`
    """

    name = "graph.where"

    condition = operand_def()
    lhs = operand_def()
    rhs = operand_def()

    assembly_format = (
        "$condition `,` $lhs `,` $rhs attr-dict `:` functional-type(operands, results)"
    )

    def __init__(self, condition: Value, lhs: Value, rhs: Value):
        types = [SSAValue.get(value).type for value in (condition, lhs, rhs)]
        super().__init__(operands=[condition, lhs, rhs], result_types=[_where_type(*types)])

    @override
    def result_type(self) -> Tensor:
        return _where_type(self.condition.type, self.lhs.type, self.rhs.type)


def _where_type(condition: Attribute, lhs: Attribute, rhs: Attribute) -> Tensor:
    chosen = _alike(("lhs", lhs), ("rhs", rhs), rules.ANY)
    where = rules.check_tensor("condition", condition, (i1,)).get_shape()
    shape = rules.broadcast_shape("condition", chosen.get_shape(), where)
    return TensorType(chosen.element_type, shape)


def _alike(
    first: tuple[str, Attribute], second: tuple[str, Attribute], elements: Collection[Attribute]
) -> Tensor:
    """The type that two operands of one element type broadcast to."""
    a, b = (rules.check_tensor(*operand, elements) for operand in (first, second))
    if a.element_type != b.element_type:
        expected = f"{a.element_type} as in {first[0]}"
        rules.refuse(second[0], f"has element type {b.element_type}", expected)
    shape = rules.broadcast_shape(second[0], a.get_shape(), b.get_shape())
    return TensorType(a.element_type, shape)
