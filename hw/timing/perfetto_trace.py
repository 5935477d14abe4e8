"""A run as a trace for Perfetto (https://ui.perfetto.dev), written by its own library.

One cycle is shown as one microsecond. A core is a process; its modules are threads of instructions
and of what they wait for between them, tokens are arrows from who pushes to who pops. Layers and
host steps have threads, DRAM and scratchpads counters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.disassembly import format_instruction, mnemonic, neighbour
from nopt.hw.isa.encoding import Module, Records, records
from nopt.hw.timing.activity import computing, occupancy, traffic
from nopt.hw.timing.program_timing import Timing
from nopt.hw.timing.trace_writer import TraceWriter

_BINS = 2000
"""Values of a counter over a core step, at most."""
_LAYERS, _HOST = len(Module), len(Module) + 1
"""The threads after those of the modules."""


@dataclass(frozen=True)
class Part:
    """A core step."""

    insns: Records
    timing: Timing
    layers: Sequence[tuple[str, int, int]] = ()
    """Name, first instruction and number of instructions of each."""
    memory: NDArray[np.uint8] | None = None
    """DRAM before it, for the micro-ops; None: scratchpads are left out."""


def write_trace(
    stream: IO[bytes],
    config: Config,
    parts: Sequence[Part],
    hosts: Sequence[tuple[int, str]] = (),
    core: int = 0,
) -> None:
    """Write core steps one after the other, and host steps by the cycle at which the core waits.

    Several cores are written one after the other to one stream, with numbers of their own. Raises
    TraceError if Perfetto's library is missing.
    """
    writer = TraceWriter(stream, core)
    threads = {int(module): module.name.lower() for module in Module}
    threads |= {_LAYERS: "layers"} if any(part.layers for part in parts) else {}
    threads |= {_HOST: "host steps"} if hosts else {}
    writer.tracks(f"core {core}: {config.name}", threads)
    first = offset = 0
    for part in parts:
        _write_instructions(writer, part, first, offset)
        firsts, counts = [each[1] for each in part.layers], [each[2] for each in part.layers]
        spans = computing(part.timing, firsts, counts)
        for (name, _, _), begin, end in zip(
            part.layers, spans.begin.tolist(), spans.end.tolist(), strict=True
        ):
            if begin < end:
                writer.slice(_LAYERS, name, offset + begin, offset + end)
        _write_counters(writer, part, config, offset)
        first += len(part.insns)
        offset += part.timing.cycles
    for cycle, name in hosts:
        writer.instant(_HOST, name, cycle)


def _write_instructions(writer: TraceWriter, part: Part, first: int, offset: int) -> None:
    timing = part.timing
    begins, ends = timing.begin.tolist(), timing.end.tolist()
    modules: list[int] = timing.module.tolist()
    waits = {reason: cycles.tolist() for reason, cycles in timing.waits.items()}
    flows: dict[int, list[int]] = {}
    for number, (pushed, popped) in enumerate(_tokens(part.insns, timing)):
        for index in (pushed, popped):
            flows.setdefault(index, []).append(writer.flow(first + number))
    for index, insn in enumerate(records(part.insns)):
        module, begin = Module(modules[index]), offset + begins[index]
        at = begin - sum(cycles[index] for cycles in waits.values())
        for reason in ("fetch", "prev", "next"):
            if cycles := waits[reason][index]:
                cause = "fetch" if reason == "fetch" else f"token of {neighbour(module, reason)}"
                writer.slice(module, f"wait: {cause}", at, at + cycles)
                at += cycles
        said = {"number": first + index, "text": format_instruction(insn)}
        end = offset + ends[index]
        writer.slice(module, mnemonic(insn), begin, end, said, flows.get(index, ()))


def _tokens(insns: Records, timing: Timing) -> Iterator[tuple[int, int]]:
    """Who pushes and who pops each token: queues give them in the order in which they came."""
    for earlier, later in ((Module.LOAD, Module.COMPUTE), (Module.COMPUTE, Module.STORE)):
        first, second = timing.module == earlier, timing.module == later
        for pusher, push, popper, pop in (
            (first, "push_next", second, "pop_prev"),
            (second, "push_prev", first, "pop_next"),
        ):
            pushed = np.flatnonzero(pusher & (insns[push] == 1)).tolist()
            popped = np.flatnonzero(popper & (insns[pop] == 1)).tolist()
            yield from zip(pushed, popped, strict=False)


def _write_counters(writer: TraceWriter, part: Part, config: Config, offset: int) -> None:
    end = int(part.timing.end.max(initial=0))
    if not end:
        return
    edges = np.unique(np.linspace(0, end, min(_BINS, end) + 1).astype(np.int64))
    for kind, rates in traffic(part.insns, part.timing, config, edges).items():
        writer.counter(f"DRAM {kind}", "bytes a cycle", edges + offset, rates)
    if part.memory is not None:
        filled = occupancy(part.insns, part.memory, part.timing, config, edges)
        for kind, shares in filled.items():
            writer.counter(f"scratchpad {kind}", "%", edges + offset, 100 * shares)
