"""Kernels, buffers, and the moves of windows between DRAM and scratchpads."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    AffineMapAttr,
    DenseArrayBase,
    MemRefType,
    i8,
    i32,
    i64,
)
from xdsl.ir import (
    Attribute,
    SSAValue,
)
from xdsl.ir.affine import AffineConstantExpr, AffineExpr
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.access import (
    Size,
    index_attr,
    parse_access,
    parse_address,
    parse_index,
    parse_sizes,
    print_access,
    print_sizes,
    sizes_attr,
)
from nopt.dialects.affine_syntax import OperandList
from nopt.dialects.kernel import BaseKernelOp
from nopt.dialects.tensor_intrinsic.tile_attributes import (
    LANE_RANK,
    Memory,
    memory_of,
)
from nopt.dialects.tensor_intrinsic.tile_op import (
    BoxOp,
    print_types,
    rank_of,
    resolve,
    shape_of,
    verify_maps,
)


@irdl_op_definition
class KernelOp(BaseKernelOp):
    """Computes one tensor on the core; its body sees all tensors as memrefs in DRAM."""

    name = "tensor_intrinsic.kernel"


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
        rank = rank_of(self.buffer, memory, "buffer") - 1
        found = len(shape_of(self.source))
        if found != rank + LANE_RANK[memory]:
            raise VerifyException(
                f"'source' has rank {found}, expected {rank + LANE_RANK[memory]} for the buffer"
            )
        if len(self.sizes.data) != rank or len(self.steps.get_values()) != rank:
            raise VerifyException(f"expected {rank} sizes and steps")
        if any(step < 1 for step in self.steps.get_values()):
            found = list(self.steps.get_values())
            raise VerifyException(f"found steps {found}, expected 1 or more")
        verify_maps(self, 0, ("offsets", self.offsets, rank), ("slot", self.slot, 1))

    @classmethod
    def parse(cls, parser: Parser) -> LoadOp:
        variables = OperandList()
        source = parse_access(parser, variables)
        parser.parse_keyword("to")
        buffer = parser.parse_unresolved_operand()
        slot = parse_address(parser, variables)
        parser.parse_keyword("sizes")
        sizes = parse_sizes(parser, variables)
        steps = [1] * len(sizes)
        if parser.parse_optional_keyword("steps") is not None:
            steps = parser.parse_comma_separated_list(Parser.Delimiter.SQUARE, parser.parse_integer)
        source_value, buffer_value = resolve(parser, [source.memref, buffer])
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
        print_types(printer, [self.source, self.buffer])


@irdl_op_definition
class StoreOp(BoxOp):
    """Writes a box of accumulators to a tensor: the low 8 bits of each lane.

    destination[offset + j] = buffer[slot, first + j] for j in the box `sizes`; without `first` it
    begins where the slot does.
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
        slot: Sequence[AffineExpr],
        offsets: Sequence[AffineExpr],
        sizes: Sequence[Size],
    ):
        """`slot` is one index, or one for each dimension of the buffer."""
        count = len(variables)
        super().__init__(
            operands=[buffer, destination, variables],
            properties={
                "slot": index_attr(0, count, slot),
                "offsets": index_attr(0, count, offsets),
                "sizes": sizes_attr(count, sizes),
            },
        )

    def verify_(self) -> None:
        rank = rank_of(self.buffer, Memory.ACC, "buffer") - 1
        if rank_of(self.destination, None, "destination") != rank or len(self.sizes.data) != rank:
            raise VerifyException(f"expected a destination and sizes of rank {rank}")
        indices = 1 if len(self.slot.data.results) == 1 else rank + 1
        verify_maps(self, 0, ("offsets", self.offsets, rank), ("slot", self.slot, indices))

    @property
    def first(self) -> tuple[AffineExpr, ...]:
        """The element of the buffer where the box begins."""
        indices = self.slot.data.results
        zeros = (AffineConstantExpr(0),) * (1 + len(self.sizes.data) - len(indices))
        return (*indices, *zeros)

    @classmethod
    def parse(cls, parser: Parser) -> StoreOp:
        variables = OperandList()
        buffer = parser.parse_unresolved_operand()
        slot = parse_index(parser, variables)
        parser.parse_keyword("to")
        destination = parse_access(parser, variables)
        parser.parse_keyword("sizes")
        sizes = parse_sizes(parser, variables)
        buffer_value, destination_value = resolve(parser, [buffer, destination.memref])
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
        print_types(printer, [self.buffer, self.destination])
