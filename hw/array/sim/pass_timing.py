"""When an array does what its schedule says, exact in whole cycles.

Cycles are those of DiRAC (github cmlasu/DiRAC), which steps through each of them: its controller
takes a cycle to find a transfer done and one or two to go on, a word takes 4 cycles from the
scratchpad to a register file, PEs send results one after the other. All that is the same for equal
steps, so each distinct one is timed once. DiRAC has no cycle numbers for the rest; the rules are:

- The output's network brings partial sums only after results that leave in the same step, since
  both take the same half of a PE's registers.
- Likewise DMA writes an output's tile back before it fetches the next one into that half.
- Partial sums of several PEs are added one a cycle after the pass has computed, by the MAC units,
  so that nothing hides it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import TypeVar

import numpy as np

from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.sim.bank_ports import network_ends
from nopt.hw.array.sim.pass_schedule import (
    ArrayPass,
    Pieces,
    Runs,
    Schedule,
    ScratchpadPass,
    Whole,
)

T = TypeVar("T")
STATES = ("compute", "reduction", "network", "dma", "idle")
"""What PEs do: multiply, add partial sums of each other, wait for their networks, wait for DRAM,
or nothing, while the controller goes on or configures the networks."""

_FIND_DONE = 1
"""Cycles of the controller after a network's last burst."""
_SEND_BACK = 10
"""Cycles from the trigger of the first PE to the end of the pass, beside its pipeline: hops through
the column and row controllers, writing, and finding that done."""
_CALL_DMA = 2
"""Cycles to start a transfer and to hear of its end."""
_END = 4
_SET_UP_WORDS = 4
"""Of each controller in a network."""


@dataclass(frozen=True)
class Span:
    """Something busy from a cycle to another one, from the step's start."""

    resource: str
    start: int
    end: int


@dataclass(frozen=True)
class ArrayStep:
    """A step of the array: a pass comes, one is computed on, one leaves."""

    cycles: int
    compute: int
    reduction: int
    transfers: int
    """Cycles until all networks are done."""
    spans: tuple[tuple[Span, int], ...]
    """With the steps since the pass that each belongs to has begun to come: 0, 1 or 2."""


@dataclass(frozen=True, eq=False)
class ScratchpadStep:
    """A step of the scratchpad, and those of the array in it, if there are any."""

    cycles: int
    states: dict[str, int]
    spans: tuple[tuple[Span, int], ...]
    array: Runs[ArrayStep] | None = None

    @cached_property
    def array_starts(self) -> Whole:
        """Of each step of the array, from this step's start; and the end of the last one."""
        assert self.array is not None
        return starts([each.cycles for each in self.array.kinds], self.array.order)


@dataclass(frozen=True, eq=False)
class ScheduleTiming:
    """Cycles of a whole run: first `setup` for the networks, then the steps of the scratchpad, two
    more than there are passes."""

    schedule: Schedule
    setup: int
    steps: Runs[ScratchpadStep]

    @cached_property
    def starts(self) -> Whole:
        """Of each step of the scratchpad, and the end of the last one."""
        lengths = [each.cycles for each in self.steps.kinds]
        return self.setup + starts(lengths, self.steps.order)

    @property
    def cycles(self) -> int:
        """From the first to the last."""
        return sum(self.by_state.values())

    @property
    def states(self) -> dict[str, Whole]:
        """Cycles of each step of the scratchpad by state of the PEs; step p computes on pass p - 1.
        All of them and `setup` add up to `cycles`."""
        kinds = self.steps.kinds
        return {
            state: np.array([each.states[state] for each in kinds], np.int64)[self.steps.order]
            for state in STATES
        }

    @property
    def by_state(self) -> dict[str, int]:
        """Cycles by state of the PEs, which are idle at first; they add up to `cycles`."""
        sums: dict[str, int] = dict.fromkeys(STATES, 0)
        sums["idle"] = self.setup
        for step, often in zip(self.steps.kinds, self.steps.times(), strict=True):
            for state in STATES:
                sums[state] += step.states[state] * often
        return sums


def time_schedule(machine: ArrayMachine, schedule: Schedule) -> ScheduleTiming:
    """Times a schedule. Raises ValueError for one that the array cannot do."""
    rows, columns = machine.shape
    for outer in schedule.passes.kinds:
        for each in outer.passes.kinds:
            _check(machine, each)
    arrays = {id(outer): _array_steps(machine, schedule, outer) for outer in schedule.passes.kinds}
    kinds, order = _windows(schedule.passes)
    steps = [
        _scratchpad_step(machine, schedule, fetched, arrays[id(used)] if used else None, left)
        for fetched, used, left in kinds
    ]
    setup = 1 + _SET_UP_WORDS * (rows + rows * columns)
    return ScheduleTiming(schedule, setup, Runs(tuple(steps), order))


