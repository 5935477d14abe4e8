"""Raw streams on file descriptors whose errors name what is read or written."""

from __future__ import annotations

import errno
import io
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer


LONGEST = 1 << 30
"""Bytes that are read of what is no regular file: some pipes and devices never end."""
_PIECE = 1 << 20


class NamedFile(io.FileIO):
    """An open descriptor under the name by which people know it.

    Reading and writing raise OSError with that name, as does the end of a pipe or a device that
    does not come. A reader that has gone wants no more: what is written to it from then on is
    dropped, which is no error.
    """

    def __init__(self, descriptor: int, mode: str, known_as: str, close: bool = True):
        super().__init__(descriptor, mode, closefd=close)
        self._known_as = known_as
        self._has_end = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._read = 0

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            self._drop_the_rest()
            return memoryview(data).nbytes
        except OSError as error:
            # What is still in buffers would fail once more when they are closed.
            self._drop_the_rest()
            raise self._named(error) from None

    def readinto(self, buffer: Buffer, /) -> int | None:
        try:
            count = super().readinto(buffer)
        except OSError as error:
            raise self._named(error) from None
        self._read += count or 0
        if self._read > LONGEST and not self._has_end:
            reason = f"found no end within {LONGEST} bytes, expected a file for what is longer"
            raise OSError(errno.EFBIG, reason, self._known_as)
        return count

    def readall(self) -> bytes:
        if not self._has_end:
            return self._pieces()
        try:
            return super().readall()
        except OSError as error:
            raise self._named(error) from None

    def _pieces(self) -> bytes:
        found, piece = io.BytesIO(), memoryview(bytearray(_PIECE))
        while count := self.readinto(piece):
            found.write(piece[:count])
        return found.getvalue()

    def _named(self, error: OSError) -> OSError:
        return OSError(error.errno, error.strerror, self._known_as)

    def _drop_the_rest(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
