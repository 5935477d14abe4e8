"""The dialect `own`, with one op."""

from typing import ClassVar

from xdsl.dialects.builtin import TensorType, i8
from xdsl.ir import Dialect
from xdsl.irdl import (
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure


@irdl_op_definition
class MeanOp(IRDLOperation):
    """Element by element the mean of two i8 tensors, rounded half up.

    `%m = own.mean %a, %b : tensor<4x16xi8>`
    """

    name = "own.mean"

    T: ClassVar = VarConstraint("T", TensorType.constr(i8))
    """The one type of operands and result."""

    lhs = operand_def(T)
    rhs = operand_def(T)
    result = result_def(T)

    traits = traits_def(Pure())
    assembly_format = "$lhs `,` $rhs attr-dict `:` type($result)"


OWN = Dialect("own", [MeanOp])
