"""The `tensor_intrinsic` dialect: tiles in scratchpads, and the intrinsics that run on them.

A `kernel` computes one tensor from others on the core. Inside, tensors in DRAM are memrefs, the
scratchpads are memrefs in memory spaces `inp`, `wgt` and `acc`, loops are rolled `affine.for`. Ops
move a window of a tensor to a buffer, run an intrinsic over an iteration box, store a box:

    tensor_intrinsic.load %x[0, %t * 4 - 1, -1] to %inp[%t mod 2] sizes [1, 6, 58]
    tensor_intrinsic.gemm [4, 56, 3, 3]
        %acc[0, d0, d1] += %inp[%t mod 2, 0, d0 + d2, d1 + d3] * %wgt[0, d2, d3]
    tensor_intrinsic.alu max [4, 56] %acc[0, d0, d1], 0
    tensor_intrinsic.store %acc[0] to %y[%t * 4, 0] sizes [4, 56]

In an access, `d0`, `d1`, … are the dimensions of the op's box and SSA values are loop variables
(the map's symbols). Lanes are not written: an element of a buffer is a vector (of the block's
lanes) or a matrix of weights. A size may be a `min`: the last tile of a dimension is smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import auto

from xdsl.dialects.builtin import (
    I64,
    AffineMapAttr,
    ArrayAttr,
    DenseArrayBase,
    IndexType,
    IntegerAttr,
    MemRefType,
    NoneAttr,
    TensorType,
    i8,
    i32,
    i64,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import (
    Attribute,
    Dialect,
    ParametrizedAttribute,
    Region,
    SpacedOpaqueSyntaxAttribute,
    SSAValue,
)
from xdsl.ir.affine import AffineExpr
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import AttrParser, Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import NoTerminator, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa
from xdsl.utils.str_enum import StrEnum

from nopt.dialects.access import (
    Size,
    index_attr,
    parse_access,
    parse_index,
    parse_sizes,
    print_access,
    print_sizes,
    sizes_attr,
)
from nopt.dialects.affine_syntax import OperandList
from nopt.dialects.kernel import parse_kernel, print_kernel, verify_kernel


class Memory(StrEnum):
    """A scratchpad: input vectors, weight matrices, accumulator vectors."""

    INP = auto()
    WGT = auto()
    ACC = auto()


@irdl_attr_definition
class MemoryAttr(EnumAttribute[Memory], SpacedOpaqueSyntaxAttribute):
    name = "tensor_intrinsic.memory"


@irdl_attr_definition
class ScheduleAttr(ParametrizedAttribute):
    """How a nest is tiled: what `affine-nest-schedule` decides and a person may pin.

    `#tensor_intrinsic.schedule<tile [1, 4, 4, 56, 1, 3, 3] order [0, 2, 3, 1] inp 2 wgt 1 acc 2>`

    `tile` has a size for each iterator but the lanes, parallel ones first; the last tile of a
    dimension may be smaller. `order` lists the parallel iterators, outermost tile loop first;
    reduction tile loops lie inside. `inp`, `wgt`, `acc` are the slots that each operand's buffer
    alternates between.
    """

    name = "tensor_intrinsic.schedule"

    tile: DenseArrayBase[I64]
    order: DenseArrayBase[I64]
    slots: DenseArrayBase[I64]

    @classmethod
    def of(cls, tile: Sequence[int], order: Sequence[int], slots: Sequence[int]) -> ScheduleAttr:
        return cls(*(DenseArrayBase.from_list(i64, values) for values in (tile, order, slots)))

    @property
    def tiles(self) -> tuple[int, ...]:
        return self.tile.get_values()

    @property
    def loop_order(self) -> tuple[int, ...]:
        return self.order.get_values()

    def slots_of(self, memory: Memory) -> int:
        return self.slots.get_values()[list(Memory).index(memory)]

    def verify(self) -> None:
        if any(size < 1 for size in self.tiles):
            raise VerifyException(f"tile sizes must be positive, found {list(self.tiles)}")
        if sorted(self.loop_order) != list(range(len(self.loop_order))):
            raise VerifyException(
                f"order must be a permutation of the parallel iterators, "
                f"found {list(self.loop_order)}"
            )
        if len(self.slots.get_values()) != len(Memory) or min(self.slots.get_values()) < 1:
            raise VerifyException("expected a positive number of slots for inp, wgt and acc")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        def numbers() -> DenseArrayBase[I64]:
            values = parser.parse_comma_separated_list(
                AttrParser.Delimiter.SQUARE, parser.parse_integer
            )
            return DenseArrayBase.from_list(i64, values)

        with parser.in_angle_brackets():
            parser.parse_keyword("tile")
            tile = numbers()
            parser.parse_keyword("order")
            order = numbers()
            slots: list[int] = []
            for memory in Memory:
                parser.parse_keyword(memory)
                slots.append(parser.parse_integer())
        return [tile, order, DenseArrayBase.from_list(i64, slots)]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(f"tile {list(self.tiles)} order {list(self.loop_order)}")
            for memory in Memory:
                printer.print_string(f" {memory} {self.slots_of(memory)}")


class AluKind(StrEnum):
    """The ALU's operations on 32-bit lanes; a shift is arithmetic, by a negative amount left."""

    ADD = auto()
    MAX = auto()
    MIN = auto()
    SHR = auto()
    MUL = auto()


