"""Floats of every type: their bits, and how text writes them.

A hexadecimal number that stands for a float is its bits (MLIR Language Reference, float literals).
xDSL keeps a scalar as Python's float: a NaN of a narrower type is widened as IEEE 754 widens, but
without making it quiet, so that all of its bits come back.
"""

from __future__ import annotations

import math
import struct
from typing import Any

from xdsl.dialects.builtin import (
    AnyFloat,
    Float80Type,
    Float128Type,
    FloatAttr,
    FloatData,
    bf16,
    f16,
    f32,
    f64,
)
from xdsl.parser import Parser

_MANTISSA_BITS: dict[AnyFloat, int] = {bf16: 7, f16: 10, f32: 23, f64: 52}
"""Of the types whose NaNs have a payload that is kept."""
_WIDE_MANTISSA = _MANTISSA_BITS[f64]
_WIDE_EXPONENT = 0x7FF << _WIDE_MANTISSA
_NAN = _WIDE_EXPONENT | 1 << (_WIDE_MANTISSA - 1)
"""The bits of the NaN that has no payload."""


def has_bits(type: AnyFloat) -> bool:
    """Whether xDSL knows how floats of a type lie in memory."""
    return not isinstance(type, Float80Type | Float128Type)


def raw_of(bits: int, type: AnyFloat) -> bytes:
    """Bits as they lie in memory. Raises ValueError if they are more than the type has."""
    if not has_bits(type):
        raise ValueError(f"bits of {type} are not supported")
    if bits >> type.bitwidth:
        raise ValueError(f"expected at most {type.bitwidth} bits for {type}, found 0x{bits:x}")
    return bits.to_bytes(type.size, "little")


def from_bits(bits: int, type: AnyFloat) -> float:
    """The float that has these bits. Raises ValueError if they are more than the type has."""
    value = type.unpack(raw_of(bits, type), 1)[0]
    if not math.isnan(value) or type not in _MANTISSA_BITS:
        return value
    mantissa = _MANTISSA_BITS[type]
    sign, payload = bits >> (type.bitwidth - 1), bits & ((1 << mantissa) - 1)
    wide = sign << 63 | _WIDE_EXPONENT | payload << (_WIDE_MANTISSA - mantissa)
    return struct.unpack("<d", wide.to_bytes(8, "little"))[0]


def to_bits(value: float, type: AnyFloat) -> int:
    """The bits of a float in a type: the inverse of `from_bits`; other floats are rounded.

    Raises OverflowError for a finite float that the type rounds to infinity."""
    if math.isnan(value) and type in _MANTISSA_BITS:
        mantissa = _MANTISSA_BITS[type]
        (wide,) = struct.unpack("<Q", struct.pack("<d", value))
        payload = (wide & ((1 << _WIDE_MANTISSA) - 1)) >> (_WIDE_MANTISSA - mantissa)
        if not payload:  # only bits that the type does not have
            payload = 1 << (mantissa - 1)
        exponent = ((1 << type.bitwidth - 1 - mantissa) - 1) << mantissa
        return wide >> 63 << (type.bitwidth - 1) | exponent | payload
    return int.from_bytes(type.pack((value,)), "little")


def float_attr(value: float, type: AnyFloat) -> FloatAttr[Any]:
    """The attribute of a float; unlike xDSL's own constructor, this one keeps a NaN's payload."""
    if math.isnan(value) and type in _MANTISSA_BITS:
        return FloatAttr.new((FloatData(from_bits(to_bits(value, type), type)), type))
    return FloatAttr(value, type)


def hexadecimal(bits: int, type: AnyFloat) -> str:
    """Bits as text, with all the digits that the type has."""
    return f"0x{bits:0{2 * type.size}x}"


def number_text(number: int | float) -> str:
    """A number as `parse_number` reads it: a float has a point, or is `inf`, `nan` or `nan(bits)`.

    These bits are those of an f64, whatever the float's type."""
    if isinstance(number, float) and math.isnan(number) and (bits := to_bits(number, f64)) != _NAN:
        return f"nan({hexadecimal(bits, f64)})"
    mantissa, exponent_sign, exponent = repr(number).partition("e")
    point = ".0" if exponent_sign and "." not in mantissa else ""
    return f"{mantissa}{point}{exponent_sign}{exponent}"


def parse_number(parser: Parser) -> int | float:
    """A number as `number_text` writes it."""
    pos = parser.pos
    number = parse_optional_number(parser)
    if number is None:
        parser.raise_error("expected a number", pos, parser.pos)
    return number


def parse_optional_number(parser: Parser) -> int | float | None:
    """A number as `number_text` writes it, if there is one."""
    negative = parser.parse_optional_punctuation("-") is not None
    if parser.parse_optional_keyword("inf") is not None:
        number = math.inf
    elif parser.parse_optional_keyword("nan") is not None:
        number = _parse_nan(parser)
    else:
        pos = parser.pos
        number = parser.parse_optional_integer(allow_boolean=False, allow_negative=False)
        if number is None:
            number = parser.parse_optional_float(allow_negative=False)
        if number is None:
            if negative:
                parser.raise_error("expected a number after '-'", pos, parser.pos)
            return None
    return -number if negative else number


def _parse_nan(parser: Parser) -> float:
    """[`(` bits `)`]"""
    if parser.parse_optional_punctuation("(") is None:
        return from_bits(_NAN, f64)
    pos = parser.pos
    bits = parser.parse_integer(allow_boolean=False, allow_negative=False)
    number = from_bits(bits, f64) if bits >> 64 == 0 else math.inf
    if not math.isnan(number):
        parser.raise_error("expected the 64 bits of a NaN", pos, parser.pos)
    parser.parse_punctuation(")")
    return number
