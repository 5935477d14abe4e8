"""Nests on the core that read what others only copy: in any order of whole vectors.

A load is of vectors, wherever each lies. So it may read through a copy, if there too its lanes are
innermost and its indices are plain: iterators that the copy divides are cut in two.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.rewriter import Rewriter

from nopt.dialects.affine_math import dim_ranges, simplify_map
from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.affine_nest.builder import NestBuilder, Place
from nopt.dialects.shaped import shape_of
from nopt.hw.config import Config
from nopt.passes.analysis import access
from nopt.passes.analysis.digits import Digits, digits_of
from nopt.passes.base.placement import is_on_core
from nopt.passes.core.vectors import Vectors, in_vectors
from nopt.passes.layout.propagation.fold_reshapes import lanes_of
from nopt.passes.layout.propagation.removable_copies import removable_copy


def read_directly(module: ModuleOp, config: Config) -> None:
    """Let nests on the core read what copies copy, where that is possible."""
    for nest in [op for op in module.walk() if isinstance(op, ForOp)]:
        reads: ForOp | None = nest if is_on_core(nest) else None
        while reads is not None:
            reads = _read_one(reads, config)


def _read_one(nest: ForOp, config: Config) -> ForOp | None:
    """The nest, replaced by one of which one load more reads through copies; None if none can."""
    for load in nest.loads:
        for source, map in reversed(_copied(load)):
            digits = digits_of(map.results, nest.extents)
            if _is_legal(load, source, digits, config):
                replaced = _cut(nest, load, source, digits)
                Rewriter.replace_op(nest, replaced)
                return replaced
    return None


def _copied(load: LoadOp) -> list[tuple[SSAValue, AffineMap]]:
    """What a load reads through copies, and where; behind more and more of them."""
    found: list[tuple[SSAValue, AffineMap]] = []
    source, map = load.source, load.map.data
    while isinstance(source.owner, ForOp) and not load.reads_outside():
        inner = removable_copy(source.owner)
        if inner is None:
            break
        map = simplify_map(inner.map.data.compose(map), load.nest.extents)
        source = inner.source
        found.append((source, map))
    return found


def _is_legal(load: LoadOp, source: SSAValue, digits: Digits, config: Config) -> bool:
    """Whether the core can load a tensor by indices over digits, in place of a load's own."""
    read = access(AffineMap(len(digits.extents), 0, digits.exprs), digits.extents)
    own = lanes_of(load, config)
    lanes = tuple(lane.replace_dims_and_symbols(digits.points, []) for lane in own.indices)
    vectors = Vectors(digits.exprs, shape_of(source))
    seen = in_vectors(vectors, dim_ranges(digits.extents), own.shape)
    return not read.divides and seen.innermost(len(lanes)) == Vectors(lanes, own.shape)


def _cut(nest: ForOp, load: LoadOp, source: SSAValue, digits: Digits) -> ForOp:
    """The nest over digits of its iterators, which loads `source` in place of what a load does."""
    named = [*_named(nest, digits)]
    count = sum(iterator < len(nest.parallel_extents) for iterator, _, _ in named)
    named = [(name, extent) for _, name, extent in named]
    build = NestBuilder.of(named[:count], named[count:])
    value = build.load(source, digits.exprs)
    value.name_hint = load.result.name_hint
    yielded = build.inline(nest, digits.points, {load.result: value})
    places = [e.replace_dims_and_symbols(digits.points, []) for e in nest.places.results]
    place = Place(AffineMap(count, 0, tuple(places)), nest.result.type, nest.destination)
    uncut = nest.into is None and count == len(nest.parallel_extents)
    return build.finish(yielded, nest, None if uncut else place)


def _named(nest: ForOp, digits: Digits) -> Sequence[tuple[int, str, int]]:
    """For each digit the iterator it is of, a name, and its extent."""
    named: list[tuple[int, str, int]] = []
    for i, (name, _) in enumerate((*nest.named_parallel, *nest.named_reduction)):
        extents = [digits.extents[d] for d, of in enumerate(digits.iterators) if of == i]
        count = len(extents)
        ends = [""] if count == 1 else ["b", "l"] if count == 2 else map(str, range(count))
        named += [(i, f"{name}{end}", extent) for end, extent in zip(ends, extents, strict=True)]
    return named