@irdl_attr_definition
class AluKindAttr(EnumAttribute[AluKind], SpacedOpaqueSyntaxAttribute):
    name = "tensor_intrinsic.alu_kind"


def memory_of(type: Attribute) -> Memory | None:
    """The scratchpad that a memref lies in; None for DRAM. Raises VerifyException for others."""
    if not isa(type, MemRefType[Attribute]):
        raise VerifyException(f"expected a memref, found {type}")
    match type.memory_space:
        case MemoryAttr(data=memory):
            return memory
        case NoneAttr():
            return None
        case other:
            raise VerifyException(f"expected a scratchpad or no memory space, found {other}")


LANE_RANK = {Memory.INP: 1, Memory.WGT: 2, Memory.ACC: 1}
"""Innermost dimensions of a buffer that make one element: a vector, or a matrix of weights."""


@irdl_op_definition
class KernelOp(IRDLOperation):
    """Computes one tensor on the core; its body sees all tensors as memrefs in DRAM."""

    name = "tensor_intrinsic.kernel"

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


@irdl_op_definition
class AllocOp(IRDLOperation):
    """A buffer in a scratchpad for the kernel's whole run: [slots, window…, lanes…].

    Its first dimension counts alternating slots; they are what lets loads run ahead of compute.
    """

    name = "tensor_intrinsic.alloc"

    result = result_def(MemRefType)

    assembly_format = "attr-dict `:` type($result)"

    def __init__(self, type: Attribute):
        super().__init__(result_types=[type])

    def verify_(self) -> None:
        memory = memory_of(self.result.type)
        if memory is None:
            raise VerifyException("a buffer lies in memory space inp, wgt or acc, found none")
        if len(self.result.type.get_shape()) < 1 + LANE_RANK[memory]:
            raise VerifyException(f"expected slots and lanes, found {self.result.type}")
        expected = i32 if memory is Memory.ACC else i8
        if self.result.type.get_element_type() != expected:
            raise VerifyException(f"expected elements of type {expected}, found {self.result.type}")


class BoxOp(IRDLOperation):
    """What the intrinsics share: a box of sizes under loop variables."""

    variables = var_operand_def(IndexType)
    sizes = prop_def(ArrayAttr[AffineMapAttr])


def _verify_maps(op: BoxOp, dims: int, *maps: tuple[str, AffineMapAttr, int]) -> None:
    """Each named map ranges over `dims` and the loop variables, and indexes all but the lanes."""
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


def shape_of(memref: SSAValue) -> tuple[int, ...]:
    """The shape of a memref, lanes included. Raises VerifyException for other types."""
    if not isa(memref.type, MemRefType[Attribute]):
        raise VerifyException(f"expected a memref, found {memref.type}")
    return memref.type.get_shape()


def _rank(memref: SSAValue, expected: Memory | None, name: str) -> int:
    """Indices of an access to a memref, lanes left out. Raises VerifyException if elsewhere."""
    memory = memory_of(memref.type)
    if memory is not expected:
        found, wanted = memory or "DRAM", expected or "DRAM"
        raise VerifyException(f"'{name}' lies in {found}, expected {wanted}")
    return len(shape_of(memref)) - (1 if memory is None else LANE_RANK[memory])


