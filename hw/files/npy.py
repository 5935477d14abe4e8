"""Arrays in `.npy` and `.npz` files: what a header claims is checked before memory is taken."""

from __future__ import annotations

import math
import os
import stat
import struct
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from nopt.hw.files.whole_files import Path, input_stream

Array: TypeAlias = NDArray[Any]

LARGEST_INFLATED = 1 << 30
"""Bytes that the compressed members of a file may unpack to. What is stored as it is has the size
of its file; compressed, a thousandth of that can claim it."""

_Place: TypeAlias = tuple[IO[bytes], int]
"""An open file, and an offset in it."""

_CHUNK = 1 << 20
_LOCAL_HEADER = 30
"""Bytes in front of a member's name, of which the last four are its length and what follows."""

_NPY, _ZIP = np.lib.format.MAGIC_PREFIX, b"PK"
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class ArrayFileError(ValueError):
    """A file that holds no arrays of numbers, or claims more than it has; names the file."""


def read_arrays(path: Path, mapped: bool = False) -> dict[str, Array]:
    """The arrays of a .npz file by name, or the one of a .npy file under the name ''.

    What the file is, its first bytes say; `-` is standard input. `mapped` arrays stay in the file,
    from which what is used of them is read, if it is a regular one that is not compressed. Raises
    ArrayFileError, OSError.
    """
    with input_stream(path) as stream:
        begin = stream.read(len(_NPY))
        is_zip = begin.startswith(_ZIP)
        if begin != _NPY and not is_zip:
            found = f"a file that begins with {begin!r}" if begin else "an empty file"
            raise ArrayFileError(
                f"{path}: found {found}, expected a .npy file, as numpy.save writes it, or .npz"
            )
        stream = _seekable(begin, stream)
        stream.seek(0)
        place = None if isinstance(stream, BytesIO) or not mapped else (stream, 0)
        try:
            if is_zip:
                return _read_zip(stream, place)
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            return {"": _read_npy(stream, size, place)}
        except Exception as error:
            # numpy and zipfile raise many kinds of exceptions on broken files, OSError among them.
            kind = ".npz" if is_zip else ".npy"
            raise ArrayFileError(f"{path}: not a readable {kind} file: {_reason(error)}") from error


def write_npy(stream: IO[bytes], array: Array) -> None:
    """What `numpy.save` writes, by the stream's own methods: its errors name the file."""
    plain = np.asarray(array, order="C")
    header = np.lib.format.header_data_from_array_1_0(plain)
    np.lib.format.write_array_header_1_0(stream, header)
    stream.write(plain.reshape(-1).view(np.uint8).data)


def write_npz(stream: IO[bytes], arrays: Mapping[str, Array]) -> None:
    """What `numpy.savez` writes, which does not take every name."""
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                write_npy(member, array)


def _seekable(begin: bytes, rest: IO[bytes]) -> IO[bytes]:
    """A regular file as it is, of a pipe all bytes."""
    if isinstance(rest, BytesIO) or stat.S_ISREG(os.fstat(rest.fileno()).st_mode):
        return rest
    return BytesIO(begin + rest.read())


def _read_npy(stream: IO[bytes], size: int, place: _Place | None) -> Array:
    """The array of a stream of `size` bytes, which begins with a header; with a place, mapped."""
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"found version {version[0]}.{version[1]}, expected 1.0 or 2.0")
    shape, is_fortran, dtype = _HEADERS[version](stream)
    if dtype.kind not in "biufc":
        raise ValueError(f"found elements of type {dtype}, expected numbers")
    if any(length < 0 for length in shape):
        raise ValueError(f"found shape {list(shape)}, expected sizes of at least 0")
    found, expected = size - stream.tell(), math.prod(shape) * dtype.itemsize
    if found != expected:
        raise ValueError(
            f"found {found} bytes of elements, "
            f"expected {expected} for {dtype} of shape {list(shape)}"
        )
    if place is not None and expected:
        file, offset = place
        start = offset + stream.tell()
        return np.memmap(cast(Any, file), dtype, "c", start, shape, "F" if is_fortran else "C")
    data = bytearray(expected)
    view = memoryview(data)
    while view:
        count = cast(Any, stream).readinto(view)
        if not count:
            raise ValueError("found its end before the last element")
        view = view[count:]
    flat = np.frombuffer(data, dtype)
    return flat.reshape(shape[::-1]).transpose() if is_fortran else flat.reshape(shape)


def _read_zip(stream: IO[bytes], place: _Place | None) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        inflated = sum(m.file_size for m in members if m.compress_type != zipfile.ZIP_STORED)
        if inflated > LARGEST_INFLATED:
            raise ValueError(
                f"found {inflated} bytes in compressed members, "
                f"expected at most {LARGEST_INFLATED}; numpy.savez does not compress"
            )
        for info in members:
            name = info.filename.removesuffix(".npy")
            if name == info.filename:
                raise ValueError(f"found a member '{name}', expected arrays, as 'x.npy'")
            if name in arrays:
                raise ValueError(f"found two arrays '{name}', expected one of each name")
            own = place and _place_of(info, stream)
            with archive.open(info) as member:
                try:
                    arrays[name] = _read_npy(member, info.file_size, own)
                except ValueError as error:
                    raise ValueError(f"array '{name}': {error}") from error
                while member.read(_CHUNK):
                    # What is mapped is read once, so that its checksum is compared.
                    pass
    return arrays


def _place_of(info: zipfile.ZipInfo, stream: IO[bytes]) -> _Place | None:
    """Where a member's bytes begin; None if they are compressed."""
    if info.compress_type != zipfile.ZIP_STORED:
        return None
    stream.seek(info.header_offset)
    names, extra = struct.unpack("<26x2H", stream.read(_LOCAL_HEADER))
    return stream, info.header_offset + _LOCAL_HEADER + names + extra


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) else next(iter(error.args), "")
    return str(text).partition("\n")[0] or type(error).__name__
