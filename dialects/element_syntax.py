"""Reading the elements of constants: a hexadecimal number that stands for a float is its bits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, cast

from typing_extensions import override
from xdsl.dialects.builtin import (
    AnyDenseElement,
    AnyFloat,
    BytesAttr,
    ComplexType,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    RankedStructure,
    Signedness,
    TensorType,
)
from xdsl.parser import AttrParser, Parser
from xdsl.utils.lexer import Span
from xdsl.utils.mlir_lexer import MLIRTokenKind

from nopt.dialects import floats
from nopt.dialects.xdsl_internals import ListedElement, OpenParser

_BITS = re.compile(r"(-\s*)?0x[0-9A-Fa-f]+")
_DIGITS = re.compile(r"0x([0-9A-Fa-f]{2})*")
_MOST_BYTES = 1 << 31
"""Of a constant: xDSL has every element in memory, even if the text gives one for all."""
_NO_BITS = "f80, f128 and integers of more than 64 bits have no bits here"
_KEPT_WIDTHS = (8, 16, 32, 64)
"""Of integers that lie in hexadecimal text as xDSL keeps them."""


@dataclass
class _Element(ListedElement):
    """An element; what is given as bits is filled in when all elements are read."""

    @property
    def is_bits(self) -> bool:
        return _is_bits(self.span)

    @override
    def to_float(self, parser: AttrParser) -> float:
        return 0.0 if self.is_bits else super().to_float(parser)

    @override
    def to_complex(
        self, parser: AttrParser, type: ComplexType
    ) -> tuple[float, float] | tuple[int, int]:
        if not isinstance(self.value, tuple):
            parser.raise_error("expected (real part, imaginary part)", self.span)
        if isinstance(type.element_type, AnyFloat) and "0x" in self.span.text:
            parser.raise_error("bits of complex numbers are not supported", self.span)
        return super().to_complex(parser, type)


class ElementParser(OpenParser):
    """xDSL 0.75's parser, which takes bits in a list for an integer, and makes a NaN quiet."""

    @override
    def listed_element(self, element: ListedElement) -> ListedElement:
        return _Element(element.is_negative, element.value, element.span)

    @override
    def parse_dense_int_or_fp_elements_attr(
        self, type: RankedStructure[AnyDenseElement] | None
    ) -> DenseIntOrFPElementsAttr:
        """`<elements>`, and `: type` if that is not known. One element for all is read as one."""
        start = self.pos
        elements: list[ListedElement] = []
        shape: list[int] | None = None
        self.parse_punctuation("<", " in dense attribute")
        digits = self.parse_optional_str_literal()
        if digits is None and self.next_token.kind != MLIRTokenKind.GREATER:
            elements, shape = self.parse_listed()
        self.parse_punctuation(">", " in dense attribute")
        if type is None:
            self.parse_punctuation(":", " in dense attribute")
            type = self.parse_dense_type()
        element_type = type.get_element_type()
        try:
            if digits is None:
                numbers = [each.to_type(self, element_type) for each in elements]
                data = self._with_bits(_packed(numbers, element_type), elements, element_type)
            else:
                data = _of_hexadecimal(digits, element_type, prod(type.get_shape()))
            return DenseIntOrFPElementsAttr(type, BytesAttr(_filled(data, type, shape)))
        except NotImplementedError:
            self.raise_error(_NO_BITS, start, self.pos)
        except ValueError as error:
            self.raise_error(f"dense literal: {error}", start, self.pos)

    def _with_bits(
        self,
        packed: bytes,
        elements: Sequence[ListedElement],
        type: AnyDenseElement,
    ) -> bytes:
        """The bytes of listed elements, where those given as bits are not filled in yet."""
        if not isinstance(type, AnyFloat):
            return packed
        data, size = bytearray(packed), type.size
        for number, each in enumerate(elements):
            if _is_bits(each.span):
                data[number * size : (number + 1) * size] = self._raw(each.span, type)
        return bytes(data)

    @override
    def parse_dense_array(self) -> DenseArrayBase | None:
        start = self.pos
        try:
            return self._parse_array(start)
        except NotImplementedError:
            self.raise_error(_NO_BITS, start, self.pos)

    def _parse_array(self, start: int) -> DenseArrayBase | None:
        self.parse_punctuation("<")
        type = self.parse_type()
        if not isinstance(type, AnyFloat):
            self.go_back(start)
            return super().parse_dense_array()
        data: list[bytes] = []
        if self.parse_optional_punctuation(":") is not None:
            data = self.parse_comma_separated_list(
                Parser.Delimiter.NONE, lambda: self._parse_raw_float(type)
            )
        self.parse_punctuation(">")
        return DenseArrayBase(type, BytesAttr(b"".join(data)))

    def _parse_raw_float(self, type: AnyFloat) -> bytes:
        bits = self._next_bits()
        number = self.parse_number()
        return type.pack((type.round(float(number)),)) if bits is None else self._raw(bits, type)

    @override
    def parse_optional_builtin_int_or_float_attr(self) -> IntegerAttr | FloatAttr[Any] | None:
        start, bits = self.pos, self._next_bits()
        try:
            attr = super().parse_optional_builtin_int_or_float_attr()
        except NotImplementedError:
            self.raise_error(_NO_BITS, start, self.pos)
        if isinstance(attr, FloatAttr) and not floats.has_bits(attr.type):
            self.raise_error(_NO_BITS, start, self.pos)
        if bits is None or not isinstance(attr, FloatAttr):
            return attr
        number = int.from_bytes(self._raw(bits, attr.type), "little")
        return floats.float_attr(floats.from_bits(number, attr.type), attr.type)

    def _next_bits(self) -> Span[str] | None:
        """Where the hexadecimal number is that comes next, if one does."""
        match = _BITS.match(self.lexer.input.content, self.pos)
        return match and Span(*match.span(), self.lexer.input)

    def _raw(self, span: Span[str], type: AnyFloat) -> bytes:
        """The bytes of a float that is written as bits."""
        if span.text.startswith("-"):
            self.raise_error("expected no sign before the bits of a float", span)
        try:
            return floats.raw_of(int(span.text, 16), type)
        except ValueError as error:
            self.raise_error(str(error), span)


