"""What MLIR's own tools print and xDSL 0.74 does not read: two operations' syntax, newer flags."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override
from xdsl.dialects import affine, arith, memref
from xdsl.dialects.builtin import (
    AffineSetAttr,
    AnyDenseElement,
    DenseArrayBase,
    IndexType,
    MemRefType,
    StringAttr,
    TensorType,
    UnitAttr,
    i32,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.parser import Parser
from xdsl.utils.hints import isa


class GlobalReader(memref.GlobalOp):
    """`memref.global "private" constant @w : memref<2xi8> = dense<[1, 2]> {alignment = 8 : i64}`"""

    @classmethod
    @override
    def parse(cls, parser: Parser) -> memref.GlobalOp:
        visibility = parser.parse_optional_str_literal()
        constant = parser.parse_optional_keyword("constant")
        name = parser.parse_symbol_name()
        parser.parse_punctuation(":")
        pos = parser.pos
        type = parser.parse_type()
        if not isa(type, MemRefType[AnyDenseElement]):
            parser.raise_error(f"expected a memref type, found {type}", pos, parser.pos)
        value: Attribute = UnitAttr()
        if parser.parse_optional_punctuation("=") is not None:
            if parser.parse_optional_keyword("uninitialized") is None:
                parser.parse_keyword("dense")
                tensor = TensorType(type.element_type, type.get_shape())
                value = parser.parse_dense_int_or_fp_elements_attr(tensor)
        elif parser.parse_optional_keyword("uninitialized") is None:
            parser.raise_error("expected the value of the global, or uninitialized")
        op = memref.GlobalOp.get(
            name,
            type,
            value,
            # MLIR's default is public; xDSL demands that it is said.
            sym_visibility=StringAttr("public" if visibility is None else visibility),
            constant=None if constant is None else UnitAttr(),
        )
        attributes = parser.parse_optional_attr_dict()
        if (alignment := attributes.pop("alignment", None)) is not None:
            op.properties["alignment"] = alignment
        op.attributes.update(attributes)
        return op


class IfReader(affine.IfOp):
    """`%v = affine.if #set(%i)[%n] -> i8 { … affine.yield %a : i8 } else { … }`"""

    @classmethod
    @override
    def parse(cls, parser: Parser) -> affine.IfOp:
        pos = parser.pos
        condition = parser.parse_attribute()
        if not isinstance(condition, AffineSetAttr):
            parser.raise_error(f"expected an affine set, found {condition}", pos, parser.pos)
        operands = [*_indices(parser, Parser.Delimiter.PAREN)]
        operands += _indices(parser, Parser.Delimiter.SQUARE)
        types: Sequence[Attribute] = ()
        if parser.parse_optional_punctuation("->") is not None:
            types = parser.parse_optional_comma_separated_list(
                Parser.Delimiter.PAREN, parser.parse_type
            ) or [parser.parse_type()]
        then_region = _ended(parser.parse_region())
        has_else = parser.parse_optional_keyword("else") is not None
        else_region = _ended(parser.parse_region()) if has_else else Region()
        return affine.IfOp.build(
            operands=[operands],
            properties={"condition": condition},
            attributes=parser.parse_optional_attr_dict(),
            regions=[then_region, else_region],
            result_types=[types],
        )


def _indices(parser: Parser, delimiter: Parser.Delimiter) -> Sequence[SSAValue]:
    def operand() -> SSAValue:
        return parser.parse_operand(IndexType())

    return parser.parse_optional_comma_separated_list(delimiter, operand) or ()


def _ended(region: Region) -> Region:
    """The region with its terminator, which is not written where it yields nothing."""
    if not region.blocks:
        region.add_block(Block())
    if not isinstance(region.block.last_op, affine.YieldOp):
        region.block.add_op(affine.YieldOp.get())
    return region


_READERS: dict[str, tuple[type[Operation], type[Operation]]] = {
    "affine.if": (affine.IfOp, IfReader),
    "memref.global": (memref.GlobalOp, GlobalReader),
}


def reader_of(op_type: type[Operation]) -> type[Operation]:
    """The class whose `parse` reads an operation; what it makes is the operation itself."""
    _, reader = _READERS.get(op_type.name, (op_type, op_type))
    return reader


def operation_of(reader: type[Operation]) -> type[Operation]:
    """The inverse of `reader_of`."""
    op_type, _ = _READERS.get(reader.name, (reader, reader))
    return op_type


def modernize(op: Operation) -> Operation:
    """An operation just read in generic syntax, as xDSL knows it.

    MLIR 20's flags of a truncation only allow assumptions, so they may be dropped. MLIR 16 names
    the bounds of loops and the sizes of operand groups otherwise; for loops the bounds tell those.
    """
    if isinstance(op, arith.TruncIOp):
        op.properties.pop("overflowFlags", None)
    for old, new in _OLD_NAMES.items():
        if new not in op.properties and (value := op.attributes.pop(old, None)) is not None:
            op.properties[new] = value
    if isinstance(op, affine.ForOp) and "operandSegmentSizes" not in op.properties:
        maps = (op.lowerBoundMap.data, op.upperBoundMap.data)
        bounds = [map.num_dims + map.num_symbols for map in maps]
        sizes = [*bounds, len(op.operands) - sum(bounds)]
        op.properties["operandSegmentSizes"] = DenseArrayBase.from_list(i32, sizes)
    return op


_OLD_NAMES = {
    "lower_bound": "lowerBoundMap",
    "upper_bound": "upperBoundMap",
    "operand_segment_sizes": "operandSegmentSizes",
}
