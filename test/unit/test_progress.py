"""Progress is shown on a terminal only, after a moment, and is gone afterwards."""

import io
import sys
import time

import pytest

from nopt.tools import progress
from nopt.tools.progress import Stages, track


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch, moment: float = 0.01) -> Terminal:
    """Makes stderr a terminal, which a fixture cannot: pytest sets it before each test."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "_MOMENT_SECONDS", moment)
    return stream


def wait_for(stream: Terminal, text: str) -> None:
    """However long it takes: it is a thread that prints."""
    while text not in stream.getvalue():
        time.sleep(0.01)


def test_stages_on_a_terminal(monkeypatch):
    screen = terminal(monkeypatch)
    with Stages() as stages:
        stages.begin("reading")
        wait_for(screen, "reading")
        stages.begin("affine-nest-fuse")
        wait_for(screen, "affine-nest-fuse")
        print("a result")
        stages.begin("")
        # No thread is left that could print: the timer's is done, and the display's is joined.
        before = screen.getvalue()
        assert stages._live is not None and not stages._live.is_started
    assert screen.getvalue() == before
    assert "a result" not in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")  # the line is erased


def test_what_is_quick_says_nothing(monkeypatch):
    screen = terminal(monkeypatch, 1000)
    with Stages() as stages:
        stages.begin("reading")
    assert screen.getvalue() == ""


def test_samples_on_a_terminal(monkeypatch):
    screen = terminal(monkeypatch)
    assert list(track(range(3), "running")) == [0, 1, 2]
    assert "running" in screen.getvalue()


def test_a_pipe_gets_nothing(monkeypatch):
    monkeypatch.setattr(progress, "_MOMENT_SECONDS", 0)
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with Stages() as stages:
        stages.begin("reading")
        assert list(track(range(3), "running")) == [0, 1, 2]
        assert not stages._timer.is_alive()
    assert stream.getvalue() == ""
