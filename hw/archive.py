"""Zip archives of one canonical form: members as they are, one after the other, no dates.

The same members always give the same bytes, so any other bytes are damage. Writing copies nothing:
members of hundreds of megabytes are constants of large networks.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Data: TypeAlias = bytes | memoryview
"""Bytes, or a view of bytes that stay as they are."""

_LOCAL, _CENTRAL, _END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_VERSION, _UNIX = 20, 3
_EPOCH = (0, 1 << 5 | 1)  # time and date: midnight, 1980-01-01
_READABLE = 0o600 << 16
_MOST_BYTES = (1 << 32) - 1
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError, ValueError)
"""What `zipfile` raises about damaged archives (an unknown method is a RuntimeError)."""


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
        # Version needed, flags, method, time, date, checksum, sizes, length of name and of extras.
        common = struct.pack(
            "<5H3I2H",
            *(_VERSION, 0, 0, *_EPOCH),
            *(zlib.crc32(data), len(data), len(data)),
            *(len(encoded), 0),
        )
        made_by = struct.pack("<2B", _VERSION, _UNIX)
        # Length of comment, disk, internal and external attributes, where the member begins.
        place = struct.pack("<3H2I", 0, 0, 0, _READABLE, at)
        directory.append(_CENTRAL + made_by + common + place + encoded)
        header = _LOCAL + common + encoded
        yield header
        yield data
        at += len(header) + len(data)
    entries = b"".join(directory)
    count = len(directory)
    yield entries
    yield _END + struct.pack("<4H2IH", 0, 0, count, count, len(entries), at, 0)


def read_archive(data: bytes) -> dict[str, bytes]:
    """The members of an archive, by name. Raises `ArchiveError` if it is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except _DAMAGE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ArchiveError(f"expected an intact program archive: {reason}") from None


def check_canonical(data: bytes, members: Mapping[str, Data]) -> None:
    """Raise `ArchiveError` if an archive has other bytes than its members' own."""
    view, at, same = memoryview(data), 0, True
    for part in archive_parts(members):
        same = same and view[at : at + len(part)] == part
        at += len(part)
    if not same or at != len(data):
        raise ArchiveError("expected an intact program archive: bytes between members differ")
