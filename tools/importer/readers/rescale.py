"""Integers of one scale and zero point as those of another."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array, element_type
from nopt.dialects.graph import AddOp, RequantizeOp
from nopt.tools.importer.coded import Coded, trailing
from nopt.tools.importer.node import Node, dtype_of

_I32 = np.iinfo(np.int32)


def factors(ratio: Any) -> tuple[Any, Any] | None:
    """Multipliers (None: none needed) and shifts, so that x * ratio is x * multiplier >> shift.

    Ratios that are powers of two are shifts alone. None if a ratio is out of reach."""
    mantissa, exponent = np.frexp(np.asarray(ratio, np.float64))
    multiplier = np.rint(mantissa * 2.0**31).astype(np.int64)
    shift = 31 - exponent.astype(np.int64)
    # 2^31 itself is no i32.
    carry = multiplier == 1 << 31
    multiplier, shift = np.where(carry, 1 << 30, multiplier), np.where(carry, shift - 1, shift)
    plain = shift - 30
    if (multiplier == 1 << 30).all() and (plain >= 0).all() and (plain <= 31).all():
        return None, _number(plain)
    over = np.maximum(shift - 62, 0)
    multiplier, shift = multiplier >> over, shift - over
    if (multiplier < 1).any() or (shift < 1).any():
        return None
    return _number(multiplier), _number(shift)


def _number(array: Array) -> Any:
    """One number if all are equal."""
    array = np.asarray(array)
    return int(array.flat[0]) if (array == array.flat[0]).all() else array


def rescaled(node: Node, value: SSAValue, ratio: Any, axis: int | None, dtype: Any) -> Any:
    """value * ratio, rounded half up and saturated to an integer type; None if out of reach."""
    if (found := factors(ratio)) is None:
        return None
    multiplier, shift = found
    vector = next((f for f in found if isinstance(f, np.ndarray)), None)
    if vector is None:
        axis = None
    element = element_type(np.dtype(dtype))
    return node.emit(RequantizeOp(value, element, shift, multiplier, axis))


def requantized(node: Node, x: Coded, scale: float, zero: int, dtype: Any) -> Any:
    """The integers that stand for the same numbers with another scale and zero point.

    None if there is no exact integer form: ratios out of reach."""
    ratio = np.asarray(x.scale, np.float64) / scale
    # Scales are stored as float32, so equal ones may have been multiplied in another order.
    ratio = np.where(np.abs(ratio - 1) < 1e-7, 1.0, ratio)
    value = x.tensor(node)
    if (ratio == 1).all() and np.all(x.zero == zero) and dtype_of(value) == dtype:
        return value
    offset = zero / ratio - np.asarray(x.zero)
    # The result's zero point, if it is a number of steps of a sum, is part of the bias.
    if dtype_of(value) == np.int32 and (offset == np.rint(offset)).all():
        if offset.min() < _I32.min or offset.max() > _I32.max:
            return None
        offset = offset.astype(np.int64)
        if offset.any():
            bias = trailing(x.aligned(offset)).astype(np.int32)
            value = node.emit(AddOp(value, node.array(bias, "bias"), i32))
        return rescaled(node, value, ratio, x.axis, dtype)
    if np.any(x.zero) and (np.abs(x.zero) > _I32.max).any():
        return None
    centred = x.centred(node)
    if not zero:
        return rescaled(node, centred, ratio, x.axis, dtype)
    # Saturation comes after the zero point.
    wide = rescaled(node, centred, ratio, x.axis, np.int32)
    if wide is None:
        return None
    moved = node.emit(AddOp(wide, node.array(np.array(zero, np.int32), "zero_point"), i32))
    return node.emit(RequantizeOp(moved, element_type(np.dtype(dtype)), 0))
