"""What runs leave for later ones; the simulator's only way into the trace compiler, `_trace`."""

from __future__ import annotations

from nopt.hw.config import Config
from nopt.hw.isa.encoding import Records, Words, decode
from nopt.hw.sim._trace.dataflow import dataflow
from nopt.hw.sim._trace.replay import replay
from nopt.hw.sim._trace.segments import Flow, NotReplayable
from nopt.hw.sim.core_state import Core
from nopt.hw.sim.step_plans import Plans

_MOST_BYTES = 1 << 20
"""Of streams that are remembered: those of a network, of which each may have dozens."""

_Key = tuple[tuple[bool, bool], int, bytes]
"""What a core checks, bytes of DRAM, and a stream."""


class Memo:
    """Plans of instructions, and traces of streams, of one kind of core.

    A `Simulator` has its own unless it is given one that others had before. A stream that ran
    without a trap is traced when it comes for the second time, and from then on runs as few large
    operations.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.plans = Plans()
        self._streams: dict[_Key, list[int] | Flow | None] = {}
        """Streams that ran: their order of execution, their trace, or that they have none."""

    def replay(self, words: Words, core: Core) -> bool:
        """Run a stream by its trace: False, and nothing has happened, if that cannot be."""
        key = _key(words, core)
        known = self._streams.get(key)
        if isinstance(known, list):
            insns = decode(words, self.config)
            known = self._streams[key] = self._trace(insns[known], core)
        return known is not None and replay(known, core)

    def ran(self, words: Words, core: Core, order: list[int]) -> None:
        """Remember that a stream ran without a trap, its instructions in that order."""
        key = _key(words, core)
        if self._streams.get(key, order) is None:
            return
        self._streams[key] = order
        while len(self._streams) > 1 and sum(len(key[-1]) for key in self._streams) > _MOST_BYTES:
            del self._streams[next(iter(self._streams))]

    def _trace(self, executed: Records, core: Core) -> Flow | None:
        try:
            return dataflow(executed, core.memory, self.config, self.plans)
        except NotReplayable:
            return None


def _key(words: Words, core: Core) -> _Key:
    return (core.strict, core.check_initialised), len(core.memory), words.tobytes()
