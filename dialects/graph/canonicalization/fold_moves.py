"""Ops that move elements: two in sequence become one, what moves nothing vanishes."""

from nopt.dialects.graph.moves import ReshapeOp, TransposeOp
from nopt.dialects.graph.pieces import BroadcastOp, ConcatOp, PadOp, SliceOp
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.shaped import shape_of


def merge_reshapes(op: ReshapeOp) -> Replacement:
    """A reshape of a reshape."""
    if not isinstance(inner := op.input.owner, ReshapeOp):
        return None
    return [ReshapeOp(inner.input, op.result.type.get_shape())]


def merge_transposes(op: TransposeOp) -> Replacement:
    """A transpose of a transpose."""
    if not isinstance(inner := op.input.owner, TransposeOp):
        return None
    first, second = inner.permutation.get_values(), op.permutation.get_values()
    return [TransposeOp(inner.input, [first[axis] for axis in second])]


def reshape_by_transpose(op: TransposeOp) -> Replacement:
    """A transpose that only moves dimensions of size 1 is a reshape."""
    shape = shape_of(op.input)
    moved = [axis for axis in op.permutation.get_values() if shape[axis] > 1]
    return [ReshapeOp(op.input, op.result.type.get_shape())] if moved == sorted(moved) else None


def merge_slices(op: SliceOp) -> Replacement:
    """A slice of a slice."""
    if not isinstance(inner := op.input.owner, SliceOp):
        return None
    taken = [
        range(outer.start, outer.stop, outer.step)[part]
        for outer, part in zip(inner.ranges, op.ranges, strict=True)
    ]
    starts, steps = [part.start for part in taken], [part.step for part in taken]
    return [SliceOp(inner.input, starts, op.result.type.get_shape(), steps)]


def slice_part(op: SliceOp) -> Replacement:
    """A slice within one of the tensors put together is a slice of that tensor."""
    if not isinstance(inner := op.input.owner, ConcatOp):
        return None
    axis, first = inner.axis.value.data, 0
    part = op.ranges[axis]
    for source in inner.inputs:
        size = shape_of(source)[axis]
        if first <= part.start and part.stop <= first + size:
            starts = [*op.starts.get_values()]
            starts[axis] -= first
            steps = None if op.steps is None else op.steps.get_values()
            return [SliceOp(source, starts, op.result.type.get_shape(), steps)]
        first += size
    return None


def merge_concats(op: ConcatOp) -> Replacement:
    """Tensors put together only to be put together with others."""
    flat = [
        part
        for value in op.inputs
        for part in (
            value.owner.inputs
            if isinstance(value.owner, ConcatOp)
            and value.owner.axis == op.axis
            and value.has_one_use()
            else [value]
        )
    ]
    return [ConcatOp(flat, op.axis.value.data)] if flat != [*op.inputs] else None


def merge_pads(op: PadOp) -> Replacement:
    """A border around a border of the same value."""
    if not isinstance(inner := op.input.owner, PadOp) or inner.value != op.value:
        return None
    low, high = (
        [sum(pads) for pads in zip(*borders, strict=True)]
        for borders in (
            (inner.low.get_values(), op.low.get_values()),
            (inner.high.get_values(), op.high.get_values()),
        )
    )
    return [PadOp(inner.input, low, high, op.value.value.data)]


def merge_broadcasts(op: BroadcastOp) -> Replacement:
    """A broadcast of a broadcast."""
    if not isinstance(inner := op.input.owner, BroadcastOp):
        return None
    return [BroadcastOp(inner.input, op.result.type.get_shape())]


RULES = (
    Rule(ReshapeOp, merge_reshapes),
    Rule(TransposeOp, merge_transposes),
    Rule(TransposeOp, reshape_by_transpose),
    Rule(SliceOp, merge_slices),
    Rule(SliceOp, slice_part),
    Rule(ConcatOp, merge_concats),
    Rule(PadOp, merge_pads),
    Rule(BroadcastOp, merge_broadcasts),
)
