"""The instructions that compute: GEMM, its reset, ALU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import (
    I64,
    AffineMapAttr,
    ArrayAttr,
    DenseArrayBase,
    IntegerAttr,
    i32,
    i64,
)
from xdsl.ir import (
    Attribute,
    SSAValue,
)
from xdsl.ir.affine import AffineExpr
from xdsl.irdl import (
    irdl_op_definition,
    opt_prop_def,
    prop_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.access import (
    Size,
    index_attr,
    parse_address,
    parse_size,
    print_index,
    print_size,
    size_attr,
    verify_immediate,
)
from nopt.dialects.affine_syntax import OperandList
from nopt.dialects.isa.instruction_op import InstructionOp
from nopt.dialects.tensor_intrinsic import AluKind, AluKindAttr


@dataclass(frozen=True)
class Loop:
    """A loop of the instruction itself: how often, and by how much each address moves a turn."""

    size: Size
    factors: tuple[int, ...]


class _StepOp(InstructionOp):
    """GEMM and ALU: addresses that move by two hardware loops and a micro-op kernel.

    At turn (o, i) and kernel point k: address = base + o * outer + i * inner + k · uops. The
    kernel's points are enumerated in micro-ops, its last dimension fastest.
    """

    bases = prop_def(AffineMapAttr)
    outer_size = prop_def(AffineMapAttr)
    inner_size = prop_def(AffineMapAttr)
    outer = prop_def(DenseArrayBase.constr(i64))
    inner = prop_def(DenseArrayBase.constr(i64))
    uop_sizes = prop_def(DenseArrayBase.constr(i64))
    uop_factors = prop_def(ArrayAttr[DenseArrayBase[I64]])

    @staticmethod
    def step_properties(
        count: int, bases: Sequence[AffineExpr], outer: Loop, inner: Loop, uops: Sequence[Loop]
    ) -> dict[str, Attribute]:
        sizes: list[int] = []
        for loop in uops:
            assert isinstance(loop.size, int)
            sizes.append(loop.size)
        return {
            "bases": index_attr(0, count, bases),
            "outer_size": size_attr(count, outer.size),
            "inner_size": size_attr(count, inner.size),
            "outer": DenseArrayBase.from_list(i64, outer.factors),
            "inner": DenseArrayBase.from_list(i64, inner.factors),
            "uop_sizes": DenseArrayBase.from_list(i64, sizes),
            "uop_factors": ArrayAttr(
                [DenseArrayBase.from_list(i64, loop.factors) for loop in uops]
            ),
        }

    def _verify_step(self, addresses: int) -> None:
        if len(self.bases.data.results) != addresses:
            raise VerifyException(
                f"expected {addresses} addresses, found {len(self.bases.data.results)}"
            )
        if len(self.uop_sizes.get_values()) != len(self.uop_factors.data):
            raise VerifyException("expected as many micro-op sizes as strides")
        if any(size < 1 for size in self.uop_sizes.get_values()):
            sizes = list(self.uop_sizes.get_values())
            raise VerifyException(f"micro-op sizes must be positive, found {sizes}")
        for factors in (self.outer, self.inner, *self.uop_factors.data):
            if len(factors.get_values()) != addresses:
                raise VerifyException(
                    f"expected a stride for each of {addresses} addresses, "
                    f"found {list(factors.get_values())}"
                )
        self.verify_symbols(
            bases=self.bases, outer_size=self.outer_size, inner_size=self.inner_size
        )

    @staticmethod
    def _parse_loops(parser: Parser, variables: OperandList) -> tuple[Loop, Loop, list[Loop]]:
        parser.parse_keyword("outer")
        outer = _parse_loop(parser, variables)
        parser.parse_keyword("inner")
        inner = _parse_loop(parser, variables)
        uops: list[Loop] = []
        if parser.parse_optional_keyword("uops") is not None:
            uops = parser.parse_comma_separated_list(
                Parser.Delimiter.SQUARE, lambda: _parse_uop_loop(parser)
            )
        return outer, inner, uops

    def _print_loops(self, printer: Printer) -> None:
        for name, size, factors in (
            (" outer ", self.outer_size, self.outer),
            (" inner ", self.inner_size, self.inner),
        ):
            printer.print_string(name)
            print_size(printer, size, self.variables)
            printer.print_string(f" by ({', '.join(map(str, factors.get_values()))})")
        if self.uop_factors.data:
            loops = zip(self.uop_sizes.get_values(), self.uop_factors.data, strict=True)
            text = ", ".join(
                f"{size} by ({', '.join(map(str, factors.get_values()))})"
                for size, factors in loops
            )
            printer.print_string(f" uops [{text}]")


def _parse_factors(parser: Parser) -> tuple[int, ...]:
    parser.parse_keyword("by")
    return tuple(parser.parse_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_integer))


def _parse_loop(parser: Parser, variables: OperandList) -> Loop:
    """size `by` `(` stride, … `)`"""
    return Loop(parse_size(parser, variables), _parse_factors(parser))


def _parse_uop_loop(parser: Parser) -> Loop:
    return Loop(parser.parse_integer(), _parse_factors(parser))


@irdl_op_definition
class GemmOp(_StepOp):
    """GEMM: acc[…] += inp[…] · wgt[…]ᵀ at each step. Addresses are (acc, inp, wgt)."""

    name = "isa.gemm"

    def __init__(
        self,
        variables: Sequence[SSAValue],
        bases: Sequence[AffineExpr],
        outer: Loop,
        inner: Loop,
        uops: Sequence[Loop],
    ):
        super().__init__(
            operands=[variables],
            properties=self.step_properties(len(variables), bases, outer, inner, uops),
        )

    def verify_(self) -> None:
        self._verify_step(3)

    @classmethod
    def parse(cls, parser: Parser) -> GemmOp:
        variables = OperandList()
        bases: list[AffineExpr] = []
        for memory in ("acc", "inp", "wgt"):
            parser.parse_keyword(memory)
            bases.append(parse_address(parser, variables))
        outer, inner, uops = cls._parse_loops(parser, variables)
        return cls(variables.values, bases, outer, inner, uops)

    def print(self, printer: Printer) -> None:
        for memory, base in zip(("acc", "inp", "wgt"), self.bases.data.results, strict=True):
            printer.print_string(f" {memory}")
            print_index(printer, [base], self.variables)
        self._print_loops(printer)


@irdl_op_definition
class ResetOp(_StepOp):
    """GEMM with the reset flag: acc[…] = 0 at each step."""

    name = "isa.reset"

    def __init__(
        self,
        variables: Sequence[SSAValue],
        base: AffineExpr,
        outer: Loop,
        inner: Loop,
        uops: Sequence[Loop],
    ):
        super().__init__(
            operands=[variables],
            properties=self.step_properties(len(variables), [base], outer, inner, uops),
        )

    def verify_(self) -> None:
        self._verify_step(1)

    @classmethod
    def parse(cls, parser: Parser) -> ResetOp:
        variables = OperandList()
        parser.parse_keyword("acc")
        base = parse_address(parser, variables)
        outer, inner, uops = cls._parse_loops(parser, variables)
        return cls(variables.values, base, outer, inner, uops)

    def print(self, printer: Printer) -> None:
        printer.print_string(" acc")
        print_index(printer, self.bases.data.results, self.variables)
        self._print_loops(printer)


@irdl_op_definition
class AluOp(_StepOp):
    """ALU: acc[…] = kind(acc[…], operand) at each step.

    The operand is a signed 16-bit immediate, or a second accumulator with an address of its own.
    """

    name = "isa.alu"

    kind = prop_def(AluKindAttr)
    immediate = opt_prop_def(IntegerAttr)

    def __init__(
        self,
        kind: AluKind,
        variables: Sequence[SSAValue],
        bases: Sequence[AffineExpr],
        immediate: int | None,
        outer: Loop,
        inner: Loop,
        uops: Sequence[Loop],
    ):
        properties: dict[str, Attribute | None] = {
            **self.step_properties(len(variables), bases, outer, inner, uops),
            "kind": AluKindAttr(kind),
            "immediate": None if immediate is None else IntegerAttr(immediate, i32),
        }
        super().__init__(operands=[variables], properties=properties)

    def verify_(self) -> None:
        self._verify_step(2 if self.immediate is None else 1)
        if self.immediate is not None:
            verify_immediate(self.immediate.value.data)

    @classmethod
    def parse(cls, parser: Parser) -> AluOp:
        kind = parser.parse_str_enum(AluKind)
        variables = OperandList()
        parser.parse_keyword("acc")
        bases = [parse_address(parser, variables)]
        parser.parse_punctuation(",")
        immediate = parser.parse_optional_integer(allow_boolean=False)
        if immediate is None:
            parser.parse_keyword("acc")
            bases.append(parse_address(parser, variables))
        outer, inner, uops = cls._parse_loops(parser, variables)
        return cls(kind, variables.values, bases, immediate, outer, inner, uops)

    def print(self, printer: Printer) -> None:
        bases = self.bases.data.results
        printer.print_string(f" {self.kind.data} acc")
        print_index(printer, bases[:1], self.variables)
        if self.immediate is not None:
            printer.print_string(f", {self.immediate.value.data}")
        else:
            printer.print_string(", acc")
            print_index(printer, bases[1:], self.variables)
        self._print_loops(printer)
