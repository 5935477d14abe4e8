"""A run of an array as a trace for Perfetto: DMA, networks and PEs at work for each pass."""

from __future__ import annotations

from typing import IO

from nopt.hw.array.sim.pass_timeline import intervals
from nopt.hw.array.sim.pass_timing import ScheduleTiming
from nopt.hw.timing.trace_writer import TraceWriter

MOST_SLICES = 1 << 20
"""Transfers and passes in one trace, so that it can be opened."""


def write_array_trace(stream: IO[bytes], timing: ScheduleTiming, name: str) -> None:
    """Write a whole run.

    Raises TraceError if Perfetto's library is missing, ValueError for more than `MOST_SLICES`."""
    operands = timing.schedule.operands
    resources = [f"DMA {each} {way}" for each in operands for way in ("in", "out")]
    resources += [f"{each} {way}" for each in operands for way in ("in", "out")]
    resources.append("PEs")
    writer = TraceWriter(stream)
    seen: set[str] = set()
    for count, each in enumerate(intervals(timing)):
        if count == MOST_SLICES:
            raise ValueError(f"trace: found more than {MOST_SLICES:,} transfers and passes")
        if not seen:
            writer.tracks(name, dict(enumerate(resources)))
        seen.add(each.resource)
        at = {"scratchpad pass": each.scratchpad_pass}
        if each.array_pass is not None:
            at["array pass"] = each.array_pass
        label = " ".join(map(str, at.values()))
        writer.slice(resources.index(each.resource), label, each.start, each.end, {**at})
