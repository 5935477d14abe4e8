"""The judge: what a tool may do with an input that someone damaged.

Either it does its work, rightly, or it ends with one message that names a place, and leaves files
as they were. It never takes long or much memory, and never says what only a developer understands.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fork_server import exit_status

SECONDS = 20
"""Of processor time."""
MEMORY = 2 << 30
"""Bytes beyond those of the process that forks."""
_ASLEEP = 600
"""Seconds after which what waits for nothing is ended."""

_MESSAGE = re.compile(r"(.*: )?error: .+")
_ASIDE = re.compile(r"(\S*: )?(note|remark|warning): ")
_CARETS = re.compile(r" *\^+ *")
_NOT_FOR_PEOPLE = ("Traceback", "internal error", "not enough memory", "Warning:", "Exception")
"""Memory runs out in a test only where it was asked for before the input was checked."""


@dataclass(frozen=True)
class Outcome:
    """How a fork ended: exit status, or minus a signal; stderr; seconds of processor time."""

    status: int
    errors: str
    seconds: float

    @property
    def complaint(self) -> str | None:
        """What is wrong with that, if anything is."""
        if self.status < 0:
            took = f"ended by {signal.Signals(-self.status).name}"
            return f"{took} after {self.seconds:.0f} s of processor time"
        if self.seconds > SECONDS:
            return f"took {self.seconds:.0f} s"
        if any(words in self.errors for words in _NOT_FOR_PEOPLE):
            return f"not for people: {self.errors}"
        if self.status == 0:
            return None
        return (
            None
            if self.status in (1, 2) and _is_one_message(self.errors)
            else (f"status {self.status}, expected one message and status 1, found: {self.errors}")
        )


def _is_one_message(errors: str) -> bool:
    """One line, a list below it, or the source line and carets below it."""
    lines = [line for line in errors.split("\n")[:-1] if not _ASIDE.match(line)]
    if not lines or not _MESSAGE.fullmatch(lines[0]):
        return False
    more = lines[1:]
    pointed = len(more) == 2 and bool(_CARETS.fullmatch(more[1]))
    return pointed or all(line.startswith("  ") for line in more)


def outcome(body: Callable[[], object], folder: Path) -> Outcome:
    """What becomes of `body` in a fork of its own, in `folder`, with limits."""
    errors = folder / "stderr"
    child = os.fork()
    if child == 0:
        _run(body, folder, errors)
    _, ended, usage = os.wait4(child, 0)
    seconds = usage.ru_utime + usage.ru_stime
    text = errors.read_text(errors="replace") if errors.exists() else ""
    errors.unlink(missing_ok=True)
    return Outcome(os.waitstatus_to_exitcode(ended), text, seconds)


def _run(body: Callable[[], object], folder: Path, errors: Path) -> None:
    """Never returns."""
    status = 70
    try:
        os.chdir(folder)
        for number, path in enumerate((os.devnull, os.devnull, errors)):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
        sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS + 1, SECONDS + 2))
        resource.setrlimit(resource.RLIMIT_AS, (_mapped() + MEMORY,) * 2)
        signal.alarm(_ASLEEP)
        warnings.simplefilter("ignore", RuntimeWarning)  # As the tools do when they start.
        status = exit_status(body)
    finally:
        os._exit(status)


def _mapped() -> int:
    """Bytes of address space of this process."""
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * resource.getpagesize()
