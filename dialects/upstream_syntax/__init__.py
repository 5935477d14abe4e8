"""What MLIR's own tools print and xDSL 0.75 does not read: some operations' syntax, newer flags.

All of it belongs in xDSL: it imports nothing but xDSL, and expressions over values
(`affine_syntax`), which import nothing but xDSL.
"""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override
from xdsl.dialects import affine, arith, memref, scf
from xdsl.dialects.builtin import (
    AffineMapAttr,
    AffineSetAttr,
    AnyDenseElement,
    ArrayAttr,
    DenseArrayBase,
    DenseIntElementsAttr,
    DenseIntOrFPElementsAttr,
    IndexType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    TensorType,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap
from xdsl.irdl import IRDLOperation, irdl_op_definition, prop_def, result_def, var_operand_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from nopt.dialects.affine_syntax import ValueList, parse_expr
from nopt.dialects.upstream_syntax.upstream_accesses import (
    LoadReader,
    ParallelReader,
    ReduceReader,
    StoreReader,
)


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


class CopyReader(memref.CopyOp):
    """`memref.copy %a, %b : memref<2xi8> to memref<2xi8>`"""

    @classmethod
    @override
    def parse(cls, parser: Parser) -> memref.CopyOp:
        names = [parser.parse_unresolved_operand()]
        parser.parse_punctuation(",")
        names.append(parser.parse_unresolved_operand())
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        types = [parser.parse_type()]
        parser.parse_keyword("to")
        types.append(parser.parse_type())
        operands = parser.resolve_operands(names, types, parser.pos)
        return memref.CopyOp.build(operands=operands, attributes=attributes)


class CastReader(memref.CastOp):
    """`%b = memref.cast %a : memref<2xi8> to memref<?xi8>`"""

    @classmethod
    @override
    def parse(cls, parser: Parser) -> memref.CastOp:
        name = parser.parse_unresolved_operand()
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        operand = parser.resolve_operand(name, parser.parse_type())
        parser.parse_keyword("to")
        return memref.CastOp.build(
            operands=[operand], attributes=attributes, result_types=[parser.parse_type()]
        )


@irdl_op_definition
class MaxOp(IRDLOperation):
    """`%m = affine.max #map(%i)[%n]`: the largest result of a map; the twin of `affine.min`."""

    name = "affine.max"
    arguments = var_operand_def(IndexType())
    result = result_def(IndexType())
    map = prop_def(AffineMapAttr)

    @classmethod
    @override
    def parse(cls, parser: Parser) -> MaxOp:
        twin = affine.MinOp.parse(parser)
        operands = list(twin.arguments)
        twin.erase()
        return cls.build(
            operands=[operands], properties={"map": twin.map}, result_types=[IndexType()]
        )

    @override
    def print(self, printer: Printer) -> None:
        map, operands = self.map.data, list(self.arguments)
        printer.print_string(" ")
        printer.print_attribute(self.map)
        with printer.in_parens():
            printer.print_list(operands[: map.num_dims], printer.print_ssa_value)
        with printer.in_square_brackets():
            printer.print_list(operands[map.num_dims :], printer.print_ssa_value)


class ParallelOp(affine.ParallelOp):
    """`%s = affine.parallel (%i) = (0) to (min(%n, 8)) step (2) reduce ("addi") -> (i32) { … }`

    xDSL 0.75 demands an operand for each result, which MLIR has not.
    """

    @override
    def verify_(self) -> None:
        for bounds, groups in (
            (self.lowerBoundsMap, self.lowerBoundsGroups),
            (self.upperBoundsMap, self.upperBoundsGroups),
        ):
            if sum(groups.get_values()) != len(bounds.data.results):
                raise VerifyException(f"has {len(bounds.data.results)} bounds in other groups")

    @classmethod
    @override
    def parse(cls, parser: Parser) -> ParallelOp:
        variables = parser.parse_comma_separated_list(
            Parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False)
        )
        parser.parse_punctuation("=")
        lower, lower_groups, lower_operands = _bounds(parser, "max")
        parser.parse_keyword("to")
        upper, upper_groups, upper_operands = _bounds(parser, "min")
        steps = [1] * len(variables)
        if parser.parse_optional_keyword("step") is not None:
            steps = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_integer)
        kinds: Sequence[str] = ()
        types: Sequence[Attribute] = ()
        if parser.parse_optional_keyword("reduce") is not None:
            kinds = parser.parse_comma_separated_list(
                Parser.Delimiter.PAREN, parser.parse_str_literal
            )
            parser.parse_punctuation("->")
            types = parser.parse_optional_comma_separated_list(
                Parser.Delimiter.PAREN, parser.parse_type
            ) or [parser.parse_type()]
        region = _ended(parser.parse_region([name.resolve(IndexType()) for name in variables]))
        return cls.build(
            operands=[[*lower_operands, *upper_operands]],
            properties={
                "reductions": ArrayAttr([StringAttr(kind) for kind in kinds]),
                "lowerBoundsMap": AffineMapAttr(lower),
                "lowerBoundsGroups": _group_sizes(lower_groups),
                "upperBoundsMap": AffineMapAttr(upper),
                "upperBoundsGroups": _group_sizes(upper_groups),
                "steps": ArrayAttr([IntegerAttr(step, i64) for step in steps]),
            },
            attributes=parser.parse_optional_attr_dict(),
            regions=[region],
            result_types=[types],
        )


