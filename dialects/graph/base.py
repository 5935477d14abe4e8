"""What the ops of `graph` share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, TypeAlias

from nopt.dialects.graph.types import Tensor, refuse
from typing_extensions import override
from xdsl.dialects.builtin import I64, DenseArrayBase, IntegerAttr, i64
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    AttrConstraint,
    IRDLOperation,
    VarConstraint,
    base,
    operand_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

Value: TypeAlias = SSAValue | Operation
Integers: TypeAlias = DenseArrayBase[I64]

INTEGER = IntegerAttr.constr(type=base(I64))
INTEGER_LIST = DenseArrayBase.constr(i64)
TENSOR: AttrConstraint[Tensor] = base(Tensor)


def integers(values: Sequence[int]) -> Integers:
    """A property that lists integers."""
    return DenseArrayBase.from_list(i64, values)


class GraphOp(IRDLOperation, ABC):
    """An op with one tensor result, whose type follows from the operands and properties."""

    result = result_def(TENSOR)

    traits = traits_def(Pure())

    @abstractmethod
    def result_type(self) -> Tensor:
        """The type the result must have. Raises VerifyException if an operand is at fault."""

    @override
    def verify_(self) -> None:
        expected = self.result_type()
        if self.result.type != expected:
            refuse("result", f"has type {self.result.type}", expected)


class SameTypeOp(GraphOp, ABC):
    """An op whose result has the type of its one operand."""

    _T: ClassVar[VarConstraint[Tensor]] = VarConstraint("T", TENSOR)

    input = operand_def(_T)
    result = result_def(_T)
