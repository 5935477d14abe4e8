"""Reading and printing affine expressions over SSA values, such as `%oh * 2 + %kh - 1`.

Variables are SSA values (`%i`) or box dimensions (`d0`, `d1`, …). The caller says how an SSA value,
or a name that is to become one, is an affine variable, and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import IndexType
from xdsl.ir import SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineSymExpr,
)
from xdsl.parser import Parser
from xdsl.printer import Printer

VariableOf = Callable[[SSAValue], AffineExpr] | Mapping[str, AffineExpr]
"""The variable that an SSA value is, or that a name is: in an op's header, before its body's
arguments exist."""


class OperandList:
    """Collects the SSA values of several expressions; value i is symbol i."""

    def __init__(self) -> None:
        self.values: list[SSAValue] = []

    def __call__(self, value: SSAValue) -> AffineExpr:
        if value not in self.values:
            self.values.append(value)
        return AffineSymExpr(self.values.index(value))


class ValueList(OperandList):
    """Of expressions that have no box dimensions."""


def parse_expr(parser: Parser, variable: VariableOf) -> AffineExpr:
    """expr ::= term ((`+` | `-`) term)*"""
    result = _parse_term(parser, variable)
    while True:
        if parser.parse_optional_punctuation("+") is not None:
            result = result + _parse_term(parser, variable)
        elif parser.parse_optional_punctuation("-") is not None:
            result = result - _parse_term(parser, variable)
        elif (value := parser.parse_optional_integer(allow_boolean=False)) is not None:
            # The lexer reads `-1` in `%i -1` as one token.
            if value >= 0:
                parser.raise_error("expected an operator before the number")
            result = result + value
        else:
            return result


def _parse_term(parser: Parser, variable: VariableOf) -> AffineExpr:
    """term ::= factor ((`*` | `floordiv` | `ceildiv` | `mod`) factor)*"""
    result = _parse_factor(parser, variable)
    while True:
        if parser.parse_optional_characters("*") is not None:
            pos = parser.pos
            factor = _parse_factor(parser, variable)
            if not isinstance(result, AffineConstantExpr):
                result, factor = factor, result
            if not isinstance(result, AffineConstantExpr):
                parser.raise_error("expected a number on one side of '*'", pos, parser.pos)
            result = factor * result
        elif parser.parse_optional_keyword("floordiv") is not None:
            result = result // _parse_divisor(parser)
        elif parser.parse_optional_keyword("ceildiv") is not None:
            result = result.ceil_div(_parse_divisor(parser))
        elif parser.parse_optional_keyword("mod") is not None:
            result = result % _parse_divisor(parser)
        else:
            return result


def _parse_divisor(parser: Parser) -> int:
    pos = parser.pos
    divisor = parser.parse_optional_integer(allow_boolean=False)
    if divisor is None or divisor <= 0:
        parser.raise_error("expected a positive number to divide by", pos, parser.pos)
    return divisor


def _parse_factor(parser: Parser, variable: VariableOf) -> AffineExpr:
    """factor ::= `(` expr `)` | integer | `-` factor | variable | `symbol` `(` variable `)`

    A variable is an SSA value or `d` integer. MLIR calls a value that no loop around changes a
    symbol; here it is a value like any other."""
    if parser.parse_optional_punctuation("(") is not None:
        result = parse_expr(parser, variable)
        parser.parse_punctuation(")")
        return result
    if parser.parse_optional_punctuation("-") is not None:
        return -_parse_factor(parser, variable)
    if (value := parser.parse_optional_integer(allow_boolean=False)) is not None:
        return AffineConstantExpr(value)
    if (found := _parse_variable(parser, variable)) is not None:
        return found
    pos = parser.pos
    if (name := parser.parse_optional_identifier()) is not None:
        if name == "symbol" and isinstance(variable, ValueList):
            parser.parse_punctuation("(")
            value = _parse_variable(parser, variable)
            parser.parse_punctuation(")")
            return value if value is not None else parser.raise_error("expected a value", pos)
        if name[0] == "d" and name[1:].isdigit() and not isinstance(variable, ValueList):
            return AffineDimExpr(int(name[1:]))
        parser.raise_error(f"expected %value, dN or a number, found '{name}'", pos, parser.pos)
    parser.raise_error("expected an affine expression")


def _parse_variable(parser: Parser, variable: VariableOf) -> AffineExpr | None:
    pos = parser.pos
    if not callable(variable):
        named = parser.parse_optional_unresolved_operand()
        if named is None:
            return None
        if named.operand_name not in variable:
            parser.raise_error(
                f"expected a parallel iterator, found {named.span.text}", pos, parser.pos
            )
        return variable[named.operand_name]
    operand = parser.parse_optional_operand(IndexType())
    if operand is None:
        return None
    try:
        return variable(operand)
    except ValueError as error:
        parser.raise_error(str(error), pos, parser.pos)


def parse_exprs(parser: Parser, variable: VariableOf) -> list[AffineExpr]:
    """`[` expr (`,` expr)* `]`"""
    return parser.parse_comma_separated_list(
        Parser.Delimiter.SQUARE, lambda: parse_expr(parser, variable)
    )


_TOKENS = {
    AffineBinaryOpKind.FloorDiv: "floordiv",
    AffineBinaryOpKind.CeilDiv: "ceildiv",
    AffineBinaryOpKind.Mod: "mod",
}


def print_expr(
    printer: Printer,
    expr: AffineExpr,
    dims: Sequence[SSAValue] | None,
    symbols: Sequence[SSAValue] = (),
) -> None:
    """Print `expr`, naming dimension i `dims[i]` (or `d<i>` if None), symbol i `symbols[i]`."""
    _ExprPrinter(printer, dims, symbols).print(expr)


@dataclass(frozen=True)
class _ExprPrinter:
    printer: Printer
    dims: Sequence[SSAValue] | None
    symbols: Sequence[SSAValue]

    def print(self, expr: AffineExpr) -> None:
        match expr:
            case AffineConstantExpr():
                self.printer.print_string(str(expr.value))
            case AffineDimExpr():
                if self.dims is None:
                    self.printer.print_string(f"d{expr.position}")
                else:
                    self._variable(self.dims, expr.position)
            case AffineSymExpr():
                self._variable(self.symbols, expr.position)
            case AffineBinaryOpExpr(AffineBinaryOpKind.Add):
                self.print(expr.lhs)
                self._add(expr.rhs)
            case AffineBinaryOpExpr(AffineBinaryOpKind.Mul):
                self._grouped(expr.lhs)
                self.printer.print_string(" * ")
                self._grouped(expr.rhs)
            case AffineBinaryOpExpr():
                self._grouped(expr.lhs)
                self.printer.print_string(f" {_TOKENS[expr.kind]} ")
                self._grouped(expr.rhs)
            case _:
                self.printer.print_string(str(expr))

    def _variable(self, values: Sequence[SSAValue], position: int) -> None:
        if position < len(values):
            self.printer.print_ssa_value(values[position])
        else:
            self.printer.print_string(f"<variable {position}>")

    def _grouped(self, inner: AffineExpr) -> None:
        if isinstance(inner, AffineBinaryOpExpr):
            with self.printer.in_parens():
                self.print(inner)
        else:
            self.print(inner)

    def _add(self, right: AffineExpr) -> None:
        """Print `+ right`, or what is subtracted."""
        match right:
            case AffineConstantExpr() if right.value < 0:
                self.printer.print_string(f" - {-right.value}")
            case AffineBinaryOpExpr(AffineBinaryOpKind.Mul, _, AffineConstantExpr() as factor) if (
                factor.value < 0
            ):
                self.printer.print_string(" - ")
                self._grouped(right.lhs)
                if factor.value != -1:
                    self.printer.print_string(f" * {-factor.value}")
            case _:
                self.printer.print_string(" + ")
                self.print(right)


def print_exprs(
    printer: Printer,
    exprs: Sequence[AffineExpr],
    dims: Sequence[SSAValue] | None,
    symbols: Sequence[SSAValue] = (),
) -> None:
    """`[` expr (`,` expr)* `]`"""
    with printer.in_square_brackets():
        printer.print_list(exprs, lambda expr: print_expr(printer, expr, dims, symbols))
