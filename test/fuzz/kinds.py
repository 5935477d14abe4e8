"""A kind of input: how one is made, what is done with it; and the search for one that fails."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from judge import outcome
from minimise import minimised
from numpy.random import Generator

COUNT = int(os.environ.get("NOPT_FUZZ_INPUT") or 300)
SEED = int(os.environ.get("NOPT_FUZZ_SEED") or 0)
PARTS = 10
"""Tests that the inputs of a kind are dealt out to, so that they run side by side."""

FAILED = Path(__file__).parents[2] / "build" / "fuzz"
_OLD = b"before"
_PATIENCE = 60
"""Seconds for the reduction of an input."""
_MOST = 3
"""Failures of a test that are reduced and reported before it gives up."""


@dataclass(frozen=True)
class Input:
    """What is in the file, how its name ends, and what is done with it, in a fork.

    `check` writes to `output`, which must stay as it is if it fails. A message matches `place`,
    by default the file's name."""

    data: bytes
    suffix: str
    check: Callable[[Path], object]
    place: str = r"\binput\."


@dataclass(frozen=True)
class Kind:
    """A name, and how a random input is made."""

    name: str
    make: Callable[[Generator], Input]

    def check(self, part: int) -> None:
        """All inputs of a part; fails with the reduced ones that something is wrong with."""
        reports: list[str] = []
        for index in range(part, COUNT, PARTS):
            made = self.make(np.random.default_rng([SEED, index]))
            if complaint := complaint_about(made):
                reports.append(self._report(index, made, complaint))
            if len(reports) == _MOST:
                break
        assert not reports, "\n\n".join(reports)

    def _report(self, index: int, made: Input, complaint: str) -> str:
        path = FAILED / f"{self.name}-{SEED}-{index}{made.suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_stem(f"{path.stem}-whole").write_bytes(made.data)
        path.write_bytes(_reduced(made, _sort(complaint)))
        again = f"NOPT_FUZZ_SEED={SEED} NOPT_FUZZ_INPUT={COUNT} .venv/bin/pytest"
        test = f"test/fuzz/test_damaged_{self.name}.py::test_{self.name}[{index % PARTS}]"
        return f"{path}\n{again} '{test}'\n{complaint}"


def complaint_about(made: Input) -> str | None:
    """What the judge says of an input, in a folder where an older output lies."""
    with tempfile.TemporaryDirectory(prefix="nopt-fuzz-") as name:
        folder = Path(name)
        path, output = folder / f"input{made.suffix}", folder / "output"
        path.write_bytes(made.data)
        output.write_bytes(_OLD)
        found = outcome(lambda: made.check(path), folder)
        if found.complaint:
            return found.complaint
        if found.status and not re.search(made.place, found.errors):
            return f"names no place: {found.errors}"
        if found.status and output.exists() and output.read_bytes() != _OLD:
            return f"an output, although: {found.errors}"
        left = sorted(each.name for each in folder.iterdir() if each.name.startswith("."))
        return f"left behind: {', '.join(left)}" if left else None


def _sort(complaint: str | None) -> str:
    """What complaints of one cause have in common: the last line, without names and numbers."""
    return re.sub(r"'.*?'|\d+|/\S+", "", (complaint or "").strip().splitlines()[-1][:80])


def _reduced(made: Input, sort: str) -> bytes:
    """Text by lines, then by words; what is none by bytes."""

    def fails(pieces: Sequence[bytes]) -> bool:
        fewer = complaint_about(replace(made, data=b"".join(pieces)))
        return fewer is not None and _sort(fewer) == sort

    data, end = made.data, time.monotonic() + _PATIENCE
    for cut in (rb"[^\n]*\n?", rb"\w+|\s+|.") if b"\0" not in data else (rb".",):
        pieces = re.findall(cut, data, re.DOTALL)
        data = b"".join(minimised(pieces, fails, end))
    return data
