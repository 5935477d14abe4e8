"""Complaints of passes about an op, with its place in the source."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from xdsl.dialects.builtin import FileLineColLoc
from xdsl.ir import Operation
from xdsl.utils.exceptions import DiagnosticException, VerifyException


@contextmanager
def about(op: Operation) -> Generator[None]:
    """What goes wrong inside with a ValueError is said of `op`, whose place drivers then show."""
    try:
        yield
    except DiagnosticException:
        raise
    except ValueError as error:
        op.emit_error("", VerifyException(str(error)))


def place(op: Operation) -> str:
    """Where an operation other than the one complained about was read from: `line 3`."""
    match op.location:
        case FileLineColLoc(line=line):
            return f"line {line.data}"
        case _:
            return f"another '{op.name}'"
