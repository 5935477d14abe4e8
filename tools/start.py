"""How each command starts: streams and signals are in order before anything large is imported."""

from __future__ import annotations

import importlib
import io
import os
import sys
import warnings
from typing import TYPE_CHECKING

from nopt.hw.files.streams import NamedFile
from nopt.tools.interrupts import interruptible, raise_interruptions

if TYPE_CHECKING:
    from typing_extensions import Buffer


def nopt() -> None:
    """Console script."""
    _start("nopt")


def nopt_explore() -> None:
    """Console script."""
    _start("nopt_explore")


def nopt_gui() -> None:
    """Console script."""
    _start("nopt_gui")


def nopt_import() -> None:
    """Console script."""
    _start("nopt_import")


def nopt_map() -> None:
    """Console script."""
    _start("nopt_map")


def nopt_objdump() -> None:
    """Console script."""
    _start("nopt_objdump")


def nopt_report() -> None:
    """Console script."""
    _start("nopt_report")


def nopt_run() -> None:
    """Console script."""
    _start("nopt_run")


def _start(tool: str) -> None:
    with interruptible():
        raise_interruptions()
        _open_streams()
        if not sys.warnoptions:
            # Warnings are for those who work on the source; messages for people are ours.
            warnings.simplefilter("ignore")
        _check_folder()
        importlib.import_module(f"nopt.tools.{tool}").main()


def _open_streams() -> None:
    """Standard streams whose errors name them, in UTF-8, which MLIR text is in.

    One that is closed is opened as something that refuses every access, or the next file that is
    opened would take its number, and what is printed would go there.
    """
    for number, wrong_way in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, wrong_way), number)
    sys.stdin = io.TextIOWrapper(
        io.BufferedReader(NamedFile(0, "r", "standard input", close=False)), encoding="utf-8"
    )
    sys.stdout = _text_output(NamedFile(1, "w", "standard output", close=False))
    sys.stderr = _text_output(_Messages(2, "w", "standard error", close=False))


def _text_output(raw: NamedFile) -> io.TextIOWrapper:
    lines = raw.isatty() or isinstance(raw, _Messages)
    return io.TextIOWrapper(
        io.BufferedWriter(raw), "utf-8", errors="backslashreplace", line_buffering=lines
    )


class _Messages(NamedFile):
    """What nobody can read is dropped: there is no way left to complain about it."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _check_folder() -> None:
    try:
        os.getcwd()
    except OSError as error:
        print(f"error: the working directory: {error.strerror}", file=sys.stderr)
        raise SystemExit(1) from None