def _is_bits(span: Span[str]) -> bool:
    return _BITS.match(span.text) is not None


def _rounded(number: Any, type: AnyFloat) -> Any:
    if isinstance(number, tuple):
        return tuple(type.round(part) for part in cast(tuple[float, ...], number))
    return type.round(number)


def _packed(numbers: Sequence[Any], type: AnyDenseElement) -> bytes:
    """The bytes of numbers as xDSL keeps them; too large floats are infinite, as in MLIR."""
    part = type.element_type if isinstance(type, ComplexType) else type
    if isinstance(part, AnyFloat):
        numbers = [_rounded(number, part) for number in numbers]
    listed = TensorType(type, [len(numbers)])
    return DenseIntOrFPElementsAttr.from_list(cast(Any, listed), numbers).data.data


def _of_hexadecimal(text: str, type: AnyDenseElement, count: int) -> bytes:
    """The bytes of what `"0x…"` gives: one element for all, or `count` elements.

    Raises ValueError for another text."""
    if not _DIGITS.fullmatch(text):
        raise ValueError("expected 0x and pairs of hexadecimal digits in the string")
    data = bytes.fromhex(text[2:])
    if not isinstance(type, IntegerType) or type.bitwidth in _KEPT_WIDTHS:
        return data
    numbers = _bits(data, count) if type.bitwidth == 1 else _whole_bytes(data, type.bitwidth)
    sign = 0 if type.signedness.data is Signedness.UNSIGNED else 1 << (type.bitwidth - 1)
    return _packed([(number ^ sign) - sign for number in numbers], type)


def _bits(data: bytes, count: int) -> list[int]:
    """MLIR packs elements of one bit, the lowest of a byte first; 0x00 or 0xFF is all of them."""
    if len(data) == 1 and (count == 1 or data[0] in (0x00, 0xFF)):
        return [int(data[0] != 0)]
    if len(data) != -(-count // 8):
        raise ValueError(f"expected {count} bits in whole bytes, found {len(data)} bytes")
    return [data[i // 8] >> i % 8 & 1 for i in range(count)]


def _whole_bytes(data: bytes, width: int) -> list[int]:
    """Other elements are in as many bytes as they need; bits beyond their width are nothing."""
    size, mask = -(-width // 8), (1 << width) - 1
    if len(data) % size:
        raise ValueError(f"expected {size} bytes for each element, found {len(data)} bytes in all")
    starts = range(0, len(data), size)
    return [int.from_bytes(data[start : start + size], "little") & mask for start in starts]


def _filled(data: bytes, type: RankedStructure[AnyDenseElement], shape: list[int] | None) -> bytes:
    """The bytes of all elements; `shape` is that of the list they are from, [] if it was one.

    Raises ValueError if these are not as many, or not in that shape."""
    size, sizes = type.element_type.compile_time_size, list(type.get_shape())
    count = prod(sizes)
    is_one = len(data) == size and not shape
    if shape and shape != sizes:
        raise ValueError(f"expected elements in the shape {sizes} of the type, found {shape}")
    if not is_one and len(data) != count * size:
        found, left = divmod(len(data), size)
        what = f"{len(data)} bytes" if left else found
        raise ValueError(f"expected {count} elements as the type has, found {what}")
    if count * size > _MOST_BYTES:
        raise ValueError(f"expected at most {_MOST_BYTES} bytes, found {count * size}")
    return data * count if is_one else data
