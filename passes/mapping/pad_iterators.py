"""Nests with larger extents: more divisors to map by, for points that multiply by zero.

    (%h) = (7)  reduce (%c) = (13)          (%h) = (8) reduce (%c) = (14)
    %x[%c, %h] : tensor<13x7xi8>            %x[%c, %h] pad 0 : tensor<13x7xi8>

What is loaded outside is 0, and so is what it is multiplied with; elements of the result that
nobody asked for are left out by a copy behind the nest.
"""

from __future__ import annotations

from itertools import product as combinations
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, IntegerType
from xdsl.ir import Attribute, SSAValue
from xdsl.ir.affine import AffineDimExpr

from nopt.dialects.affine_nest import ForOp, LoadOp, ReduceOp
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.affine_nest.nest_problem import sums_products
from nopt.passes.mapping.factorings import divisors

MOST_TRIED = 64
"""Combinations of extents for a nest."""


def padded_extents(nest: ForOp, most: float) -> list[tuple[int, ...]]:
    """Extents to try, the least padding first, and so the nest's own: each is at most so much
    larger, as a part of it, and has more divisors than all that are smaller.

    Only the nest's own where padding could change what is computed: where a result has a place in
    another tensor, and of reduction iterators all but those of integers by which a factor is
    indexed alone.
    """
    own = nest.extents
    if nest.into is not None or not sums_products(nest):
        return [own]
    parallel = len(nest.parallel_extents)
    choices = [
        _choices(extent, most) if i < parallel or _is_masked(nest, i) else [extent]
        for i, extent in enumerate(own)
    ]
    return sorted(combinations(*choices), key=lambda each: (prod(each), each))[:MOST_TRIED]


def padded(nest: ForOp, extents: tuple[int, ...]) -> ForOp:
    """The nest with these extents, not yet inserted anywhere."""
    parallel = len(nest.parallel_extents)
    names = [name for name, _ in (*nest.named_parallel, *nest.named_reduction)]
    named = [*zip(names, extents, strict=True)]
    builder = NestBuilder.of(named[:parallel], named[parallel:])
    value = builder.inline(nest, builder.dims)
    for op in builder.block.ops:
        if isinstance(op, LoadOp) and op.pad is None:
            op.pad = _zero(op.result.type)
    made = builder.finish(value)
    made.location = nest.location
    made.result.name_hint = nest.result.name_hint
    return made


def cropped(nest: ForOp, made: ForOp) -> ForOp:
    """The copy of what the nest computes out of the padded one."""
    builder = NestBuilder.of(nest.named_parallel, [])
    copy = builder.finish(builder.load(made.result, builder.dims))
    copy.location = nest.location
    copy.result.name_hint = nest.result.name_hint
    return copy


def _zero(type: Attribute) -> IntegerAttr | FloatAttr:
    if isinstance(type, AnyFloat):
        return FloatAttr(0.0, type)
    assert isinstance(type, IntegerType)
    return IntegerAttr(0, type)


def _choices(extent: int, most: float) -> list[int]:
    found, best = [extent], len(divisors(extent))
    for larger in range(extent + 1, int(extent * (1 + most)) + 1):
        if (count := len(divisors(larger))) > best:
            found, best = [*found, larger], count
    return found


def _is_masked(nest: ForOp, iterator: int) -> bool:
    """Whether all that is added beyond an iterator's extent is 0, whatever the tensors hold: a
    factor, of integers, is 0 there."""
    reductions = [op for op in nest.body.block.ops if isinstance(op, ReduceOp)]
    return all(
        isinstance(op.result.type, IntegerType) and _has_mask(nest, op.operand, iterator)
        for op in reductions
    )


def _has_mask(nest: ForOp, value: SSAValue, iterator: int) -> bool:
    match value.owner:
        case arith.MuliOp(lhs=lhs, rhs=rhs):
            return _has_mask(nest, lhs, iterator) or _has_mask(nest, rhs, iterator)
        case arith.ExtSIOp(input=narrow):
            return _has_mask(nest, narrow, iterator)
        case LoadOp() as load:
            zero = load.pad is None or load.pad.value.data == 0
            dims = zip(load.map.data.results, load.source_shape, strict=True)
            own = AffineDimExpr(iterator)
            return zero and any(
                expr == own and size == nest.extents[iterator] for expr, size in dims
            )
        case _:
            return False
