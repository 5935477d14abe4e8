"""A nest's body moved into the one nest that reads its result, which then computes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import AffineMapAttr, DenseArrayBase, IndexType, i64
from xdsl.ir import Block
from xdsl.ir.affine import AffineDimExpr, AffineExpr
from xdsl.rewriter import Rewriter

from nopt.dialects.affine_math import simplify_map, substitute
from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.affine_nest.attributes import MUST_RUN_ON


@dataclass
class _Body:
    """What is known of a body, so that nobody has to go through its ops to know it."""

    ops: int
    loads: list[LoadOp]


class BodyMover:
    """Moves bodies of nests. Of two that become one, the ops of the smaller one move: in a chain of
    n nests no op moves more than log n times."""

    def __init__(self) -> None:
        self._bodies: dict[ForOp, _Body] = {}

    def move(self, load: LoadOp, producer: ForOp) -> None:
        """Compute in a load's nest what it loads, the one load of a producer's result, all inside.

        The producer's iterators become the load's indices, and its reduction iterators follow those
        of the nest; at most one of the two has some.
        """
        reader = load.nest
        assert isinstance(reader, ForOp)
        above, below = self._body_of(producer), self._body_of(reader)
        own = len(reader.extents)
        dims = [AffineDimExpr(i) for i in range(own + len(producer.reduction_extents))]
        named = reader.named_reduction + producer.named_reduction
        names = [name for name, _ in (*reader.named_parallel, *named)]
        reduction = [extent for _, extent in named]
        extents = (*reader.parallel_extents, *reduction)
        indices = [*load.map.data.results, *dims[own:]]
        below.loads = [other for other in below.loads if other is not load]
        self._join(load, producer, reader)
        _name_iterators(reader.body.block, names)
        reader.reduction = DenseArrayBase.from_list(i64, reduction)
        if indices != dims or len(producer.extents) != len(dims):
            _read_at(above.loads, indices, extents)
        if own != len(dims):
            _read_at(below.loads, dims[:own], extents)
        self._bodies[reader] = _Body(above.ops + below.ops - 2, above.loads + below.loads)
        if MUST_RUN_ON in producer.attributes:
            reader.attributes[MUST_RUN_ON] = producer.attributes[MUST_RUN_ON]
        # A message about the nest should point at its contraction.
        if producer.reduction_extents:
            reader.location = producer.location
        del self._bodies[producer]
        Rewriter.erase_op(producer)

    def _body_of(self, nest: ForOp) -> _Body:
        """The maps of its loads are simplified, with the pads that some point reads."""
        if (known := self._bodies.get(nest)) is None:
            known = _Body(len(nest.body.block.ops), [*nest.loads])
            dims = [AffineDimExpr(i) for i in range(len(nest.extents))]
            _read_at(known.loads, dims, nest.extents)
            for load in known.loads:
                load.result.name_hint = load.result.name_hint or load.source.name_hint
            if nest.into is not None:
                nest.into = AffineMapAttr(simplify_map(nest.into.data, nest.parallel_extents))
            self._bodies[nest] = known
        return known

    def _join(self, load: LoadOp, producer: ForOp, reader: ForOp) -> None:
        """Give the reader the ops of both, the producer's first."""
        above, below = producer.body.block, reader.body.block
        load.result.name_hint = None  # or it would name what is yielded, too
        load.result.replace_all_uses_with(producer.yielded)
        Rewriter.erase_op(load)
        end = above.last_op
        assert end is not None
        Rewriter.erase_op(end)
        if self._bodies[producer].ops < self._bodies[reader].ops:
            first = below.first_op
            assert first is not None
            below.insert_ops_before(_detached(above), first)
            return
        above.add_ops(_detached(below))
        reader.detach_region(reader.body)
        reader.add_region(producer.detach_region(producer.body))


def _detached(block: Block):
    ops = [*block.ops]
    for op in ops:
        op.detach()
    return ops


def _name_iterators(block: Block, names: Sequence[str]) -> None:
    """Give a block arguments of these names; its ops use none."""
    for argument in [*block.args[len(names) :]]:
        block.erase_arg(argument)
    while len(block.args) < len(names):
        block.insert_arg(IndexType(), len(block.args))
    for argument, name in zip(block.args, names, strict=True):
        argument.name_hint = name


def _read_at(
    loads: Sequence[LoadOp], indices: Sequence[AffineExpr], extents: tuple[int, ...]
) -> None:
    """Replace the iterators of loads by indices over iterators of these extents."""
    for load in loads:
        map = simplify_map(substitute(load.map.data, indices, len(extents)), extents)
        load.map = AffineMapAttr(map)
        if load.pad is not None and not load.reads_outside():
            load.pad = None
