"""Signals that end a tool: they unwind what it does, so that files stay as they were.

Imports nothing but Python's own, for it is in force while everything else is imported.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = {signal.SIGINT, signal.SIGTERM} | {s for s in signal.Signals if s.name == "SIGHUP"}


class Interruption(KeyboardInterrupt):
    """A signal that ends the process came."""

    def __init__(self, number: int):
        super().__init__()
        self.number = number


def raise_interruptions() -> None:
    """From now on signals raise `Interruption`; but those that whoever started us ignores do not
    (`nohup`)."""
    for each in ENDING:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interruption(number)


def interruption(error: BaseException | None) -> KeyboardInterrupt | None:
    """The interruption that an exception is or came from: importing wraps what a body raises."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ if error.__suppress_context__ else error.__context__
    return error


@contextmanager
def interruptible() -> Iterator[None]:
    """After an interruption say so, and exit with 128 plus the signal's number, as shells do."""
    try:
        yield
    except BaseException as error:
        if (found := interruption(error)) is None:
            raise
        print("interrupted", file=sys.stderr)
        number = found.number if isinstance(found, Interruption) else signal.SIGINT
        raise SystemExit(128 + number) from None
