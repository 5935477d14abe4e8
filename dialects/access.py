"""Accesses to memrefs by affine maps over an op's box (dimensions) and loop variables (symbols).

Shared by `tensor_intrinsic` and `isa`: an op has one list of loop variables, and each of its maps
has them as symbols. A *size* is a map without dimensions; of several results the least counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import AffineMapAttr, ArrayAttr
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineExpr, AffineMap
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.affine_syntax import OperandList, parse_expr, print_expr

Size = AffineExpr | tuple[AffineExpr, ...] | int
"""A number, an expression of loop variables, or the least of several."""


@dataclass(frozen=True)
class ParsedAccess:
    """`%memref[exprs]` as parsed: the operand's type comes at the op's end."""

    memref: UnresolvedOperand
    exprs: tuple[AffineExpr, ...]


def parse_access(parser: Parser, variables: OperandList) -> ParsedAccess:
    """memref `[` expr, … `]`"""
    memref = parser.parse_unresolved_operand()
    return ParsedAccess(memref, parse_index(parser, variables))


def parse_index(parser: Parser, variables: OperandList) -> tuple[AffineExpr, ...]:
    """`[` expr, … `]`"""
    exprs = parser.parse_comma_separated_list(
        Parser.Delimiter.SQUARE, lambda: parse_expr(parser, variables)
    )
    return tuple(exprs)


def parse_address(parser: Parser, variables: OperandList) -> AffineExpr:
    """`[` expr `]`"""
    pos = parser.pos
    exprs = parse_index(parser, variables)
    if len(exprs) != 1:
        parser.raise_error(f"expected one index, found {len(exprs)}", pos, parser.pos)
    return exprs[0]


def parse_size(parser: Parser, variables: OperandList) -> tuple[AffineExpr, ...]:
    """expr | `min` `(` expr, … `)`"""
    if parser.parse_optional_keyword("min") is None:
        return (parse_expr(parser, variables),)
    alternatives = parser.parse_comma_separated_list(
        Parser.Delimiter.PAREN, lambda: parse_expr(parser, variables)
    )
    return tuple(alternatives)


def parse_sizes(parser: Parser, variables: OperandList) -> list[tuple[AffineExpr, ...]]:
    """`[` size, … `]`"""
    return parser.parse_comma_separated_list(
        Parser.Delimiter.SQUARE, lambda: parse_size(parser, variables)
    )


def index_attr(dims: int, symbols: int, exprs: Sequence[AffineExpr]) -> AffineMapAttr:
    """The map of an access in a box of `dims` dimensions under `symbols` loop variables."""
    return AffineMapAttr(AffineMap(dims, symbols, tuple(exprs)))


def size_attr(symbols: int, size: Size) -> AffineMapAttr:
    """The map of a size, or of the alternatives whose least it is, under `symbols` variables."""
    if isinstance(size, int):
        size = AffineConstantExpr(size)
    alternatives = size if isinstance(size, tuple) else (size,)
    return AffineMapAttr(AffineMap(0, symbols, alternatives))


def sizes_attr(symbols: int, sizes: Sequence[Size]) -> ArrayAttr[AffineMapAttr]:
    """The sizes of a box as a property, each by `size_attr`."""
    return ArrayAttr([size_attr(symbols, size) for size in sizes])


def constant_size(size: AffineMapAttr) -> int | None:
    """The size if it is a number, None if it depends on loop variables."""
    match size.data.results:
        case (AffineConstantExpr(value=value),):
            return value
        case _:
            return None


def largest_size(size: AffineMapAttr) -> int:
    """The largest value of a size: its constant alternative. Raises ValueError without one."""
    numbers = [expr.value for expr in size.data.results if isinstance(expr, AffineConstantExpr)]
    if not numbers:
        raise ValueError(f"size {size} has no constant bound")
    return min(numbers)


def print_index(
    printer: Printer, exprs: Sequence[AffineExpr], variables: Sequence[SSAValue]
) -> None:
    """What `parse_index` reads."""
    with printer.in_square_brackets():
        printer.print_list(exprs, lambda expr: print_expr(printer, expr, None, variables))


def print_access(
    printer: Printer, memref: SSAValue, index: AffineMapAttr, variables: Sequence[SSAValue]
) -> None:
    """What `parse_access` reads."""
    printer.print_ssa_value(memref)
    print_index(printer, index.data.results, variables)


def print_size(printer: Printer, size: AffineMapAttr, variables: Sequence[SSAValue]) -> None:
    """What `parse_size` reads."""
    alternatives = size.data.results
    if len(alternatives) == 1:
        print_expr(printer, alternatives[0], None, variables)
        return
    printer.print_string("min")
    with printer.in_parens():
        printer.print_list(alternatives, lambda expr: print_expr(printer, expr, None, variables))


def print_sizes(
    printer: Printer, sizes: ArrayAttr[AffineMapAttr], variables: Sequence[SSAValue]
) -> None:
    """What `parse_sizes` reads."""
    with printer.in_square_brackets():
        printer.print_list(sizes.data, lambda size: print_size(printer, size, variables))


def verify_immediate(value: int) -> None:
    """Raises VerifyException if no ALU instruction carries this number."""
    # The field table comes with numpy, which texts without immediates need not wait for.
    from nopt.hw.limits import ANY_CORE, immediate

    low, high = immediate(ANY_CORE)
    if not low <= value <= high:
        raise VerifyException(
            f"immediate is {value}, expected a signed {(high - low).bit_length()}-bit number"
        )
