"""Delta debugging: the fewest pieces that still fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

PieceT = TypeVar("PieceT")


def minimised(
    pieces: Sequence[PieceT], fails: Callable[[Sequence[PieceT]], bool], end: float
) -> Sequence[PieceT]:
    """Those of which none can be left out, or what is left at the time `end` (monotonic)."""
    size = len(pieces) // 2
    while size and time.monotonic() < end:
        at = 0
        while at < len(pieces) and time.monotonic() < end:
            fewer = [*pieces[:at], *pieces[at + size :]]
            if fewer and fails(fewer):
                pieces = fewer
            else:
                at += size
        size //= 2
    return pieces
