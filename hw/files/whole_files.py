"""Files are written whole or not at all, and only here.

A file is written beside its place and moved there when all of it is written; until then, what was
there before stays, and so do its permissions afterwards. Links are followed. What is no regular
file, as devices, pipes, `/dev/stdout` and `-`, is written as it is: it cannot be replaced.

Whoever writes holds a lock on the file beside, and locks end with their processes: what nobody
holds was left by one that was killed, and the next that writes into that folder removes it.
"""

from __future__ import annotations

import atexit
import io
import os
import signal
import stat
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, TextIO, TypeAlias

from nopt.hw.files.streams import NamedFile

try:
    import fcntl
except ImportError:  # A system that is not POSIX.
    fcntl = None

Path: TypeAlias = str | os.PathLike[str]

_PREFIX, _SUFFIX = ".nopt-", ".tmp"
_MOST_LINKS = 40
"""As many as the kernel follows."""
_SIGNALS = {signal.SIGINT, signal.SIGTERM} | {s for s in signal.Signals if s.name == "SIGHUP"}


class _Draft:
    """The file beside `target` that is to become it."""

    def __init__(self, path: Path):
        self.path = os.fspath(path)
        """As people call it."""
        self.target = os.path.realpath(self.path)
        self.descriptor = -1
        self._before = _stat(self.target)
        if self._before is not None and not os.access(self.target, os.W_OK):
            raise PermissionError(13, os.strerror(13), self.path)
        folder = os.path.dirname(self.target)
        try:
            _remove_strays(folder)
            self._create(folder)
        except OSError as error:
            self._end()
            raise OSError(error.errno, error.strerror, self.path) from None

    def _create(self, folder: str) -> None:
        while True:
            self.name = os.path.join(folder, f"{_PREFIX}{os.urandom(8).hex()}{_SUFFIX}")
            _unfinished.add(self)
            mode = 0o666 if self._before is None else 0o600
            self.descriptor = os.open(self.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            # Not every file system has locks. Without them nobody removes what others left.
            with suppress(OSError):
                _flock(self.descriptor)
            if os.fstat(self.descriptor).st_nlink:
                return
            # Before it was locked, another process took it for what a killed one had left.
            os.close(self.descriptor)

    def finish(self) -> None:
        """Take the place of the target. Raises OSError with the path."""
        try:
            if (before := self._before) is not None:
                with suppress(OSError):
                    os.fchown(self.descriptor, before.st_uid, before.st_gid)
                os.fchmod(self.descriptor, stat.S_IMODE(before.st_mode))
            os.replace(self.name, self.target)
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.path) from None
        self._end()

    def discard(self) -> None:
        """Remove it, unless it is the target already."""
        if self in _unfinished:
            with suppress(OSError):
                os.unlink(self.name)
            self._end()

    def _end(self) -> None:
        _unfinished.discard(self)
        with suppress(OSError):
            os.close(self.descriptor)


_unfinished: set[_Draft] = set()
_together: list[list[_Draft]] = []
"""Drafts that take their places together, one list for each transaction that is open."""


@atexit.register
def _discard_unfinished() -> None:
    for draft in list(_unfinished):
        draft.discard()


@contextmanager
def all_or_none() -> Generator[None]:
    """All files that the body writes take their places when it ends; none does if it fails.

    What was printed is delivered first. Raises OSError if that or the last step is not possible,
    ValueError for a file that is written twice.
    """
    if _together:
        yield
    else:
        with _transaction():
            yield


@contextmanager
def _transaction() -> Generator[None]:
    drafts: list[_Draft] = []
    _together.append(drafts)
    try:
        yield
        if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison]
            sys.stdout.flush()
        with _undisturbed():
            for draft in drafts:
                draft.finish()
    finally:
        _together.remove(drafts)
        for draft in drafts:
            draft.discard()


@contextmanager
def output_stream(path: Path | None) -> Generator[TextIO]:
    """A text stream to `path`, or to stdout for None and `-`; bytes go to its `.buffer`.

    Raises OSError with the path if it cannot be written.
    """
    if path is None or _is_standard(path):
        yield sys.stdout
        sys.stdout.flush()
    elif (descriptor := _open_special(path)) is not None:
        with _text(NamedFile(descriptor, "w", os.fspath(path))) as stream:
            yield stream
    else:
        with all_or_none():
            yield from _drafted(path, _together[-1])


def _drafted(path: Path, drafts: list[_Draft]) -> Iterator[TextIO]:
    draft = _Draft(path)
    if any(draft.target == other.target for other in drafts):
        draft.discard()
        raise ValueError(f"{draft.path}: found it named for two outputs, expected one for each")
    drafts.append(draft)
    # The descriptor stays open, and with it the lock, until the file has taken its place.
    with _text(NamedFile(os.dup(draft.descriptor), "w", draft.path)) as stream:
        yield stream


