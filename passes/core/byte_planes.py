"""32-bit results of contractions: stored byte by byte, put together on the host.

The core stores the low 8 bits of its accumulators. So a sum of products that is wanted whole is
stored as *planes*: the same sum shifted by 0, 8, 16, … bits, which costs a step and a store each.
What the core cannot do with the sum, a multiplication or a conversion to floats, is then all that
stays on the host.
"""

from __future__ import annotations

from math import prod

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import AffineMapAttr, i8, i32
from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import simplify_map, substitute
from nopt.dialects.affine_nest import ForOp, LoadOp, ReduceOp
from nopt.dialects.affine_nest.attributes import MUST_RUN_ON
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.constants import attribute_of
from nopt.dialects.graph import ConstantOp
from nopt.dialects.shaped import shape_of
from nopt.hw.config import Config
from nopt.passes.analysis.integer_ranges import Intervals
from nopt.passes.core.core_intrinsics import gemm

BITS = 8
"""Bits of a plane."""

LEAST_PRODUCTS = 16
"""Products of a sum that are worth its planes: putting three of them together takes the host about
as many steps."""


def plane_count(nest: ForOp, value: SSAValue) -> int:
    """How many planes a nest stores of its value before it is narrowed; 1 if that is no plane."""
    shift = value.owner
    load = shift.rhs.owner if isinstance(shift, arith.ShRSIOp) else None
    if not isinstance(load, LoadOp) or not isinstance(load.source.owner, ConstantOp):
        return 1
    others = [other for other in nest.loads if other is not load]
    if load.map.data.results != (AffineDimExpr(0),) or any(
        0 in other.map.data.used_dims() for other in others
    ):
        return 1
    count = nest.parallel_extents[0]
    return count if np.array_equal(load.source.owner.array, plane_shifts(count)) else 1


def plane_shifts(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """By how many bits each plane is shifted."""
    return np.arange(0, BITS * count, BITS, dtype=np.int32)


def wide_sum(nest: ForOp, config: Config) -> ReduceOp | None:
    """The sum of products in a nest whose planes are worth storing; None if there is none."""
    reductions = [op for op in nest.body.block.ops if isinstance(op, ReduceOp)]
    if len(reductions) != 1 or nest.into is not None:
        return None
    if prod(nest.reduction_extents) < LEAST_PRODUCTS and MUST_RUN_ON not in nest.attributes:
        return None
    (reduction,) = reductions
    return reduction if gemm(config).match_added(reduction.result) is not None else None


def planes_of(nest: ForOp, total: ReduceOp) -> tuple[ConstantOp, ForOp]:
    """The planes of a nest's sum, as few as hold it: [planes, …] of i8; and their shifts."""
    low, high = Intervals().of(total.result)
    count = next(n for n in range(2, 5) if -(1 << BITS * n - 1) <= low and high < 1 << BITS * n - 1)
    shifts = ConstantOp(attribute_of(plane_shifts(count), "planes"))
    shifts.result.name_hint = "planes"
    build = NestBuilder.of([("plane", count), *nest.named_parallel], nest.named_reduction)
    value = _computed(build, nest, total)
    by = build.load(shifts.result, [build.dims[0]])
    shifted = build.binary(arith.ShRSIOp, value, by)
    planes = build.finish(build.cast(shifted, i8))
    planes.location = nest.location
    planes.result.name_hint = nest.result.name_hint
    return shifts, planes


def _computed(build: NestBuilder, nest: ForOp, total: ReduceOp) -> SSAValue:
    """The sum, and just what it needs, in a nest with one iterator more in front."""
    values: dict[SSAValue, SSAValue] = {}
    for op in _needed(nest, total):
        clone = op.clone(values)
        if isinstance(clone, LoadOp):
            moved = substitute(clone.map.data, build.dims[1:], len(build.dims))
            clone.map = AffineMapAttr(simplify_map(moved, build.extents))
        values[op.results[0]] = build.add(clone)
    return values[total.result]


def read_planes(nest: ForOp, total: ReduceOp, planes: SSAValue) -> ForOp:
    """The rest of a nest, its sum put together from the planes."""
    build = NestBuilder.of(nest.named_parallel, [])
    *low, top = [
        build.cast(build.load(planes, [AffineConstantExpr(plane), *build.dims]), i32)
        for plane in range(shape_of(planes)[0])
    ]
    value = top
    for byte in reversed(low):
        # Signed bytes as unsigned ones: 256 more where they are negative.
        negative = build.binary(arith.ShRSIOp, byte, 31)
        byte = build.binary(arith.SubiOp, byte, build.binary(arith.ShLIOp, negative, BITS))
        value = build.binary(arith.AddiOp, build.binary(arith.ShLIOp, value, BITS), byte)
    reductions: list[AffineExpr] = [AffineConstantExpr(0)] * len(nest.reduction_extents)
    rest = _needed(nest, nest.yielded.owner, total)
    replaced: dict[SSAValue, SSAValue] = {
        op.results[0]: value for op in _needed(nest, total) if op not in rest
    }
    return build.finish(build.inline(nest, [*build.dims, *reductions], replaced), nest)


def _needed(
    nest: ForOp, last: Operation | Block, without: Operation | None = None
) -> list[Operation]:
    """The ops of a nest that one needs, itself included, in order; `without` is given."""
    needed = set[Operation | Block]()
    waiting = [last]
    while waiting:
        op = waiting.pop()
        if not isinstance(op, Operation) or op is without or op in needed:
            continue
        if op.parent is nest.body.block:
            needed.add(op)
            waiting += [value.owner for value in op.operands]
    return [op for op in nest.body.block.ops if op in needed]
