"""Joined tensors without copies: a piece is computed where it belongs, and read from there.

A nest that only copies a tensor into a part of another one vanishes. What makes the tensor, a nest
or itself a chain of pieces, writes into the part; who else reads the tensor reads the part. So a
tensor that grows piece by piece, each step read by other layers, lies in one place from the start.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.builder import Builder
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.annotations import REPRESENTS
from nopt.passes.analysis import Access, access, access_of
from nopt.passes.base.remarks import name_of, remark
from nopt.passes.fusion.block_parts import may_have_lanes, writes_blocks
from nopt.passes.fusion.iterator_order import in_order


def write_in_place(module: ModuleOp, block: int) -> None:
    """Let the pieces of joined tensors be computed in place, for a core with blocks of `block`."""
    for function in [op for op in module.walk() if isinstance(op, FuncOp)]:
        if len(function.body.blocks) != 1:
            continue
        # The largest tensor first: what it is joined from then moves once.
        copy = function.body.block.last_op
        while copy is not None:
            before = copy.prev_op
            if isinstance(copy, ForOp) and (load := _piece(copy)) is not None:
                move = _move_for(copy, load, block)
                before = move.apply() if isinstance(move, _Move) else before
            copy = before


def fits_blocks(nest: ForOp, block: int) -> bool:
    """Whether a nest writes a box of whole blocks, along all dimensions that may have the lanes."""
    if nest.into is None:
        return True
    return access_of(nest).shift is not None and all(
        writes_blocks(nest, axis, block) or not may_have_lanes(nest, axis, block)
        for axis in range(len(nest.result_shape))
    )


def remark_pieces(module: ModuleOp, block: int) -> None:
    """Say of each piece of a joined tensor that is still copied there why it is."""
    for nest in [op for op in module.walk() if isinstance(op, ForOp)]:
        load = _piece(nest)
        if load is not None and isinstance(reason := _move_for(nest, load, block), str):
            remark(nest, f"is copied into its part of a tensor: {reason}")


def is_piece(nest: ForOp) -> bool:
    """Whether a nest only copies into a part of a tensor."""
    return _piece(nest) is not None


def _piece(nest: ForOp) -> LoadOp | None:
    """The load of a nest that only copies into a part of a tensor."""
    return None if nest.into is None else nest.copied


def _move_for(copy: ForOp, load: LoadOp, block: int) -> _Move | str:
    """What to move so that a copy into a part can vanish; else why it must stay."""
    if not fits_blocks(copy, block):
        return f"the part is not in whole blocks of {block} lanes"
    read = access_of(load)
    if not read.is_bijection(load.source_shape):
        return f"{load.map.data} does not read each element of a tensor once"
    if read.inverse is None:
        return f"{load.map.data} is not invertible by one affine map"
    place = access(read.inverse, load.source_shape).then(copy.places)
    if place.divides:
        return f"{load.map.data} would divide iterators; the core stores boxes of plain indices"
    links: list[ForOp] = []
    value: SSAValue | None = load.source
    while value is not None:
        if not isinstance(value.owner, ForOp):
            return f"{name_of(value)} is not computed by a nest"
        links.insert(0, value.owner)
        value = value.owner.destination
    move = _Move(copy, load, links, place)
    return move.refusal() or move


@dataclass
class _Move:
    """A copy nest, its load, and the nests that make what it copies: a chain, first link first."""

    copy: ForOp
    load: LoadOp
    links: list[ForOp]
    place: Access
    """Where each element of what is copied belongs."""

    def _readers(self, link: ForOp) -> list[Operation]:
        """Who reads what a link gives, other than the copy and the next link."""
        own = (self.load, *self.links)
        users = [use.operation for use in link.result.uses]
        return [user for user in users if user not in own]

    def refusal(self) -> str | None:
        """Why a link cannot write to the place, or a reader not read there; None if all can."""
        destination = self.copy.destination
        start = self.links[0]
        maker = destination and destination.owner
        if isinstance(maker, Operation) and not maker.is_before_in_block(start):
            return f"{name_of(start)} is computed before what it would be written into"
        for link in self.links:
            for reader in self._readers(link):
                if isinstance(reader, LoadOp):
                    if not access_of(reader).stays_outside(
                        reader.source_shape, self.place.map, self.copy.result_shape
                    ):
                        return f"{name_of(reader.nest)} pads {name_of(link)}"
                elif isinstance(reader, ForOp):
                    return f"{name_of(reader)} is written into {name_of(link)}, too"
        return None

    def apply(self) -> Operation | None:
        """Move the links, turn the readers; the op before what was the copy."""
        value = self.copy.destination
        for link in self.links:
            moved = self._moved(link, value)
            for reader in self._readers(link):
                if isinstance(reader, LoadOp):
                    self._redirect(reader, moved.result)
                else:
                    self._give_part(reader, link, moved.result)
            value = moved.result
        assert value is not None
        before = self.copy.prev_op
        while isinstance(before, ForOp) and before in self.links:
            before = before.prev_op
        Rewriter.replace_op(self.copy, [], [value])
        for link in reversed(self.links):
            Rewriter.erase_op(link)
        return before

    def _moved(self, link: ForOp, destination: SSAValue | None) -> ForOp:
        """A link that writes to where the copy would bring it."""
        is_last = link is self.links[-1]
        attributes = dict(link.attributes)
        attributes.pop(REPRESENTS, None)
        if is_last:
            attributes.update(self.copy.attributes)
        moved = ForOp(
            link.parallel_extents,
            link.reduction_extents,
            link.detach_region(link.body),
            self.copy.result.type,
            attributes,
            destination=destination,
            into=access_of(link).then(self.place.map).map,
        )
        moved.location = link.location
        moved.result.name_hint = (self.copy if is_last else link).result.name_hint
        Builder(InsertPoint.before(link)).insert(moved)
        if (ordered := in_order(moved)) is None:
            return moved
        Rewriter.replace_op(moved, ordered)
        return ordered

    def _redirect(self, load: LoadOp, joined: SSAValue) -> None:
        """Read the part of the joined tensor."""
        moved = LoadOp(joined, access_of(load).then(self.place.map).map, load.pad)
        moved.attributes.update(load.attributes)
        moved.result.name_hint = load.result.name_hint
        Rewriter.replace_op(load, moved)

    def _give_part(self, reader: Operation, link: ForOp, joined: SSAValue) -> None:
        """A nest that reads the part, for readers that are no nests."""
        named = self.copy.named_parallel
        if access_of(self.load).shift is None:
            named = [(f"i{axis}", extent) for axis, extent in enumerate(self.place.extents)]
        nest = NestBuilder.of(named, [])
        part = nest.finish(nest.load(joined, self.place.map.results))
        part.result.name_hint = link.result.name_hint
        Builder(InsertPoint.before(reader)).insert(part)
        operands = [part.result if o is link.result else o for o in reader.operands]
        reader.operands = operands
