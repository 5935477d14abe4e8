"""The dataflow of a program that ran once: a tiled layer comes out as a few large operations.

It depends on instructions and micro-ops alone. `renaming` follows the instructions, `merge_steps`
makes few operations of many.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.encoding import (
    Instruction,
    Memory,
    Micro,
    Opcode,
    Records,
    element_bytes,
    records,
)
from nopt.hw.isa.footprint import dram_end, transferred
from nopt.hw.sim._trace.merge_steps import merge
from nopt.hw.sim._trace.renaming import GRANULE, Renaming, mark
from nopt.hw.sim._trace.segments import Flow, NotReplayable
from nopt.hw.sim.step_plans import Plans


def dataflow(executed: Records, memory: NDArray[np.uint8], config: Config, plans: Plans) -> Flow:
    """What instructions, in the order of their execution, do with `memory`.

    Raises `NotReplayable` where micro-ops are none that the program loads, or that it stores, and
    where ALU operations may trap depending on data.
    """
    tracer = _Tracer(memory, config, plans)
    stores = executed["opcode"] == Opcode.STORE
    changes = np.flatnonzero(stores[1:] != stores[:-1]) + 1
    for part in np.split(executed, changes):
        if (part["opcode"] == Opcode.STORE).all():
            tracer.store(part[part["y_size"] * part["x_size"] > 0])
        else:
            for insn in records(part):
                tracer.follow(insn)
    return tracer.finish()


class _Tracer:
    """Cuts a program into segments, and keeps track of micro-ops."""

    def __init__(self, memory: NDArray[np.uint8], config: Config, plans: Plans) -> None:
        self._memory, self._config, self._plans = memory, config, plans
        self._flow = Flow()
        self._uops = np.zeros(config.uop_entries, np.uint32)
        self._known = np.zeros(config.uop_entries, np.bool_)
        self._stored = np.zeros(len(memory) // GRANULE + 1, np.bool_)
        self._renaming = Renaming(config, plans, len(memory))

    def store(self, stores: Records) -> None:
        """STOREs with data."""
        if len(stores):
            mark(self._stored, stores, self._config.out_bytes)
            self._renaming.store(stores)

    def follow(self, insn: Instruction) -> None:
        """Any other instruction."""
        if insn.opcode in (Opcode.GEMM, Opcode.ALU):
            self._renaming.compute(insn, self._window(insn))
        elif insn.opcode == Opcode.FINISH or not transferred(insn):
            pass
        elif insn.memory == Memory.UOP:
            self._load_uops(insn)
        else:
            if self._renaming.is_full(insn):
                self._cut()
            self._renaming.load(insn)

    def finish(self) -> Flow:
        self._cut()
        for begin, data in self._flow.uops:
            if self._stored[begin // GRANULE : -(-(begin + len(data)) // GRANULE)].any():
                raise NotReplayable
        return self._flow

    def _window(self, insn: Instruction) -> Micro:
        window = slice(insn.uop_begin, insn.uop_end)
        if not self._known[window].all():
            raise NotReplayable
        return self._uops[window]

    def _load_uops(self, insn: Instruction) -> None:
        if insn.y_size != 1 or insn.y_pad_0 or insn.y_pad_1 or insn.x_pad_0 or insn.x_pad_1:
            raise NotReplayable
        size = element_bytes(self._config)[Memory.UOP]
        begin, end = insn.dram_base * size, dram_end(insn) * size
        data = self._memory[begin:end].tobytes()
        uops = np.frombuffer(data, np.uint32)
        window = slice(insn.sram_base, insn.sram_base + len(uops))
        self._uops[window], self._known[window] = uops, True
        self._flow.uops.append((begin, data))
        self._flow.final_uops.append((insn.sram_base, uops))

    def _cut(self) -> None:
        self._flow.segments.append(merge(self._renaming, self._config.acc_entries))
        self._renaming = Renaming(self._config, self._plans, len(self._memory))