@irdl_op_definition
class LoadOp(BoxOp):
    """Fills a slot of a buffer with a window of a tensor, zero where the window leaves the tensor.

    buffer[slot, j] = source[offset + step * j] for j in the box `sizes`.
    """

    name = "tensor_intrinsic.load"

    source = operand_def(MemRefType)
    buffer = operand_def(MemRefType)
    offsets = prop_def(AffineMapAttr)
    slot = prop_def(AffineMapAttr)
    steps = prop_def(DenseArrayBase.constr(i64))

    def __init__(
        self,
        source: SSAValue,
        buffer: SSAValue,
        variables: Sequence[SSAValue],
        offsets: Sequence[AffineExpr],
        slot: AffineExpr,
        sizes: Sequence[Size],
        steps: Sequence[int],
    ):
        count = len(variables)
        super().__init__(
            operands=[source, buffer, variables],
            properties={
                "offsets": index_attr(0, count, offsets),
                "slot": index_attr(0, count, [slot]),
                "sizes": sizes_attr(count, sizes),
                "steps": DenseArrayBase.from_list(i64, steps),
            },
        )

    def verify_(self) -> None:
        memory = memory_of(self.buffer.type)
        if memory is None:
            raise VerifyException("'buffer' lies in DRAM, expected a scratchpad")
        rank = _rank(self.buffer, memory, "buffer") - 1
        found = len(shape_of(self.source))
        if found != rank + LANE_RANK[memory]:
            raise VerifyException(
                f"'source' has rank {found}, expected {rank + LANE_RANK[memory]} for the buffer"
            )
        if len(self.sizes.data) != rank or len(self.steps.get_values()) != rank:
            raise VerifyException(f"expected {rank} sizes and steps")
        _verify_maps(self, 0, ("offsets", self.offsets, rank), ("slot", self.slot, 1))

    @classmethod
    def parse(cls, parser: Parser) -> LoadOp:
        variables = OperandList()
        source = parse_access(parser, variables)
        parser.parse_keyword("to")
        buffer = parser.parse_unresolved_operand()
        (slot,) = parse_index(parser, variables)
        parser.parse_keyword("sizes")
        sizes = parse_sizes(parser, variables)
        steps = [1] * len(sizes)
        if parser.parse_optional_keyword("steps") is not None:
            steps = parser.parse_comma_separated_list(Parser.Delimiter.SQUARE, parser.parse_integer)
        source_value, buffer_value = _resolve(parser, [source.memref, buffer])
        return cls(source_value, buffer_value, variables.values, source.exprs, slot, sizes, steps)

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        print_access(printer, self.source, self.offsets, self.variables)
        printer.print_string(" to ")
        print_access(printer, self.buffer, self.slot, self.variables)
        printer.print_string(" sizes ")
        print_sizes(printer, self.sizes, self.variables)
        if any(step != 1 for step in self.steps.get_values()):
            printer.print_string(f" steps {list(self.steps.get_values())}")
        _print_types(printer, [self.source, self.buffer])


