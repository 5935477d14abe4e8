"""Reading float arithmetic with constants: products and sums, however they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import isclose

from xdsl.ir import SSAValue

from nopt.dialects.graph import AddOp, DivOp, Function, MulOp, PowOp, SubOp, UnaryOp
from nopt.dialects.graph.queries import splat_of

MOST_FACTORS = 16


class Product:
    """A value as a number times other values, which are no products themselves."""

    def __init__(self, number: float, factors: Counter[SSAValue]):
        self.number = number
        self.factors = factors

    @staticmethod
    def of(value: SSAValue) -> Product:
        """The value's factors, found through products, quotients, small powers and signs."""
        return _product(value) or Product(1.0, Counter([value]))

    def __mul__(self, other: Product) -> Product:
        return Product(self.number * other.number, self.factors + other.factors)

    def ratio(self, other: Product) -> float | None:
        """The number this is times the other product, if only numbers differ; none if that is 0."""
        alike = self.factors == other.factors and other.number != 0
        return self.number / other.number if alike else None

    def without(self, factor: SSAValue) -> Product:
        return Product(self.number, self.factors - Counter([factor]))


def _product(value: SSAValue) -> Product | None:
    match value.owner:
        case MulOp(lhs=lhs, rhs=rhs):
            number = splat_of(rhs)
            scale = Product.of(rhs) if number is None else Product(number, Counter())
            found = Product.of(lhs) * scale
        case DivOp(lhs=lhs, rhs=rhs) if number := splat_of(rhs):
            found = Product.of(lhs) * Product(1 / number, Counter())
        case UnaryOp(input=input) as op if op.kind.data is Function.NEG:
            found = Product.of(input) * Product(-1.0, Counter())
        case PowOp(lhs=lhs, rhs=rhs) if (power := splat_of(rhs)) in (2, 3):
            base = Product.of(lhs)
            found = base * base if power == 2 else base * base * base
        case _:
            return None
    return found if found.factors.total() <= MOST_FACTORS else None


def scaled(value: SSAValue) -> Iterator[tuple[float, SSAValue]]:
    """A value as a number times another value: itself, and whatever it is a multiple of."""
    number = 1.0
    yield number, value
    while True:
        match value.owner:
            case MulOp(lhs=lhs, rhs=rhs) if (factor := splat_of(rhs)) is not None:
                number *= factor
            case DivOp(lhs=lhs, rhs=rhs) if factor := splat_of(rhs):
                number /= factor
            case _:
                return
        value = lhs
        yield number, value


def shifted(value: SSAValue) -> Iterator[tuple[float, SSAValue]]:
    """A value as a number added to another value: itself, and whatever it is above or below."""
    number = 0.0
    yield number, value
    while True:
        match value.owner:
            case AddOp(lhs=lhs, rhs=rhs) if (term := splat_of(rhs)) is not None:
                number += term
            case SubOp(lhs=lhs, rhs=rhs) if (term := splat_of(rhs)) is not None:
                number -= term
            case _:
                return
        value = lhs
        yield number, value


def near(found: float | None, wanted: float) -> bool:
    """Whether a number is the wanted one as people write it, to some five digits."""
    return found is not None and isclose(found, wanted, rel_tol=2e-5, abs_tol=1e-7)
