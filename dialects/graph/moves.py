"""Constants, and ops that only move elements."""

from collections.abc import Sequence
from typing import ClassVar

from typing_extensions import override
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, DenseResourceAttr
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    ParamAttrConstraint,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import ConstantLike, Pure
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.constants import Array, ConstantAttr, array_of, check_constant
from nopt.dialects.graph import types as rules
from nopt.dialects.graph.graph_op import INTEGER_LIST, TENSOR, GraphOp, Value, integers
from nopt.dialects.graph.types import Tensor


@irdl_op_definition
class ConstantOp(IRDLOperation, HasFolderInterface):
    """A constant tensor: written out, or a resource with its bytes at the end of the file.

    `%c = graph.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>`

    A resource is `dense_resource<weights>` in its place.
    """

    name = "graph.constant"
    _T: ClassVar[VarConstraint[Tensor]] = VarConstraint("T", TENSOR)

    value = prop_def(
        ParamAttrConstraint(DenseIntOrFPElementsAttr, (_T, AnyAttr()))
        | ParamAttrConstraint(DenseResourceAttr, (AnyAttr(), _T))
    )
    result = result_def(_T)

    traits = traits_def(Pure(), ConstantLike())
    assembly_format = "attr-dict $value"

    def __init__(self, value: ConstantAttr):
        super().__init__(properties={"value": value}, result_types=[value.get_type()])

    @override
    def verify_(self) -> None:
        try:
            check_constant(self.value)
        except ValueError as error:
            raise VerifyException(str(error)) from error

    @property
    def array(self) -> Array:
        """The value, read-only. Raises ValueError if it is a resource that is not as declared."""
        return array_of(self.value)

    @override
    def fold(self) -> Sequence[SSAValue | Attribute]:
        return (self.value,)


@irdl_op_definition
class ReshapeOp(GraphOp, HasFolderInterface):
    """The same elements in the same row-major order, in another shape.

    `%y = graph.reshape %x : tensor<1x32x2x2xi8> -> tensor<1x128xi8>`
    """

    name = "graph.reshape"

    input = operand_def()

    assembly_format = "$input attr-dict `:` type($input) `->` type($result)"

    def __init__(self, input: Value, shape: Sequence[int]):
        result = rules.reshape_type(SSAValue.get(input).type, shape)
        super().__init__(operands=[input], result_types=[result])

    @override
    def result_type(self) -> Tensor:
        return rules.reshape_type(self.input.type, self.result.type.get_shape())

    @override
    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        return (self.input,) if self.input.type == self.result.type else None


@irdl_op_definition
class TransposeOp(GraphOp, HasFolderInterface):
    """Permuted dimensions: dimension i of the result is dimension permutation[i] of the input.

    `%y = graph.transpose %x permutation [0, 2, 1] : tensor<6x128x64xi8> -> tensor<6x64x128xi8>`
    """

    name = "graph.transpose"

    input = operand_def()
    permutation = prop_def(INTEGER_LIST)

    assembly_format = (
        "$input `permutation` $permutation attr-dict `:` type($input) `->` type($result)"
    )

    def __init__(self, input: Value, permutation: Sequence[int]):
        super().__init__(
            operands=[input],
            properties={"permutation": integers(permutation)},
            result_types=[rules.transpose_type(SSAValue.get(input).type, permutation)],
        )

    @override
    def result_type(self) -> Tensor:
        return rules.transpose_type(self.input.type, self.permutation.get_values())

    @override
    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        permutation = self.permutation.get_values()
        return (self.input,) if permutation == tuple(range(len(permutation))) else None
