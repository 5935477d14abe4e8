"""Errors for people: one message that names the place, what was found and what was expected.

A tool runs inside `errors_for_people()`: whatever goes wrong becomes `error: …` (or
`file:line:col: error: …`) on stderr and exit status 1. A developer sees the Python traceback with
`NOPT_TRACEBACK=1`.
"""

import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from xdsl.ir import Operation
from xdsl.utils.exceptions import DiagnosticException, ParseError

from nopt.tools.interrupts import interruptible

MESSAGE_LIMIT = 600
"""Longest message in characters: an attribute quoted in a message may be a whole weight tensor."""
CONTEXT_LIMIT = 160
"""Characters of a source line that are shown."""


class UserError(Exception):
    """A complaint that is already fit for people: a message and, if known, `file:line:col`."""

    status = 1
    """What the command exits with."""

    def __init__(self, message: str, place: str | None = None):
        super().__init__(message)
        self.message = message
        self.place = place

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return printable(f"{place}error: {self.message}", besides="\n")


class UsageError(UserError):
    """Arguments that a command does not take."""

    status = 2


def printable(text: str, besides: str = "") -> str:
    """The text with what is no printable character, nor among those `besides`, escaped."""
    return "".join(c if c.isprintable() or c in besides else repr(c)[1:-1] for c in text)


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error about `name`: `; did you mean 'x'?`, or nothing if nothing is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def one_line(error: BaseException) -> str:
    """The message of an exception, without its notes, on one line of bounded length."""
    match error:
        case OSError(filename=str() | bytes() as file, strerror=str() as reason):
            text = f"{os.fsdecode(file)}: {reason}"
        case _:
            text = " ".join(str(error).split())
    if len(text) > MESSAGE_LIMIT:
        text = text[:MESSAGE_LIMIT] + " …"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, MemoryError):
        return f"not enough memory: {text}" if text else "not enough memory"
    # What nopt raises itself was written for people; a KeyError from somewhere was not.
    ours = type(error).__module__.startswith("nopt.")
    if text and (ours or isinstance(error, OSError | ValueError | DiagnosticException)):
        return text
    return f"internal error, {type(error).__name__}: {text} (NOPT_TRACEBACK=1 shows where)"


def failing_op(error: BaseException) -> Operation | None:
    """The operation an exception is about, if xDSL knew.

    xDSL's exceptions carry it only as text (the module, printed), so it is read from the innermost
    frame of `Operation.verify` or `Operation.emit_error` that the exception went through.
    """
    codes = (Operation.verify.__code__, Operation.emit_error.__code__)
    op = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        # IRDL operations override `verify_`, never these two.
        if frame.f_code in codes:
            op = frame.f_locals["self"]
    return op


def place_of(op: Operation) -> str | None:
    """`file:line:col` of an operation that was read from a file."""
    from xdsl.dialects.builtin import FileLineColLoc

    match op.location:
        case FileLineColLoc(filename=file, line=line, column=column):
            return f"{file.data}:{line.data}:{column.data}"
        case _:
            return None


def about_op(error: BaseException, prefix: str = "", file: str | None = None) -> UserError:
    """A complaint as `prefix 'dialect.op' op message`, about the op that `error` is about.

    Its place is that of the op, or `file` if a pass made the op and gave it none."""
    op = failing_op(error)
    if op is None:
        return UserError(prefix + one_line(error))
    # Some verifiers begin with the name themselves.
    message = one_line(error).removeprefix(f"{op.name}: ").removeprefix(f"Operation {op.name} ")
    return UserError(f"{prefix}'{op.name}' op {message}", place_of(op) or file)


def parse_error_text(error: ParseError) -> str:
    """`file:line:col: error: message`, the source line, and carets below what was found there."""
    span = error.span
    # xDSL prints the place, then each line of the span with its carets, then the message.
    context = span.print_with_context().splitlines()[1:3]
    # A line may be a whole weight tensor.
    first = max(context[1].find("^") - CONTEXT_LIMIT // 2, 0)
    lines = [line[first : first + CONTEXT_LIMIT] for line in context]
    return "\n".join([f"{span.get_location()}: error: {one_line(ValueError(error.msg))}", *lines])


def usage_error(message: str) -> NoReturn:
    """What an argument parser calls about its arguments (`ArgumentParser.error`)."""
    tool = os.path.basename(sys.argv[0])
    raise UsageError(f"{message} ({tool} --help lists the arguments)")


def describe(error: BaseException) -> str:
    """What to show a person for any exception."""
    match error:
        case UserError():
            return str(error)
        case ParseError():
            return parse_error_text(error)
        case _:
            return str(about_op(error))


@contextmanager
def about_file(path: str) -> Iterator[None]:
    """What goes wrong in the body is said of the file, whatever else it names.

    Raises UserError for any exception but a UserError."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        inner, _, message = describe(error).partition("error: ")
        place = f"{path}: {inner}".removesuffix(": ")
        raise UserError(message, place).with_traceback(error.__traceback__) from None


@contextmanager
def errors_for_people(show_traceback: bool = False) -> Iterator[None]:
    """Turn any exception of the body into its description on stderr and `SystemExit`.

    The status is 1, and 2 for a UsageError.

    With `show_traceback`, or `NOPT_TRACEBACK=1` in the environment, the traceback comes first.
    """
    try:
        with interruptible():
            yield
            sys.stdout.flush()
    except Exception as error:
        if show_traceback or os.environ.get("NOPT_TRACEBACK", "0") not in ("", "0"):
            traceback.print_tb(error.__traceback__)
        print(describe(error), file=sys.stderr)
        raise SystemExit(error.status if isinstance(error, UserError) else 1) from None
