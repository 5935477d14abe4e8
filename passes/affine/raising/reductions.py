"""Sums, maxima and minima in loop code: carried by a loop, or kept in an element of memory."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue

from nopt.dialects.affine_nest import Reduction
from nopt.passes.affine.raising.reading import Access, Loop, Program, result_number

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


@dataclass(frozen=True)
class Term:
    """One of the values that a reduction combines; a negative one is subtracted."""

    value: SSAValue
    negative: bool = False


@dataclass(frozen=True)
class Fold:
    """`start` combined with the terms at every point of `loops`."""

    kind: Reduction
    loops: tuple[Loop, ...]
    terms: tuple[Term, ...]
    start: SSAValue | None
    """None for what an element of memory holds before."""


def chain(kind: Reduction, value: SSAValue, negative: bool = False) -> list[Term]:
    """The values whose sum, maximum or minimum `value` is, computed in the block it is in."""
    op = value.owner
    if not isinstance(op, Operation) or _KINDS.get(type(op)) is not kind:
        return [Term(value, negative)]
    block = op.parent
    second = negative ^ isinstance(op, arith.SubiOp | arith.SubfOp)
    terms: list[Term] = []
    for operand, sign in zip(op.operands, (negative, second), strict=True):
        inside = isinstance(operand.owner, Operation) and operand.owner.parent is block
        terms += chain(kind, operand, sign) if inside else [Term(operand, sign)]
    return terms


def _kind(value: SSAValue, reassociate: bool) -> Reduction | None:
    owner = value.owner
    kind = _KINDS.get(type(owner)) if isinstance(owner, Operation) else None
    if kind is Reduction.ADD and not isinstance(value.type, IntegerType) and not reassociate:
        raise ValueError(
            "sums floats in an order that a nest does not keep; "
            "the pass option reassociate=true allows another order"
        )
    return kind


def carried(program: Program, result: SSAValue, reassociate: bool) -> Fold:
    """The reduction that a result of an `affine.for` is.

    Raises ValueError if the loop carries something else.
    """
    op = result.owner
    assert isinstance(op, affine.ForOp)
    number = result_number(result)
    loop = program.loops[op][-1]
    body = op.body.block
    argument = body.args[1 + number]
    end = body.last_op
    assert end is not None
    yielded = end.operands[number]
    inner = _carries_on(program, yielded, argument, reassociate)
    if inner is not None:
        return Fold(inner.kind, (loop, *inner.loops), inner.terms, op.inits[number])
    kind = _kind(yielded, reassociate)
    terms = chain(kind, yielded) if kind else []
    running = [term for term in terms if term.value is argument]
    if kind is None or len(running) != 1 or running[0].negative:
        raise ValueError(
            f"carries %{argument.name_hint or 'a value'} from turn to turn, "
            "which is not a sum, maximum or minimum"
        )
    rest = tuple(term for term in terms if term is not running[0])
    return _flattened(program, Fold(kind, (loop,), rest, op.inits[number]), reassociate)


def _carries_on(
    program: Program, value: SSAValue, argument: BlockArgument[Attribute], reassociate: bool
) -> Fold | None:
    """The reduction that continues `argument` in a loop inside, if `value` is its result."""
    op = value.owner
    if isinstance(op, affine.ForOp) and op.inits[result_number(value)] is argument:
        return carried(program, value, reassociate)
    return None


def _flattened(program: Program, fold: Fold, reassociate: bool) -> Fold:
    """A sum whose one term is a sum from nothing is one sum."""
    if len(fold.terms) != 1 or fold.terms[0].negative:
        return fold
    value = fold.terms[0].value
    if not isinstance(value.owner, affine.ForOp):
        return fold
    inner = carried(program, value, reassociate)
    if inner.kind is not fold.kind or inner.start is None or not is_nothing(fold.kind, inner.start):
        return fold
    return Fold(fold.kind, (*fold.loops, *inner.loops), inner.terms, fold.start)


def kept(
    program: Program, store: Access, loops: tuple[Loop, ...], reassociate: bool
) -> tuple[Fold, SSAValue] | None:
    """The reduction over `loops` that a store continues in its element, and the load it does so by.

    None if what is stored is not made of what was there by a sum, maximum or minimum.
    """
    value = store.op.operands[0]
    owner = value.owner
    kind = _KINDS.get(type(owner)) if isinstance(owner, Operation) else None
    if kind is None or not loops:
        return None
    terms = chain(kind, value)
    block: Block | None = store.op.parent
    own = [
        term
        for term in terms
        if (load := program.loads.get(term.value)) is not None
        and load.memref is store.memref
        and load.index == store.index
        and load.op.parent is block
        and not term.negative
    ]
    if len(own) != 1:
        return None
    _kind(value, reassociate)
    rest = tuple(term for term in terms if term is not own[0])
    fold = _flattened(program, Fold(kind, loops, rest, None), reassociate)
    return fold, own[0].value


def is_nothing(kind: Reduction, start: SSAValue | Attribute) -> bool:
    """Whether combining with a value changes nothing; for attributes and constants."""
    owner = start.owner if isinstance(start, SSAValue) else None
    attribute = owner.value if isinstance(owner, arith.ConstantOp) else start
    return isinstance(attribute, Attribute) and attribute == identity(kind, _type(attribute))


def _type(attribute: Attribute) -> Attribute:
    return getattr(attribute, "type", attribute)


def identity(kind: Reduction, type: Attribute) -> Attribute | None:
    """What a reduction of nothing gives, as a scalar attribute; None for other types."""
    if isinstance(type, IntegerType):
        half = 1 << (type.bitwidth - 1)
        least = {Reduction.ADD: 0, Reduction.MAX: -half, Reduction.MIN: half - 1}
        return IntegerAttr(least[kind], type)
    if not isinstance(type, AnyFloat):
        return None
    numbers = {Reduction.ADD: 0.0, Reduction.MAX: -inf, Reduction.MIN: inf}
    return FloatAttr(numbers[kind], type)
