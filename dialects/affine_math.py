"""Arithmetic on affine expressions: canonical sums, ranges, simplification, evaluation in numpy.

An expression is kept as a *sum*: integer coefficients on atoms plus a constant. An atom is a
dimension, a symbol, or a `floordiv`/`mod` of a smaller sum by a positive constant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import isqrt

from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
    AffineSymExpr,
)

from nopt.dialects.affine_points import Range, Ranges, exact_range, independent


@dataclass
class Sum:
    """`constant` plus the sum of `terms[atom] * atom`."""

    terms: dict[AffineExpr, int] = field(default_factory=dict[AffineExpr, int])
    constant: int = 0

    def add(self, other: Sum, factor: int = 1) -> Sum:
        """This plus `factor` times another sum, without terms of zero."""
        terms = dict(self.terms)
        for atom, coefficient in other.terms.items():
            terms[atom] = terms.get(atom, 0) + coefficient * factor
        return Sum({a: c for a, c in terms.items() if c}, self.constant + other.constant * factor)

    def expr(self) -> AffineExpr:
        """The sum as an expression, constant last."""
        result: AffineExpr | None = None
        for atom, coefficient in self.terms.items():
            term = atom if coefficient == 1 else atom * coefficient
            result = term if result is None else result + term
        if result is None:
            return AffineConstantExpr(self.constant)
        return result + self.constant if self.constant else result

    def range(self, ranges: Ranges) -> Range:
        """The interval of the sum, exact if atoms that share variables have few points.

        Raises ValueError for an atom that is no affine expression."""
        low = high = self.constant
        for part in independent(self.terms):
            a, b = exact_range(part, ranges) or _interval(part, ranges)
            low, high = low + a, high + b
        return low, high


def _interval(terms: Mapping[AffineExpr, int], ranges: Ranges) -> Range:
    """Of a sum of atoms, as if each went its own way."""
    low = high = 0
    for atom, coefficient in terms.items():
        a, b = (coefficient * end for end in _atom_range(atom, ranges))
        low, high = low + min(a, b), high + max(a, b)
    return low, high


def _atom_range(atom: AffineExpr, ranges: Ranges) -> Range:
    if isinstance(atom, AffineBinaryOpExpr):
        divisor = _constant(atom.rhs)
        if atom.kind is AffineBinaryOpKind.Mod:
            return 0, divisor - 1
        low, high = to_sum(atom.lhs, ranges).range(ranges)
        return low // divisor, high // divisor
    # An unknown variable may be anything: a range no finite test accepts.
    return ranges.get(atom, (-(1 << 62), 1 << 62))


def _constant(expr: AffineExpr) -> int:
    if not isinstance(expr, AffineConstantExpr) or expr.value <= 0:
        raise ValueError(f"expected a positive constant divisor, found {expr}")
    return expr.value


def to_sum(expr: AffineExpr, ranges: Ranges) -> Sum:
    """Canonical sum of `expr`, simplified by what `ranges` says of its variables.

    Raises ValueError where the expression is not affine (a product of two variables, a division
    by something other than a positive constant).
    """
    match expr:
        case AffineConstantExpr():
            return Sum({}, expr.value)
        case AffineDimExpr() | AffineSymExpr():
            low, high = ranges.get(expr, (0, 1))
            return Sum({}, low) if low == high else Sum({expr: 1}, 0)
        case AffineBinaryOpExpr(AffineBinaryOpKind.Add):
            return _recombined(to_sum(expr.lhs, ranges).add(to_sum(expr.rhs, ranges)), ranges)
        case AffineBinaryOpExpr(AffineBinaryOpKind.Mul):
            left, right = to_sum(expr.lhs, ranges), to_sum(expr.rhs, ranges)
            if left.terms and right.terms:
                raise ValueError(f"{expr} is not affine: it multiplies two variables")
            if left.terms:
                left, right = right, left
            return Sum().add(right, left.constant)
        case AffineBinaryOpExpr(AffineBinaryOpKind.FloorDiv):
            return _floor_divide(to_sum(expr.lhs, ranges), _constant(expr.rhs), ranges)
        case AffineBinaryOpExpr(AffineBinaryOpKind.CeilDiv):
            divisor = _constant(expr.rhs)
            shifted = to_sum(expr.lhs, ranges).add(Sum({}, divisor - 1))
            return _floor_divide(shifted, divisor, ranges)
        case AffineBinaryOpExpr(AffineBinaryOpKind.Mod):
            return _modulo(to_sum(expr.lhs, ranges), _constant(expr.rhs), ranges)
        case _:
            raise ValueError(f"{expr} is not an affine expression")


def _recombined(total: Sum, ranges: Ranges) -> Sum:
    """Undo divisions: (x floordiv k) * k + x mod k is x."""
    for atom, coefficient in total.terms.items():
        if not isinstance(atom, AffineBinaryOpExpr) or atom.kind is not AffineBinaryOpKind.Mod:
            continue
        divisor = _constant(atom.rhs)
        for value in _congruent(atom.lhs, divisor, total, ranges):
            quotient = Sum().add(_floor_divide(value, divisor, ranges), coefficient * divisor)
            if quotient.terms and quotient.terms.items() <= total.terms.items():
                rest = total.add(Sum({atom: coefficient}), -1).add(quotient, -1)
                return _recombined(rest.add(value, coefficient), ranges)
    return total


def _congruent(expr: AffineExpr, divisor: int, total: Sum, ranges: Ranges) -> Iterator[Sum]:
    """`expr`, and what equals it modulo the divisor and is divided by it in `total`."""
    value = to_sum(expr, ranges)
    yield value
    for atom in total.terms:
        if isinstance(atom, AffineBinaryOpExpr) and atom.kind is AffineBinaryOpKind.FloorDiv:
            divided = to_sum(atom.lhs, ranges)
            difference = divided.add(value, -1)
            numbers = [_constant(atom.rhs), difference.constant, *difference.terms.values()]
            if all(number % divisor == 0 for number in numbers):
                yield divided


def _split(value: Sum, divisor: int) -> tuple[Sum, Sum]:
    """`value = divisor * whole + rest`, coefficients of `rest` in [0, divisor)."""
    whole = Sum({a: c // divisor for a, c in value.terms.items()}, value.constant // divisor)
    rest = Sum({a: c % divisor for a, c in value.terms.items()}, value.constant % divisor)
    drop_zeros = Sum()
    return drop_zeros.add(whole), drop_zeros.add(rest)


@cache
def _proper_divisors(number: int) -> list[int]:
    """Divisors other than 1 and the number itself, largest first."""
    small = [unit for unit in range(2, isqrt(number) + 1) if number % unit == 0]
    return sorted({*small, *(number // unit for unit in small)}, reverse=True)


def _in_units(value: Sum, unit: int) -> tuple[Sum, Sum]:
    """`value = unit * whole + part`: terms go whole into the one or the other."""
    whole = Sum(
        {a: c // unit for a, c in value.terms.items() if c % unit == 0}, value.constant // unit
    )
    return whole, value.add(whole, -unit)


def _is_within(part: Sum, unit: int, ranges: Ranges) -> bool:
    low, high = part.range(ranges)
    return low >= 0 and high < unit


def _floor_divide(value: Sum, divisor: int, ranges: Ranges) -> Sum:
    # Whole multiples leave the division; a remainder within [0, divisor) vanishes.
    exact = Sum({a: c for a, c in value.terms.items() if c % divisor == 0}, 0)
    rest = value.add(exact, -1)
    whole, offset = divmod(rest.constant, divisor)
    rest.constant = offset
    outside = Sum({a: c // divisor for a, c in exact.terms.items()}, whole)
    low, high = rest.range(ranges)
    if low // divisor == high // divisor:
        return outside.add(Sum({}, low // divisor))
    for unit in _proper_divisors(divisor):
        whole, part = _in_units(rest, unit)
        if whole.terms and _is_within(part, unit, ranges):
            return outside.add(_floor_divide(whole, divisor // unit, ranges))
    if list(rest.terms.values()) == [1] and rest.constant == 0:
        (atom,) = rest.terms
        if isinstance(atom, AffineBinaryOpExpr):
            inner = _constant(atom.rhs)
            if atom.kind is AffineBinaryOpKind.FloorDiv:
                merged = _floor_divide(to_sum(atom.lhs, ranges), inner * divisor, ranges)
                return outside.add(merged)
            if inner % divisor == 0:
                # (x mod ab) floordiv b == (x floordiv b) mod a
                quotient = _floor_divide(to_sum(atom.lhs, ranges), divisor, ranges)
                return outside.add(_modulo(quotient, inner // divisor, ranges))
    return outside.add(Sum({rest.expr() // divisor: 1}, 0))


def _modulo(value: Sum, divisor: int, ranges: Ranges) -> Sum:
    _, rest = _split(value, divisor)
    # Prefer small negative coefficients over their large positive equals when those decide.
    signed = Sum(
        {a: (c if value.terms.get(a, 0) > 0 else c - divisor) for a, c in rest.terms.items()},
        rest.constant,
    )
    for candidate in (rest, signed, signed.add(Sum({}, -divisor))):
        low, high = candidate.range(ranges)
        if low // divisor == high // divisor:
            return candidate.add(Sum({}, -(low // divisor) * divisor))
    if divisor == 1:
        return Sum()
    for unit in _proper_divisors(divisor):
        whole, part = _in_units(rest, unit)
        if whole.terms and _is_within(part, unit, ranges):
            return part.add(_modulo(whole, divisor // unit, ranges), unit)
    if list(rest.terms.values()) == [1] and rest.constant == 0:
        (atom,) = rest.terms
        if (
            isinstance(atom, AffineBinaryOpExpr)
            and atom.kind is AffineBinaryOpKind.Mod
            and _constant(atom.rhs) % divisor == 0
        ):
            return _modulo(to_sum(atom.lhs, ranges), divisor, ranges)
    return Sum({rest.expr() % divisor: 1}, 0)


def simplify(expr: AffineExpr, ranges: Ranges) -> AffineExpr:
    """`expr` in canonical form; equal for every point that `ranges` allows."""
    return expr if isinstance(expr, AffineConstantExpr) else to_sum(expr, ranges).expr()


def expr_range(expr: AffineExpr, ranges: Ranges) -> Range:
    """An interval that holds every value of `expr`; exact where each variable occurs once, and
    where parts that share some have few points."""
    if isinstance(expr, AffineBinaryOpExpr):
        return to_sum(expr, ranges).range(ranges)
    # Four of five that a compilation asks for are variables and numbers.
    number = isinstance(expr, AffineConstantExpr)
    return (expr.value, expr.value) if number else _atom_range(expr, ranges)


MOST_INDEX = 1 << 31
"""What an index, or a part of one, may be at most, either sign. Times a stride it has 64 bits."""


def check_magnitude(expr: AffineExpr, ranges: Ranges) -> int:
    """What `expr` is at most, either sign, not seeing that parts of it cancel.

    A variable without a range counts as 1. Raises ValueError if a part exceeds `MOST_INDEX`."""
    match expr:
        case AffineConstantExpr():
            found = abs(expr.value)
        case AffineBinaryOpExpr():
            left, right = check_magnitude(expr.lhs, ranges), check_magnitude(expr.rhs, ranges)
            match expr.kind:
                case AffineBinaryOpKind.Add:
                    found = left + right
                case AffineBinaryOpKind.Mul:
                    found = left * right
                case AffineBinaryOpKind.Mod:
                    found = right
                case AffineBinaryOpKind.FloorDiv | AffineBinaryOpKind.CeilDiv:
                    found = -(-left // max(right, 1))
        case _:
            found = max(map(abs, ranges.get(expr, (1, 1))))
    if found > MOST_INDEX:
        raise ValueError(f"a part of it may be {found}, expected at most {MOST_INDEX}")
    return found


def dim_ranges(extents: Sequence[int]) -> Ranges:
    """Dimension i runs over [0, extents[i])."""
    return _dim_ranges(tuple(extents))


@cache
def _dim_ranges(extents: tuple[int, ...]) -> Ranges:
    return {AffineDimExpr(i): (0, extent - 1) for i, extent in enumerate(extents)}


def simplify_map(map: AffineMap, extents: Sequence[int]) -> AffineMap:
    """`map` with every result simplified for dimension i in [0, extents[i])."""
    ranges = dim_ranges(extents)
    results = tuple(simplify(result, ranges) for result in map.results)
    return AffineMap(len(extents), map.num_symbols, results)


def substitute(map: AffineMap, dims: Sequence[AffineExpr], num_dims: int) -> AffineMap:
    """Replace dimension i of `map` by `dims[i]`, an expression over `num_dims` dimensions."""
    symbols = [AffineSymExpr(i) for i in range(map.num_symbols)]
    return map.replace_dims_and_symbols(dims, symbols, num_dims, map.num_symbols)


def is_mixed_radix(exprs: Sequence[AffineExpr], ranges: Ranges) -> bool:
    """Whether `exprs` together tell the variables' values: digits of one or several numbers.

    Each variable of more than one value is in one expression, by a factor larger than what the
    variables of smaller factors there add up to. Sufficient, not necessary. Raises ValueError where
    an expression is not affine.
    """
    found = _digits(exprs, ranges)
    return found is not None and _are_variables(found, ranges)


def is_one_to_one(exprs: Sequence[AffineExpr], ranges: Ranges) -> bool:
    """As `is_mixed_radix`, where a variable may be in two digits: its quotient and its remainder by
    one number."""
    found = _digits(exprs, ranges)
    if found is None:
        return False
    for digit in [*found]:
        match digit:
            case AffineBinaryOpExpr(kind=AffineBinaryOpKind.Mod, lhs=variable, rhs=divisor) if (
                variable // divisor in found
            ):
                found.remove(digit)
                found.remove(variable // divisor)
                found.append(variable)
            case _:
                pass
    return _are_variables(found, ranges)


def _digits(exprs: Sequence[AffineExpr], ranges: Ranges) -> list[AffineExpr] | None:
    """What expressions sum up by factors; None if those do not keep their values apart."""
    found: list[AffineExpr] = []
    for expr in exprs:
        total = to_sum(expr, ranges)
        below = 0
        for atom, factor in sorted(total.terms.items(), key=lambda term: abs(term[1])):
            if abs(factor) <= below:
                return None
            low, high = expr_range(atom, ranges)
            below += abs(factor) * (high - low)
            found.append(atom)
    return found


def _are_variables(found: Sequence[AffineExpr], ranges: Ranges) -> bool:
    """Whether all variables of more than one value are found, each once, and nothing else."""
    varying = {variable for variable, (low, high) in ranges.items() if low < high}
    return len(found) == len(set(found)) and varying <= set(found) <= set(ranges)
