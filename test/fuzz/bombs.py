"""Archives that unpack to gigabytes, or say so."""

from __future__ import annotations

import struct
import zipfile
import zlib
from functools import cache
from io import BytesIO


def bomb(found: dict[str, bytes], name: str, gigabytes: int, honest: bool) -> bytes:
    """An archive whose member `name` is zeros, so many GB; or of its size, but said to be that."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, content in found.items():
            archive.writestr(zipfile.ZipInfo(other), content, zipfile.ZIP_DEFLATED)
    data, size = stream.getvalue(), min(gigabytes << 30, (1 << 32) - 2)
    if honest:
        zeros = deflated_zeros(gigabytes)
        first = data.index(b"PK\x01\x02")
        local = b"PK\x03\x04" + struct.pack(
            "<5H3I2H", 20, 0, 8, 0, 33, 0, len(zeros), size, len(name), 0
        )
        member = local + name.encode() + zeros
        entry = struct.pack(
            "<6H3I5H2I", 20, 20, 0, 8, 0, 33, 0, len(zeros), size, len(name), *[0] * 5, first
        )
        directory = b"PK\x01\x02" + entry + name.encode() + data[first : data.index(b"PK\x05\x06")]
        count = len(found) + 1
        end = struct.pack("<4H2IH", 0, 0, count, count, len(directory), first + len(member), 0)
        return data[:first] + member + directory + b"PK\x05\x06" + end
    at = data.index(b"PK\x01\x02")
    while data[at + 46 : at + 46 + len(name)] != name.encode():
        at = data.index(b"PK\x01\x02", at + 1)
    return data[: at + 24] + struct.pack("<I", size) + data[at + 28 :]


@cache
def deflated_zeros(gigabytes: int) -> bytes:
    """A deflate stream of so many GB of zeros: one piece of it, repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * (gigabytes << 6) + packer.flush()
