"""What the compute module waits for where one layer follows another.

Between layers it may run dry: the first loads of a layer are late because they read what the layer
before was still to store, or because their place in a scratchpad was still in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from nopt.hw.isa.encoding import Module, Opcode, Records
from nopt.hw.timing.program_timing import Timing

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Border:
    """Cycles that the compute module waits in a layer's first tile, by what is to blame."""

    stored: int
    """Loads of what other layers were still to store, through DRAM."""
    reused: int
    """Scratchpad entries that were still read or stored."""
    loads: int
    """Loads that began as soon as the load module was free, and take that long."""
    fetch: int
    """Instructions that were not there yet."""

    @property
    def total(self) -> int:
        return sum(getattr(self, field.name) for field in fields(self))


def borders(insns: Records, timing: Timing, firsts: Sequence[int]) -> list[Border]:
    """The border at which each layer of a run begins. Layers begin at the instructions `firsts`.

    Its first tile ends with the last compute instruction before its first STORE.
    """
    search = _Search(insns, timing, firsts)
    return [search.border(first, end) for first, end in zip(firsts, search.tile_ends, strict=True)]


class _Search:
    def __init__(self, insns: Records, timing: Timing, firsts: Sequence[int]):
        self.insns, self.timing, self.firsts = insns, timing, firsts
        self.empty = (insns["opcode"] == Opcode.LOAD) & (insns["y_size"] * insns["x_size"] == 0)
        self.rows = {module: np.flatnonzero(timing.module == module) for module in Module}
        # The k-th pop of a queue takes what its k-th push left.
        self.load_of = self._pushers(Module.LOAD, "push_next", Module.COMPUTE, "pop_prev")
        self.compute_of = self._pushers(Module.COMPUTE, "push_prev", Module.LOAD, "pop_next")
        stores = np.flatnonzero(insns["opcode"] == Opcode.STORE)
        at = np.append(stores, len(insns))
        self.tile_ends = at[np.searchsorted(stores, np.asarray(firsts))].tolist()

    def _pushers(self, producer: Module, push: str, consumer: Module, pop: str) -> dict[int, int]:
        pushes, pops = (
            self.rows[module][self.insns[token][self.rows[module]] == 1].tolist()
            for module, token in ((producer, push), (consumer, pop))
        )
        return dict(zip(pops, pushes, strict=False))

    def border(self, first: int, end: int) -> Border:
        """The waits of the instructions from `first` up to `end`."""
        causes = {field.name: 0 for field in fields(Border)}
        compute = self.rows[Module.COMPUTE]
        for index in compute[(compute >= first) & (compute < end)].tolist():
            causes["fetch"] += int(self.timing.waits["fetch"][index])
            causes["stored" if self.empty[index] else "reused"] += self._waits("next", index)
            if late := self._waits("prev", index):
                cause, most = self._cause(self.load_of[index], first)
                causes[cause] += min(late, most)
                causes["loads"] += max(late - most, 0)
        return Border(**causes)

    def _waits(self, side: str, index: int) -> int:
        return int(self.timing.waits[side][index])

    def _cause(self, load: int, first: int) -> tuple[str, int]:
        """Why a load of a layer is late: what it, or the one that kept it from beginning, had to
        wait for, and the most cycles that this explains."""
        loads = self.rows[Module.LOAD]
        position = int(np.searchsorted(loads, load))
        while position >= 0 and loads[position] >= first:
            index = int(loads[position])
            if self._waits("next", index):
                from_store = self.empty[self.compute_of[index]]
                return "stored" if from_store else "reused", self.timing.cycles
            if fetched := self._waits("fetch", index):
                return "fetch", fetched
            position -= 1
        return "loads", self.timing.cycles
