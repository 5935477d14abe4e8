"""The `isa` dialect: VTA instructions, rolled; fields are affine in the loop variables.

Inside an `isa.kernel`, loops are `affine.for` and each op is one instruction per iteration. Two
things stay symbolic: tensors in DRAM (memrefs, linked to addresses later) and micro-op kernels
(stated by their strides, shared and placed by the assembler). Dependency tokens do not appear.

    isa.load inp[%t mod 2 * 348] from %x[0] rows %t * 4 - 1 size 6 of 56 stride 56
        columns -1 size 58 of 56 pitch 58
    isa.gemm acc[0] inp[%t mod 2 * 348] wgt[0] outer 4 by (56, 58, 0) inner 56 by (1, 1, 0)
        uops [3 by (0, 58, 3), 3 by (0, 1, 1)]
    isa.alu max acc[0], 0 outer 4 by (56) inner 56 by (1)
    isa.store %y[%t * 224] from out[0] rows 4 stride 3136 columns 224

Scratchpad addresses count entries; DRAM offsets count elements of the memory's kind, from the
tensor's first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import auto

from xdsl.dialects.builtin import (
    I64,
    AffineMapAttr,
    ArrayAttr,
    DenseArrayBase,
    IndexType,
    IntegerAttr,
    MemRefType,
    TensorType,
    i32,
    i64,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import (
    Attribute,
    Dialect,
    Region,
    SpacedOpaqueSyntaxAttribute,
    SSAValue,
)
from xdsl.ir.affine import AffineExpr
from xdsl.irdl import (
    IRDLOperation,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import NoTerminator, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from nopt.dialects.access import (
    Size,
    index_attr,
    parse_index,
    parse_size,
    print_index,
    print_size,
    size_attr,
)
from nopt.dialects.affine_syntax import OperandList, parse_expr, print_expr
from nopt.dialects.kernel import parse_kernel, print_kernel, verify_kernel
from nopt.dialects.tensor_intrinsic import AluKind, AluKindAttr, memory_of


class LoadMemory(StrEnum):
    """Where a LOAD writes."""

    INP = auto()
    WGT = auto()
    ACC = auto()


@irdl_attr_definition
class LoadMemoryAttr(EnumAttribute[LoadMemory], SpacedOpaqueSyntaxAttribute):
    name = "isa.load_memory"


@irdl_op_definition
class KernelOp(IRDLOperation):
    """Computes one tensor on the core by a sequence of instructions; tensors are memrefs inside."""

    name = "isa.kernel"

    inputs = var_operand_def(TensorType)
    body = region_def("single_block")
    result = result_def(TensorType)

    traits = traits_def(Pure(), NoTerminator())

    def __init__(self, inputs: Sequence[SSAValue], result: Attribute, body: Region):
        super().__init__(operands=[inputs], result_types=[result], regions=[body])

    def verify_(self) -> None:
        verify_kernel(self)

    @classmethod
    def parse(cls, parser: Parser) -> KernelOp:
        return cls(*parse_kernel(parser))

    def print(self, printer: Printer) -> None:
        print_kernel(printer, self.inputs, self.result, self.body)


class _InstructionOp(IRDLOperation):
    """What all instructions share: fields that are expressions of `variables`, as symbols."""

    variables = var_operand_def(IndexType)

    def _verify_symbols(self, **maps: AffineMapAttr) -> None:
        for name, map in maps.items():
            if map.data.num_dims or map.data.num_symbols != len(self.variables):
                raise VerifyException(
                    f"'{name}' has {map.data.num_dims} dimensions and {map.data.num_symbols} "
                    f"symbols, expected 0 and the {len(self.variables)} loop variables"
                )


def _verify_dram(memref: SSAValue) -> None:
    if memory_of(memref.type) is not None:
        raise VerifyException(f"expected a memref in DRAM, found {memref.type}")


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
class LoadOp(_InstructionOp):
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
        _verify_dram(self.source)
        if len(self.geometry.get_values()) != 5 or min(self.geometry.get_values()) < 1:
            raise VerifyException(
                "expected positive row bound, stride and step, column bound and pitch, found "
                f"{list(self.geometry.get_values())}"
            )
        self._verify_symbols(
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
        (sram,) = parse_index(parser, variables)
        parser.parse_keyword("from")
        source = parser.parse_unresolved_operand()
        (base,) = parse_index(parser, variables)
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
class StoreOp(_InstructionOp):
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
        _verify_dram(self.destination)
        self._verify_symbols(sram=self.sram, base=self.base, rows=self.rows, columns=self.columns)

    @classmethod
    def parse(cls, parser: Parser) -> StoreOp:
        variables = OperandList()
        destination = parser.parse_unresolved_operand()
        (base,) = parse_index(parser, variables)
        parser.parse_keyword("from")
        parser.parse_keyword("out")
        (sram,) = parse_index(parser, variables)
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


@dataclass(frozen=True)
class Loop:
    """A loop of the instruction itself: how often, and by how much each address moves a turn."""

    size: Size
    factors: tuple[int, ...]


class _StepOp(_InstructionOp):
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
        for factors in (self.outer, self.inner, *self.uop_factors.data):
            if len(factors.get_values()) != addresses:
                raise VerifyException(
                    f"expected a stride for each of {addresses} addresses, "
                    f"found {list(factors.get_values())}"
                )
        self._verify_symbols(
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
            bases += parse_index(parser, variables)
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
        (base,) = parse_index(parser, variables)
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
        if self.immediate is not None and not -(1 << 15) <= self.immediate.value.data < 1 << 15:
            raise VerifyException(
                f"immediate is {self.immediate.value.data}, expected a signed 16-bit number"
            )

    @classmethod
    def parse(cls, parser: Parser) -> AluOp:
        kind = parser.parse_str_enum(AluKind)
        variables = OperandList()
        parser.parse_keyword("acc")
        bases = [*parse_index(parser, variables)]
        parser.parse_punctuation(",")
        immediate = parser.parse_optional_integer(allow_boolean=False)
        if immediate is None:
            parser.parse_keyword("acc")
            bases += parse_index(parser, variables)
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


Isa = Dialect(
    "isa",
    [AluOp, GemmOp, KernelOp, LoadOp, ResetOp, StoreOp],
    [LoadMemoryAttr],
)
