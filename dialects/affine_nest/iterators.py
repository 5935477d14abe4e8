"""A nest's iterators: their extents, names and ranges, and how they read and print."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from struct import unpack

from xdsl.dialects.builtin import DenseArrayBase, IntegerType, i64
from xdsl.ir import BlockArgument
from xdsl.irdl import IRDLOperation, prop_def, region_def
from xdsl.parser import Parser
from xdsl.printer import Printer

from nopt.dialects.affine_math import dim_ranges
from nopt.dialects.affine_points import Ranges


class NestOp(IRDLOperation):
    """An op whose body is evaluated at each point of its parallel and reduction iterators."""

    name = "affine_nest.for"

    parallel = prop_def(DenseArrayBase.constr(i64))
    reduction = prop_def(DenseArrayBase.constr(i64))
    body = region_def("single_block")

    @property
    def parallel_extents(self) -> tuple[int, ...]:
        """How many points each parallel iterator has, from 0 on."""
        return _values(self.parallel)

    @property
    def reduction_extents(self) -> tuple[int, ...]:
        """How many points each reduction iterator has, from 0 on."""
        return _values(self.reduction)

    @property
    def extents(self) -> tuple[int, ...]:
        """Extents of all iterators, parallel ones first."""
        return self.parallel_extents + self.reduction_extents

    @property
    def ranges(self) -> Ranges:
        """The range of each iterator, as dimension expressions."""
        return dim_ranges(self.extents)

    @property
    def iterators(self) -> tuple[BlockArgument, ...]:
        """The body's arguments, in the order of `extents`."""
        return self.body.block.args

    @property
    def named_parallel(self) -> list[tuple[str, int]]:
        """(name, extent) of each parallel iterator."""
        split = len(self.parallel_extents)
        return _named(self.iterators[:split], self.parallel_extents)

    @property
    def named_reduction(self) -> list[tuple[str, int]]:
        """(name, extent) of each reduction iterator."""
        split = len(self.parallel_extents)
        return _named(self.iterators[split:], self.reduction_extents)


def _values(extents: DenseArrayBase[IntegerType]) -> tuple[int, ...]:
    """As `get_values`, which unpacks anew each time; passes ask for extents very often."""
    return _unpacked(extents.data.data) if extents.elt_type == i64 else extents.get_values()


@cache
def _unpacked(data: bytes) -> tuple[int, ...]:
    return unpack(f"<{len(data) // 8}q", data)


def _named(iterators: Sequence[BlockArgument], extents: Sequence[int]) -> list[tuple[str, int]]:
    return [
        (iterator.name_hint or "i", extent)
        for iterator, extent in zip(iterators, extents, strict=True)
    ]


def parse_iterators(parser: Parser) -> tuple[list[Parser.UnresolvedArgument], list[int]]:
    """`(%i, …) = (extent, …)`"""
    names = parser.parse_comma_separated_list(
        Parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False)
    )
    parser.parse_punctuation("=")
    pos = parser.pos
    extents = parser.parse_comma_separated_list(
        Parser.Delimiter.PAREN, lambda: parser.parse_integer(allow_boolean=False)
    )
    if len(names) != len(extents):
        parser.raise_error(f"expected {len(names)} extents, found {len(extents)}", pos, parser.pos)
    return names, extents


def print_iterators(
    printer: Printer, names: Sequence[BlockArgument], extents: Sequence[int]
) -> None:
    """What `parse_iterators` reads."""
    with printer.in_parens():
        printer.print_list(names, lambda name: printer.print_block_argument(name, print_type=False))
    printer.print_string(" = ")
    with printer.in_parens():
        printer.print_list(extents, lambda extent: printer.print_string(str(extent)))
