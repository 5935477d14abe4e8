"""How long networks take to read the scratchpad, and how they wait for each other's banks.

A bank has one port: it gives or takes one word a cycle. A network reads its words in order; a word
whose bank is taken in that cycle waits, and all behind it. (Words of a cycle that have to wait do
not go with those of the next one: they were one access.) Results go first, since nothing holds
them on their way back; then operands in their order, as a fixed priority is what the smallest
arbiter has. *Blocked* banks have consecutive words, so that operands, which take whole banks, only
meet themselves (several words a cycle) and their own results; *interleaved* ones have every so many
words each, so that all operands share all banks, and networks soon fall out of step. Both halves of
a double-buffered scratchpad have banks of their own: DMA does not meet the networks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import ceil

from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.sim.pass_schedule import ArrayPass

_FIRST_BACK = 7
"""Cycles from a PE's trigger to the first of its words in the scratchpad, beside its pipeline."""


def network_ends(
    machine: ArrayMachine, fetched: ArrayPass, begins: Sequence[int], left: ArrayPass | None
) -> list[int]:
    """The cycle of a step in which the last word of each operand has been sent, with the cycle that
    the controller takes after each run of words; where an operand's network begins, if it brings
    nothing. `left` is the pass whose results leave in the same step."""
    if machine.pipeline.bank_conflicts != "none":
        return _with_conflicts(machine, fetched, begins, left)
    rate, gap = machine.network.words_per_cycle, machine.pipeline.burst_gap
    return [
        begin + sum(count * (ceil(size / rate) + gap) for size, count in pieces)
        for begin, pieces in zip(begins, fetched.reads, strict=True)
    ]


def bank(machine: ArrayMachine, address: int) -> int:
    """Which bank has a word of the half of the scratchpad that the array uses."""
    if machine.pipeline.bank_conflicts == "interleaved":
        return address % machine.spm.banks
    return address * machine.word_bytes // machine.spm.bank_bytes


def _with_conflicts(
    machine: ArrayMachine, fetched: ArrayPass, begins: Sequence[int], left: ArrayPass | None
) -> list[int]:
    queues = [_groups(machine, fetched, x) for x in range(len(begins))]
    written = _written(machine, left) if left else {}
    ends, cycle = [*begins], 0
    while any(queues):
        taken = {written[cycle]} if cycle in written else set[int]()
        for x, queue in enumerate(queues):
            if queue and cycle >= begins[x]:
                _send(queue, taken)
                ends[x] = cycle + 1
        cycle += 1
    return ends


def _send(queue: deque[deque[int]], taken: set[int]) -> None:
    """Sends what a network can in a cycle, and takes the banks that it reads."""
    group = queue[0]
    while group and group[0] not in taken:
        taken.add(group.popleft())
    if not group:
        queue.popleft()


def _groups(machine: ArrayMachine, fetched: ArrayPass, operand: int) -> deque[deque[int]]:
    """The banks of words that a network would send in each cycle; none in gaps between runs."""
    rate = int(machine.network.words_per_cycle)
    groups: deque[deque[int]] = deque()
    begin = 0
    for size, count in fetched.reads[operand]:
        for _ in range(count):
            run = fetched.addresses[operand][begin : begin + size]
            banks = [bank(machine, address) for address in run]
            groups.extend(deque(banks[i : i + rate]) for i in range(0, size, rate))
            groups.extend(deque[int]() for _ in range(machine.pipeline.burst_gap))
            begin += size
    return groups


def _written(machine: ArrayMachine, left: ArrayPass) -> dict[int, int]:
    """The bank that results go to, by the cycle of the step."""
    first = _FIRST_BACK + machine.pipeline.delay
    latency = machine.pipeline.trigger_latency or left.sent
    return {
        first + i // left.sent * latency + i % left.sent: bank(machine, address)
        for i, address in enumerate(left.sent_to)
    }
