"""What MLIR's own tools print of accesses and indices, and xDSL 0.75 does not read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import override
from xdsl.dialects import affine, dlti, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AffineMapAttr,
    ArrayAttr,
    DenseArrayBase,
    IndexType,
    MemRefType,
    i64,
)
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import AttrParser, Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa


class LoadReader(affine.LoadOp):
    """`%v = affine.load %m[%i + 1] {name = attribute} : memref<8xi32>`"""

    @classmethod
    @override
    def parse(cls, parser: Parser) -> affine.LoadOp:
        name = parser.parse_unresolved_operand()
        source, map, indices, attributes = _access(parser, name)
        op = affine.LoadOp(source, indices, map, source.type.get_element_type())
        op.attributes.update(attributes)
        return op


class StoreReader(affine.StoreOp):
    """`affine.store %v, %m[%i + 1] {name = attribute} : memref<8xi32>`"""

    @classmethod
    @override
    def parse(cls, parser: Parser) -> affine.StoreOp:
        value = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        name = parser.parse_unresolved_operand()
        target, map, indices, attributes = _access(parser, name)
        stored = parser.resolve_operand(value, target.type.get_element_type())
        op = affine.StoreOp(stored, target, indices, map)
        op.attributes.update(attributes)
        return op


def _access(
    parser: Parser, name: UnresolvedOperand
) -> tuple[SSAValue[MemRefType], AffineMapAttr, Sequence[SSAValue], dict[str, Attribute]]:
    """indices attributes? `:` type"""
    map, indices = parser.parse_affine_map_of_ssa_ids()
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    pos = parser.pos
    type = parser.parse_type()
    if not isa(type, MemRefType):
        parser.raise_error(f"expected a memref type, found {type}", pos, parser.pos)
    return parser.resolve_operand(name, type), AffineMapAttr(map), indices, attributes


@irdl_op_definition
class DelinearizeIndexOp(IRDLOperation):
    """`%d:2 = affine.delinearize_index %i into (%a, 4) : index, index`: a number in a mixed base.

    Result k is `i floordiv (product of the bases after k)`, and all but the first of that `mod`
    base k. MLIR 20 may leave out the first base.
    """

    name = "affine.delinearize_index"

    linear_index = operand_def(IndexType())
    dynamic_basis = var_operand_def(IndexType())
    static_basis = opt_prop_def(DenseArrayBase.constr(i64))
    multi_index = var_result_def(IndexType())

    @property
    def basis(self) -> list[int | SSAValue]:
        """The base of each digit; of the first only if it is given."""
        values = list(self.dynamic_basis)
        if self.static_basis is None:
            return [*values]
        numbers = self.static_basis.get_values()
        return [values.pop(0) if number == DYNAMIC_INDEX else number for number in numbers]

    @override
    def verify_(self) -> None:
        if len(self.basis) not in (len(self.multi_index), len(self.multi_index) - 1):
            raise VerifyException(
                f"has {len(self.multi_index)} results and {len(self.basis)} bases"
            )

    @classmethod
    @override
    def parse(cls, parser: Parser) -> DelinearizeIndexOp:
        index = parser.parse_operand(IndexType())
        values: list[SSAValue] = []

        def base() -> int:
            if (value := parser.parse_optional_operand(IndexType())) is None:
                return parser.parse_integer(allow_boolean=False, allow_negative=False)
            values.append(value)
            return DYNAMIC_INDEX

        parser.parse_keyword("into")
        numbers = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, base)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        types = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_type)
        return cls.build(
            operands=[index, values],
            properties={"static_basis": DenseArrayBase.from_list(i64, numbers)},
            attributes=attributes,
            result_types=[types],
        )

    @override
    def print(self, printer: Printer) -> None:
        def print_base(base: int | SSAValue) -> None:
            if isinstance(base, int):
                printer.print_string(str(base))
            else:
                printer.print_ssa_value(base)

        printer.print_string(" ")
        printer.print_ssa_value(self.linear_index)
        printer.print_string(" into ")
        with printer.in_parens():
            printer.print_list(self.basis, print_base)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_list(self.multi_index.types, printer.print_attribute)


class ParallelReader(scf.ParallelOp):
    """`scf.parallel (%i) = (%a) to (%b) step (%c) init (%x) -> i32 { … }`

    Before MLIR 18 a loop without results ends in `scf.yield`; xDSL wants `scf.reduce`.
    """

    @classmethod
    @override
    def parse(cls, parser: Parser) -> scf.ParallelOp:
        def bounds() -> list[SSAValue]:
            return parser.parse_comma_separated_list(
                Parser.Delimiter.PAREN, lambda: parser.parse_operand(IndexType())
            )

        variables = parser.parse_comma_separated_list(
            Parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False)
        )
        parser.parse_punctuation("=")
        lower = bounds()
        parser.parse_keyword("to")
        upper = bounds()
        parser.parse_keyword("step")
        steps = bounds()
        inits: Sequence[SSAValue] = ()
        if parser.parse_optional_keyword("init") is not None:
            pos = parser.pos
            names = parser.parse_comma_separated_list(
                Parser.Delimiter.PAREN, parser.parse_unresolved_operand
            )
            parser.parse_punctuation("->")
            types = parser.parse_optional_comma_separated_list(
                Parser.Delimiter.PAREN, parser.parse_type
            ) or [parser.parse_type()]
            inits = parser.resolve_operands(names, types, pos)
        region = parser.parse_region([name.resolve(IndexType()) for name in variables])
        op = scf.ParallelOp(lower, upper, steps, _ended(region), inits)
        op.attributes.update(parser.parse_optional_attr_dict())
        return op

    @classmethod
    @override
    def create(cls, *, regions: Sequence[Region] = (), **parts: Any) -> scf.ParallelOp:
        return scf.ParallelOp.create(regions=[_ended(region) for region in regions], **parts)


def _ended(region: Region) -> Region:
    """The body of a parallel loop with the one terminator that xDSL wants."""
    if not region.blocks:
        region.add_block(Block())
    block = region.block
    if isinstance(end := block.last_op, scf.YieldOp) and not end.operands:
        block.erase_op(end)
    elif isinstance(end, scf.ReduceOp) and end.args:
        return region
    found = [op for op in block.ops if isinstance(op, scf.ReduceOp)]
    args = [arg for op in found for arg in op.args]
    regions = [op.detach_region(region) for op in found for region in list(op.regions)]
    merged = scf.ReduceOp(args, regions)
    for op in found:
        merged.location = op.location
        block.erase_op(op)
    block.add_op(merged)
    return region


class ReduceReader(scf.ReduceOp):
    """`scf.reduce(%a, %b : i32, f32) {…}, {…}`, or before MLIR 18 `scf.reduce(%a) : i32 {…}`."""

    @classmethod
    @override
    def parse(cls, parser: Parser) -> scf.ReduceOp:
        names: Sequence[UnresolvedOperand] = ()
        types: Sequence[Attribute] = ()
        pos = parser.pos
        if parser.parse_optional_punctuation("(") is not None:
            names = parser.parse_comma_separated_list(
                Parser.Delimiter.NONE, parser.parse_unresolved_operand
            )
            is_old = parser.parse_optional_punctuation(")") is not None
            parser.parse_punctuation(":")
            types = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_type)
            if not is_old:
                parser.parse_punctuation(")")
        args = parser.resolve_operands(names, types, pos)
        regions: list[Region] = []
        if args:
            regions = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_region)
        op = scf.ReduceOp(args, regions)
        op.attributes.update(parser.parse_optional_attr_dict())
        return op


def parse_layout(
    parser: AttrParser, kind: type[dlti.DataLayoutSpecAttr]
) -> dlti.DataLayoutSpecAttr:
    """`<"key" = value, …>`, or before MLIR 20 `<#dlti.dl_entry<"key", value>, …>`."""

    def entry() -> dlti.DataLayoutEntryAttr:
        key = parser.parse_attribute()
        if isinstance(key, dlti.DataLayoutEntryAttr):
            return key
        parser.parse_punctuation("=")
        return dlti.DataLayoutEntryAttr.new((key, parser.parse_attribute()))

    entries = parser.parse_comma_separated_list(Parser.Delimiter.ANGLE, entry)
    return kind.new([ArrayAttr(entries)])
