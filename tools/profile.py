"""Where a program's cycles go: a row for each layer, and the energy of all of it."""

from __future__ import annotations

from collections.abc import Iterator

from nopt.hw.config import Config
from nopt.hw.encoding import Module, Opcode, Records
from nopt.hw.energy import energy
from nopt.hw.layers import Layer
from nopt.hw.program import Program
from nopt.hw.timing import Timing, dram_bytes, steps
from nopt.tools.report import Row
from nopt.tools.runtime import Runtime

_MICRO = 1e-6
"""Microjoules in a picojoule."""


def layer_rows(runtime: Runtime) -> list[Row]:
    """Cycles of each layer and what the compute module did in them, with bytes, MACs and energy.

    Layers overlap; a layer's cycles are those from the end of all before it to its own end, so they
    add up to the program's. `of_limit` is the share of the least cycles that its GEMM steps, or its
    bytes, need.
    """
    rows: list[Row] = []
    total = runtime.cycles
    for layer, insns, timing, part, cycles in _parts(runtime):
        row = _row(layer, insns, timing, part, cycles, runtime.program.config)
        rows.append({**row, "share": cycles / total if total else 0.0})
    return rows


def energy_row(runtime: Runtime) -> Row:
    """Microjoules of all core steps: together, and by what they are spent on."""
    by_kind: dict[str, float] = {}
    for step in runtime.core_steps:
        spent = energy(runtime.part(step), runtime.program.config)
        for kind, picojoules in spent.items():
            by_kind[kind] = by_kind.get(kind, 0.0) + picojoules * _MICRO
    named = {f"{kind}_microjoules": spent for kind, spent in by_kind.items()}
    return {"microjoules": sum(by_kind.values()), **named}


def memory_row(program: Program) -> Row:
    """Bytes of DRAM that the program needs at most: together, and by kind of tensor."""
    by_kind = {f"{kind}_memory": count for kind, count in program.dram_by_kind().items()}
    return {"peak_memory": program.dram_bytes, **by_kind}


def _parts(runtime: Runtime) -> Iterator[tuple[Layer, Records, Timing, slice, int]]:
    """Each layer, its instructions, its core step's timing and where it is in it, its cycles."""
    for step, timing in zip(runtime.core_steps, runtime.timings, strict=True):
        done = int(timing.end.max()) - timing.cycles  # when the first instruction could begin
        for layer in runtime.program.layers:
            first = layer.first - step.first
            if layer.count and 0 <= first < step.count:
                part = slice(first, first + layer.count)
                end = max(int(timing.end[part].max()), done)
                yield layer, runtime.part(layer), timing, part, end - done
                done = end


def _row(
    layer: Layer, insns: Records, timing: Timing, part: slice, cycles: int, config: Config
) -> Row:
    busy = (timing.end - timing.begin)[part]
    compute = timing.module[part] == Module.COMPUTE
    gemm, alu = insns["opcode"] == Opcode.GEMM, insns["opcode"] == Opcode.ALU
    products = int(steps(insns)[gemm & (insns["reset"] == 0)].sum())
    moved = dram_bytes(insns, config)
    written = moved.pop("out")
    read = sum(moved.values())
    least = max(products, -(-max(read, written) // config.bytes_per_cycle))

    def waits(side: str) -> int:
        return int(timing.waits[side][part][compute].sum())

    return {
        "name": layer.name,
        "cycles": cycles,
        "gemm": int(busy[gemm].sum()),
        "alu": int(busy[alu].sum()),
        "loads": int(busy[compute & ~gemm & ~alu].sum()),
        "waits_load": waits("prev"),
        "waits_store": waits("next"),
        "macs": products * config.batch * config.block_in * config.block_out,
        "read": read,
        "written": written,
        "microjoules": sum(energy(insns, config).values()) * _MICRO,
        "of_limit": least / cycles if cycles else 1.0,
    }
