"""Progress of long work: on stderr, only on a terminal, gone when it is done."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from threading import Lock, Timer
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.status import Status

T = TypeVar("T")

_MOMENT_SECONDS = 1.0
"""What is done sooner says nothing, and does not load what prints it."""


def track(items: Sequence[T], what: str) -> Iterator[T]:
    """The items, with a bar that says how many are done."""
    if len(items) < 2 or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, what, console=Console(stderr=True), transient=True)


class Stages:
    """Says which of several stages is running, if they take longer than a moment.

    with Stages() as stages:
        stages.begin("reading")
    """

    def __init__(self) -> None:
        self._what = ""
        self._status: Status | None = None
        self._lock = Lock()
        self._left = False
        self._timer = Timer(_MOMENT_SECONDS, self._show)
        self._timer.daemon = True

    def __enter__(self) -> Stages:
        if sys.stderr.isatty():
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._status is not None:
                self._status.stop()
            self._left = True

    def begin(self, what: str) -> None:
        """A stage begins."""
        with self._lock:
            self._what = what
            if self._status is not None:
                self._status.update(what)

    def _show(self) -> None:
        from rich.console import Console

        with self._lock:
            if not self._left:
                self._status = Console(stderr=True).status(self._what)
                self._status.start()