@irdl_op_definition
class StoreOp(BoxOp):
    """Writes a box of accumulators to a tensor: the low 8 bits of each lane.

    destination[offset + j] = buffer[slot, j] for j in the box `sizes`.
    """

    name = "tensor_intrinsic.store"

    buffer = operand_def(MemRefType)
    destination = operand_def(MemRefType)
    slot = prop_def(AffineMapAttr)
    offsets = prop_def(AffineMapAttr)

    def __init__(
        self,
        buffer: SSAValue,
        destination: SSAValue,
        variables: Sequence[SSAValue],
        slot: AffineExpr,
        offsets: Sequence[AffineExpr],
        sizes: Sequence[Size],
    ):
        count = len(variables)
        super().__init__(
            operands=[buffer, destination, variables],
            properties={
                "slot": index_attr(0, count, [slot]),
                "offsets": index_attr(0, count, offsets),
                "sizes": sizes_attr(count, sizes),
            },
        )

    def verify_(self) -> None:
        rank = _rank(self.buffer, Memory.ACC, "buffer") - 1
        if _rank(self.destination, None, "destination") != rank or len(self.sizes.data) != rank:
            raise VerifyException(f"expected a destination and sizes of rank {rank}")
        _verify_maps(self, 0, ("offsets", self.offsets, rank), ("slot", self.slot, 1))

    @classmethod
    def parse(cls, parser: Parser) -> StoreOp:
        variables = OperandList()
        buffer = parser.parse_unresolved_operand()
        (slot,) = parse_index(parser, variables)
        parser.parse_keyword("to")
        destination = parse_access(parser, variables)
        parser.parse_keyword("sizes")
        sizes = parse_sizes(parser, variables)
        buffer_value, destination_value = _resolve(parser, [buffer, destination.memref])
        return cls(
            buffer_value, destination_value, variables.values, slot, destination.exprs, sizes
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        print_access(printer, self.buffer, self.slot, self.variables)
        printer.print_string(" to ")
        print_access(printer, self.destination, self.offsets, self.variables)
        printer.print_string(" sizes ")
        print_sizes(printer, self.sizes, self.variables)
        _print_types(printer, [self.buffer, self.destination])


@irdl_op_definition
class GemmOp(BoxOp):
    """acc[…, o] += sum over lanes i of inp[…, i] * wgt[…, o, i], at each point of the box.

    Points that share an accumulator add up. Products are exact, sums modulo 2^32.
    """

    name = "tensor_intrinsic.gemm"

    acc = operand_def(MemRefType)
    inp = operand_def(MemRefType)
    wgt = operand_def(MemRefType)
    acc_map = prop_def(AffineMapAttr)
    inp_map = prop_def(AffineMapAttr)
    wgt_map = prop_def(AffineMapAttr)

    def __init__(
        self,
        variables: Sequence[SSAValue],
        sizes: Sequence[Size],
        acc: tuple[SSAValue, Sequence[AffineExpr]],
        inp: tuple[SSAValue, Sequence[AffineExpr]],
        wgt: tuple[SSAValue, Sequence[AffineExpr]],
    ):
        count, dims = len(variables), len(sizes)
        super().__init__(
            operands=[acc[0], inp[0], wgt[0], variables],
            properties={
                "sizes": sizes_attr(count, sizes),
                "acc_map": index_attr(dims, count, acc[1]),
                "inp_map": index_attr(dims, count, inp[1]),
                "wgt_map": index_attr(dims, count, wgt[1]),
            },
        )

    def verify_(self) -> None:
        _verify_maps(
            self,
            len(self.sizes.data),
            ("acc", self.acc_map, _rank(self.acc, Memory.ACC, "acc")),
            ("inp", self.inp_map, _rank(self.inp, Memory.INP, "inp")),
            ("wgt", self.wgt_map, _rank(self.wgt, Memory.WGT, "wgt")),
        )

    @classmethod
    def parse(cls, parser: Parser) -> GemmOp:
        variables = OperandList()
        sizes = parse_sizes(parser, variables)
        acc = parse_access(parser, variables)
        parser.parse_punctuation("+")
        parser.parse_punctuation("=")
        inp = parse_access(parser, variables)
        parser.parse_characters("*")
        wgt = parse_access(parser, variables)
        values = _resolve(parser, [acc.memref, inp.memref, wgt.memref])
        exprs = (acc.exprs, inp.exprs, wgt.exprs)
        return cls(variables.values, sizes, *zip(values, exprs, strict=True))

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        print_sizes(printer, self.sizes, self.variables)
        printer.print_string(" ")
        print_access(printer, self.acc, self.acc_map, self.variables)
        printer.print_string(" += ")
        print_access(printer, self.inp, self.inp_map, self.variables)
        printer.print_string(" * ")
        print_access(printer, self.wgt, self.wgt_map, self.variables)
        _print_types(printer, [self.acc, self.inp, self.wgt])


@irdl_op_definition
class ResetOp(BoxOp):
    """acc[…] = 0 at each point of the box."""

    name = "tensor_intrinsic.reset"

    acc = operand_def(MemRefType)
    acc_map = prop_def(AffineMapAttr)

    def __init__(
        self,
        variables: Sequence[SSAValue],
        sizes: Sequence[Size],
        acc: tuple[SSAValue, Sequence[AffineExpr]],
    ):
        count = len(variables)
        super().__init__(
            operands=[acc[0], variables],
            properties={
                "sizes": sizes_attr(count, sizes),
                "acc_map": index_attr(len(sizes), count, acc[1]),
            },
        )

    def verify_(self) -> None:
        rank = _rank(self.acc, Memory.ACC, "acc")
        _verify_maps(self, len(self.sizes.data), ("acc", self.acc_map, rank))

    @classmethod
    def parse(cls, parser: Parser) -> ResetOp:
        variables = OperandList()
        sizes = parse_sizes(parser, variables)
        acc = parse_access(parser, variables)
        (value,) = _resolve(parser, [acc.memref])
        return cls(variables.values, sizes, (value, acc.exprs))

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        print_sizes(printer, self.sizes, self.variables)
        printer.print_string(" ")
        print_access(printer, self.acc, self.acc_map, self.variables)
        _print_types(printer, [self.acc])


@irdl_op_definition
class AluOp(BoxOp):
    """acc[…] = kind(acc[…], operand) lane by lane, at each point of the box.

    The operand is another accumulator vector or a signed 16-bit immediate. No point may touch what
    the point before it wrote: the ALU does not forward.
    """

    name = "tensor_intrinsic.alu"

    kind = prop_def(AluKindAttr)
    acc = operand_def(MemRefType)
    other = opt_operand_def(MemRefType)
    acc_map = prop_def(AffineMapAttr)
    other_map = opt_prop_def(AffineMapAttr)
    immediate = opt_prop_def(IntegerAttr)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self,
        kind: AluKind,
        variables: Sequence[SSAValue],
        sizes: Sequence[Size],
        acc: tuple[SSAValue, Sequence[AffineExpr]],
        operand: tuple[SSAValue, Sequence[AffineExpr]] | int,
    ):
        count, dims = len(variables), len(sizes)
        properties: dict[str, Attribute | None] = {
            "kind": AluKindAttr(kind),
            "sizes": sizes_attr(count, sizes),
            "acc_map": index_attr(dims, count, acc[1]),
        }
        if isinstance(operand, int):
            properties["immediate"] = IntegerAttr(operand, i32)
        else:
            properties["other_map"] = index_attr(dims, count, operand[1])
        other = None if isinstance(operand, int) else operand[0]
        super().__init__(operands=[acc[0], other, variables], properties=properties)

    def verify_(self) -> None:
        maps = [("acc", self.acc_map, _rank(self.acc, Memory.ACC, "acc"))]
        if (self.other is None) == (self.immediate is None):
            raise VerifyException("expected either another accumulator or an immediate")
        if self.other is not None:
            if self.other_map is None:
                raise VerifyException("expected a map for 'other'")
            maps.append(("other", self.other_map, _rank(self.other, Memory.ACC, "other")))
        if self.immediate is not None and not -(1 << 15) <= self.immediate.value.data < 1 << 15:
            raise VerifyException(
                f"immediate is {self.immediate.value.data}, expected a signed 16-bit number"
            )
        _verify_maps(self, len(self.sizes.data), *maps)

    @classmethod
    def parse(cls, parser: Parser) -> AluOp:
        kind = parser.parse_str_enum(AluKind)
        variables = OperandList()
        sizes = parse_sizes(parser, variables)
        acc = parse_access(parser, variables)
        parser.parse_punctuation(",")
        immediate = parser.parse_optional_integer(allow_boolean=False)
        if immediate is not None:
            (value,) = _resolve(parser, [acc.memref])
            return cls(kind, variables.values, sizes, (value, acc.exprs), immediate)
        other = parse_access(parser, variables)
        value, other_value = _resolve(parser, [acc.memref, other.memref])
        return cls(kind, variables.values, sizes, (value, acc.exprs), (other_value, other.exprs))

    def print(self, printer: Printer) -> None:
        printer.print_string(f" {self.kind.data} ")
        print_sizes(printer, self.sizes, self.variables)
        printer.print_string(" ")
        print_access(printer, self.acc, self.acc_map, self.variables)
        printer.print_string(", ")
        if self.immediate is not None:
            printer.print_string(str(self.immediate.value.data))
            _print_types(printer, [self.acc])
        elif self.other is not None and self.other_map is not None:
            print_access(printer, self.other, self.other_map, self.variables)
            _print_types(printer, [self.acc, self.other])


def _resolve(parser: Parser, operands: Sequence[UnresolvedOperand]) -> Sequence[SSAValue]:
    """`:` and one type for each operand."""
    parser.parse_punctuation(":")
    pos = parser.pos
    types = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_type)
    return parser.resolve_operands(operands, types, pos)


def _print_types(printer: Printer, values: Sequence[SSAValue]) -> None:
    printer.print_string(" : ")
    printer.print_list(values, lambda value: printer.print_attribute(value.type))


TensorIntrinsic = Dialect(
    "tensor_intrinsic",
    [AllocOp, AluOp, GemmOp, KernelOp, LoadOp, ResetOp, StoreOp],
    [AluKindAttr, MemoryAttr, ScheduleAttr],
)
