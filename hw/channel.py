"""The read channel to DRAM, burst by burst, as the RTL's memory engine shares it.

Each client keeps one command waiting and may place the next in the cycle after that was accepted.
A command is accepted in the cycle after it was placed or later: one a cycle, the lowest client
first, none in a cycle in which the last beat of a burst arrives, none while all tags are in use.
Data come back in order, one beat a cycle, the first one `latency` cycles (at least one) after
acceptance.

What a transfer does while it has the channel to itself depends on its bursts alone: that is worked
out once for each pattern of bursts, and used unless another transfer comes between.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

NEVER = 1 << 62
TAGS = 16
"""Reads that can be outstanding."""


class Client(IntEnum):
    """Who reads, in order of priority."""

    FETCH = 0
    UOP = 1
    INP = 2
    WGT = 3
    ACC = 4


class Pattern:
    """The beats of each burst of a transfer; one object for each pattern in use."""

    def __init__(self, beats: list[int]) -> None:
        self.beats = beats


@lru_cache(maxsize=4096)
def pattern(offset: int, row: int, rows: int, stride: int, beat: int, most: int) -> Pattern:
    """Bursts of `rows` rows of `row` bytes, `stride` bytes apart, from byte `offset`.

    A beat has `beat` bytes; bursts have up to `most` beats and end at multiples of that many. All
    that counts of the address is where it lies between two such boundaries.
    """
    beats: list[int] = []
    for first in range(offset, offset + rows * stride, stride) if stride else [offset] * rows:
        left = -(-(first % beat + row) // beat)
        head = min(left, most - first // beat % most)
        left -= head
        beats.append(head)
        beats += [most] * (left // most)
        if left % most:
            beats.append(left % most)
    return Pattern(beats)


@dataclass
class Transfer:
    """All bursts of one instruction (or of one fetch), and when their data arrived."""

    client: Client
    pattern: Pattern
    placed: int
    """Cycle in which the first command, then the current one, is placed."""
    tag: int = 0
    """For whoever asked: which instruction this is."""
    accepted: int = 0
    arrivals: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """First and last cycles in which data arrive without a gap."""


class _Alone(NamedTuple):
    """What a transfer does alone, in cycles after its first command is placed."""

    accepted: int
    arrivals: list[tuple[int, int]]
    lasts: list[int]


class ReadChannel:
    """Transfers in flight. What starts must not be placed before the last `advance`."""

    def __init__(self, latency: int) -> None:
        self._latency = max(latency, 1)
        self._transfers: list[Transfer] = []  # the highest priority first
        self._free = 0
        self._data_free = 0
        self._lasts: deque[int] = deque()  # cycles in which bursts end that still matter
        self._alone: _Alone | None = None  # for the only transfer, as long as it is the only one
        self._known: dict[Pattern, _Alone] = {}

    def start(self, transfer: Transfer) -> None:
        """Begin a transfer; its client must have none in flight."""
        self._alone = None
        self._transfers.append(transfer)
        if len(self._transfers) > 1:
            self._transfers.sort(key=_priority)
        elif self._is_quiet(transfer.placed + 1):
            self._alone = self._known.get(transfer.pattern) or self._find_alone(transfer.pattern)

    def advance(self, until: int) -> Transfer | None:
        """Accept commands up to cycle `until`, or until all of a transfer are: that transfer."""
        if self._alone:
            return self._advance_alone(self._alone, until)
        while self._transfers:
            time = self._next_time()
            if time > until:
                return None
            transfer = next(t for t in self._transfers if t.placed < time)
            if self._accept(transfer, time):
                self._transfers.remove(transfer)
                return transfer
        return None

    def _next_time(self) -> int:
        """The cycle in which the next command is accepted, if none is placed before."""
        transfers, lasts = self._transfers, self._lasts
        placed = transfers[0].placed
        for transfer in transfers:
            if transfer.placed < placed:
                placed = transfer.placed
        time = placed + 1 if placed + 1 > self._free else self._free
        left = len(lasts)
        for last in lasts:
            if last >= time:
                if last > time and left < TAGS:
                    break
                time = last + 1
            left -= 1
        return time

    def _accept(self, transfer: Transfer, time: int) -> bool:
        """Accept a command of a transfer; whether it was its last one."""
        beats, arrivals = transfer.pattern.beats, transfer.arrivals
        first = time + self._latency
        if first < self._data_free:
            first = self._data_free
        last = first + beats[transfer.accepted] - 1
        if arrivals and arrivals[-1][1] + 1 == first:
            arrivals[-1] = (arrivals[-1][0], last)
        else:
            arrivals.append((first, last))
        transfer.accepted += 1
        transfer.placed = self._free = time + 1
        lasts = self._lasts
        while lasts and lasts[0] < time:
            lasts.popleft()
        lasts.append(last)
        self._data_free = last + 1
        return transfer.accepted == len(beats)

    def _advance_alone(self, alone: _Alone, until: int) -> Transfer | None:
        transfer = self._transfers[0]
        start = transfer.placed
        if start + alone.accepted > until:
            return None
        transfer.arrivals = [(start + first, start + last) for first, last in alone.arrivals]
        self._lasts = deque(start + last for last in alone.lasts)
        self._data_free = self._lasts[-1] + 1
        self._free = start + alone.accepted + 1
        self._alone = None
        del self._transfers[0]
        return transfer

    def _is_quiet(self, time: int) -> bool:
        """Nothing earlier affects a command that can be accepted from `time` on."""
        quiet = not self._lasts or self._lasts[-1] < time
        return quiet and self._free <= time and self._data_free <= time + self._latency

    def _find_alone(self, of: Pattern) -> _Alone:
        channel = ReadChannel(self._latency)
        transfer = Transfer(Client.FETCH, of, 0)
        channel._transfers.append(transfer)
        channel.advance(NEVER)
        lasts = list(channel._lasts)[-TAGS:]
        alone = self._known[of] = _Alone(channel._free - 1, transfer.arrivals, lasts)
        return alone


def _priority(transfer: Transfer) -> int:
    return transfer.client
