"""Energy of a program: accesses of each kind times the energy of one, from the configuration.

A GEMM step reads a micro-op, an INP vector and a WGT block, reads and writes an ACC vector and
writes an OUT vector; a reset step only writes. An ALU step reads one or two ACC vectors. Nothing
else (control, leakage, clock) is counted.
"""

from __future__ import annotations

from math import sqrt

from nopt.hw.config import Config
from nopt.hw.isa.encoding import Opcode, Records
from nopt.hw.timing.program_timing import dram_bytes, steps

_REFERENCE_BYTES = 8192


def energy(insns: Records, config: Config) -> dict[str, float]:
    """Picojoules of a stream by what they are spent on: dram, scratchpads, mac, alu."""
    c = config
    count = steps(insns)
    is_gemm, is_alu = insns["opcode"] == Opcode.GEMM, insns["opcode"] == Opcode.ALU
    reset = int(count[is_gemm & (insns["reset"] == 1)].sum())
    gemm = int(count[is_gemm].sum()) - reset
    alu = int(count[is_alu].sum())
    operands = int((count * (2 - insns["use_imm"]))[is_alu].sum())
    moved = dram_bytes(insns, config)
    written = gemm + reset + alu
    accessed = {
        "uop": written * c.uop_bytes + moved["uop"],
        "inp": gemm * c.inp_bytes + moved["inp"],
        "wgt": gemm * c.wgt_bytes + moved["wgt"],
        "acc": (gemm + operands + written) * c.acc_bytes + moved["acc"],
        "out": written * c.out_bytes + moved["out"],
    }
    each = scratchpad_picojoules(c)
    scratchpads = {name: each[name] * count for name, count in accessed.items()}
    return {
        "dram": c.energy_dram_byte * sum(moved.values()),
        **scratchpads,
        "mac": c.energy_mac * gemm * c.batch * c.block_in * c.block_out,
        "alu": c.energy_alu * alu * c.batch * c.block_out,
    }


def scratchpad_picojoules(config: Config) -> dict[str, float]:
    """Of a byte to or from each scratchpad, by its size."""
    c = config
    sizes = {
        "uop": c.uop_entries * c.uop_bytes,
        "inp": c.inp_entries * c.inp_bytes,
        "wgt": c.wgt_entries * c.wgt_bytes,
        "acc": c.acc_entries * c.acc_bytes,
        "out": c.acc_entries * c.out_bytes,
    }
    return {
        name: c.energy_sram_byte * sqrt(size / _REFERENCE_BYTES) for name, size in sizes.items()
    }
