"""Tensors put together and parts of them: copies, which fusion reads through or writes in place."""

from __future__ import annotations

from collections.abc import Set
from itertools import accumulate
from math import inf

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from nopt.dialects import graph
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.builder import NestBuilder, Place
from nopt.dialects.graph.pieces import PADDING_IS_UNREAD
from nopt.dialects.graph.queries import gathered
from nopt.dialects.graph.types import NUMBERS
from nopt.dialects.shaped import shape_of
from nopt.passes.lowering.graph_nests.nest_shapes import broadcast, parallel


class Slice(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.SliceOp, rewriter: PatternRewriter):
        if op.result.type.element_type not in NUMBERS:
            return
        nest = NestBuilder(parallel(shape_of(op.result)))
        indices = [
            dim * taken.step + taken.start for dim, taken in zip(nest.dims, op.ranges, strict=True)
        ]
        rewriter.replace(op, nest.finish(nest.load(op.input, indices), op))


class Pad(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.PadOp, rewriter: PatternRewriter):
        nest = NestBuilder(parallel(shape_of(op.result)))
        indices = [dim - low for dim, low in zip(nest.dims, op.low.get_values(), strict=True)]
        x = nest.load(op.input, indices, op.value.value.data)
        rewriter.replace(op, nest.finish(x, op))


class Gather(RewritePattern):
    """By constant indices that are an affine function of their own indices: a row, every other."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.GatherOp, rewriter: PatternRewriter):
        chosen = gathered(op)
        if chosen is None or op.result.type.element_type not in NUMBERS:
            return
        nest = NestBuilder(parallel(shape_of(op.result)))
        index, steps = AffineExpr.constant(chosen[0]), chosen[1]
        axis = op.axis.value.data
        inner = axis + len(steps)
        for dim, step in zip(nest.dims[axis:inner], steps, strict=True):
            index = index + dim * step
        x = nest.load(op.input, [*nest.dims[:axis], index, *nest.dims[inner:]])
        rewriter.replace(op, nest.finish(x, op))


class Broadcast(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.BroadcastOp, rewriter: PatternRewriter):
        if op.result.type.element_type not in NUMBERS:
            return
        nest = NestBuilder(parallel(shape_of(op.result)))
        x = nest.load(op.input, broadcast(op.input, nest.dims))
        rewriter.replace(op, nest.finish(x, op))


class Concat(RewritePattern):
    """One nest a piece, each writing into what the one before gives.

    A piece is written as soon as it exists, so that all its other readers come later and can read
    the joined tensor in its stead.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: graph.ConcatOp, rewriter: PatternRewriter):
        if op.result.type.element_type not in NUMBERS or op.parent is None:
            return
        axis = op.axis.value.data
        starts = accumulate((shape_of(piece)[axis] for piece in op.inputs), initial=0)
        pieces = [
            (_unpadded(piece, axis) if PADDING_IS_UNREAD in op.attributes else piece, start)
            for piece, start in zip(op.inputs, starts, strict=False)
        ]
        makers = {maker for piece, _ in pieces for maker in (piece.owner, _first_writer(piece))}
        order = _positions(makers, op)
        joined: ForOp | None = None
        latest = -inf
        pieces.sort(key=lambda entry: order.get(_first_writer(entry[0]), -inf))
        for index, (piece, start) in enumerate(pieces):
            owner = piece.owner
            if isinstance(owner, Operation) and order.get(owner, -inf) > latest:
                latest = order[owner]
                point = InsertPoint.after(owner)
            elif joined is not None:
                point = InsertPoint.after(joined)
            else:
                point = InsertPoint.at_start(op.parent)
            nest = NestBuilder(parallel(shape_of(piece)))
            indices: list[AffineExpr] = [*nest.dims]
            indices[axis] = indices[axis] + start
            place = Place(
                AffineMap(len(indices), 0, tuple(indices)),
                op.result.type,
                joined and joined.result,
            )
            last = index == len(pieces) - 1
            joined = nest.finish(nest.load(piece, nest.dims), op if last else None, place)
            joined.location = op.location
            joined.result.name_hint = op.result.name_hint
            rewriter.insert(joined, point)
        assert joined is not None
        rewriter.replace(op, [], [joined.result])


def _positions(ops: Set[Operation | Block], reader: Operation) -> dict[Operation | Block, int]:
    """Where ops stand in the block of one that reads them, counted from there."""
    inside = {op for op in ops if isinstance(op, Operation) and op.parent is reader.parent}
    positions: dict[Operation | Block, int] = {}
    position, op = 0, reader.prev_op
    while op is not None and len(positions) < len(inside):
        position -= 1
        if op in inside:
            positions[op] = position
        op = op.prev_op
    return positions


def _unpadded(piece: SSAValue, axis: int) -> SSAValue:
    """What was padded at the end of one axis to give a piece, by a nest; or the piece itself."""
    load = piece.owner.copied if isinstance(piece.owner, ForOp) else None
    if load is None or load.pad is None or load.nest.extents != shape_of(piece):
        return piece
    extents = load.nest.extents
    dims = [AffineDimExpr(i) if n > 1 else AffineConstantExpr(0) for i, n in enumerate(extents)]
    in_place = load.map.data.results == tuple(dims)
    padded = [i for i, n in enumerate(load.source_shape) if n != extents[i]]
    return load.source if in_place and padded == [axis] else piece


def _first_writer(value: SSAValue) -> Operation | Block:
    """The op that makes a tensor, or begins to."""
    owner = value.owner
    while isinstance(owner, ForOp) and owner.destination is not None:
        owner = owner.destination.owner
    return owner


def share_prefixes(module: ModuleOp) -> None:
    """Let a concat begin with an earlier one of its first inputs: that tensor only grows then."""
    known: dict[tuple[int, tuple[SSAValue, ...]], SSAValue] = {}
    for op in [op for op in module.walk() if isinstance(op, graph.ConcatOp)]:
        axis, inputs = op.axis.value.data, tuple(op.inputs)
        for count in range(len(inputs) - 1, 1, -1):
            if (first := known.get((axis, inputs[:count]))) is not None:
                op.operands = [first, *inputs[count:]]
                break
        known.setdefault((axis, inputs), op.result)
