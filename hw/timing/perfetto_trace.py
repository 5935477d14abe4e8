"""A run as a trace for Perfetto (https://ui.perfetto.dev), written by its own library.

One cycle is shown as one microsecond. A core is a process; its modules are threads of instructions
and of what they wait for between them, tokens are arrows from who pushes to who pops. Layers and
host steps have threads, DRAM and scratchpads counters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.disassembly import format_instruction, mnemonic, neighbour
from nopt.hw.isa.encoding import Module, Records, records
from nopt.hw.timing.activity import computing, occupancy, traffic
from nopt.hw.timing.program_timing import Timing

_NANOSECONDS = 1000
"""Of a cycle."""
_BINS = 2000
"""Values of a counter over a core step, at most."""
_LAYERS, _HOST = len(Module), len(Module) + 1
"""The threads after those of the modules."""


class TraceError(ValueError):
    """Perfetto's library is missing."""


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
    try:
        from perfetto.trace_builder.proto_builder import (  # pyright: ignore[reportMissingTypeStubs]
            StreamingTraceProtoBuilder,
        )
    except ImportError as error:
        raise TraceError("traces need the perfetto package: pip install 'nopt[trace]'") from error
    writer = _Writer(StreamingTraceProtoBuilder(stream), core)
    writer.tracks(config.name, has_layers=any(part.layers for part in parts), has_hosts=bool(hosts))
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


def _write_instructions(writer: _Writer, part: Part, first: int, offset: int) -> None:
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


def _write_counters(writer: _Writer, part: Part, config: Config, offset: int) -> None:
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


class _Writer:
    """Packets of one core."""

    def __init__(self, builder: Any, core: int):
        self._builder = builder
        self._core = core
        # Numbers of tracks, flows and threads are a core's own.
        self._base = (core + 1) << 32
        self._counters: dict[str, int] = {}

    def tracks(self, name: str, has_layers: bool, has_hosts: bool) -> None:
        """The process and its threads."""
        packet = self._builder.create_packet()
        described = packet.track_descriptor
        described.uuid = self._base
        described.process.pid = self._core + 1
        described.process.process_name = f"core {self._core}: {name} (1 us = 1 cycle)"
        self._builder.write_packet(packet)
        threads = {int(module): module.name.lower() for module in Module}
        threads |= {_LAYERS: "layers"} if has_layers else {}
        threads |= {_HOST: "host steps"} if has_hosts else {}
        for number, thread in threads.items():
            packet = self._builder.create_packet()
            described = packet.track_descriptor
            described.uuid, described.parent_uuid = self._track(number), self._base
            described.thread.pid = self._core + 1
            described.thread.tid = (self._core + 1) * 100 + number
            described.thread.thread_name = thread
            self._builder.write_packet(packet)

    def flow(self, number: int) -> int:
        """The id of an arrow."""
        return self._base + number

    def slice(
        self,
        thread: int,
        name: str,
        begin: int,
        end: int,
        said: dict[str, int | str] | None = None,
        flows: Sequence[int] = (),
    ) -> None:
        event, packet = self._event(self._track(thread), begin)
        event.type, event.name = event.TYPE_SLICE_BEGIN, name
        event.flow_ids.extend(flows)
        for key, value in (said or {}).items():
            annotation = event.debug_annotations.add()
            annotation.name = key
            if isinstance(value, int):
                annotation.int_value = value
            else:
                annotation.string_value = value
        self._builder.write_packet(packet)
        event, packet = self._event(self._track(thread), end)
        event.type = event.TYPE_SLICE_END
        self._builder.write_packet(packet)

    def instant(self, thread: int, name: str, cycle: int) -> None:
        event, packet = self._event(self._track(thread), cycle)
        event.type, event.name = event.TYPE_INSTANT, name
        self._builder.write_packet(packet)

    def counter(
        self, name: str, unit: str, edges: NDArray[np.int64], values: NDArray[np.float64]
    ) -> None:
        """A value from each edge to the next, 0 behind the last."""
        if name not in self._counters:
            self._counters[name] = self._track(100 + len(self._counters))
            packet = self._builder.create_packet()
            described = packet.track_descriptor
            described.uuid, described.parent_uuid = self._counters[name], self._base
            described.name = name
            described.counter.unit_name = unit
            self._builder.write_packet(packet)
        last = None
        for cycle, value in zip(edges.tolist(), [*values.tolist(), 0.0], strict=True):
            if value != last:
                event, packet = self._event(self._counters[name], cycle)
                event.type, event.double_counter_value = event.TYPE_COUNTER, value
                self._builder.write_packet(packet)
            last = value

    def _track(self, number: int) -> int:
        return self._base + 1 + number

    def _event(self, track: int, cycle: int) -> tuple[Any, Any]:
        packet = self._builder.create_packet()
        packet.timestamp = cycle * _NANOSECONDS
        packet.trusted_packet_sequence_id = self._core + 1
        packet.track_event.track_uuid = track
        return packet.track_event, packet
