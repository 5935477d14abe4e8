"""Bytes of resources: kept as arrays, hexadecimal only while they are read or printed.

A module of a large network is a little text and hundreds of megabytes of weights. xDSL stores each
resource as a string; a `Blob` is a string to xDSL that holds an array instead, so the text is never
in memory as a whole.
"""

from __future__ import annotations

import mmap
from binascii import unhexlify
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

if TYPE_CHECKING:
    from nopt.dialects.constants import Array

Bytes = NDArray[np.uint8]

_HEADER_BYTES = 4
"""A blob begins with its alignment: a 4-byte little-endian number, as MLIR writes it."""
_CHUNK_BYTES = 1 << 14
"""Bytes that are converted at a time: few enough to stay in the cache."""
_LIFTED_DIGITS = 1 << 12
"""Hexadecimal digits of a literal that is worth taking out of the text before it is parsed."""
_PREFIX = "0x"
_METADATA, _QUOTED, _QUOTE, _COLON = b"{-#", b'"0x', b'"', b":"


class Blob(str):
    """A resource: its alignment (4 bytes, fewer if the text had fewer) and read-only `data` (n,).

    It is printed as `0x` and hexadecimal digits; all other operations of a string see `0x` only.
    """

    __slots__ = ("data", "header")

    header: bytes
    data: Bytes

    def __new__(cls, header: bytes, data: Bytes) -> Blob:
        """`data` becomes read-only and must not change through another array."""
        blob = super().__new__(cls, _PREFIX)
        blob.header, blob.data = header, data
        data.flags.writeable = False
        return blob

    @staticmethod
    def of_array(array: Array) -> Blob:
        """The bytes of an array, aligned to its elements; a read-only one is not copied."""
        kept = np.ascontiguousarray(array)
        if kept.flags.writeable:
            kept = kept.copy()
        return Blob(
            array.itemsize.to_bytes(_HEADER_BYTES, "little"), kept.reshape(-1).view(np.uint8)
        )

    @staticmethod
    def of_text(text: str) -> Blob:
        """From `0x` and digits. Raises ValueError if it is something else."""
        if not text.startswith(_PREFIX):
            raise ValueError(f"No {_PREFIX} found")
        return _decode(text.encode("ascii", "replace"), len(_PREFIX), len(text))

    def pieces(self) -> Iterator[str]:
        """The hexadecimal text, part by part."""
        yield _PREFIX + self.header.hex()
        for begin in range(0, len(self.data), _CHUNK_BYTES):
            yield self.data[begin : begin + _CHUNK_BYTES].data.hex()

    @property
    def sample(self) -> tuple[bytes, int, bytes]:
        """The alignment, how many bytes, and some: equal for equal blobs, else most likely not."""
        return self.header, len(self.data), self.data[:: len(self.data) // 64 + 1].tobytes()

    def is_same(self, other: Blob) -> bool:
        """Whether the bytes are equal."""
        if self.header != other.header or len(self.data) != len(other.data):
            return False
        return all(
            np.array_equal(self.data[i : i + _CHUNK_BYTES], other.data[i : i + _CHUNK_BYTES])
            for i in range(0, len(self.data), _CHUNK_BYTES)
        )

    @override
    def __str__(self) -> str:
        return "".join(self.pieces())

    @override
    def __format__(self, format_spec: str) -> str:
        return format(str(self), format_spec)


def _decode(text: bytes | mmap.mmap, begin: int, end: int) -> Blob:
    """From the digits `begin` to `end - 1` of a text. Raises ValueError if they are none."""
    first = min(begin + 2 * _HEADER_BYTES, end)
    header = unhexlify(text[begin:first])
    data = np.empty((end - first) // 2, np.uint8)
    for at in range(0, max(len(data), (end - first) % 2), _CHUNK_BYTES):
        part = unhexlify(text[first + 2 * at : min(first + 2 * (at + _CHUNK_BYTES), end)])
        data[at : at + len(part)] = np.frombuffer(part, np.uint8)
    return Blob(header, data)


@dataclass(frozen=True)
class ModuleText:
    """The text of a module, with `"0x"` where large resources were, and these by position."""

    text: str
    blobs: dict[int, Blob] = field(default_factory=dict[int, Blob])


def read_text(stream: IO[bytes]) -> ModuleText:
    """The rest of a stream. Raises UnicodeDecodeError if it is not UTF-8."""
    try:
        if stream.tell() == 0:
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                return _lift(mapped)
    except (OSError, ValueError) as error:  # no file, or an empty one
        if isinstance(error, UnicodeDecodeError):
            raise
    return _lift(stream.read())


def _lift(data: bytes | mmap.mmap) -> ModuleText:
    """Take large resources out. What is wrong with one is left to the parser, which knows more."""
    pieces: list[str] = []
    blobs: dict[int, Blob] = {}
    done = length = 0
    at = data.find(_METADATA)
    while at >= 0 and (begin := data.find(_QUOTED, at)) >= 0:
        first = begin + len(_QUOTED)
        end = data.find(_QUOTE, first)
        if end < 0:
            break
        at = end + 1
        # Where a resource is given a colon comes before, unlike in `dense<"0x…">`.
        if end - first < _LIFTED_DIGITS or data[begin - 16 : begin].rstrip()[-1:] != _COLON:
            continue
        try:
            blob = _decode(data, first, end)
        except ValueError:
            continue
        piece = _text(data, done, begin)
        blobs[length + len(piece)] = blob
        pieces += [piece, f'"{_PREFIX}"']
        length += len(piece) + len(_PREFIX) + 2
        done = at
    pieces.append(_text(data, done, len(data)))
    return ModuleText("".join(pieces), blobs)


def _text(data: bytes | mmap.mmap, begin: int, end: int) -> str:
    try:
        return data[begin:end].decode()
    except UnicodeDecodeError as error:
        error.start += begin
        error.end += begin
        raise