def starts(lengths: list[int], order: Whole) -> Whole:
    """Where each item of a sequence begins, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(np.array(lengths, np.int64)[order])])


def transfer_cycles(machine: ArrayMachine, size: int) -> int:
    """Of one DMA transfer of so many bytes, in cycles of the array."""
    dma = machine.dma
    return ceil((dma.setup + dma.cycles_per_byte * size) * machine.mhz / dma.mhz)


def _windows(
    passes: Runs[T],
) -> tuple[list[tuple[T | None, T | None, T | None]], Whole]:
    """The distinct triples of what comes, is computed on and leaves, and which each step is."""
    count = len(passes.kinds) + 1
    padded = np.concatenate([[-1, -1], passes.order, [-1, -1]]) + 1
    codes = (padded[2:] * count + padded[1:-1]) * count + padded[:-2]
    distinct, order = Runs.coded(codes)
    kinds = (None, *passes.kinds)
    return [
        (kinds[code // count**2], kinds[code // count % count], kinds[code % count])
        for code in distinct.tolist()
    ], order


def _check(machine: ArrayMachine, each: ArrayPass) -> None:
    if each.senders > machine.pes:
        raise ValueError(f"pass: found {each.senders} PEs, expected at most {machine.pes}")
    latency = machine.pipeline.trigger_latency
    if each.sent and latency is not None and latency < each.sent:
        raise ValueError(
            f"pipeline.trigger_latency: found {latency}, expected {each.sent} or more, as a PE "
            "sends so many words, which those of the next one must not meet"
        )


def _array_steps(
    machine: ArrayMachine, schedule: Schedule, outer: ScratchpadPass
) -> Runs[ArrayStep]:
    kinds, order = _windows(outer.passes)
    steps = [_array_step(machine, schedule, outer.least, *each) for each in kinds]
    return Runs(tuple(steps), order)


def _array_step(
    machine: ArrayMachine,
    schedule: Schedule,
    least: int,
    fetched: ArrayPass | None,
    used: ArrayPass | None,
    left: ArrayPass | None,
) -> ArrayStep:
    pipeline, spans = machine.pipeline, list[tuple[Span, int]]()
    busy = 0
    if left and left.sent:
        latency = pipeline.trigger_latency or left.sent
        busy = _SEND_BACK + pipeline.delay + (left.senders - 1) * latency + left.sent - 1
        spans.append((Span(f"{schedule.operands[schedule.output]} out", 0, busy), 2))
    if fetched:
        begins = [busy if x == schedule.output else 0 for x in range(len(schedule.operands))]
        ends = network_ends(machine, fetched, begins, left)
        for x, name in enumerate(schedule.operands):
            if fetched.reads[x]:
                spans.append((Span(f"{name} in", begins[x], ends[x] + _FIND_DONE), 0))
                busy = max(busy, ends[x] + _FIND_DONE)
    compute, added = (used.compute, used.reduction) if used else (0, 0)
    if used:
        spans.append((Span("PEs", 0, compute + added), 1))
    # The controller finds both halves of a full step done at once, else one cycle later.
    late = 0 if fetched and left else 1
    cycles = max(least, busy, compute + added, used.least if used else 0) + late
    return ArrayStep(cycles, compute, added, busy, tuple(spans))


def _scratchpad_step(
    machine: ArrayMachine,
    schedule: Schedule,
    fetched: ScratchpadPass | None,
    array: Runs[ArrayStep] | None,
    left: ScratchpadPass | None,
) -> ScratchpadStep:
    spans: list[tuple[Span, int]] = []
    at, y = 0, schedule.output
    queue: list[tuple[str, int, Pieces]] = []
    for x, name in enumerate(schedule.operands):
        if fetched and x != y:
            queue.append((f"{name} in", 0, fetched.reads[x]))
        if left and x != y:
            queue.append((f"{name} out", 2, left.writes[x]))
    if left:
        queue.append((f"{schedule.operands[y]} out", 2, left.writes[y]))
    if fetched:
        queue.append((f"{schedule.operands[y]} in", 0, fetched.reads[y]))
    for what, age, bursts in queue:
        start = at
        # A cycle to see whether the operand moves, whether or not it does.
        at += 1 + sum(n * (transfer_cycles(machine, b) + _CALL_DMA) for b, n in bursts)
        if bursts:
            spans.append((Span(f"DMA {what}", start, at), age))
    if array is None:
        end = 0 if fetched else _END
        states = {**dict.fromkeys(STATES, 0), "dma": at, "idle": end}
        return ScratchpadStep(at + end, states, tuple(spans))
    states = _array_states(array)
    cycles = sum(states.values())
    states["dma"] = max(0, at + 1 - cycles)
    return ScratchpadStep(cycles + states["dma"], states, tuple(spans), array)


def _array_states(array: Runs[ArrayStep]) -> dict[str, int]:
    states: dict[str, int] = dict.fromkeys(STATES, 0)
    for step, often in zip(array.kinds, array.times(), strict=True):
        work = step.compute + step.reduction
        states["compute"] += step.compute * often
        states["reduction"] += step.reduction * often
        states["network"] += max(0, step.transfers - work) * often
        states["idle"] += (step.cycles - max(work, step.transfers)) * often
    return states
