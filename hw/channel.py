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
    """Transfers in flight. Events must be taken in order of time: `next_time`, then `accept`."""

    def __init__(self, latency: int) -> None:
        self._latency = max(latency, 1)
        self._transfers: list[Transfer] = []
        self._free = 0
        self._data_free = 0
        self._lasts: deque[int] = deque()
        self._next: tuple[int, Transfer] | None = None
        self._alone: _Alone | None = None  # for the only transfer, as long as it is the only one
        self._known: dict[Pattern, _Alone] = {}

    def start(self, transfer: Transfer) -> None:
        """Begin a transfer; its client must have none in flight."""
        self._alone = self._next = None
        self._transfers.append(transfer)
        if len(self._transfers) > 1:
            self._transfers.sort(key=_priority)
        elif self._is_quiet(transfer.placed + 1):
            self._alone = self._known.get(transfer.pattern) or self._find_alone(transfer.pattern)

    def next_time(self) -> int:
        """The cycle of the next acceptance (of the last one of a lone transfer), or `NEVER`."""
        if not self._transfers:
            return NEVER
        if self._alone:
            return self._transfers[0].placed + self._alone.accepted
        if self._next is None:
            self._next = self._find()
        return self._next[0]

    def accept(self) -> Transfer | None:
        """Accept what `next_time` means; the transfer if that was its last command."""
        if self._alone:
            return self._accept_alone(self._alone)
        time, transfer = self._next or self._find()
        beats = transfer.pattern.beats
        first = max(time + self._latency, self._data_free)
        last = first + beats[transfer.accepted] - 1
        arrivals = transfer.arrivals
        if arrivals and arrivals[-1][1] + 1 == first:
            arrivals[-1] = (arrivals[-1][0], last)
        else:
            arrivals.append((first, last))
        transfer.accepted += 1
        transfer.placed = time + 1
        self._lasts.append(last)
        self._data_free, self._free = last + 1, time + 1
        self._next = None
        if transfer.accepted < len(beats):
            return None
        self._transfers.remove(transfer)
        return transfer

    def _accept_alone(self, alone: _Alone) -> Transfer:
        transfer = self._transfers.pop()
        start = transfer.placed
        transfer.arrivals = [(start + first, start + last) for first, last in alone.arrivals]
        self._lasts = deque(start + last for last in alone.lasts)
        self._data_free = self._lasts[-1] + 1
        self._free = start + alone.accepted + 1
        self._alone = None
        return transfer

    def _is_quiet(self, time: int) -> bool:
        """Nothing earlier affects a command that can be accepted from `time` on."""
        quiet = not self._lasts or self._lasts[-1] < time
        return quiet and self._free <= time and self._data_free <= time + self._latency

    def _find_alone(self, of: Pattern) -> _Alone:
        channel = ReadChannel(self._latency)
        transfer = Transfer(Client.FETCH, of, 0)
        channel._transfers.append(transfer)
        time = 0
        while channel._transfers:
            time = channel.next_time()
            channel.accept()
        alone = _Alone(time, transfer.arrivals, list(channel._lasts)[-TAGS:])
        self._known[of] = alone
        return alone

    def _find(self) -> tuple[int, Transfer]:
        time = max(min(transfer.placed for transfer in self._transfers) + 1, self._free)
        lasts = self._lasts
        while lasts and lasts[0] < time:
            lasts.popleft()
        while lasts and (lasts[0] == time or len(lasts) >= TAGS):
            time = lasts.popleft() + 1
        for transfer in self._transfers:
            if transfer.placed < time:
                return time, transfer
        raise AssertionError("the earliest command is placed before it can be accepted")


def _priority(transfer: Transfer) -> int:
    return transfer.client
