"""What the ops on tiles share: a box under loop variables, accesses, types at the end."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    AffineMapAttr,
    ArrayAttr,
    IndexType,
)
from xdsl.ir import (
    SSAValue,
)
from xdsl.ir.affine import AffineMap
from xdsl.irdl import (
    IRDLOperation,
    prop_def,
    var_operand_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.affine_math import check_magnitude
from nopt.dialects.shaped import is_memref
from nopt.dialects.tensor_intrinsic.tile_attributes import (
    LANE_RANK,
    Memory,
    memory_of,
)


class BoxOp(IRDLOperation):
    """What the intrinsics share: a box of sizes under loop variables."""

    variables = var_operand_def(IndexType)
    sizes = prop_def(ArrayAttr[AffineMapAttr])


def verify_maps(op: BoxOp, dims: int, *maps: tuple[str, AffineMapAttr, int]) -> None:
    """Each named map ranges over `dims` and the loop variables, and indexes all but the lanes.

    A map is (name, map, rank of what it indexes). Raises VerifyException otherwise."""
    variables = len(op.variables)
    sizes = [("sizes", size, 0, None) for size in op.sizes.data]
    for name, attr, wanted, rank in [*sizes, *((n, attr, dims, rank) for n, attr, rank in maps)]:
        map = attr.data
        found = max([map.num_dims, *(dim + 1 for dim in map.used_dims())])
        if found != wanted or map.num_symbols != variables:
            raise VerifyException(
                f"'{name}' has {found} dimensions and {map.num_symbols} symbols, "
                f"expected {wanted} and the {variables} loop variables"
            )
        if rank is not None and len(map.results) != rank:
            raise VerifyException(f"'{name}' has {len(map.results)} indices, expected {rank}")
        verify_magnitudes(name, map)


def verify_magnitudes(name: str, map: AffineMap) -> None:
    """Raises VerifyException for an index that no tensor reaches."""
    for expr in map.results:
        try:
            check_magnitude(expr, {})
        except ValueError as error:
            raise VerifyException(f"'{name}': {error}") from error


def shape_of(memref: SSAValue) -> tuple[int, ...]:
    """The shape of a memref, lanes included. Raises VerifyException for other types."""
    if not is_memref(memref.type):
        raise VerifyException(f"expected a memref, found {memref.type}")
    return memref.type.get_shape()


def rank_of(memref: SSAValue, expected: Memory | None, name: str) -> int:
    """Indices of an access to a memref, lanes left out. Raises VerifyException if elsewhere."""
    memory = memory_of(memref.type)
    if memory is not expected:
        found, wanted = memory or "DRAM", expected or "DRAM"
        raise VerifyException(f"'{name}' lies in {found}, expected {wanted}")
    return len(shape_of(memref)) - (1 if memory is None else LANE_RANK[memory])


def resolve(parser: Parser, operands: Sequence[UnresolvedOperand]) -> Sequence[SSAValue]:
    """`:` and one type for each operand."""
    parser.parse_punctuation(":")
    pos = parser.pos
    types = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_type)
    return parser.resolve_operands(operands, types, pos)


def print_types(printer: Printer, values: Sequence[SSAValue]) -> None:
    """What `resolve` reads."""
    printer.print_string(" : ")
    printer.print_list(values, lambda value: printer.print_attribute(value.type))
