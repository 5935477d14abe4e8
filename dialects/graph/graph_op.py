"""What the ops of `graph` share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, TypeAlias

from typing_extensions import TypeVar, override
from xdsl.dialects.builtin import I64, DenseArrayBase, FloatAttr, IntegerAttr, TensorType, f32, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AttrConstraint,
    IntConstraint,
    IRDLOperation,
    VarConstraint,
    VerificationContext,
    base,
    operand_def,
    result_def,
    traits_def,
)
from xdsl.pattern_rewriter import RewritePattern
from xdsl.traits import HasCanonicalizationPatternsTrait, Pure
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.annotations import RULES, verify_annotations
from nopt.dialects.graph.types import Tensor, refuse
from nopt.dialects.shaped import check_elements, is_tensor

Value: TypeAlias = SSAValue | Operation
Integers: TypeAlias = DenseArrayBase[I64]

INTEGER = IntegerAttr.constr(type=base(I64))
INTEGER_LIST = DenseArrayBase.constr(i64)
FLOAT = FloatAttr.constr(f32)
NUMBER = INTEGER | FLOAT
"""An integer for integers, an f32 for floats."""


@dataclass(frozen=True)
class _TensorConstraint(AttrConstraint[Tensor]):
    """A tensor of known rank and not too large; unlike xDSL's own constraint it says so."""

    @override
    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if not is_tensor(attr):
            raise VerifyException(f"{attr} found, expected a tensor of known rank")
        check_elements(attr)

    @override
    def get_bases(self) -> set[type[Attribute]]:
        return {TensorType}

    @override
    def mapping_type_vars(
        self, type_var_mapping: Mapping[TypeVar, AttrConstraint | IntConstraint]
    ) -> Self:
        return self


TENSOR = _TensorConstraint()


def integers(values: Sequence[int]) -> Integers:
    """A property that lists integers."""
    return DenseArrayBase.from_list(i64, values)


@dataclass(frozen=True)
class _Canonicalized(HasCanonicalizationPatternsTrait):
    """The patterns of all ops of the dialect, imported when they are first asked for."""

    @override
    def verify(self, op: Operation) -> None: ...

    @override
    def get_patterns(self, op: type[Operation]) -> tuple[RewritePattern, ...]:
        from nopt.dialects.graph.canonicalization import patterns_of

        return patterns_of(op)


class GraphOp(IRDLOperation, ABC):
    """An op with one tensor result, whose type follows from the operands and properties."""

    result = result_def(TENSOR)

    traits = traits_def(Pure(), _Canonicalized())

    @abstractmethod
    def result_type(self) -> Tensor:
        """The type the result must have. Raises VerifyException if an operand is at fault."""

    @override
    def verify_(self) -> None:
        verify_annotations(self, RULES)
        expected = self.result_type()
        if self.result.type != expected:
            refuse("result", f"has type {self.result.type}", expected)


class SameTypeOp(GraphOp, ABC):
    """An op whose result has the type of its one operand."""

    _T: ClassVar[VarConstraint[Tensor]] = VarConstraint("T", TENSOR)

    input = operand_def(_T)
    result = result_def(_T)
