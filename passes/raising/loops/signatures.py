"""Computations that are one: the same operations on elements that together form one set of points.

What a statement does at a point is told by the elements it touches there, its *signature*. As a set
of signatures it does not show how its loops were written; so the copies that unrolling makes of a
statement, and what is left for the last turns, are one set again.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import islpy as isl
from xdsl.ir import Operation, SSAValue

from nopt.passes.raising.loops.isl_maps import Exprs, dims, relation
from nopt.passes.raising.loops.loop_program import Access, Program

_LEAVES = 1000
"""Loads and constants of a value that has a form, each as often as it is read."""


def form(program: Program, value: SSAValue) -> Hashable | None:
    """The operations that compute a value of loads: equal for equal ones. None for other values."""
    number, leaves = _numbered(program, value)
    return number if leaves <= _LEAVES else None


def _numbered(program: Program, value: SSAValue) -> tuple[int | None, int]:
    """The number of a form, equal for equal ones, and how many leaves it has. A value with many
    readers is looked at once, and chains may be long."""
    waiting = [value]
    while waiting:
        each = waiting[-1]
        if unknown := [one for one in _operands(program, each) if one not in program.forms]:
            waiting += unknown
        else:
            program.forms[each] = _found(program, each)
            waiting.pop()
    return program.forms[value]


def _operands(program: Program, value: SSAValue) -> Sequence[SSAValue]:
    """What a value is computed of, if it may have a form and is no load."""
    op = value.owner
    if value in program.loads or not isinstance(op, Operation) or op.regions:
        return ()
    return op.operands if op.dialect_name() == "arith" else ()


def _found(program: Program, value: SSAValue) -> tuple[int | None, int]:
    numbers = program.form_numbers
    if value in program.loads:
        return numbers.setdefault(program.loads[value].memref, len(numbers)), 1
    op = value.owner
    if not isinstance(op, Operation) or op.dialect_name() != "arith" or op.regions:
        return None, 1
    operands = [program.forms[operand] for operand in op.operands]
    leaves = sum(count for _, count in operands) or 1
    if any(number is None for number, _ in operands):
        return None, leaves
    details = tuple(sorted((name, str(attr)) for name, attr in op.properties.items()))
    key = (op.name, details, value.type, *(number for number, _ in operands))
    return numbers.setdefault(key, len(numbers)), leaves


def leaves(program: Program, value: SSAValue) -> list[Access]:
    """The loads of a value that has a form, in its order."""
    if value in program.loads:
        return [program.loads[value]]
    assert isinstance(value.owner, Operation)
    return [load for operand in value.owner.operands for load in leaves(program, operand)]


@dataclass(frozen=True)
class Part:
    """A computation at every point of a domain, for the element `index`."""

    domain: isl.Set
    index: Exprs
    value: SSAValue


@dataclass(frozen=True)
class Points:
    """Where a computation is done; the first dimensions are the variables of loops."""

    domain: isl.Set
    index: Exprs
    """The element that it is for, by the dimensions of the domain."""
    loads: dict[SSAValue, Exprs]
    """Indices of loads by these dimensions, where those are not variables of the loads' loops."""


def united(program: Program, parts: Sequence[Part], loops: int, sums: bool) -> Points | None:
    """Computations of one form as one, done at a set of signatures.

    `loops` outer loops are around all parts; their variables come first, then the elements, then
    the indices of loads. None where the signature does not tell a point, so that terms of `sums`
    would be lost, or else where the element does not tell the signature.
    """
    total: isl.Set | None = None
    for part in parts:
        loads = leaves(program, part.value)
        element = [*dims(loops), *part.index]
        own = relation(part.domain, [*element, *(expr for load in loads for expr in load.index)])
        signature = own.range()
        if sums and not own.is_injective():
            return None
        if total is not None and not total.is_disjoint(signature):
            return None
        total = signature if total is None else total.union(signature)
    assert total is not None
    rank = len(parts[0].index)
    if not sums and not relation(total, dims(loops + rank)).is_injective():
        return None
    found: dict[SSAValue, Exprs] = {}
    first = loops + rank
    for load in leaves(program, parts[0].value):
        found[load.value] = dims(len(load.index), first)
        first += len(load.index)
    return Points(_whole(total.coalesce()), dims(rank, loops), found)


def _whole(parts: isl.Set) -> isl.Set:
    """The set as one piece, where its parts are next to each other."""
    if parts.n_basic_set() == 1:
        return parts
    hull = isl.Set.from_basic_set(parts.simple_hull().intersect(parts.affine_hull()))
    return hull if hull.is_equal(parts) else parts
