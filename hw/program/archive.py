"""Zip archives of one canonical form: members as they are, one after the other, no dates.

The same members always give the same bytes, so any other bytes are damage. Neither writing nor
reading copies anything: members of hundreds of megabytes are constants of large networks. Nothing
is unpacked, so no file takes more memory than it has bytes.

Why not `zipfile`: it copies each member that it reads, cannot write a part at a time what several
files share, and ignores damage in fields that it does not need.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Data: TypeAlias = bytes | memoryview
"""Bytes, or a view of bytes that stay as they are."""

LOCAL = b"PK\3\4"
"""How an archive begins."""

_CENTRAL, _END = b"PK\1\2", b"PK\5\6"
_COMMON = struct.Struct("<5H3I2H")
"""Version needed, flags, method, time, date, checksum, sizes, length of name and of extras."""
_VERSION, _UNIX = 20, 3
_STORED = 0
_EPOCH = (0, 1 << 5 | 1)  # time and date: midnight, 1980-01-01
_READABLE = 0o600 << 16
_MOST_BYTES = (1 << 32) - 1


class ArchiveError(ValueError):
    """An archive that is damaged or not of the canonical form, or members that it cannot hold."""


def archive_parts(members: Mapping[str, Data]) -> Iterator[Data]:
    """The archive of members by name, part by part. Raises `ArchiveError` from 4 GiB on."""
    directory: list[bytes] = []
    at = 0
    for name, data in members.items():
        if at + len(data) > _MOST_BYTES:
            raise ArchiveError(f"{name}: found it to end beyond byte {_MOST_BYTES} of the archive")
        encoded = name.encode()
        common = _COMMON.pack(
            *(_VERSION, 0, _STORED, *_EPOCH),
            *(zlib.crc32(data), len(data), len(data)),
            *(len(encoded), 0),
        )
        made_by = struct.pack("<2B", _VERSION, _UNIX)
        # Length of comment, disk, internal and external attributes, where the member begins.
        place = struct.pack("<3H2I", 0, 0, 0, _READABLE, at)
        directory.append(_CENTRAL + made_by + common + place + encoded)
        header = LOCAL + common + encoded
        yield header
        yield data
        at += len(header) + len(data)
    entries = b"".join(directory)
    count = len(directory)
    yield entries
    yield _END + struct.pack("<4H2IH", 0, 0, count, count, len(entries), at, 0)


def read_archive(data: Data) -> dict[str, memoryview]:
    """The members of an archive, by name, in its order: views of its bytes.

    Raises `ArchiveError` for any bytes that `archive_parts` would not give for these members.
    """
    view = memoryview(data)
    members: dict[str, memoryview] = {}
    at = 0
    while bytes(view[at : at + len(LOCAL)]) == LOCAL:
        name, member, at = _member(view, at)
        if name in members:
            raise _damaged(f"two members {name!r}")
        members[name] = member
    if not members:
        raise _damaged("no member at its beginning")
    at, same = 0, True
    for part in archive_parts(members):
        same = same and view[at : at + len(part)] == part
        at += len(part)
    if not same or at != len(view):
        raise _damaged("bytes between members differ")
    return members


def _member(view: memoryview, at: int) -> tuple[str, memoryview, int]:
    """Name and bytes of the member whose header begins at a byte, and where the next begins."""
    begin = at + len(LOCAL) + _COMMON.size
    if begin > len(view):
        raise _damaged("it ends in a header")
    _, _, method, _, _, checksum, size, _, length, _ = _COMMON.unpack_from(view, at + len(LOCAL))
    try:
        name = bytes(view[begin : begin + length]).decode()
    except UnicodeDecodeError:
        raise _damaged("a name that is no text") from None
    if method != _STORED:
        raise _damaged(f"{name!r} is compressed")
    begin += length
    member = view[begin : begin + size]
    if len(member) != size:
        raise _damaged(f"it ends in {name!r}")
    if zlib.crc32(member) != checksum:
        raise _damaged(f"another checksum of {name!r}")
    return name, member, begin + size


def _damaged(what: str) -> ArchiveError:
    return ArchiveError(f"expected an intact program archive: found {what}")
