"""Attributes of `tensor_intrinsic`: scratchpads, ALU operations, schedules."""

from __future__ import annotations

from collections.abc import Sequence
from enum import auto

from xdsl.dialects.builtin import (
    I64,
    DenseArrayBase,
    IntAttr,
    NoneAttr,
    i64,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import (
    Attribute,
    ParametrizedAttribute,
    SpacedOpaqueSyntaxAttribute,
)
from xdsl.irdl import (
    irdl_attr_definition,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from nopt.dialects.shaped import is_memref


class Memory(StrEnum):
    """A scratchpad: input vectors, weight matrices, accumulator vectors."""

    INP = auto()
    WGT = auto()
    ACC = auto()


@irdl_attr_definition
class MemoryAttr(EnumAttribute[Memory], SpacedOpaqueSyntaxAttribute):
    """A `Memory`, printed as its word."""

    name = "tensor_intrinsic.memory"


@irdl_attr_definition
class ScheduleAttr(ParametrizedAttribute):
    """How a nest is tiled: what `affine-nest-schedule` decides and a person may pin.

    `#tensor_intrinsic.schedule<tile [1, 4, 4, 56, 1, 3, 3] order [0, 2, 3, 1] inp 2 wgt 1 acc 2>`
    `#tensor_intrinsic.schedule<tile [1, 1, 7, 4] order [0, 1, 2] inp 1 within 0 wgt 2 acc 2>`

    `tile` has a size for each iterator but the lanes, parallel ones first; the last tile of a
    dimension may be smaller. `order` lists the parallel iterators, outermost tile loop first;
    reduction tile loops lie inside. `inp`, `wgt`, `acc` are the slots that each operand's buffer
    alternates between.

    `within d` keeps all tiles of the product's input, or weights, that one turn of the d outermost
    tile loops needs: each is loaded when that turn first needs it, and a slot has room for all.
    Without it an operand is loaded again in each turn of the innermost loop that moves it.

    `strips n`: the epilogue of the kernel's last tile goes in n equal strips along the outermost
    iterator of which that has several points, so that one is stored while the next is computed.
    """

    name = "tensor_intrinsic.schedule"

    tile: DenseArrayBase[I64]
    order: DenseArrayBase[I64]
    slots: DenseArrayBase[I64]
    scopes: DenseArrayBase[I64]
    strips: IntAttr

    @classmethod
    def of(
        cls,
        tile: Sequence[int],
        order: Sequence[int],
        slots: Sequence[int],
        scopes: Sequence[int] | None = None,
        strips: int = 1,
    ) -> ScheduleAttr:
        """`scopes` are the `within` of the input and the weights, all loops if they have none."""
        scopes = (len(tile), len(tile)) if scopes is None else scopes
        lists = [DenseArrayBase.from_list(i64, each) for each in (tile, order, slots, scopes)]
        return cls(lists[0], lists[1], lists[2], lists[3], IntAttr(strips))

    @property
    def tiles(self) -> tuple[int, ...]:
        return self.tile.get_values()

    @property
    def loop_order(self) -> tuple[int, ...]:
        return self.order.get_values()

    @property
    def strip_count(self) -> int:
        return self.strips.data

    def slots_of(self, memory: Memory) -> int:
        return self.slots.get_values()[list(Memory).index(memory)]

    def scope_of(self, memory: Memory) -> int:
        """How many outermost tile loops reload the product's operand in this memory."""
        return self.scopes.get_values()[(Memory.INP, Memory.WGT).index(memory)]

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
        if len(self.scopes.get_values()) != 2:
            found = list(self.scopes.get_values())
            raise VerifyException(f"expected a number of tile loops for inp and wgt, found {found}")
        for scope in self.scopes.get_values():
            if not 0 <= scope <= len(self.tiles):
                raise VerifyException(
                    f"within is {scope}, expected 0 to {len(self.tiles)}, the number of tile loops"
                )

        if self.strip_count < 1:
            raise VerifyException(f"strips must be positive, found {self.strip_count}")

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
            scopes: list[int] = []
            for memory in Memory:
                parser.parse_keyword(memory)
                slots.append(parser.parse_integer())
                if memory is not Memory.ACC:
                    within = parser.parse_optional_keyword("within") is not None
                    scopes.append(parser.parse_integer() if within else len(tile.get_values()))
            in_strips = parser.parse_optional_keyword("strips") is not None
            strips = IntAttr(parser.parse_integer() if in_strips else 1)
        arrays = (DenseArrayBase.from_list(i64, list) for list in (slots, scopes))
        return [tile, order, *arrays, strips]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(f"tile {list(self.tiles)} order {list(self.loop_order)}")
            for memory in Memory:
                printer.print_string(f" {memory} {self.slots_of(memory)}")
                if memory is not Memory.ACC and self.scope_of(memory) < len(self.tiles):
                    printer.print_string(f" within {self.scope_of(memory)}")
            if self.strip_count > 1:
                printer.print_string(f" strips {self.strip_count}")


class AluKind(StrEnum):
    """The ALU's operations on 32-bit lanes; a shift is arithmetic, by a negative amount left."""

    ADD = auto()
    MAX = auto()
    MIN = auto()
    SHR = auto()
    MUL = auto()


@irdl_attr_definition
class AluKindAttr(EnumAttribute[AluKind], SpacedOpaqueSyntaxAttribute):
    """An `AluKind`, printed as its word."""

    name = "tensor_intrinsic.alu_kind"


def memory_of(type: Attribute) -> Memory | None:
    """The scratchpad that a memref lies in; None for DRAM. Raises VerifyException for others."""
    if not is_memref(type):
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
