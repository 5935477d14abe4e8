"""Scalar operations of nests, each against what MLIR says it is, in Python's exact integers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    BFloat16Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    f32,
    f64,
    i1,
    i8,
    i32,
)
from xdsl.ir import Attribute, Block

from nopt.dialects.interpreters.scalars import EVALUATED, check_scalar, evaluate_scalar, stored


def truncated(a: int, b: int) -> int:
    return int(Fraction(a, b))


def shifted_left(a: int, by: int) -> int:
    return a << by if by < 64 else 0


SIGNED: dict[Any, Callable[[int, int], int]] = {
    arith.AddiOp: operator.add,
    arith.SubiOp: operator.sub,
    arith.MuliOp: operator.mul,
    arith.DivSIOp: truncated,
    arith.RemSIOp: lambda a, b: a - b * truncated(a, b),
    arith.FloorDivSIOp: lambda a, b: math.floor(Fraction(a, b)),
    arith.CeilDivSIOp: lambda a, b: math.ceil(Fraction(a, b)),
    arith.MinSIOp: min,
    arith.MaxSIOp: max,
    arith.AndIOp: operator.and_,
    arith.OrIOp: operator.or_,
    arith.XOrIOp: operator.xor,
}
UNSIGNED: dict[Any, Callable[[int, int], int]] = {
    arith.DivUIOp: operator.floordiv,
    arith.CeilDivUIOp: lambda a, b: math.ceil(Fraction(a, b)),
    arith.RemUIOp: operator.mod,
    arith.MinUIOp: min,
    arith.MaxUIOp: max,
    arith.ShLIOp: shifted_left,
    arith.ShRUIOp: operator.rshift,
}
PREDICATES: dict[str, tuple[bool, Callable[[int, int], bool]]] = {
    "eq": (True, operator.eq),
    "ne": (True, operator.ne),
    "slt": (True, operator.lt),
    "sle": (True, operator.le),
    "sgt": (True, operator.gt),
    "sge": (True, operator.ge),
    "ult": (False, operator.lt),
    "ule": (False, operator.le),
    "ugt": (False, operator.gt),
    "uge": (False, operator.ge),
}


def signed(bits: int, width: int) -> int:
    """A number modulo 2^width, as two's complement."""
    bits &= (1 << width) - 1
    return bits - (1 << width) if bits >> (width - 1) else bits


def unsigned(bits: int, width: int) -> int:
    return bits & ((1 << width) - 1)


def lying(number: int, width: int) -> np.ndarray:
    """A number as the interpreter has it."""
    return stored(np.asarray(signed(number, 64), np.int64), IntegerType(width))


def as_number(array: np.ndarray, width: int) -> int:
    """What a result is as two's complement; the interpreter's form of it is checked, too."""
    assert array.dtype == (
        np.bool_ if width == 1 else f"i{max(8, 1 << (width - 1).bit_length()) // 8}"
    )
    number = int(array)
    assert width == 1 or number == signed(number, width)
    return signed(number, width)


def made(kind: Any, types: list[Attribute], *rest: Any) -> Any:
    return kind(*Block(arg_types=types).args, *rest)


def on_integers(op: Any, width: int, *numbers: int) -> int:
    type = op.results[0].type
    assert isinstance(type, IntegerType)
    return as_number(evaluate_scalar(op, [lying(n, width) for n in numbers]), type.bitwidth)


@st.composite
def pairs(draw: Any) -> tuple[int, int, int]:
    """A width and two numbers of it, often the extremes."""
    width = draw(st.integers(1, 64))
    half = 1 << (width - 1)
    extremes = st.sampled_from([-half, half - 1, -1, 0, min(1, half - 1)])
    number = extremes | st.integers(-half, half - 1)
    return width, draw(number), draw(number)


@settings(max_examples=500)
@given(pairs())
def test_integers_of_every_width(pair: tuple[int, int, int]):
    width, a, b = pair
    types: list[Attribute] = [IntegerType(width)] * 2
    for kind, function in (*SIGNED.items(), *UNSIGNED.items()):
        op = made(kind, types)
        if not b and ("div" in op.name or "rem" in op.name):
            with pytest.raises(ValueError, match=f"'{op.name}' divides by zero"):
                on_integers(op, width, a, b)
            continue
        left, right = (a, b) if kind in SIGNED else (unsigned(a, width), unsigned(b, width))
        assert on_integers(op, width, a, b) == signed(function(left, right), width), op.name
    right_shift = made(arith.ShRSIOp, types)
    assert on_integers(right_shift, width, a, b) == a >> unsigned(b, width)
    for name, (by_sign, holds) in PREDICATES.items():
        wanted = holds(a, b) if by_sign else holds(unsigned(a, width), unsigned(b, width))
        found = evaluate_scalar(made(arith.CmpiOp, types, name), [lying(n, width) for n in (a, b)])
        assert found.dtype == np.bool_ and bool(found) is wanted, name


