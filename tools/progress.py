"""Progress of long work: on stderr, only on a terminal, gone when it is done."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from threading import Lock, Timer
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.live import Live

T = TypeVar("T")

_MOMENT_SECONDS = 1.0
"""What is done sooner says nothing, and does not load what prints it."""


def track(items: Sequence[T], what: str) -> Iterator[T]:
    """The items, with a bar that says how many are done; if it is one, that it is being done."""
    if len(items) < 2 or not sys.stderr.isatty():
        with Stages() as stages:
            stages.begin(what)
            yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, what, console=Console(stderr=True), transient=True)


class Counted:
    """How many of how many are done, and how long the others will take."""

    def __init__(self, what: str) -> None:
        self._what, self._bar, self._task = what, None, None

    def __enter__(self) -> Counted:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

            columns = ("{task.description}", BarColumn(), MofNCompleteColumn())
            console = Console(stderr=True)
            self._bar = Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
            self._bar.start()
            self._task = self._bar.add_task(self._what)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def done(self, count: int, of: int) -> None:
        """So many of so many are done."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=count, total=of)


class Stages:
    """Says which of several stages is running, if they take longer than a moment.

    with Stages() as stages:
        stages.begin("reading")
    """

    def __init__(self) -> None:
        self._what = ""
        self._live: Live | None = None
        self._left = False
        self._lock = Lock()
        self._timer = Timer(_MOMENT_SECONDS, self._after_a_moment)
        self._timer.daemon = True

    def __enter__(self) -> Stages:
        if sys.stderr.isatty():
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._left = True
            if self._live is not None:
                self._live.stop()

    def begin(self, what: str) -> None:
        """A stage begins. Nothing is shown of one without a name: it prints something itself."""
        with self._lock:
            self._what = what
            self._show()

    def _after_a_moment(self) -> None:
        from rich.console import Console
        from rich.live import Live

        with self._lock:
            if not self._left:
                # What is printed meanwhile goes where it should, be it a pipe.
                self._live = Live(
                    console=Console(stderr=True),
                    transient=True,
                    redirect_stdout=False,
                    redirect_stderr=False,
                )
                self._show()

    def _show(self) -> None:
        if self._live is None:
            return
        if self._what:
            from rich.spinner import Spinner

            self._live.update(Spinner("dots", self._what))
            self._live.start()
        else:
            self._live.stop()
