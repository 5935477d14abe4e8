"""Runs commands that a signal reaches: a process that serves forks of itself.

Each line of stdin asks for a run, each line of stdout is its status as `os.waitpid` gives it. A run
gets a signal before its `event`-th operation on files of `folder`, or by the clock, `seconds` after
it began, which ends it as SIGKILL does; or none.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any

from nopt.tools import start

BY_DESCRIPTOR = ("fcntl.flock", "os.chmod", "os.chown")
"""Operations whose arguments do not name the file."""


@dataclass(frozen=True)
class Moment:
    """When a signal comes, and which: for `seconds` it is always one that nobody can catch."""

    event: int | None = None
    seconds: float | None = None
    number: int = signal.SIGKILL


class Runs:
    """The process that serves, started with `with`."""

    def __enter__(self) -> "Runs":
        self._server = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._server.communicate()

    def run(self, command: list[str], folder: str, moment: Moment) -> int:
        """The status of a command, or minus the signal that ended it, as subprocess gives them."""
        assert self._server.stdin is not None and self._server.stdout is not None
        request = {"command": command, "folder": folder, **asdict(moment)}
        print(json.dumps(request), file=self._server.stdin, flush=True)
        return os.waitstatus_to_exitcode(int(self._server.stdout.readline()))


def serve() -> None:
    for module in ("nopt", "nopt_import", "nopt_run", "runtime", "importer.readers"):
        importlib.import_module(f"nopt.tools.{module}")
    for line in sys.stdin:
        request = json.loads(line)
        if not (child := os.fork()):
            nowhere = os.open(os.devnull, os.O_RDWR)
            for number in range(3):
                os.dup2(nowhere, number)
            run(**request)
            return
        print(os.waitpid(child, 0)[1], flush=True)


def run(
    command: list[str], folder: str, event: int | None, seconds: float | None, number: int
) -> None:
    left = event

    def watch(name: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        on_files = name in BY_DESCRIPTOR or any(str(a).startswith(folder) for a in arguments)
        if left is not None and on_files:
            left -= 1
            if left < 0:
                left = None
                os.kill(os.getpid(), number)

    os.chdir(folder)
    sys.argv = command
    if event is not None:
        sys.addaudithook(watch)
    if seconds is not None:
        signal.setitimer(signal.ITIMER_REAL, seconds)
    getattr(start, command[0].replace("-", "_"))()


if __name__ == "__main__":
    serve()
