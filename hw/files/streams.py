"""Raw streams on file descriptors whose errors name what is read or written."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer


class NamedFile(io.FileIO):
    """An open descriptor under the name by which people know it.

    Reading and writing raise OSError with that name. A reader that has gone wants no more: what is
    written to it from then on is dropped, which is no error.
    """

    def __init__(self, descriptor: int, mode: str, known_as: str, close: bool = True):
        super().__init__(descriptor, mode, closefd=close)
        self._known_as = known_as

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
            return super().readinto(buffer)
        except OSError as error:
            raise self._named(error) from None

    def readall(self) -> bytes:
        try:
            return super().readall()
        except OSError as error:
            raise self._named(error) from None

    def _named(self, error: OSError) -> OSError:
        return OSError(error.errno, error.strerror, self._known_as)

    def _drop_the_rest(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
