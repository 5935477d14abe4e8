"""Where a program's cycles go: a row for each layer, and the energy of all of it."""

from __future__ import annotations

from nopt.hw.config import Config
from nopt.hw.isa.encoding import Opcode, Records
from nopt.hw.program.layer_rows import Layer
from nopt.hw.program.program_file import Program
from nopt.hw.timing.breakdown import Breakdown, breakdowns
from nopt.hw.timing.energy import energy
from nopt.hw.timing.program_timing import dram_bytes, steps
from nopt.tools.report import Row
from nopt.tools.runtime import Runtime

_MICRO = 1e-6
"""Microjoules in a picojoule."""


def layer_rows(runtime: Runtime) -> list[Row]:
    """Cycles of each layer and what the compute module did in them, with bytes, MACs and energy.

    A layer's cycles begin when the compute module is done with the one before, so they add up to
    the program's. `of_limit` is the share of them that its GEMM steps, or its bytes, need at least;
    more than all if its loads began earlier.
    """
    rows: list[Row] = []
    for step, timing in zip(runtime.core_steps, runtime.timings, strict=True):
        if layers := runtime.layers_of(step):
            firsts = [layer.first - step.first for layer in layers]
            parts = breakdowns(runtime.part(step), timing, firsts)
            for layer, part in zip(layers, parts, strict=True):
                rows.append(_row(layer, part, runtime.part(layer), runtime.program.config))
    total = runtime.cycles
    return [{**row, "share": row["cycles"] / total if total else 0.0} for row in rows]


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


def _row(layer: Layer, part: Breakdown, insns: Records, config: Config) -> Row:
    is_product = (insns["opcode"] == Opcode.GEMM) & (insns["reset"] == 0)
    products = int(steps(insns)[is_product].sum())
    moved = dram_bytes(insns, config)
    written = moved.pop("out")
    read = sum(moved.values())
    least = max(products, -(-max(read, written) // config.bytes_per_cycle))
    return {
        "name": layer.name,
        "cycles": part.total,
        "gemm": part.gemm,
        "reset": part.reset,
        "alu": part.alu,
        "load": part.compute_load,
        "wait_load": part.wait_load,
        "wait_store": part.wait_store,
        "other": part.fetch + part.issue + part.drain,
        "macs": products * config.batch * config.block_in * config.block_out,
        "read": read,
        "written": written,
        "microjoules": sum(energy(insns, config).values()) * _MICRO,
        "of_limit": least / part.total if part.total else 1.0,
    }
