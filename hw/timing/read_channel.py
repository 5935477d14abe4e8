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
    """The beats of each burst of a transfer; a channel knows what it had before by the object."""

    def __init__(self, beats: list[int]) -> None:
        self.beats = beats
        self.total = sum(beats)


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


@dataclass(slots=True)
class Transfer:
    """All bursts of one instruction (or of one fetch), and when their data arrived."""

    client: Client
    pattern: Pattern
    placed: int
    """Cycle in which the first command, then the current one, is placed."""
    tag: int = 0
    """For whoever asked: which instruction this is."""
    accepted: int = 0
    start: int = 0
    """What `arrivals` count from."""
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
        self.transfers: list[Transfer] = []
        """In flight, the highest priority first."""
        self._free = 0
        self._data_free = 0
        self._lasts: deque[int] = deque()  # cycles in which bursts end that still matter
        self._done: tuple[int, _Alone] | None = None  # what `_lasts` is yet to be made from
        self._alone: _Alone | None = None  # for the only transfer, as long as it is the only one
        self._known: dict[Pattern, _Alone] = {}

    def start(self, transfer: Transfer) -> None:
        """Begin a transfer; its client must have none in flight."""
        self._alone = None
        transfers = self.transfers
        transfers.append(transfer)
        if len(transfers) > 1:
            transfers.sort(key=_priority)
        elif self._is_quiet(transfer.placed + 1):
            self._alone = self._known.get(transfer.pattern) or self._find_alone(transfer.pattern)
            return
        if self._done:
            start, alone = self._done
            self._lasts = deque([start + last for last in alone.lasts])
            self._done = None

    def advance(self, until: int) -> Transfer | None:
        """Accept commands up to cycle `until`, or until all of a transfer are: that transfer."""
        if self._alone:
            return self._advance_alone(self._alone, until)
        transfers, lasts = self.transfers, self._lasts
        while transfers:
            # The cycle in which the next command is accepted, if none is placed before.
            time = transfers[0].placed
            for transfer in transfers:
                if transfer.placed < time:
                    time = transfer.placed
            time += 1
            if time < self._free:
                time = self._free
            left = len(lasts)
            for last in lasts:
                if last >= time:
                    if last > time and left < TAGS:
                        break
                    time = last + 1
                left -= 1
            if time > until:
                return None
            while lasts and lasts[0] < time:
                lasts.popleft()
            transfer = transfers[0]
            if transfer.placed >= time:
                transfer = next(t for t in transfers if t.placed < time)
            if self._accept(transfer, time):
                transfers.remove(transfer)
                return transfer
        return None

    def _accept(self, transfer: Transfer, time: int) -> bool:
        """Accept a command of a transfer; whether it was its last one."""
        beats, arrivals, number = transfer.pattern.beats, transfer.arrivals, transfer.accepted
        first = time + self._latency
        if first < self._data_free:
            first = self._data_free
        last = first + beats[number] - 1
        if arrivals and arrivals[-1][1] + 1 == first:
            arrivals[-1] = (arrivals[-1][0], last)
        else:
            arrivals.append((first, last))
        transfer.accepted = number = number + 1
        transfer.placed = self._free = time + 1
        self._lasts.append(last)
        self._data_free = last + 1
        return number == len(beats)

    def _advance_alone(self, alone: _Alone, until: int) -> Transfer | None:
        transfer = self.transfers[0]
        start = transfer.placed
        if start + alone.accepted > until:
            return None
        transfer.start, transfer.arrivals = start, alone.arrivals
        self._done = (start, alone)
        self._data_free = start + alone.lasts[-1] + 1
        self._free = start + alone.accepted + 1
        self._alone = None
        del self.transfers[0]
        return transfer

    def _is_quiet(self, time: int) -> bool:
        """Nothing earlier affects a command that can be accepted from `time` on."""
        return self._free <= time and self._data_free <= time

    def _find_alone(self, of: Pattern) -> _Alone:
        channel = ReadChannel(self._latency)
        transfer = Transfer(Client.FETCH, of, 0)
        channel.transfers.append(transfer)
        channel.advance(NEVER)
        lasts = list(channel._lasts)[-TAGS:]
        alone = self._known[of] = _Alone(channel._free - 1, transfer.arrivals, lasts)
        return alone


def _priority(transfer: Transfer) -> int:
    return transfer.client
