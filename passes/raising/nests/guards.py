"""Values that count at some points only: loads with a pad, or loads that tell whether they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import islpy as isl
import numpy as np
from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineExpr

from nopt.dialects.affine_math import dim_ranges, expr_range, simplify
from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.interpreters.scalars import evaluate_scalar
from nopt.passes.analysis import affine_expr, box_of, with_mod
from nopt.passes.raising.loops.loop_program import result_number, yielded

Number = IntegerAttr | FloatAttr
Condition = list[list[tuple[AffineExpr, int]]]
"""Some of: all of: an expression is in [0, size)."""


def condition(holds: isl.Set, extents: Sequence[int]) -> Condition:
    """What tells the points of a set from the others of a box."""
    ranges = dim_ranges(extents)
    parts: Condition = []
    for part in holds.gist(box_of(extents)).compute_divs().make_disjoint().get_basic_sets():
        tests: list[tuple[AffineExpr, int]] = []
        for constraint in part.get_constraints():
            expr = simplify(with_mod(affine_expr(constraint.get_aff())), ranges)
            low, high = expr_range(expr, ranges)
            if constraint.is_equality():
                expr, size = (expr if high > 0 else simplify(-expr, ranges)), 1
            else:
                size = high + 1
            if low < 0 or high >= size:
                tests.append((expr, size))
        parts.append(tests)
    return parts


def pads_that_keep(
    value: SSAValue,
    insides: dict[SSAValue, isl.Set],
    domain: isl.Set,
    holds: isl.Set,
    otherwise: Attribute | None,
) -> dict[SSAValue, Number] | None:
    """Pads that make `value` be `otherwise` at the points of `domain` that `holds` leaves out.

    `insides` are the points at which the loads that it is made of are inside their memrefs. There
    is a point at which each pad is read; None if there are no such pads.
    """
    if not isinstance(otherwise, IntegerAttr | FloatAttr):
        return None
    alone = [load for load, inside in insides.items() if domain.intersect(inside).is_subset(holds)]
    for number in (otherwise, None):
        pads = {load: _number(number, load.type) for load in alone}
        if pads and _same(known(value, pads), otherwise):
            return pads
    leaving = {load: inside for load, inside in insides.items() if not domain.is_subset(inside)}
    common = domain
    for inside in leaving.values():
        common = common.intersect(inside)
    if not leaving or not common.is_subset(holds):
        return None
    for number in (otherwise, None):
        pads = {load: _number(number, load.type) for load in leaving}
        if all(_same(known(value, {load: pad}), otherwise) for load, pad in pads.items()):
            return pads
    return None


def _number(number: Number | None, type: Attribute) -> Number:
    """The number as one of another type, or 0 if it does not fit."""
    if isinstance(type, AnyFloat):
        return FloatAttr(number.value.data if isinstance(number, FloatAttr) else 0.0, type)
    assert isinstance(type, IntegerType)
    half = 1 << (type.bitwidth - 1)
    wanted = number.value.data if isinstance(number, IntegerAttr) else 0
    return IntegerAttr(wanted if -half <= wanted < half else 0, type)


def _scalar(number: Attribute | None) -> Array | None:
    if not isinstance(number, IntegerAttr | FloatAttr):
        return None
    return np.asarray(number.value.data, numpy_type(number.type))


def _same(found: Array | None, wanted: Number) -> bool:
    return found is not None and bool(found == _scalar(wanted))


def known(value: SSAValue, pads: Mapping[SSAValue, Number]) -> Array | None:
    """What a value is if the loads of `pads` give those, or None if that does not decide it."""
    found = {load: _scalar(pad) for load, pad in pads.items()}
    waiting = [value]
    while waiting:
        each = waiting[-1]
        if each in found:
            waiting.pop()
        elif unknown := [one for one in _sources(each) if one not in found]:
            waiting += unknown
        else:
            found[each] = _computed(each, found)
    return found[value]


def _sources(value: SSAValue) -> Sequence[SSAValue]:
    """What decides a value: the results of both branches, or the operands of arithmetic."""
    op = value.owner
    if isinstance(op, affine.IfOp):
        return [yielded(region.block, result_number(value)) for region in op.regions]
    if not isinstance(op, Operation) or len(op.results) != 1:
        return ()
    return op.operands if op.dialect_name() == "arith" else ()


def _computed(value: SSAValue, values: Mapping[SSAValue, Array | None]) -> Array | None:
    op, operands = value.owner, [values[source] for source in _sources(value)]
    if isinstance(op, affine.IfOp):
        first, second = operands
        return first if first is not None and first == second else None
    if not isinstance(op, Operation) or op.dialect_name() != "arith" or len(op.results) != 1:
        return None
    if isinstance(op, arith.MuliOp) and any(o is not None and not o for o in operands):
        return np.zeros((), numpy_type(value.type))
    found = [operand for operand in operands if operand is not None]
    try:
        return evaluate_scalar(op, found) if len(found) == len(operands) else None
    except ValueError:
        return None
