"""`arith` on whole arrays: each scalar operation of a nest's body, for all its points at once.

Integers are two's complement of their type's width, 1 to 64 bits; those of a width that numpy has
not lie in the next wider type, sign extended, and i1 lies as bool. Floats are f32 and f64.

Where MLIR leaves a result open, this is what happens; loops on another machine may do otherwise:

- a division by zero is an error;
- the least integer divided by -1 wraps to itself, the remainder is 0;
- a shift by the width or more, the amount read without sign, leaves 0, or -1 of negative numbers
  shifted right with their sign;
- a float beyond the integers it is converted to becomes the nearest of them, NaN becomes 0;
- flags that promise no overflow, or fast floats, change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Operation

from nopt.dialects.constants import Array, numpy_type

Function: TypeAlias = Callable[..., Array]


def _width(type: Attribute) -> int:
    """Bits of an integer, 0 of others."""
    return type.bitwidth if isinstance(type, IntegerType) else 0


def storage_type(type: Attribute) -> np.dtype[Any]:
    """The numpy type that scalars of a type lie in. Raises ValueError for one that has none."""
    if 1 < (width := _width(type)) <= 64:
        return np.dtype(f"i{next(size for size in (1, 2, 4, 8) if width <= 8 * size)}")
    return numpy_type(type)


def signed(array: Array) -> Array:
    """Integers by their sign: true is -1."""
    return -array.astype(np.int8) if array.dtype == np.bool_ else array


def _unsigned(array: Array, width: int) -> Array:
    bits = array.view(f"u{array.itemsize}")
    return bits if width in (1, 8 * array.itemsize) else bits & bits.dtype.type((1 << width) - 1)


def stored(array: Array, type: Attribute) -> Array:
    """Computed values as those of a type lie: integers modulo 2^width."""
    width = _width(type)
    if width == 1:
        return array if array.dtype == np.bool_ else (array & 1).astype(np.bool_)
    narrow = array.astype(storage_type(type))
    spare = 8 * narrow.itemsize - width if width else 0
    return narrow << spare >> spare if spare else narrow


# --- Integers.


def _truncated_quotient(a: Array, b: Array) -> Array:
    return a // b + ((a % b != 0) & ((a < 0) != (b < 0)))


def _ceiling_quotient(a: Array, b: Array) -> Array:
    return a // b + (a % b != 0)


_SIGNED: Mapping[type[Operation], Function] = {
    arith.AddiOp: np.add,
    arith.SubiOp: np.subtract,
    arith.MuliOp: np.multiply,
    arith.DivSIOp: _truncated_quotient,
    arith.FloorDivSIOp: np.floor_divide,
    arith.CeilDivSIOp: _ceiling_quotient,
    arith.RemSIOp: np.fmod,
    arith.MinSIOp: np.minimum,
    arith.MaxSIOp: np.maximum,
    arith.AndIOp: np.bitwise_and,
    arith.OrIOp: np.bitwise_or,
    arith.XOrIOp: np.bitwise_xor,
    arith.ShLIOp: np.left_shift,
    arith.ShRSIOp: np.right_shift,
    arith.ExtSIOp: np.positive,
    arith.TruncIOp: np.positive,
}
_UNSIGNED: Mapping[type[Operation], Function] = {
    arith.DivUIOp: np.floor_divide,
    arith.CeilDivUIOp: _ceiling_quotient,
    arith.RemUIOp: np.fmod,
    arith.MinUIOp: np.minimum,
    arith.MaxUIOp: np.maximum,
    arith.ShRUIOp: np.right_shift,
    arith.ExtUIOp: np.positive,
}
DIVISIONS = (
    *(arith.DivSIOp, arith.DivUIOp, arith.CeilDivSIOp, arith.CeilDivUIOp),
    *(arith.FloorDivSIOp, arith.RemSIOp, arith.RemUIOp),
)
"""Operations that fail where their second operand is zero."""
_SHIFTS = (arith.ShLIOp, arith.ShRSIOp, arith.ShRUIOp)
_INTEGER_PREDICATES: Sequence[Function] = (
    *(np.equal, np.not_equal),
    *(np.less, np.less_equal, np.greater, np.greater_equal),
    *(np.less, np.less_equal, np.greater, np.greater_equal),
)
"""Of `arith.cmpi`, by number: equal or not, comparisons with a sign, without."""
_FIRST_UNSIGNED = 6


def _on_integers(
    function: Function, is_signed: bool, op: Operation, operands: Sequence[Array]
) -> Array:
    width = _width(op.operands[0].type)
    read = [signed(each) if is_signed else _unsigned(each, width) for each in operands]
    if isinstance(op, _SHIFTS):
        amount = np.minimum(_unsigned(operands[1], width), width)
        read[1] = amount.astype(read[0].dtype)
    if isinstance(op, DIVISIONS) and not np.all(operands[1]):
        raise ValueError(f"'{op.name}' divides by zero")
    return function(*read)


# --- Floats.


def _maximum(a: Array, b: Array) -> Array:
    """The larger one; NaN if one is, and +0 is larger than -0."""
    return np.where((a == 0) & (b == 0), a + b, np.maximum(a, b))


def _minimum(a: Array, b: Array) -> Array:
    return -_maximum(-a, -b)


_FLOATS: Mapping[type[Operation], Function] = {
    arith.AddfOp: np.add,
    arith.SubfOp: np.subtract,
    arith.MulfOp: np.multiply,
    arith.DivfOp: np.divide,
    arith.NegfOp: np.negative,
    arith.MinimumfOp: _minimum,
    arith.MaximumfOp: _maximum,
    arith.MinnumfOp: np.fmin,
    arith.MaxnumfOp: np.fmax,
}


_RELATIONS = (*range(8), 9, 10, 11, 12, 13, 14, 8, 15)
"""Of `arith.cmpf`, by number, when it holds: bits for equal, greater, less and not ordered."""


def _compared(relation: int, a: Array, b: Array) -> Array:
    found = (a == b, a > b, a < b, np.isnan(a) | np.isnan(b))
    holds = np.zeros_like(found[0])
    for bit, each in enumerate(found):
        holds = holds | each if relation >> bit & 1 else holds
    return holds


def _to_integer(array: Array, width: int, is_signed: bool) -> Array:
    """Towards zero, to the nearest integer that there is; NaN to 0."""
    bits = width - is_signed
    whole = np.trunc(array)
    above, below = whole >= 2.0**bits, whole < (-(2.0**bits) if is_signed else 0.0)
    wide = np.int64 if is_signed else np.uint64
    inside = np.where(above | below | np.isnan(whole), 0, whole).astype(wide)
    result = np.where(above, wide((1 << bits) - 1), inside)
    return np.where(below, wide(-(1 << bits)), result) if is_signed else result


# --- All.


def _computed(op: Operation, operands: Sequence[Array]) -> Array:
    """The value, of integers maybe wider than their type."""
    type = op.results[0].type
    match op:
        case arith.SelectOp():
            return np.where(*operands)
        case arith.CmpiOp():
            number = op.predicate.value.data
            function = _INTEGER_PREDICATES[number]
            return _on_integers(function, number < _FIRST_UNSIGNED, op, operands)
        case arith.CmpfOp():
            return _compared(_RELATIONS[op.predicate.value.data], *operands)
        case arith.SIToFPOp():
            return signed(operands[0]).astype(storage_type(type))
        case arith.UIToFPOp():
            width = _width(op.operands[0].type)
            return _unsigned(operands[0], width).astype(storage_type(type))
        case arith.FPToSIOp() | arith.FPToUIOp():
            return _to_integer(operands[0], _width(type), isinstance(op, arith.FPToSIOp))
        case arith.ExtFOp() | arith.TruncFOp():
            return operands[0].astype(storage_type(type))
        case arith.BitcastOp():
            return operands[0].view(storage_type(type))
        case _ if (function := _SIGNED.get(kind := op.__class__)) is not None:
            return _on_integers(function, True, op, operands)
        case _ if (function := _UNSIGNED.get(kind)) is not None:
            return _on_integers(function, False, op, operands)
        case _:
            return _FLOATS[kind](*operands)


_OTHERS = (
    *(arith.SelectOp, arith.CmpiOp, arith.CmpfOp, arith.BitcastOp, arith.ExtFOp, arith.TruncFOp),
    *(arith.SIToFPOp, arith.UIToFPOp, arith.FPToSIOp, arith.FPToUIOp),
)
EVALUATED = frozenset({arith.ConstantOp, *_SIGNED, *_UNSIGNED, *_FLOATS, *_OTHERS})
"""All operations that have a value here."""


def check_scalar(op: Operation) -> None:
    """Raise ValueError, with why, for an operation that has no value here, or none of its types."""
    if op.__class__ not in EVALUATED:
        raise ValueError("is not supported in a nest's body")
    for type in (*op.operand_types, *op.result_types):
        try:
            storage_type(type)
        except ValueError as error:
            raise ValueError(f"of {type} is not supported in a nest's body") from error


def evaluate_scalar(op: Operation, operands: Sequence[Array]) -> Array:
    """The values of a one-result `arith` operation for arrays of its operands, broadcast together.

    Raises ValueError naming an operation that has no value here, or that divides by zero.
    """
    try:
        check_scalar(op)
    except ValueError as error:
        raise ValueError(f"'{op.name}' {error}") from error
    type = op.results[0].type
    if isinstance(op, arith.ConstantOp):
        number = op.value
        assert isinstance(number, IntegerAttr | FloatAttr)
        value = np.asarray(number.value.data)
    else:
        # Narrow types wrap silently, as the machine does; floats become infinite or NaN.
        with np.errstate(all="ignore"):
            value = _computed(op, operands)
    return stored(value, type)
