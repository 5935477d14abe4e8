"""Packets of Perfetto's traces (https://ui.perfetto.dev): processes, threads, slices, counters.

One cycle is shown as one microsecond.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

_NANOSECONDS = 1000
"""Of a cycle."""


class TraceError(ValueError):
    """Perfetto's library is missing."""


class TraceWriter:
    """Packets of one process, of a core or an array."""

    def __init__(self, stream: IO[bytes], core: int = 0):
        """Raises TraceError if Perfetto's library is missing."""
        try:
            # The package has no stubs, so its type is unknown.
            from perfetto.trace_builder.proto_builder import (  # pyright: ignore[reportMissingTypeStubs]
                StreamingTraceProtoBuilder,
            )
        except ImportError as error:
            message = "traces need the perfetto package: pip install 'nopt[trace]'"
            raise TraceError(message) from error
        self._builder: Any = StreamingTraceProtoBuilder(stream)
        self._core = core
        # Numbers of tracks, flows and threads are a core's own.
        self._base = (core + 1) << 32
        self._counters: dict[str, int] = {}

    def tracks(self, name: str, threads: Mapping[int, str]) -> None:
        """The process and its threads, by number."""
        packet = self._builder.create_packet()
        described = packet.track_descriptor
        described.uuid = self._base
        described.process.pid = self._core + 1
        described.process.process_name = f"{name} (1 us = 1 cycle)"
        self._builder.write_packet(packet)
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
