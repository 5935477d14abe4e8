"""Values of type index as affine expressions of loops' variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TypeVar

import islpy as isl
from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import IntegerAttr, IntegerType
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.ir.affine import (
    AffineConstantExpr,
    AffineConstraintKind,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
    AffineSet,
)

from nopt.dialects.affine_math import expr_range, simplify
from nopt.dialects.upstream_syntax import MaxOp
from nopt.dialects.upstream_syntax.upstream_accesses import DelinearizeIndexOp
from nopt.passes.analysis import isl_expr
from nopt.passes.raising.loops.isl_maps import Exprs, extreme_text, only_value
from nopt.passes.raising.loops.loop_program import Scope

_SIGNS = {
    AffineConstraintKind.ge: ">=",
    AffineConstraintKind.le: "<=",
    AffineConstraintKind.eq: "=",
}
_PREDICATES = ("=", "!=", "<", "<=", ">", ">=")
"""Of `arith.cmpi`, those on signed integers, by number."""


_MOST_CASES = 64
"""Into which points may be split by what decides a bound."""


class Undecided(ValueError):
    """A value is one of several expressions; it is one only at each of some parts of the points."""

    def __init__(self, message: str, parts: Sequence[isl.Set]):
        super().__init__(message)
        self.parts = [part for part in parts if not part.is_empty()]


Found = TypeVar("Found")


def cases(compute: Callable[[Scope], Found], scope: Scope) -> list[tuple[isl.Set, Found]]:
    """What is computed of values at a scope's points, in as few parts as decide these values.

    Raises ValueError if the parts are too many, or what `compute` raises."""
    found: list[tuple[isl.Set, Found]] = []
    open = [scope.domain]
    while open:
        part = open.pop()
        try:
            found.append((part, compute(Scope(scope.loops, part))))
        except Undecided as undecided:
            open += reversed(undecided.parts)
        if len(found) + len(open) > _MOST_CASES:
            raise ValueError(f"has an index or bound of more than {_MOST_CASES} cases")
    return found


def index_expr(value: SSAValue, scope: Scope) -> AffineExpr:
    """A value by the variables of the loops around. Raises ValueError if it is not affine."""
    expr = _expr(value, scope)
    return simplify(expr, scope.ranges)


def _expr(value: SSAValue, scope: Scope) -> AffineExpr:
    if isinstance(value, BlockArgument):
        for dim, loop in enumerate(scope.loops):
            if value is loop.variable:
                return AffineDimExpr(dim)
        raise ValueError("has an index or bound by an argument, expected loops and numbers")
    match value.owner:
        case affine.ApplyOp() as op:
            return index_exprs(op.map.data, op.mapOperands, scope)[0]
        case affine.MinOp() as op:
            return _extreme("min", index_exprs(op.map.data, op.operands, scope), scope)
        case MaxOp() as op:
            return _extreme("max", index_exprs(op.map.data, op.operands, scope), scope)
        case DelinearizeIndexOp() as op:
            return _digit(op, op.multi_index.index(value), scope)
        case arith.ConstantOp(value=IntegerAttr() as number):
            return AffineConstantExpr(number.value.data)
        case arith.AddiOp() as op:
            return _fitting(_expr(op.lhs, scope) + _expr(op.rhs, scope), value, scope)
        case arith.SubiOp() as op:
            return _fitting(_expr(op.lhs, scope) - _expr(op.rhs, scope), value, scope)
        case arith.MuliOp() as op:
            left, right = index_expr(op.lhs, scope), index_expr(op.rhs, scope)
            if isinstance(left, AffineConstantExpr):
                left, right = right, left
            if isinstance(right, AffineConstantExpr):
                return _fitting(left * right, value, scope)
            raise ValueError("has an index or bound that multiplies two loop variables")
        case arith.FloorDivSIOp() | arith.DivSIOp() | arith.DivUIOp() as op:
            return _divided(op, op.lhs, op.rhs, scope)
        case arith.RemSIOp() | arith.RemUIOp() as op:
            return _divided(op, op.lhs, op.rhs, scope)
        case arith.IndexCastOp() | arith.ExtSIOp() | arith.TruncIOp() as op:
            return _fitting(_expr(op.input, scope), value, scope)
        case arith.MaxSIOp() as op:
            return _extreme("max", (_expr(op.lhs, scope), _expr(op.rhs, scope)), scope)
        case arith.MinSIOp() as op:
            return _extreme("min", (_expr(op.lhs, scope), _expr(op.rhs, scope)), scope)
        case arith.SelectOp() as op:
            return _selected(op, scope)
        case owner:
            name = owner.name if isinstance(owner, Operation) else "a block"
            raise ValueError(f"has an index or bound computed by '{name}', which is not affine")


def _fitting(expr: AffineExpr, value: SSAValue, scope: Scope) -> AffineExpr:
    """The expression, if the type of the value holds it without wrapping."""
    if isinstance(value.type, IntegerType):
        half = 1 << (value.type.bitwidth - 1)
        low, high = expr_range(expr, scope.ranges)
        if low < -half or high >= half:
            raise ValueError(f"has an index or bound that wraps in {value.type}")
    return expr


def _digit(op: DelinearizeIndexOp, number: int, scope: Scope) -> AffineExpr:
    """A digit of an index in a mixed base."""
    basis: list[int] = []
    for base in op.basis:
        expr = AffineConstantExpr(base) if isinstance(base, int) else index_expr(base, scope)
        if not isinstance(expr, AffineConstantExpr) or expr.value < 1:
            raise ValueError("has an index by a base that is not a number above 0")
        basis.append(expr.value)
    left_out = len(op.multi_index) - len(basis)
    expr = _expr(op.linear_index, scope) // prod(basis[number + 1 - left_out :])
    return expr if number == 0 else expr % basis[number - left_out]


def _divided(op: Operation, value: SSAValue, divisor: SSAValue, scope: Scope) -> AffineExpr:
    """A quotient or a remainder by a number; where one rounds to zero, of what is not negative."""
    number, expr = index_expr(divisor, scope), index_expr(value, scope)
    if not isinstance(number, AffineConstantExpr) or number.value <= 0:
        raise ValueError("has an index or bound that is divided by other than a number above 0")
    if not isinstance(op, arith.FloorDivSIOp) and expr_range(expr, scope.ranges)[0] < 0:
        raise ValueError("has an index or bound that is divided where it may be negative")
    remains = isinstance(op, arith.RemSIOp | arith.RemUIOp)
    return expr % number.value if remains else expr // number.value


def _extreme(kind: str, exprs: Exprs, scope: Scope) -> AffineExpr:
    """The greatest or least of expressions. Raises Undecided if it is not the same everywhere."""
    name = "maximum" if kind == "max" else "minimum"
    if not exprs:
        raise ValueError(f"has an index or bound that is the {name} of nothing")
    found = only_value(scope.domain, extreme_text(kind, exprs))
    if found is not None:
        return found
    sign = ">=" if kind == "max" else "<="
    parts: list[isl.Set] = []
    left = scope.domain
    for expr in exprs:
        here = Scope(scope.loops, left)
        best = here.where([f"{isl_expr(expr)} {sign} {isl_expr(other)}" for other in exprs])
        if scope.domain.is_subset(best):
            return expr
        parts.append(best)
        left = left.subtract(best)
    raise Undecided(f"has an index that is a {name}, expected one affine expression", parts)


def _selected(op: arith.SelectOp, scope: Scope) -> AffineExpr:
    """What is selected. Raises Undecided if it is not the same everywhere."""
    holds = comparison(op.cond, scope)
    fails = scope.domain.subtract(holds)
    if fails.is_empty():
        return _expr(op.lhs, scope)
    if holds.is_empty():
        return _expr(op.rhs, scope)
    message = "has an index that is selected, expected one affine expression"
    raise Undecided(message, [holds, fails])


def index_exprs(map: AffineMap, operands: Sequence[SSAValue], scope: Scope) -> Exprs:
    """The results of a map of SSA values."""
    values = _variables(map, operands, scope)
    known, symbols = values[: map.num_dims], values[map.num_dims :]
    return tuple(
        simplify(result.replace_dims_and_symbols(known, symbols), scope.ranges)
        for result in map.results
    )


def _variables(
    of: AffineMap | AffineSet, operands: Sequence[SSAValue], scope: Scope
) -> list[AffineExpr]:
    """What a map's or set's dimensions and symbols are."""
    if len(operands) != of.num_dims + of.num_symbols:
        count = of.num_dims + of.num_symbols
        raise ValueError(f"has {len(operands)} operands for {count} dimensions and symbols")
    return [index_expr(operand, scope) for operand in operands]


def if_condition(op: affine.IfOp, scope: Scope) -> isl.Set:
    """The points of the scope at which an `affine.if` takes its first region."""
    return _where(lambda part: _constraints(op, part), scope)


def _constraints(op: affine.IfOp, scope: Scope) -> list[str]:
    condition = op.condition.data
    args = _variables(condition, op.args, scope)
    known, symbols = args[: condition.num_dims], args[condition.num_dims :]
    texts: list[str] = []
    for constraint in condition.constraints:
        difference = constraint.lhs - constraint.rhs
        value = simplify(difference.replace_dims_and_symbols(known, symbols), scope.ranges)
        texts.append(f"{isl_expr(value)} {_SIGNS[constraint.kind]} 0")
    return texts


def _where(conditions: Callable[[Scope], list[str]], scope: Scope) -> isl.Set:
    """The points at which conditions hold, whose values may be decided by parts of the points."""
    result = scope.domain.subtract(scope.domain)
    for part, texts in cases(conditions, scope):
        result = result.union(Scope(scope.loops, part).where(texts))
    return result.coalesce()


def comparison(value: SSAValue, scope: Scope) -> isl.Set:
    """The points of the scope at which a condition on indices holds."""
    match value.owner:
        case arith.CmpiOp() as op if op.predicate.value.data < len(_PREDICATES):
            return _where(lambda part: [_compared(op, part)], scope)
        case arith.AndIOp() as op:
            return comparison(op.lhs, scope).intersect(comparison(op.rhs, scope))
        case arith.OrIOp() as op:
            return comparison(op.lhs, scope).union(comparison(op.rhs, scope)).coalesce()
        case _:
            raise ValueError("has a condition that is not a comparison of affine indices")


def _compared(op: arith.CmpiOp, scope: Scope) -> str:
    sign = _PREDICATES[op.predicate.value.data]
    return f" {sign} ".join(isl_expr(index_expr(side, scope)) for side in (op.lhs, op.rhs))
