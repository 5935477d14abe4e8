"""Kernels, and the instructions that move windows: LOAD and STORE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import auto

from xdsl.dialects.builtin import (
    AffineMapAttr,
    DenseArrayBase,
    IntegerAttr,
    MemRefType,
    i64,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import (
    SpacedOpaqueSyntaxAttribute,
    SSAValue,
)
from xdsl.ir.affine import AffineExpr
from xdsl.irdl import (
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    prop_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from nopt.dialects.access import (
    Size,
    index_attr,
    parse_address,
    parse_size,
    print_index,
    print_size,
    size_attr,
)
from nopt.dialects.affine_syntax import OperandList, parse_expr, print_expr
from nopt.dialects.isa.instruction_op import InstructionOp, verify_dram
from nopt.dialects.kernel import BaseKernelOp


@irdl_op_definition
class KernelOp(BaseKernelOp):
    """Computes one tensor on the core by a sequence of instructions; tensors are memrefs inside."""

    name = "isa.kernel"


class LoadMemory(StrEnum):
    """Where a LOAD writes."""

    INP = auto()
    WGT = auto()
    ACC = auto()


@irdl_attr_definition
class LoadMemoryAttr(EnumAttribute[LoadMemory], SpacedOpaqueSyntaxAttribute):
    """A `LoadMemory`, printed as its word."""

    name = "isa.load_memory"


@dataclass(frozen=True)
class Rows:
    """The outer dimension of a two-dimensional transfer.

    Row j lies `stride` DRAM elements per unit of its index `offset + step * j`; it is zero if that
    index is not in [0, bound).
    """

    offset: AffineExpr
    size: Size
    bound: int
    stride: int
    step: int = 1


@dataclass(frozen=True)
class Columns:
    """The inner dimension: consecutive DRAM elements, zero outside [0, bound)."""

    offset: AffineExpr
    size: Size
    bound: int


@irdl_op_definition
class LoadOp(InstructionOp):
    """LOAD of a two-dimensional window, which stays whole here.

    The assembler clips it to the tensor: what lies outside becomes the instruction's padding. Rows
    are `pitch` entries apart in the scratchpad; shorter ones are padded to that.
    """

    name = "isa.load"

    memory = prop_def(LoadMemoryAttr)
    source = operand_def(MemRefType)
    sram = prop_def(AffineMapAttr)
    base = prop_def(AffineMapAttr)
    row_offset = prop_def(AffineMapAttr)
    row_size = prop_def(AffineMapAttr)
    column_offset = prop_def(AffineMapAttr)
    column_size = prop_def(AffineMapAttr)
    geometry = prop_def(DenseArrayBase.constr(i64))
    """Row bound, row stride, row step, column bound, pitch."""

    def __init__(
        self,
        memory: LoadMemory,
        variables: Sequence[SSAValue],
        sram: AffineExpr,
        source: SSAValue,
        base: AffineExpr,
        rows: Rows,
        columns: Columns,
        pitch: int,
    ):
        count = len(variables)
        geometry = [rows.bound, rows.stride, rows.step, columns.bound, pitch]
        super().__init__(
            operands=[source, variables],
            properties={
                "memory": LoadMemoryAttr(memory),
                "sram": index_attr(0, count, [sram]),
                "base": index_attr(0, count, [base]),
                "row_offset": index_attr(0, count, [rows.offset]),
                "row_size": size_attr(count, rows.size),
                "column_offset": index_attr(0, count, [columns.offset]),
                "column_size": size_attr(count, columns.size),
                "geometry": DenseArrayBase.from_list(i64, geometry),
            },
        )

    def verify_(self) -> None:
        verify_dram(self.source)
        if len(self.geometry.get_values()) != 5 or min(self.geometry.get_values()) < 1:
            raise VerifyException(
                "expected positive row bound, stride and step, column bound and pitch, found "
                f"{list(self.geometry.get_values())}"
            )
        self.verify_symbols(
            sram=self.sram,
            base=self.base,
            row_offset=self.row_offset,
            row_size=self.row_size,
            column_offset=self.column_offset,
            column_size=self.column_size,
        )

    @classmethod
    def parse(cls, parser: Parser) -> LoadOp:
        variables = OperandList()
        memory = parser.parse_str_enum(LoadMemory)
        sram = parse_address(parser, variables)
        parser.parse_keyword("from")
        source = parser.parse_unresolved_operand()
        base = parse_address(parser, variables)
        parser.parse_keyword("rows")
        row_offset, row_size, row_bound = _parse_extent(parser, variables)
        parser.parse_keyword("stride")
        stride = parser.parse_integer()
        step = parser.parse_integer() if parser.parse_optional_keyword("step") else 1
        parser.parse_keyword("columns")
        columns = Columns(*_parse_extent(parser, variables))
        parser.parse_keyword("pitch")
        pitch = parser.parse_integer()
        parser.parse_punctuation(":")
        value = parser.resolve_operand(source, parser.parse_type())
        rows = Rows(row_offset, row_size, row_bound, stride, step)
        return cls(memory, variables.values, sram, value, base, rows, columns, pitch)

    def print(self, printer: Printer) -> None:
        row_bound, stride, step, column_bound, pitch = self.geometry.get_values()
        printer.print_string(f" {self.memory.data}")
        print_index(printer, self.sram.data.results, self.variables)
        printer.print_string(" from ")
        printer.print_ssa_value(self.source)
        print_index(printer, self.base.data.results, self.variables)
        printer.print_string(" rows ")
        self._print_extent(printer, self.row_offset, self.row_size, row_bound)
        printer.print_string(f" stride {stride}")
        if step != 1:
            printer.print_string(f" step {step}")
        printer.print_string(" columns ")
        self._print_extent(printer, self.column_offset, self.column_size, column_bound)
        printer.print_string(f" pitch {pitch} : ")
        printer.print_attribute(self.source.type)

    def _print_extent(
        self, printer: Printer, offset: AffineMapAttr, size: AffineMapAttr, bound: int
    ) -> None:
        print_expr(printer, offset.data.results[0], None, self.variables)
        printer.print_string(" size ")
        print_size(printer, size, self.variables)
        printer.print_string(f" of {bound}")


def _parse_extent(
    parser: Parser, variables: OperandList
) -> tuple[AffineExpr, tuple[AffineExpr, ...], int]:
    """offset `size` size `of` bound"""
    offset = parse_expr(parser, variables)
    parser.parse_keyword("size")
    size = parse_size(parser, variables)
    parser.parse_keyword("of")
    return offset, size, parser.parse_integer()


@irdl_op_definition
class StoreOp(InstructionOp):
    """STORE of rows of output vectors that lie one after the other on chip."""

    name = "isa.store"

    destination = operand_def(MemRefType)
    sram = prop_def(AffineMapAttr)
    base = prop_def(AffineMapAttr)
    rows = prop_def(AffineMapAttr)
    columns = prop_def(AffineMapAttr)
    stride = prop_def(IntegerAttr)

    def __init__(
        self,
        variables: Sequence[SSAValue],
        destination: SSAValue,
        base: AffineExpr,
        sram: AffineExpr,
        rows: Size,
        stride: int,
        columns: Size,
    ):
        count = len(variables)
        super().__init__(
            operands=[destination, variables],
            properties={
                "sram": index_attr(0, count, [sram]),
                "base": index_attr(0, count, [base]),
                "rows": size_attr(count, rows),
                "columns": size_attr(count, columns),
                "stride": IntegerAttr(stride, i64),
            },
        )

    def verify_(self) -> None:
        verify_dram(self.destination)
        self.verify_symbols(sram=self.sram, base=self.base, rows=self.rows, columns=self.columns)

    @classmethod
    def parse(cls, parser: Parser) -> StoreOp:
        variables = OperandList()
        destination = parser.parse_unresolved_operand()
        base = parse_address(parser, variables)
        parser.parse_keyword("from")
        parser.parse_keyword("out")
        sram = parse_address(parser, variables)
        parser.parse_keyword("rows")
        rows = parse_size(parser, variables)
        parser.parse_keyword("stride")
        stride = parser.parse_integer()
        parser.parse_keyword("columns")
        columns = parse_size(parser, variables)
        parser.parse_punctuation(":")
        value = parser.resolve_operand(destination, parser.parse_type())
        return cls(variables.values, value, base, sram, rows, stride, columns)

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.destination)
        print_index(printer, self.base.data.results, self.variables)
        printer.print_string(" from out")
        print_index(printer, self.sram.data.results, self.variables)
        printer.print_string(" rows ")
        print_size(printer, self.rows, self.variables)
        printer.print_string(f" stride {self.stride.value.data} columns ")
        print_size(printer, self.columns, self.variables)
        printer.print_string(" : ")
        printer.print_attribute(self.destination.type)
