"""Where the cycles of a run go, as the compute module sees them: at work, or waiting, and for what.

Compute is the module that is bound to be busy: a cycle in which it neither multiplies nor runs the
ALU is lost, and belongs to what it waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from nopt.hw.isa.encoding import Module, Opcode, Records
from nopt.hw.timing.event_engine import LAUNCH
from nopt.hw.timing.program_timing import Timing


@dataclass(frozen=True)
class Breakdown:
    """Cycles of a part of a run; together they are its length."""

    gemm: int
    """Multiplying; without resets."""
    reset: int
    """Setting accumulators to zero."""
    alu: int
    compute_load: int
    """Loads that the compute module does itself: micro-ops and accumulators."""
    wait_load: int
    """Waiting for the load module: data of this part, or its first instruction."""
    wait_store: int
    """Waiting for the store module: accumulators that are still being stored."""
    fetch: int
    """Waiting for instructions."""
    issue: int
    """The idle cycle between two instructions."""
    drain: int
    """After the last compute instruction, until the last store has ended."""

    @property
    def total(self) -> int:
        return sum(getattr(self, field.name) for field in fields(self))


def breakdowns(insns: Records, timing: Timing, firsts: Sequence[int]) -> list[Breakdown]:
    """The breakdown of each part of a run. Parts begin at the instructions `firsts`, in order.

    A part's cycles begin when the compute module is done with the part before; the last one has the
    `drain` of the run. Instructions before the first part count as its own.
    """
    compute = np.flatnonzero(timing.module == Module.COMPUTE)
    part = np.maximum(np.searchsorted(np.asarray(firsts), compute, side="right") - 1, 0)
    opcode = insns["opcode"][compute]
    reset = (opcode == Opcode.GEMM) & (insns["reset"][compute] == 1)
    busy = (timing.end - timing.begin)[compute]

    def over(values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[int]:
        sums = np.bincount(part, values, minlength=len(firsts))
        return [int(each) for each in sums]

    columns = {
        "gemm": over(busy * ((opcode == Opcode.GEMM) & ~reset)),
        "reset": over(busy * reset),
        "alu": over(busy * (opcode == Opcode.ALU)),
        "compute_load": over(busy * (opcode == Opcode.LOAD)),
        "wait_load": over(timing.waits["prev"][compute]),
        "wait_store": over(timing.waits["next"][compute]),
        "fetch": over(timing.waits["fetch"][compute]),
    }
    # A run's cycles count from its launch, the timing's waits from before that.
    columns["fetch"][0] -= LAUNCH - 1
    ends = np.zeros(len(firsts), np.int64)
    np.maximum.at(ends, part, timing.end[compute])
    ends = np.maximum.accumulate(ends)
    lengths = np.diff(ends, prepend=LAUNCH - 1)
    drain = int(timing.end.max(initial=0)) - int(ends[-1])
    result: list[Breakdown] = []
    for index, length in enumerate(lengths):
        known = {name: values[index] for name, values in columns.items()}
        rest = int(length) - sum(known.values())
        last = index == len(lengths) - 1
        result.append(Breakdown(**known, issue=rest, drain=drain if last else 0))
    return result