def _bounds(parser: Parser, several: str) -> tuple[AffineMap, list[int], list[SSAValue]]:
    """`(expr, max(expr, …), …)`: all expressions as a map, how many each bound has, operands."""
    variables = ValueList()
    exprs: list[AffineExpr] = []

    def bound() -> int:
        if parser.parse_optional_keyword(several) is None:
            found = [parse_expr(parser, variables)]
        else:
            found = parser.parse_comma_separated_list(
                Parser.Delimiter.PAREN, lambda: parse_expr(parser, variables)
            )
        exprs.extend(found)
        return len(found)

    groups = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, bound)
    return AffineMap(0, len(variables.values), tuple(exprs)), groups, variables.values


def _group_sizes(sizes: Sequence[int]) -> DenseIntElementsAttr:
    return DenseIntOrFPElementsAttr.from_list(TensorType(i32, [len(sizes)]), sizes)


_READERS: dict[str, tuple[type[Operation], type[Operation]]] = {
    "affine.if": (affine.IfOp, IfReader),
    "affine.load": (affine.LoadOp, LoadReader),
    "affine.parallel": (ParallelOp, ParallelOp),
    "affine.store": (affine.StoreOp, StoreReader),
    "memref.cast": (memref.CastOp, CastReader),
    "memref.copy": (memref.CopyOp, CopyReader),
    "memref.global": (memref.GlobalOp, GlobalReader),
    "scf.parallel": (ParallelReader, ParallelReader),
    "scf.reduce": (scf.ReduceOp, ReduceReader),
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
    if isinstance(op, affine.ParallelOp):
        kinds = ArrayAttr[Attribute](map(_kind_name, op.reductions))
        op.properties["reductions"] = kinds
    return op


def _kind_name(kind: Attribute) -> Attribute:
    """How a parallel loop combines values: a number in generic syntax."""
    number = kind.value.data if isa(kind, IntegerAttr) else -1
    return StringAttr(_KINDS[number]) if 0 <= number < len(_KINDS) else kind


_KINDS = (
    *("addf", "addi", "assign", "maximumf", "maxs", "maxu"),
    *("minimumf", "mins", "minu", "mulf", "muli"),
)

_OLD_NAMES = {
    "lower_bound": "lowerBoundMap",
    "upper_bound": "upperBoundMap",
    "operand_segment_sizes": "operandSegmentSizes",
}
