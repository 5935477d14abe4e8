"""Parts of tensors in blocks along their lanes: the core stores whole blocks only."""

from __future__ import annotations

from collections import deque

from xdsl.ir.affine import AffineDimExpr, AffineMap

from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.passes.analysis import Access, access, access_of
from nopt.passes.core.product_factors import factors, is_constant, output_channels


def writes_blocks(nest: ForOp, axis: int, block: int) -> bool:
    """Whether a nest may write whole blocks along a dimension of its result.

    Its part begins with a block. If it does not end with one, what follows in the block is beyond
    the tensor, or unspecified before and after.
    """
    written = access_of(nest)
    low, high = written.bounds[axis]
    end = high + 1
    if low % block:
        return False
    if end % block == 0 or end == nest.result_shape[axis]:
        return True
    return not _may_hold(nest, _stretched(written, axis, range(end, -(-end // block) * block)))


def may_have_lanes(nest: ForOp, axis: int, block: int) -> bool:
    """Whether the vectors that a nest writes may lie along a dimension of its result.

    They do along the output channels of the product that computes it, or what it is computed from.
    If there is none, along what fills blocks best.
    """
    if (found := _is_output(nest, axis)) is not None:
        return found
    extents = [high - low + 1 for low, high in access_of(nest).bounds]
    filled = [extent / (-(-extent // block) * block) for extent in extents]
    return filled[axis] == max(filled)


def _is_output(nest: ForOp, axis: int) -> bool | None:
    """Whether a dimension of a nest's result is an output channel of a product; None without one.

    The product is in the nest, or in one that makes what it reads.
    """
    asked: deque[tuple[ForOp, int | None]] = deque([(nest, axis)])
    seen = {*asked}
    while asked:
        made, along = asked.popleft()
        # A dimension of one element has no iterator: it is one of those, None, wherever it is.
        written = access_of(made)
        iterators = [i for i in range(len(made.parallel_extents)) if written.axes_of(i) == (along,)]
        if (found := factors(made)) is not None:
            outputs = _outputs(*found)
            return any(i in outputs for i in iterators) if outputs else not iterators
        for load in made.loads:
            if isinstance(maker := load.source.owner, ForOp):
                axes = [axis for i in iterators for axis in access_of(load).axes_of(i)] or [None]
                read = [(maker, axis) for axis in dict.fromkeys(axes)]
                asked += [each for each in read if each not in seen]
                seen |= {*read}
    return None


def _outputs(first: LoadOp, second: LoadOp) -> list[int]:
    """The output channels of a sum of products, whichever factor plays weights."""
    if is_constant(first) or is_constant(second):
        weight, input = (first, second) if is_constant(first) else (second, first)
        return output_channels(input, weight)
    return [*output_channels(first, second), *output_channels(second, first)]


def _stretched(written: Access, axis: int, indices: range) -> Access:
    """The same places, but at all given indices of a dimension."""
    places = list(written.map.results)
    places[axis] = AffineDimExpr(len(written.extents)) + indices.start
    extents = (*written.extents, len(indices))
    return access(AffineMap(len(extents), 0, tuple(places)), extents)


def _may_hold(nest: ForOp, places: Access) -> bool:
    """Whether a nest's destination may have an element at some of the places."""
    value = nest.destination
    while value is not None:
        if not isinstance(value.owner, ForOp) or not access_of(value.owner).is_disjoint(places):
            return True
        value = value.owner.destination
    return False
