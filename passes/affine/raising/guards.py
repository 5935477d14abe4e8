"""Values under a condition that tells whether an index is inside: loads with a pad."""

from __future__ import annotations

import islpy as isl
import numpy as np
from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Operation, SSAValue

from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.interpreters.scalars import evaluate_scalar
from nopt.passes.affine.analysis import are_inside, box_of, points_where
from nopt.passes.affine.raising.reading import (
    Access,
    Loop,
    Program,
    loads_of,
    result_number,
)
from nopt.passes.affine.raising.reductions import Fold, identity

Number = IntegerAttr | FloatAttr


def pads_of(program: Program, store: Access, fold: Fold | None) -> dict[SSAValue, Number]:
    """Pads of the loads that a conditional store needs, so that it may be done everywhere.

    They make the terms of its reduction change nothing where the condition does not hold. Raises
    ValueError if there are none.
    """
    box = box_of(store.extents)
    if store.domain.is_equal(box):
        return {}
    if fold is None or any(term.negative for term in fold.terms) or len(fold.terms) != 1:
        raise ValueError(
            "stores under a condition, expected a sum, maximum or minimum there; "
            "a nest computes every element in the same way"
        )
    value = fold.terms[0].value
    nothing = identity(fold.kind, value.type)
    return _pads(program, store.loops, box, store.domain, value, nothing)


def guarded_result(
    program: Program, op: affine.IfOp, number: int
) -> tuple[SSAValue, dict[SSAValue, Number]]:
    """One of the values that result `number` of an `affine.if` is chosen from, and pads.

    With the pads, the loads in its branch make it the other value where the condition says so.
    Raises ValueError if there are no such pads.
    """
    values = _choices(op, number)
    domains = program.branches[op]
    for taken, other in zip(domains, reversed(values), strict=True):
        if taken.is_empty():
            return other, {}
    whole = domains[0].union(domains[1])
    for holds, value, other in zip(domains, values, reversed(values), strict=True):
        constant = other.owner
        if isinstance(constant, arith.ConstantOp) and loads_of(program, [value]):
            loops = program.loops[op]
            return value, _pads(program, loops, whole, holds, value, constant.value)
    raise ValueError("chooses between two values, expected one of them to be a number")


def _pads(
    program: Program,
    loops: tuple[Loop, ...],
    domain: isl.Set,
    holds: isl.Set,
    value: SSAValue,
    otherwise: Attribute | None,
) -> dict[SSAValue, Number]:
    """Pads that make `value` be `otherwise` at the points of `domain` that `holds` leaves out.

    There the index of each padded load is outside; what other loads give makes no difference.
    """
    if domain.is_equal(holds):
        return {}
    padded: list[SSAValue] = []
    for load in loads_of(program, [value]):
        if load.loops != loops:
            continue
        shape = program.shapes[load.memref]
        inside = points_where(len(loops), are_inside(load.index, shape))
        if domain.intersect(inside).is_subset(holds):
            padded.append(load.op.results[0])
    for number in (otherwise, None):
        pads = {load: _number(number, load.type) for load in padded}
        if padded and _known(value, pads) == _scalar(otherwise):
            return pads
    raise ValueError(
        "has a condition that no pad of the loads in it stands for; expected an index to be inside"
    )


def _number(number: Attribute | None, type: Attribute) -> Number:
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


def _known(value: SSAValue, pads: dict[SSAValue, Number]) -> Array | None:
    """What a value is if the loads of `pads` give those, or None if that does not decide it."""
    if value in pads:
        return _scalar(pads[value])
    op = value.owner
    if isinstance(op, affine.IfOp):
        return _known_choice(op, result_number(value), pads)
    if not isinstance(op, Operation) or op.dialect_name() != "arith" or len(op.results) != 1:
        return None
    operands = [_known(operand, pads) for operand in op.operands]
    if isinstance(op, arith.MuliOp) and any(o is not None and not o for o in operands):
        return np.zeros((), numpy_type(value.type))
    known = [operand for operand in operands if operand is not None]
    return evaluate_scalar(op, known) if len(known) == len(operands) else None


def _choices(op: affine.IfOp, number: int) -> list[SSAValue]:
    """The two values that a result of an `affine.if` is chosen from."""
    blocks = [region.block for region in op.regions]
    return [end.operands[number] for block in blocks if (end := block.last_op) is not None]


def _known_choice(op: affine.IfOp, number: int, pads: dict[SSAValue, Number]) -> Array | None:
    first, second = (_known(value, pads) for value in _choices(op, number))
    return first if first is not None and first == second else None
