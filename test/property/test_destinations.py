"""Nests that write into parts of tensors, in any order and overlapping, while others still read
what was there: the same at every level, though the core writes in place."""

from typing import Any

from core_networks import LayerDraft
from drafts import Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import RTL, check_levels
from xdsl.dialects import arith
from xdsl.dialects.builtin import TensorType, i8
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap

from nopt.dialects.affine_nest.builder import NestBuilder, Place

BLOCK = 16


class LinkDraft(LayerDraft):
    """Tensors of one shape, each a part of which is new; the rest is that of another."""

    def __init__(self, draw: Any):
        super().__init__(draw)
        self.shape = (1, BLOCK * self.number(2, 4), self.number(1, 3), self.number(1, 3))
        self.links: list[SSAValue] = [self.activation(*self.shape), self.weights(self.shape)]

    def part(self) -> tuple[int, int]:
        """First block of channels of a part, and how many."""
        blocks = self.shape[1] // BLOCK
        first = self.number(0, blocks - 1)
        return first, self.number(1, blocks - first)

    def link(self, destination: SSAValue | None) -> None:
        """A nest that computes a part from parts of others, of as many channels."""
        first, count = self.part() if destination is not None else (0, self.shape[1] // BLOCK)
        extents = (1, count * BLOCK, *self.shape[2:])
        nest = NestBuilder(dict(zip("nchw", extents, strict=True)))

        def shifted(block: int) -> list[AffineExpr]:
            n, c, h, w = nest.dims
            return [n, c + block * BLOCK, h, w]

        blocks = self.shape[1] // BLOCK
        x, y = (
            nest.load(self.pick(*self.links), shifted(self.number(0, blocks - count)))
            for _ in range(2)
        )
        value = nest.binary(arith.MaxSIOp, nest.binary(arith.MinSIOp, x, 50), y)
        map = AffineMap(4, 0, tuple(shifted(first)))
        place = Place(map, TensorType(i8, self.shape), destination)
        op = nest.finish(value, place=place if destination is not None else None)
        self.links.append(self.append(op))


@st.composite
def linked(draw: Any) -> Network:
    draft = LinkDraft(draw)
    draft.link(None)
    for _ in range(draft.number(1, 5)):
        draft.link(draft.pick(draft.links[-1], draft.links[-1], *draft.links))
    draft.link(None)
    return draft.finish(draft.links[-1])


@examples(200)
@given(linked())
def test_in_place(network: Network):
    check_levels(network, RTL)