def _text(raw: NamedFile) -> TextIO:
    return io.TextIOWrapper(io.BufferedWriter(raw, 1 << 16), encoding="utf-8")


@contextmanager
def own_output_stream(path: Path) -> Generator[TextIO]:
    """`output_stream` of a file that stays whatever becomes of others that are written meanwhile.

    Raises OSError with the path if it cannot be written."""
    with _transaction(), output_stream(path) as stream:
        yield stream


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Add lines to the end of a file, all or none, whoever else adds some at the same time.

    Raises OSError with the path.
    """
    with _lock(path), _transaction(), output_stream(path) as stream:
        before = read_bytes(path) if is_regular(path) else b""
        stream.buffer.write(before)
        if before and not before.endswith(b"\n"):
            stream.write("\n")
        stream.writelines(f"{line}\n" for line in lines)


@contextmanager
def _lock(path: Path) -> Generator[None]:
    """Hold the lock of a file, which others may put another one in the place of."""
    if _is_standard(path) or not (is_regular(path) or _stat(path) is None):
        yield
        return
    is_new = _stat(path) is None
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _flock(descriptor)
            if not _is_at(descriptor, path):
                continue
            try:
                yield
            except BaseException:
                if is_new and _is_at(descriptor, path):
                    os.unlink(path)
                raise
            return
        finally:
            os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is still the one of that path."""
    now = _stat(path)
    return now is not None and os.path.samestat(os.fstat(descriptor), now)


def is_regular(path: Path) -> bool:
    """Whether a path names a regular file, not a device, a pipe or an open descriptor."""
    found = _stat(path)
    return found is not None and stat.S_ISREG(found.st_mode) and _descriptor(path) is None


def names_stdout(path: Path | None) -> bool:
    """Whether what is written to `path` goes to standard output."""
    return path is None or _is_standard(path) or _descriptor(path) == 1


def _is_standard(path: Path) -> bool:
    return os.fspath(path) == "-"


def _stat(path: Path) -> os.stat_result | None:
    """None if there is nothing. Raises OSError for links in a circle, or what may not be seen."""
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _open_special(path: Path) -> int | None:
    """A descriptor to write what is no regular file; None for a regular file, or if none exists."""
    if (descriptor := _descriptor(path)) is not None:
        sys.stdout.flush()
        return os.dup(descriptor)
    if _stat(path) is None or is_regular(path):
        return None
    return os.open(path, os.O_WRONLY)


def _descriptor(path: Path) -> int | None:
    """The number of the open descriptor that `/dev/stdout` or `/dev/fd/3` stands for."""
    place = os.fspath(path)
    # The links to follow are those of the file itself: what a descriptor's own link names is where
    # it was opened, and nothing may be opened anew there.
    open_ones = os.path.realpath("/proc/self/fd")
    for _ in range(_MOST_LINKS):
        if not os.path.islink(place):
            break
        folder, name = os.path.split(place)
        if os.path.realpath(folder or ".") == open_ones and name.isdecimal():
            return int(name)
        place = os.path.join(folder, os.readlink(place))
    return None


def _remove_strays(folder: str) -> None:
    """Remove what killed processes left: drafts that nobody holds the lock of."""
    with suppress(OSError), os.scandir(folder) as entries:
        names = [e.name for e in entries if e.name.startswith(_PREFIX)]
        for name in (name for name in names if name.endswith(_SUFFIX)):
            path = os.path.join(folder, name)
            with suppress(OSError):
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                try:
                    _flock(descriptor, wait=False)
                    os.unlink(path)
                finally:
                    os.close(descriptor)


def _flock(descriptor: int, wait: bool = True) -> None:
    """Lock a file for this process. Raises OSError where another has it, or may have it for all
    that can be found out."""
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif not wait:
        raise OSError("there are no locks")


@contextmanager
def _undisturbed() -> Generator[None]:
    """Signals that end a process wait for the end of the body: between two files of several."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def read_bytes(path: Path) -> bytes:
    """All bytes of a file, or of standard input for `-`. Raises OSError."""
    with input_stream(path) as stream:
        return stream.read()


@contextmanager
def input_stream(path: Path) -> Generator[IO[bytes]]:
    """A binary stream of a file, or standard input for `-`. Raises OSError."""
    if _is_standard(path):
        yield sys.stdin.buffer
    else:
        with open_input(path) as stream:
            yield stream


def open_input(path: Path) -> IO[bytes]:
    """A binary stream of a file; of what is none, it has an end. Raises OSError."""
    found = _stat(path)
    if found is None or stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
        return open(path, "rb")
    return io.BufferedReader(NamedFile(os.open(path, os.O_RDONLY), "r", os.fspath(path)))
