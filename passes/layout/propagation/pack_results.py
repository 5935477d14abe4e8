"""Results that a core nest stores as their one reader wants them: no copy between two core nests.

Attention multiplies two results. One plays weights, and is read as blocks of 16 rows: vectors that
its producer can store in that order at once, since a store takes any order of whole vectors. A
result of 16 columns is so stored in plain order.
"""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir.affine import AffineDimExpr, AffineMap
from xdsl.rewriter import Rewriter

from nopt.dialects.affine_math import simplify_map
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.annotations import LAYOUT, REPRESENTS
from nopt.hw.config import Config
from nopt.passes.analysis import access, access_of
from nopt.passes.base.placement import is_on_core
from nopt.passes.core.vectors import Vectors, in_vectors
from nopt.passes.layout.propagation.removable_copies import removable_copy


def store_directly(module: ModuleOp, config: Config) -> None:
    """Let core nests store what only a re-laying copy reads in the order of that copy."""
    for nest in [op for op in module.walk() if isinstance(op, ForOp)]:
        if (found := copied(nest)) is None:
            continue
        producer, map = found
        if order_refusal(map, nest, producer, config) is not None:
            continue
        points = access(map, nest.parallel_extents).points_of(access_of(producer))
        if points is None or points.divides:
            continue
        build = NestBuilder.of(nest.named_parallel, producer.named_reduction)
        own = build.dims[len(nest.parallel_extents) :]
        # All is written anew: what the producer wrote into does not matter.
        stored = build.finish(build.inline(producer, [*points.map.results, *own]))
        stored.location, stored.result.name_hint = producer.location, producer.result.name_hint
        stored.attributes.update(producer.attributes)
        stored.attributes.pop(LAYOUT, None)
        if nest.loads[0].source is not producer.result:
            # Not back in plain order, but with dimensions split: it stands for no tensor by itself.
            stored.attributes.pop(REPRESENTS, None)
        Rewriter.replace_op(nest, stored)


def copied(nest: ForOp) -> tuple[ForOp, AffineMap] | None:
    """The core nest whose result a copy has for itself, and by which map it reads that.

    Other copies may lie between them: those that bring blocked tensors back into plain order.
    """
    load = removable_copy(nest)
    if load is None or len(nest.parallel_extents) < 2:
        # A single vector has no iterator to be scheduled by.
        return None
    map, source = load.map.data, load.source
    while isinstance(producer := source.owner, ForOp) and source.has_one_use():
        if is_on_core(producer):
            whole = access_of(producer).covers(producer.result_shape)
            return (producer, map) if whole else None
        inner = removable_copy(producer)
        if inner is None:
            return None
        map = simplify_map(inner.map.data.compose(map), nest.extents)
        source = inner.source
    return None


def order_refusal(map: AffineMap, copy: ForOp, producer: ForOp, config: Config) -> str | None:
    """Why the copy does not hold each vector of the producer once, its lanes as they are."""
    extents, vector = copy.parallel_extents, config.vector
    count = len(vector)
    vectors = in_vectors(Vectors(map.results, producer.result_shape), copy.ranges, vector)
    read = access(AffineMap(len(extents), 0, vectors.indices), extents)
    lanes = tuple(AffineDimExpr(i) for i in range(len(extents))[-count:])
    if vectors.innermost(count) != Vectors(lanes, vector):
        return f"{map} moves lanes; the core stores whole vectors"
    if read.divides:
        return f"{map} divides iterators; the core stores bursts of plain indices"
    if not read.is_bijection(vectors.shape):
        return f"{map} is not invertible"
    return None