@settings(max_examples=300)
@given(pairs(), st.integers(1, 64))
def test_casts_of_every_width(pair: tuple[int, int, int], other: int):
    width, a, _ = pair
    narrow, wide = sorted((width, other))
    if narrow < wide:
        for kind, read in ((arith.ExtSIOp, signed), (arith.ExtUIOp, unsigned)):
            op = made(kind, [IntegerType(narrow)], IntegerType(wide))
            assert on_integers(op, narrow, a) == signed(read(a, narrow), wide)
        op = made(arith.TruncIOp, [IntegerType(wide)], IntegerType(narrow))
        assert on_integers(op, wide, a) == signed(a, narrow)
    for kind, number in ((arith.SIToFPOp, a), (arith.UIToFPOp, unsigned(a, width))):
        for type, dtype in ((f32, np.float32), (f64, np.float64)):
            op = made(kind, [IntegerType(width)], type)
            found = evaluate_scalar(op, [lying(a, width)])
            assert found.dtype == dtype
            assert is_nearest(found[()], number)
    constant = arith.ConstantOp(IntegerAttr(a, IntegerType(width)))
    assert as_number(evaluate_scalar(constant, []), width) == a


def is_nearest(found: Any, exact: int) -> bool:
    """Whether no float of the type is nearer, and of two as near it is the even one."""
    error = abs(Fraction(float(found)) - exact)
    bits = int(found.view(f"u{found.itemsize}"))
    for end in (-np.inf, np.inf):
        beside = abs(Fraction(float(np.nextafter(found, found.dtype.type(end)))) - exact)
        if beside < error or (beside == error and bits % 2):
            return False
    return True


FLOATS = st.sampled_from([0.0, -0.0, 1.0, -1.5, math.inf, -math.inf, math.nan, 2.0**63, -(2.0**31)])
FLOATS |= st.floats(width=32)

ARITHMETIC: dict[Any, Callable[[Any, Any], Any]] = {
    arith.AddfOp: operator.add,
    arith.SubfOp: operator.sub,
    arith.MulfOp: operator.mul,
    arith.DivfOp: operator.truediv,
}


def nan_first(choose: Callable[[list[Any]], Any]) -> Callable[[Any, Any], Any]:
    """IEEE 754's minimum or maximum: NaN if there is one; -0 is less than +0."""
    return lambda a, b: (
        math.nan
        if math.isnan(a) or math.isnan(b)
        else choose(sorted([a, b], key=lambda x: (x, math.copysign(1, x))))
    )


