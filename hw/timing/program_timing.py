"""How long a program takes, and why. Nothing depends on data.

The formulas follow the public RTL of the default core and were checked on its cycle-accurate runs:

- fetch reads 8 instructions at a time and hands them on, one a cycle, before it reads again;
- an instruction starts when it is first in its module's queue, the module is idle, and its tokens
  were pushed in an earlier cycle; between two instructions of a module one cycle passes;
- GEMM and ALU with an immediate take N + 6 cycles, N being micro-ops times iterations, an ALU with
  two operands 2N + 6 (both times the cycles of a vector, if lanes are fewer than its values), an
  instruction that only carries tokens and FINISH 1;
- a LOAD is split in bursts that end at burst boundaries, see `channel`; zero padding is written in
  cycles without data;
- a STORE pays per burst b beats, a scratchpad read for every vector but the first, and 4 cycles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nopt.hw import cost
from nopt.hw.config import Config
from nopt.hw.isa.disassembly import neighbour
from nopt.hw.isa.encoding import (
    INSTRUCTION_BYTES,
    Instruction,
    Memory,
    Module,
    Opcode,
    Records,
    element_bytes,
    module_of,
)
from nopt.hw.isa.footprint import counted_up, never_ends
from nopt.hw.timing.event_engine import LAUNCH, EventEngine

Cycles = NDArray[np.int64]


class Roofline(NamedTuple):
    """Where a run stands between what the array and what the memory could do."""

    macs: int
    """Multiply-accumulates of the run."""
    traffic: int
    """Bytes that it moves on the busier channel: reads and writes have one each."""
    cycles: int
    peak: int
    """Multiply-accumulates that the array does in a cycle."""
    bandwidth: int
    """Bytes that a channel moves in a cycle."""

    @property
    def intensity(self) -> float:
        """Multiply-accumulates for each byte."""
        return self.macs / self.traffic if self.traffic else 0.0

    @property
    def attainable(self) -> float:
        """Multiply-accumulates a cycle that array and memory allow at this intensity."""
        return min(float(self.peak), self.intensity * self.bandwidth)

    @property
    def achieved(self) -> float:
        """Multiply-accumulates a cycle of this run."""
        return self.macs / self.cycles if self.cycles else 0.0

    @property
    def bound(self) -> str:
        """What limits first: compute or memory."""
        return "memory" if self.attainable < self.peak else "compute"

    @property
    def share(self) -> float:
        """Achieved of attainable."""
        return self.achieved / self.attainable if self.attainable else 0.0


@dataclass
class Timing:
    """What a run costs. Arrays have one entry per instruction."""

    cycles: int
    busy: dict[str, int]
    """Cycles in which each module executes, by module name."""
    stalls: dict[str, dict[str, int]]
    """Cycles that each module loses, by module and reason. Before an instruction: `fetch`, or the
    neighbour whose token comes late. While it is busy: `memory`, cycles of a LOAD without data."""
    dram_bytes: dict[str, int]
    """Bytes moved by kind: inp, wgt, acc, uop, fetch, out."""
    gemm_steps: int
    macs: int
    roofline: Roofline
    begin: Cycles = field(repr=False)
    end: Cycles = field(repr=False)
    module: Cycles = field(repr=False)
    waits: dict[str, Cycles] = field(repr=False)
    """Cycles before each instruction in which its idle module waits, in turn: for `fetch`, then
    for a token of its `prev` or `next`, whichever comes last, `prev` if both come at once."""

    @property
    def utilisation(self) -> float:
        """GEMM steps per cycle: 1 when every cycle multiplies a block."""
        return self.gemm_steps / self.cycles if self.cycles else 0.0


def time_program(insns: Records, config: Config) -> Timing:
    """Cycles of a stream with tokens, from launch to the end of FINISH.

    Raises `ValueError` if it never comes there: if there is no FINISH, if tokens deadlock, or for a
    transfer that never ends, or is larger than a scratchpad. An empty stream takes no time.
    """
    _check_transfers(insns, config)
    engine = EventEngine(insns, busy_cycles(insns, config).tolist(), config)
    engine.run()
    finish = np.flatnonzero(insns["opcode"] == Opcode.FINISH)
    if len(insns) and not len(finish):
        raise ValueError(f"instruction {len(insns) - 1}: found the end, expected FINISH before it")
    begin, end = np.array(engine.begin, np.int64), np.array(engine.end, np.int64)
    module = module_of(insns)
    gemm = (insns["opcode"] == Opcode.GEMM) & (insns["reset"] == 0)
    gemm_steps = int(steps(insns)[gemm].sum())
    cycles = int(end[finish[0]]) - LAUNCH + 1 if len(insns) else 0
    macs = gemm_steps * _array(config)
    traffic = dram_bytes(insns, config)
    busier = max(sum(traffic.values()) - traffic["out"], traffic["out"])
    waits = _waits(engine, module, begin, end)
    return Timing(
        cycles=cycles,
        busy={m.name.lower(): int((end - begin)[module == m].sum()) for m in Module},
        stalls=_stalls(engine, module, end - begin, waits),
        dram_bytes=traffic,
        gemm_steps=gemm_steps,
        macs=macs,
        roofline=Roofline(macs, busier, cycles, _array(config), config.bytes_per_cycle),
        begin=begin,
        end=end,
        module=module,
        waits=waits,
    )


def _check_transfers(insns: Records, config: Config) -> None:
    c = config
    entries = (c.uop_entries, c.wgt_entries, c.inp_entries, *[c.acc_entries] * 3)
    found = insns["y_size"] * insns["x_size"] * (insns["opcode"] <= Opcode.STORE)
    most = np.array(entries)[insns["memory"]]
    if (found > most).any():
        at = int(np.flatnonzero(found > most)[0])
        raise ValueError(
            f"instruction {at}: found a transfer of {found[at]} elements, expected at most "
            f"{most[at]}, what {Memory(int(insns['memory'][at])).name} holds"
        )
    odd = (found == 0) | (insns["memory"] >= Memory.OUT)
    for at in np.flatnonzero(odd & (insns["opcode"] <= Opcode.STORE)):
        reason = never_ends(Instruction(*insns[at].tolist()), config)
        if reason:
            raise ValueError(f"instruction {at}: {reason}")


def _waits(engine: EventEngine, module: Cycles, begin: Cycles, end: Cycles) -> dict[str, Cycles]:
    free = np.zeros(len(begin), np.int64)
    for m in Module:
        rows = np.flatnonzero(module == m)
        free[rows[1:]] = end[rows[:-1]] + 1
    arrived = np.array(engine.arrived, np.int64)
    prev, next_ = np.array(engine.from_prev), np.array(engine.from_next)
    token = begin - np.maximum(free, arrived)
    return {
        "fetch": np.maximum(arrived - free, 0),
        "prev": np.where(prev >= next_, token, 0),
        "next": np.where(prev >= next_, 0, token),
    }


def _stalls(
    engine: EventEngine, module: Cycles, durations: Cycles, waits: dict[str, Cycles]
) -> dict[str, dict[str, int]]:
    beats = np.array(engine.beats, np.int64)
    memory = np.where(beats > 0, durations - beats, 0)
    stalls: dict[str, dict[str, int]] = {}
    for m in Module:
        rows = module == m
        of = {side: neighbour(m, side) for side in ("prev", "next")}
        stalls[m.name.lower()] = {
            of.get(reason, reason): int(cycles[rows].sum())
            for reason, cycles in {**waits, "memory": memory}.items()
            if of.get(reason) != reason
        }
    return stalls


def _array(config: Config) -> int:
    """Multiply-accumulates of a GEMM step."""
    return config.batch * config.block_in * config.block_out


def steps(insns: Records) -> Cycles:
    """Micro-ops times iterations of each GEMM or ALU, 0 for others."""
    uops = np.maximum(insns["uop_end"] - insns["uop_begin"], 0)
    return uops * insns["iter_out"] * insns["iter_in"]


def busy_cycles(insns: Records, config: Config) -> Cycles:
    """Cycles that each instruction keeps its module busy, -1 for a LOAD with data.

    That one depends on what else uses the read channel.
    """
    opcode = insns["opcode"]
    cycles = np.ones(len(insns), np.int64)
    gemm, alu = opcode == Opcode.GEMM, opcode == Opcode.ALU
    cycles[gemm] = cost.gemm_cycles(steps(insns[gemm]))
    cycles[alu] = cost.alu_cycles(steps(insns[alu]), 1 - insns["use_imm"][alu], config)
    with_data = insns["y_size"] * insns["x_size"] > 0
    cycles[(opcode == Opcode.LOAD) & with_data] = -1
    stores = (opcode == Opcode.STORE) & with_data
    cycles[stores] = _store_cycles(insns[stores], config)
    return cycles


def _store_cycles(stores: Records, config: Config) -> Cycles:
    """Cycles of STOREs with data: those of their rows, each of which begins anywhere in a burst."""
    rows, size = stores["y_size"], config.out_bytes
    number = np.arange(len(stores)).repeat(rows)
    dram, row, stride = (stores[name][number] for name in ("dram_base", "x_size", "x_stride"))
    offset = (dram + counted_up(rows) * stride) * size
    cycles = cost.store_cycles(1, row * size, config, offset)
    return np.bincount(number, cycles, len(stores)).astype(np.int64)


def dram_bytes(insns: Records, config: Config) -> dict[str, int]:
    """Bytes that each kind of transfer moves."""
    memory_ops = (insns["opcode"] == Opcode.LOAD) | (insns["opcode"] == Opcode.STORE)
    elements = insns["y_size"] * insns["x_size"] * memory_ops
    sizes = np.array(element_bytes(config))
    moved = np.bincount(insns["memory"], elements * sizes[insns["memory"]], len(Memory))
    by_memory = {memory.name.lower(): int(moved[memory]) for memory in Memory}
    by_memory["acc"] += by_memory.pop("acc_8bit")
    return {**by_memory, "fetch": len(insns) * INSTRUCTION_BYTES}
