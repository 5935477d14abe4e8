"""The LOADs and STOREs of a stream, checked all at once, so that most are copies and nothing else.

What might trap is left to `Core.execute`, which says why.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nopt.hw.isa.encoding import Memory, Records
from nopt.hw.isa.footprint import all_addresses, counted_up, dram_ends, loaded_spans
from nopt.hw.sim.core_state import Core

_MOST_ELEMENTS = 1 << 16
"""About what a batch of STOREs may have, since their addresses are held."""


class LoadBatches:
    """The instructions of the load module, in order; `careful` are those that are to be left."""

    def __init__(self, loads: Records, careful: NDArray[np.bool_], core: Core) -> None:
        self._core = core
        begin, end = loaded_spans(loads)
        size = np.array(core.element_bytes)[loads["memory"]]
        entries = np.where(loads["memory"] == Memory.INP, len(core.inp), len(core.wgt))
        sound = (loads["y_size"] * loads["x_size"] > 0) & (end <= entries) & ~careful
        sound &= dram_ends(loads) * size <= len(core.memory)
        first = np.flatnonzero(~sound)
        after = np.searchsorted(first, np.arange(len(loads)))
        self._ends: list[int] = np.append(first, len(loads))[after].tolist()
        pads = [loads[side] for side in ("y_pad_0", "y_pad_1", "x_pad_0", "x_pad_1")]
        shape = (loads["y_size"], loads["x_size"], loads["x_stride"])
        columns = (loads["memory"], begin, end, loads["dram_base"], *shape, *pads)
        self._loads: list[list[int]] = np.stack(columns, axis=1).tolist()

    def run(self, first: int, last: int) -> int:
        """Execute as many from number `first` on, before `last`, as are sound: how many."""
        last = min(last, self._ends[first])
        copy = self._core.copy_in
        for memory, begin, end, dram, rows, columns, stride, *pads in self._loads[first:last]:
            copy(memory, begin, end, (dram, rows, columns, stride), pads)
        return last - first


class StoreBatches:
    """The STOREs of a stream, in order: many at once, since a tile that lies scattered in DRAM
    takes one for each of its rows."""

    def __init__(self, stores: Records, careful: NDArray[np.bool_], core: Core) -> None:
        self._stores, self._core = stores, core
        begin, end = loaded_spans(stores)
        size, moved = core.config.out_bytes, stores["y_size"] * stores["x_size"]
        sound = (stores["memory"] == Memory.OUT) & (moved > 0) & (end - begin == moved) & ~careful
        sound &= (end <= len(core.out)) & (dram_ends(stores) * size <= len(core.memory))
        part = np.cumsum(moved * sound) // _MOST_ELEMENTS
        follows = sound[1:] & sound[:-1] & (part[1:] == part[:-1])
        breaks = np.append(np.flatnonzero(~follows) + 1, len(stores))
        after = np.searchsorted(breaks, np.arange(len(stores)), "right")
        self._ends: list[int] = breaks[after].tolist()
        self._begin, self._moved = begin, moved

    def run(self, first: int, last: int) -> int:
        """Execute as many from number `first` on, before `last`, as go at once: how many.

        None, if that is not more than one, or if it would trap.
        """
        last = min(last, self._ends[first])
        if last - first < 2:
            return 0
        moved = self._moved[first:last]
        cells = self._begin[first:last].repeat(moved) + counted_up(moved)
        addresses = all_addresses(self._stores[first:last])
        return last - first if self._core.copy_out(cells, addresses) else 0