def number_first(choose: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: b if math.isnan(a) else a if math.isnan(b) else choose(a, b)


EXTREMES: dict[Any, Callable[[Any, Any], Any]] = {
    arith.MinimumfOp: nan_first(lambda pair: pair[0]),
    arith.MaximumfOp: nan_first(lambda pair: pair[1]),
    arith.MinnumfOp: number_first(min),
    arith.MaxnumfOp: number_first(max),
}


def same(found: Any, wanted: Any) -> bool:
    """Equal to the bit; one NaN is as good as another."""
    if math.isnan(wanted):
        return math.isnan(found)
    return found == wanted and math.copysign(1, found) == math.copysign(1, wanted)


@settings(max_examples=500)
@given(FLOATS, FLOATS, st.sampled_from([(f32, np.float32), (f64, np.float64)]))
def test_floats(a: float, b: float, types: tuple[Attribute, Any]):
    type, dtype = types
    x, y = dtype(a), dtype(b)
    for kind, function in ARITHMETIC.items():
        with np.errstate(all="ignore"):
            wanted = function(x, y)
        found = evaluate_scalar(made(kind, [type] * 2), [np.asarray(x), np.asarray(y)])
        assert found.dtype == dtype and same(found[()], wanted)
    for kind, function in EXTREMES.items():
        found = evaluate_scalar(made(kind, [type] * 2), [np.asarray(x), np.asarray(y)])
        wanted = function(a, b)
        zeros = kind in (arith.MinnumfOp, arith.MaxnumfOp) and a == b
        assert found == wanted if zeros else same(found[()], wanted), kind.name
    negative = evaluate_scalar(made(arith.NegfOp, [type]), [np.asarray(x)])
    assert same(negative[()], -a) and np.signbit(negative) != np.signbit(x)


RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


@settings(max_examples=300)
@given(FLOATS, FLOATS)
def test_comparisons_of_floats(a: float, b: float):
    unordered = math.isnan(a) or math.isnan(b)
    wanted = {"false": False, "true": True, "uno": unordered, "ord": not unordered}
    for name, holds in RELATIONS.items():
        wanted[f"o{name}"] = not unordered and holds(a, b)
        wanted[f"u{name}"] = unordered or holds(a, b)
    wanted |= {"one": not unordered and a != b, "une": unordered or a != b}
    assert len(wanted) == 16
    for name, holds in wanted.items():
        op = made(arith.CmpfOp, [f64, f64], name)
        found = evaluate_scalar(op, [np.asarray(a), np.asarray(b)])
        assert found.dtype == np.bool_ and bool(found) is holds, name


@settings(max_examples=300)
@given(FLOATS | st.floats(), st.integers(1, 64))
def test_floats_to_integers_go_to_the_nearest_there_is(a: float, width: int):
    half = 1 << (width - 1)
    for kind, low, high in (
        (arith.FPToSIOp, -half, half - 1),
        (arith.FPToUIOp, 0, 2 * half - 1),
    ):
        if math.isnan(a):
            wanted = 0
        else:
            wanted = min(
                max(math.trunc(a) if math.isfinite(a) else math.copysign(half * 2, a), low), high
            )
        op = made(kind, [f64], IntegerType(width))
        assert as_number(evaluate_scalar(op, [np.asarray(a)]), width) == signed(int(wanted), width)


@given(st.floats(), st.floats(width=32))
def test_casts_of_floats(a: float, b: float):
    narrow = evaluate_scalar(made(arith.TruncFOp, [f64], f32), [np.asarray(a)])
    with np.errstate(all="ignore"):
        assert same(narrow[()], np.float32(a))
    wide = evaluate_scalar(made(arith.ExtFOp, [f32], f64), [np.asarray(b, np.float32)])
    assert wide.dtype == np.float64 and same(wide[()], b)
    bits = evaluate_scalar(made(arith.BitcastOp, [f32], i32), [np.asarray(b, np.float32)])
    back = evaluate_scalar(made(arith.BitcastOp, [i32], f32), [bits])
    assert bits.dtype == np.int32 and back.tobytes() == np.float32(b).tobytes()
    constant = evaluate_scalar(arith.ConstantOp(FloatAttr(b, f32)), [])
    assert constant.dtype == np.float32 and same(constant[()], b)


def test_choice_and_arrays():
    rows, columns = np.asarray([[True], [False]]), np.asarray([[1, -2, 3]], np.int8)
    op = made(arith.SelectOp, [i1, i8, i8])
    found = evaluate_scalar(op, [rows, columns, np.asarray(7, np.int8)])
    assert found.dtype == np.int8
    np.testing.assert_array_equal(found, [[1, -2, 3], [7, 7, 7]])


def test_one_zero_among_divisors_is_an_error():
    op = made(arith.DivUIOp, [i8, i8])
    with pytest.raises(ValueError, match=r"'arith\.divui' divides by zero"):
        evaluate_scalar(op, [np.asarray(5, np.int8), np.asarray([1, 0, 3], np.int8)])


def test_every_operation_of_one_result_is_evaluated_or_refused():
    """Only indices and pairs are left out: nests have neither."""
    left_out = {op.name for op in arith.Arith.operations if op not in EVALUATED}
    extended = {f"arith.{name}_extended" for name in ("addui", "mulsi", "mului")}
    assert left_out == {"arith.index_cast", *extended}
    with pytest.raises(ValueError, match="is not supported in a nest's body"):
        check_scalar(made(arith.MulSIExtendedOp, [i8, i8]))
    with pytest.raises(ValueError, match="of bf16 is not supported"):
        check_scalar(made(arith.AddfOp, [BFloat16Type()] * 2))
