"""Sums, maxima and minima in loop code: carried by a loop, or kept in an element of memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf

from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, IntegerType, StringAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr

from nopt.dialects.affine_nest import Reduction
from nopt.passes.raising.loops.loop_program import (
    LOOPS,
    Access,
    Program,
    Scope,
    result_number,
    starts,
    yielded,
)

_KINDS: dict[type[Operation], Reduction] = {
    arith.AddiOp: Reduction.ADD,
    arith.SubiOp: Reduction.ADD,
    arith.MaxSIOp: Reduction.MAX,
    arith.MinSIOp: Reduction.MIN,
    arith.AddfOp: Reduction.ADD,
    arith.SubfOp: Reduction.ADD,
    arith.MaximumfOp: Reduction.MAX,
    arith.MinimumfOp: Reduction.MIN,
}

_PARALLEL: dict[str, Reduction] = {
    "addf": Reduction.ADD,
    "addi": Reduction.ADD,
    "maximumf": Reduction.MAX,
    "maxs": Reduction.MAX,
    "minimumf": Reduction.MIN,
    "mins": Reduction.MIN,
}
"""What `affine.parallel` calls its reductions."""


@dataclass(frozen=True)
class Term:
    """One of the values that a reduction combines, at every point of a scope.

    A negative one is subtracted.
    """

    value: SSAValue
    scope: Scope
    negative: bool = False


@dataclass(frozen=True)
class Fold:
    """`start` combined with all terms."""

    kind: Reduction
    terms: tuple[Term, ...]
    start: SSAValue | Attribute

    @property
    def reorders_floats(self) -> bool:
        """Whether another order of the terms gives another result."""
        return self.kind is Reduction.ADD and isinstance(self.terms[0].value.type, AnyFloat)


def kind_of(program: Program, value: SSAValue) -> Reduction | None:
    """How a value combines others, if it does."""
    owner = value.owner
    if isinstance(owner, LOOPS):
        fold = _carried(program, value)
        return fold and fold.kind
    return _KINDS.get(type(owner)) if isinstance(owner, Operation) else None


def carried(program: Program, result: SSAValue) -> Fold:
    """The reduction that a result of a loop is. Raises ValueError if it carries something else."""
    fold = _carried(program, result)
    if fold is None:
        op = result.owner
        assert isinstance(op, Operation)
        argument = op.regions[0].block.args[1 + result_number(result)]
        raise ValueError(
            f"carries %{argument.name_hint or 'a value'} from turn to turn, "
            "which is not a sum, maximum or minimum"
        )
    return fold


def _carried(program: Program, result: SSAValue) -> Fold | None:
    op = result.owner
    assert isinstance(op, Operation)
    body, number = op.regions[0].block, result_number(result)
    value = yielded(body, number)
    scope = program.scopes[body]
    if isinstance(op, affine.ParallelOp):
        name = op.reductions.data[number]
        kind = _PARALLEL.get(name.data) if isinstance(name, StringAttr) else None
        if kind is None or (nothing := identity(kind, result.type)) is None:
            return None
        terms = _expanded(program, kind, Term(value, scope), lambda _: False)[0]
        return Fold(kind, tuple(terms), nothing)
    start, argument = starts(op)[number], body.args[1 + number]
    if not scope.is_reached:
        return Fold(Reduction.ADD, (), start)
    kind = kind_of(program, value)
    if kind is None or identity(kind, value.type) is None:
        return None
    terms, found = _expanded(program, kind, Term(value, scope), lambda v: v is argument)
    if len(found) != 1:
        return None
    if isinstance(start.owner, LOOPS) and start.owner.parent is op.parent:
        before = _carried(program, start)
        if before is not None and (before.kind is kind or not before.terms):
            return Fold(kind, (*before.terms, *terms), before.start)
    return Fold(kind, tuple(terms), start)


def _expanded(
    program: Program, kind: Reduction, whole: Term, is_running: Callable[[SSAValue], bool]
) -> tuple[list[Term], list[SSAValue]]:
    """The values whose combination a term is, and those of them that are the running value; of
    more than one, two are enough.
    """
    value, op = whole.value, whole.value.owner
    if is_running(value) and not whole.negative:
        return [], [value]
    if not isinstance(op, Operation) or program.scopes.get(op.parent_block()) is None:  # pyright: ignore
        return [whole], []
    if isinstance(op, LOOPS) and not whole.negative:
        inner = _carried(program, value)
        if inner is not None and (inner.kind is kind or not inner.terms):
            if isinstance(inner.start, SSAValue) and is_running(inner.start):
                return [*inner.terms], [inner.start]
            if inner.terms and is_nothing(kind, inner.start):
                return [*inner.terms], []
    if _KINDS.get(type(op)) is not kind or program.scope_of(op) is not whole.scope:
        return [whole], []
    # What several sums share is one term: apart, its terms would double with each of them.
    if not value.has_one_use() and not _is_made_of(value, is_running):
        return [whole], []
    second = whole.negative ^ isinstance(op, arith.SubiOp | arith.SubfOp)
    terms: list[Term] = []
    running: list[SSAValue] = []
    for operand, sign in zip(op.operands, (whole.negative, second), strict=True):
        part = replace(whole, value=operand, negative=sign)
        more, found = _expanded(program, kind, part, is_running)
        terms, running = terms + more, running + found
        if len(running) > 1:
            break
    return terms, running


def _is_made_of(value: SSAValue, is_running: Callable[[SSAValue], bool]) -> bool:
    """Whether the running value is among those that one is computed of."""
    seen = set[SSAValue]()
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if is_running(each):
            return True
        if each not in seen and isinstance(each.owner, Operation):
            seen.add(each)
            waiting += each.owner.operands
    return False


def kept(program: Program, store: Access) -> Fold | None:
    """The reduction that a store continues in its element; its start is the load of that.

    None if what is stored is not made of what was there by a sum, maximum or minimum.
    """
    kind = kind_of(program, store.value)
    if kind is None or identity(kind, store.value.type) is None:
        return None

    def is_own(value: SSAValue) -> bool:
        load = program.loads.get(value)
        return (
            load is not None
            and load.memref is store.memref
            and load.index == store.index
            and load.op.parent is store.op.parent
        )

    terms, found = _expanded(program, kind, Term(store.value, store.scope), is_own)
    if len(found) != 1 or not terms or _is_stored_between(program, program.loads[found[0]], store):
        return None
    return Fold(kind, tuple(terms), found[0])


def _is_stored_between(program: Program, load: Access, store: Access) -> bool:
    """Whether the text has another store to the memref between a load and a store in a block."""
    position = len(load.time) - 1
    first, last = _position(load, position), _position(store, position)
    return any(
        first < _position(other, position) < last
        for other in program.stores
        if other.memref is store.memref and other.time[:position] == load.time[:-1]
    )


def _position(access: Access, depth: int) -> int:
    """At which operation of a block an access happens."""
    expr = access.time[depth]
    assert isinstance(expr, AffineConstantExpr)
    return expr.value


def is_nothing(kind: Reduction, start: SSAValue | Attribute) -> bool:
    """Whether combining with a value changes nothing; for attributes and constants."""
    owner = start.owner if isinstance(start, SSAValue) else None
    attribute = owner.value if isinstance(owner, arith.ConstantOp) else start
    return isinstance(attribute, Attribute) and attribute == identity(kind, _type(attribute))


def _type(attribute: Attribute) -> Attribute:
    return getattr(attribute, "type", attribute)


def identity(kind: Reduction, type: Attribute) -> IntegerAttr | FloatAttr | None:
    """What a reduction of nothing gives, as a scalar attribute; None for other types."""
    if isinstance(type, IntegerType):
        half = 1 << (type.bitwidth - 1)
        least = {Reduction.ADD: 0, Reduction.MAX: -half, Reduction.MIN: half - 1}
        return IntegerAttr(least[kind], type)
    if not isinstance(type, AnyFloat):
        return None
    numbers = {Reduction.ADD: 0.0, Reduction.MAX: -inf, Reduction.MIN: inf}
    return FloatAttr(numbers[kind], type)
