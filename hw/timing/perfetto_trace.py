"""A run as a trace that Perfetto (https://ui.perfetto.dev) and chrome://tracing open.

One cycle is shown as one microsecond. Each module is a track of its instructions, and of what it
waits for between them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nopt.hw.isa.disassembly import format_instruction, mnemonic, neighbour
from nopt.hw.isa.encoding import Module, Records, records
from nopt.hw.timing.program_timing import Timing

Event = dict[str, Any]


def chrome_trace(runs: Sequence[tuple[Records, Timing]]) -> str:
    """JSON of runs, one after the other."""
    events: list[Event] = [
        {"ph": "M", "name": "process_name", "pid": 0, "args": {"name": "core (1 us = 1 cycle)"}},
    ]
    for module in Module:
        named = {"name": module.name.lower()}
        events.append({"ph": "M", "name": "thread_name", "pid": 0, "tid": module, "args": named})
    first = offset = 0
    for insns, timing in runs:
        events += _events(insns, timing, first, offset)
        first += len(insns)
        offset += timing.cycles
    return json.dumps({"displayTimeUnit": "ns", "traceEvents": events})


def _events(insns: Records, timing: Timing, first: int, offset: int) -> list[Event]:
    events: list[Event] = []
    begins, ends = timing.begin.tolist(), timing.end.tolist()
    modules: list[int] = timing.module.tolist()
    waits = {reason: cycles.tolist() for reason, cycles in timing.waits.items()}
    for i, insn in enumerate(records(insns)):
        module = Module(modules[i])
        at = begins[i]
        for reason in ("next", "prev", "fetch"):
            if waits[reason][i]:
                cause = "fetch" if reason == "fetch" else f"token of {neighbour(module, reason)}"
                at -= waits[reason][i]
                events.append(_slice(f"wait: {cause}", module, offset + at, waits[reason][i]))
        event = _slice(mnemonic(insn), module, offset + begins[i], ends[i] - begins[i])
        event["args"] = {"number": first + i, "text": format_instruction(insn)}
        events.append(event)
    return events


def _slice(name: str, module: Module, begin: int, cycles: int) -> Event:
    return {"ph": "X", "name": name, "pid": 0, "tid": module, "ts": begin, "dur": cycles}
