"""The read channel to DRAM, burst by burst, as the RTL's memory engine shares it.

Each client keeps one command waiting and may place the next in the cycle after that was accepted.
A command is accepted in the cycle after it was placed or later: one a cycle, the lowest client
first, none in a cycle in which the last beat of a burst arrives, none while all tags are in use.
Data come back in order, one beat a cycle, the first one `latency` cycles (at least one) after
acceptance.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

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


@dataclass
class Transfer:
    """All bursts of one instruction (or of one fetch), and when their data arrived."""

    client: Client
    bursts: list[int]
    """Beats of each."""
    placed: int
    """Cycle in which the first command, then the current one, is placed."""
    tag: int = 0
    """For whoever asked: which instruction this is."""
    accepted: int = 0
    arrivals: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """First and last beat of each burst."""


class ReadChannel:
    """Transfers in flight. Events must be taken in order of time: `next_time`, then `accept`."""

    def __init__(self, latency: int) -> None:
        self._latency = max(latency, 1)
        self._transfers: list[Transfer] = []
        self._free = 0
        self._data_free = 0
        self._lasts: deque[int] = deque()
        self._next: tuple[int, Transfer] | None = None

    def start(self, transfer: Transfer) -> None:
        """Begin a transfer; its client must have none in flight."""
        self._transfers.append(transfer)
        self._transfers.sort(key=_priority)
        self._next = None

    def next_time(self) -> int:
        """The cycle of the next acceptance, `NEVER` if nothing waits."""
        if not self._transfers:
            return NEVER
        if self._next is None:
            self._next = self._find()
        return self._next[0]

    def accept(self) -> Transfer | None:
        """Accept the next command; the transfer if that was its last one."""
        time, transfer = self._next or self._find()
        beats = transfer.bursts[transfer.accepted]
        first = max(time + self._latency, self._data_free)
        last = first + beats - 1
        transfer.arrivals.append((first, last))
        transfer.accepted += 1
        transfer.placed = time + 1
        self._lasts.append(last)
        self._data_free, self._free = last + 1, time + 1
        self._next = None
        if transfer.accepted < len(transfer.bursts):
            return None
        self._transfers.remove(transfer)
        return transfer

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
