"""`graph-arrange-channels`: joined tensors in whole blocks of channels, selections in weights.

The core stores blocks of channels. A tensor joined of others of any number of channels is joined of
padded ones instead; what reads it has zeros in its constant weights for the padding. So it has for
channels that a slice off the blocks or a shuffle does not give it. Where a reader has no weights
for that, a product with a matrix of zeros and ones brings the channels together. A limit of a
joined tensor, as ReLU, is one of its pieces, and so is a maximum over windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr, TensorType, UnitAttr, i8
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.constants import load_resource_dialect
from nopt.dialects.graph import ClipOp, ConcatOp, MaxPoolOp, PadOp, ReluOp, ReshapeOp, SliceOp
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.graph.pieces import PADDING_IS_UNREAD
from nopt.dialects.shaped import shape_of, tensor_of
from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.base.machine import machine_of
from nopt.passes.graph.partition.capability import refusal
from nopt.passes.graph.prepare.arrangement import Arrangement, can_read, move, picked
from nopt.passes.graph.prepare.selections import selection_of


@dataclass(frozen=True)
class GraphArrangeChannelsPass(ModulePass):
    """Pad the pieces of joined tensors to blocks, limit them; choose channels by weights."""

    name = "graph-arrange-channels"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        block = machine_of(op).block
        # The outermost first: a piece may be joined itself.
        for concat in reversed([each for each in op.walk() if isinstance(each, ConcatOp)]):
            _limit_pieces(concat)
        for each in [each for each in op.walk() if isinstance(each, ReshapeOp | SliceOp)]:
            _select(each, block)
        erase_dead_code(op)
        for concat in [each for each in op.walk() if isinstance(each, ConcatOp)]:
            _pad_pieces(concat, block)
        erase_dead_code(op)


def _limit_pieces(concat: ConcatOp) -> None:
    """A ReLU or clip of a joined tensor is one of its pieces, and so is a maximum over windows of
    joined channels: it joins what computes them."""
    axis = concat.axis.value.data
    while concat.result.has_one_use():
        (use,) = concat.result.uses
        user = use.operation
        if not _is_of_each_piece(user, concat) or PLACEMENT in user.attributes:
            return
        build = Builder(InsertPoint.before(concat))
        pieces: list[SSAValue] = []
        for piece in concat.inputs:
            properties = dict(user.properties)
            result = tensor_of(user.results[0])
            shape = list(result.get_shape())
            shape[axis] = shape_of(piece)[axis]
            limited = type(user).create(
                operands=[piece],
                properties=properties,
                result_types=[TensorType(result.element_type, shape)],
            )
            limited.location = user.location
            limited.results[0].name_hint = piece.name_hint
            pieces.append(build.insert(limited).results[0])
        joined = ConcatOp(pieces, axis)
        joined.attributes.update({**concat.attributes, **user.attributes})
        joined.result.name_hint = user.results[0].name_hint
        joined.location = concat.location
        Rewriter.replace_op(user, [], [concat.result])
        Rewriter.replace_op(concat, joined)
        concat = joined


def _is_of_each_piece(op: Operation, concat: ConcatOp) -> bool:
    """Whether an op of a joined tensor is joined of the same op of its pieces."""
    if isinstance(op, MaxPoolOp):
        return concat.axis.value.data == 1 and op.result.type.element_type == i8
    return isinstance(op, ReluOp | ClipOp)


def _select(op: ReshapeOp | SliceOp, block: int) -> None:
    """Let readers on the core read what channels are selected from, unless they can in place."""
    if (found := selection_of(op)) is None:
        return
    source, channels = found
    from_core = isinstance(source.owner, GraphOp) and refusal(source.owner) is None
    in_place = channels[0] % block == 0 and bool((np.diff(channels) == 1).all())
    on_host = op.attributes.get(PLACEMENT) == StringAttr("host")
    if on_host or not from_core or in_place or tensor_of(source).element_type != i8:
        return
    arrangement = Arrangement(channels, shape_of(source)[1])
    for use in list(op.result.uses):
        if can_read(use.operation, op.result):
            move(use.operation, op.result, source, arrangement)
    uses = [use for use in op.result.uses if _computes(use.operation)]
    if uses:
        again = picked(source, arrangement, op)
        again.attributes.update(op.attributes)
        again.result.name_hint = op.result.name_hint
        for use in uses:
            use.operation.operands[use.index] = again.result


def _computes(op: Operation) -> bool:
    """Whether the core runs an op that is no selection itself."""
    return isinstance(op, GraphOp) and refusal(op) is None and selection_of(op) is None


def _pad_pieces(concat: ConcatOp, block: int) -> None:
    """Join pieces of whole blocks of channels, if they are not."""
    sizes = [shape_of(piece)[1] for piece in concat.inputs] if concat.axis.value.data == 1 else []
    on_host = concat.attributes.get(PLACEMENT) == StringAttr("host")
    type = tensor_of(concat.result)
    if on_host or type.element_type != i8 or len(type.get_shape()) != 4:
        return
    if not any(size % block for size in sizes[:-1]):
        return
    build = Builder(InsertPoint.before(concat))
    padded = [-(-size // block) * block for size in sizes[:-1]] + sizes[-1:]
    pieces: list[SSAValue] = []
    for piece, size, whole in zip(concat.inputs, sizes, padded, strict=True):
        if size == whole:
            pieces.append(piece)
            continue
        pad = build.insert(PadOp(piece, [0, 0, 0, 0], [0, whole - size, 0, 0]))
        pad.result.name_hint = piece.name_hint
        pad.location = concat.location
        pieces.append(pad.result)
    joined = build.insert(ConcatOp(pieces, 1))
    joined.attributes[PADDING_IS_UNREAD] = UnitAttr()
    joined.result.name_hint = concat.result.name_hint
    joined.location = concat.location
    starts = np.cumsum([0, *padded])
    positions = np.concatenate(
        [start + np.arange(size) for (start, _), size in zip(pairwise(starts), sizes, strict=True)]
    )
    arrangement = Arrangement(positions, int(starts[-1]))
    for use in list(concat.result.uses):
        if can_read(use.operation, concat.result):
            move(use.operation, concat.result, joined.result, arrangement)
    again = picked(joined.result, arrangement, concat)
    again.attributes.update(concat.attributes)
    again.result.name_hint = concat.result.name_hint
    Rewriter.replace_op(concat, [], [again.result])
