"""Copies that move nothing: a tensor's memory, read row by row, in another shape.

A tensor whose last dimension divides by the block is in blocks along it as it is. A copy that only
says so vanishes: who reads it reads its source, and a nest whose result it reads back writes that.
"""

from __future__ import annotations

from math import prod

from xdsl.dialects.builtin import AffineMapAttr, ModuleOp
from xdsl.ir import SSAValue
from xdsl.ir.affine import (
    AffineDimExpr,
    AffineMap,
)
from xdsl.rewriter import Rewriter

from nopt.dialects.affine_math import dim_ranges, simplify, simplify_map
from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.annotations import LAYOUT
from nopt.dialects.row_major import indices_of, place_of
from nopt.hw.config import Config
from nopt.passes.analysis import access, access_of
from nopt.passes.base.placement import is_on_core
from nopt.passes.core.vectors import (
    Vectors,
    in_parts,
    in_vectors,
    memory_of,
    stored_box,
    weight_lanes,
)
from nopt.passes.layout.propagation.removable_copies import removable_copy


def fold_reshapes(module: ModuleOp, config: Config) -> None:
    """Drop the copies of a module that change only a shape."""
    for nest in [op for op in module.walk() if isinstance(op, ForOp)]:
        load = removable_copy(nest)
        if load is None or not _is_same_memory(nest, load):
            continue
        if nest.result.type == load.source.type or _store_as(nest, load, config):
            Rewriter.replace_op(nest, [], [load.source])
        else:
            _read_source(nest, load, config)


def _is_same_memory(copy: ForOp, load: LoadOp) -> bool:
    """Whether a copy has each element of its source, at the place where that has it."""
    shape, source = copy.result_shape, load.source_shape
    ranges = copy.ranges
    place = place_of([AffineDimExpr(i) for i in range(len(shape))], shape)
    read = place_of(load.map.data.results, source)
    return prod(shape) == prod(source) and simplify(place, ranges) == simplify(read, ranges)


def _read_source(copy: ForOp, load: LoadOp, config: Config) -> None:
    """Let nests that read a copy read its source."""
    map = load.map.data
    for use in [*copy.result.uses]:
        user = use.operation
        if isinstance(user, LoadOp) and _can_read(user, map, load.source_shape, config):
            _redirect(user, load.source, map)


def _redirected(user: LoadOp, map: AffineMap) -> AffineMap:
    """The indices of a load once it reads a tensor that has the elements of its own by a map."""
    return simplify_map(map.compose(user.map.data), user.nest.extents)


def _redirect(user: LoadOp, source: SSAValue, map: AffineMap) -> None:
    redirected = LoadOp(source, _redirected(user, map), user.pad)
    redirected.result.name_hint = user.result.name_hint
    Rewriter.replace_op(user, redirected)


def _can_read(user: LoadOp, map: AffineMap, shape: tuple[int, ...], config: Config) -> bool:
    """Whether a load may read by a map from another tensor.

    What it reads outside must be outside there, too; the core divides no indices, and needs its
    lanes innermost.
    """
    sizes = user.source_shape
    moved = access(map, sizes)
    if is_on_core(user.nest):
        lanes = lanes_of(user, config)
        seen = Vectors(_redirected(user, map).results, shape)
        seen = in_vectors(seen, user.nest.ranges, lanes.shape)
        if moved.divides or seen.innermost(len(lanes.shape)) != lanes:
            return False
    for dim, ((low, high), size) in enumerate(zip(access_of(user).bounds, sizes, strict=True)):
        if low >= 0 and high < size:
            continue
        axes = moved.axes_of(dim)
        if len(axes) != 1:
            return False
        if moved.factor(axes[0], dim) * size != shape[axes[0]]:
            return False
    return True


def lanes_of(load: LoadOp, config: Config) -> Vectors:
    """The innermost dimensions of a load that are lanes: a vector's, or both of weights."""
    nest, ranges = load.nest, load.nest.ranges
    outputs, inputs = (AffineDimExpr(len(each) - 1) for each in (nest.parallel_extents, ranges))
    read = Vectors(load.map.data.results, load.source_shape)
    vector = config.vector
    expected = [
        weight_lanes(outputs, inputs, ranges, config),
        weight_lanes(inputs, outputs, ranges, config),
    ]
    if len(vector) > 1:
        rows = AffineDimExpr(len(nest.parallel_extents) - 2)
        lanes = (Vectors((rows, lane), vector) for lane in (outputs, inputs))
        expected += [in_parts(each, memory_of(load), ranges, config) for each in lanes]
    for lanes in expected:
        if in_vectors(read, ranges, lanes.shape).innermost(len(lanes.shape)) == lanes:
            return lanes
    return in_vectors(read, ranges, vector).innermost(len(vector))


def _store_as(copy: ForOp, read: LoadOp, config: Config) -> bool:
    """Let the nest on the core that makes what a copy reads store it in the copy's shape.

    So do all that write into the same memory, before and after. Returns whether that can be.
    """
    source = read.source.owner
    chain = _chain(source) if isinstance(source, ForOp) else []
    if not chain or any(not is_on_core(link) for link in chain):
        return False
    shape, old = copy.result_shape, read.source_shape
    place = place_of([AffineDimExpr(i) for i in range(len(old))], old)
    map = AffineMap(len(old), 0, tuple(indices_of(place, shape, dim_ranges(old))))
    users = {use.operation for link in chain for use in link.result.uses} - {*chain, read}
    loads = [
        user for user in users if isinstance(user, LoadOp) and _can_read(user, map, shape, config)
    ]
    if chain[0].destination is not None or len(loads) < len(users) or access(map, old).divides:
        return False
    before, old_type = [link.into for link in chain], read.source_type
    for link in chain:
        places = simplify_map(map.compose(link.places), link.parallel_extents)
        link.into = AffineMapAttr(places)
        Rewriter.replace_value_with_new_type(link.result, copy.result.type)
    if any(stored_box(link, config) is None for link in chain):
        for link, into in zip(chain, before, strict=True):
            link.into = into
            Rewriter.replace_value_with_new_type(link.result, old_type)
        return False
    for load in loads:
        _redirect(load, load.source, map)
    for link in chain:
        link.attributes.pop(LAYOUT, None)
    return True


def _chain(nest: ForOp) -> list[ForOp]:
    """All nests that write into one tensor after each other, the first one first."""
    while nest.destination is not None and isinstance(nest.destination.owner, ForOp):
        nest = nest.destination.owner
    chain = [nest]
    for link in chain:
        users = (use.operation for use in link.result.uses)
        chain += [user for user in users if isinstance(user, ForOp)]
    return chain
