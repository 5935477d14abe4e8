"""Traces read back with the classes of Perfetto's own library."""

from dataclasses import dataclass, field

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

NANOSECONDS = 1000
"""Of a cycle."""


@dataclass
class Slice:
    thread: str
    name: str
    begin: int
    end: int = -1
    said: dict[str, int | str] = field(default_factory=dict)
    flows: list[int] = field(default_factory=list)


class Traced:
    """Processes, threads, slices in cycles, instants and counters of a trace."""

    def __init__(self, data: bytes):
        trace = Trace.FromString(data)
        self.processes: list[str] = []
        names: dict[int, str] = {}
        self.threads: list[str] = []
        self.slices: list[Slice] = []
        self.instants: list[tuple[str, str, int]] = []
        self.counters: dict[str, list[tuple[int, float]]] = {}
        for packet in trace.packet:
            if packet.HasField("track_descriptor"):
                track = packet.track_descriptor
                if track.HasField("process"):
                    self.processes.append(track.process.process_name)
                elif track.HasField("thread"):
                    names[track.uuid] = track.thread.thread_name
                    self.threads.append(track.thread.thread_name)
                else:
                    names[track.uuid] = track.name
        # As Perfetto does: by time, and what begins at once in the order of the file.
        packets = sorted(trace.packet, key=lambda packet: packet.timestamp)
        open_slices: dict[int, list[Slice]] = {}
        for packet in packets:
            if not packet.HasField("track_event"):
                continue
            event, cycle = packet.track_event, packet.timestamp // NANOSECONDS
            name = names[event.track_uuid]
            match event.type:
                case TrackEvent.TYPE_SLICE_BEGIN:
                    said = {
                        each.name: each.string_value or each.int_value
                        for each in event.debug_annotations
                    }
                    found = Slice(name, event.name, cycle, said=said, flows=[*event.flow_ids])
                    self.slices.append(found)
                    open_slices.setdefault(event.track_uuid, []).append(found)
                case TrackEvent.TYPE_SLICE_END:
                    open_slices[event.track_uuid].pop().end = cycle
                case TrackEvent.TYPE_INSTANT:
                    self.instants.append((name, event.name, cycle))
                case TrackEvent.TYPE_COUNTER:
                    value = event.double_counter_value
                    self.counters.setdefault(name, []).append((cycle, value))
        assert not any(open_slices.values())
