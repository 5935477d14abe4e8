"""Instructions and micro-ops as text; `assembly` reads it back to the same bits.

    12: <load <store  gemm       uop=0:9 loop=14,14 dst=14,1 src=16,1  >load >store

A line reads left to right in time: tokens it waits for (`<load`: one from the load module), the
operation, tokens it gives. What is at its usual value is left out: y=1, stride=x, no padding, one
iteration, zero factors. Factor pairs are outer,inner; padding is top,bottom,left,right.
"""

from __future__ import annotations

import numpy as np

from .config import Config
from .encoding import (
    TOKENS,
    AluOp,
    Instruction,
    Memory,
    Micro,
    Module,
    Opcode,
    Records,
    decode_uops,
    module_of,
    records,
)

_SIDES = {"prev": -1, "next": 1}


def format_assembly(insns: Records, uops: Micro, config: Config) -> str:
    """A whole program: a `.uop` section with dst, src, wgt per line, then a `.text` section."""
    lines = [".uop  # dst src wgt"]
    columns = decode_uops(uops, config)
    for i, (dst, src, wgt) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        lines.append(f"{i:5}: {dst:4} {src:4} {wgt:4}")
    lines.append(".text")
    modules = module_of(insns).tolist()
    for i, (insn, module) in enumerate(zip(records(insns), modules, strict=True)):
        lines.append(f"{i:5}: {_format(insn, Module(module))}")
    return "\n".join(lines) + "\n"


def format_instruction(insn: Instruction) -> str:
    """One instruction on one line, without alignment."""
    row = np.array([tuple(insn)], [(name, np.int64) for name in Instruction._fields])
    return " ".join(_format(insn, Module(int(module_of(row)[0]))).split())


def neighbour(module: Module, side: str) -> str:
    """How `prev` or `next` of a module is called: by its module, else by side."""
    other = module + _SIDES[side]
    return Module(other).name.lower() if 0 <= other < len(Module) else side


def mnemonic(insn: Instruction) -> str:
    """The operation's name, such as load.inp, gemm.reset, alu.max."""
    opcode = Opcode(insn.opcode)
    name = opcode.name.lower()
    if opcode in (Opcode.LOAD, Opcode.STORE):
        name += f".{Memory(insn.memory).name.lower()}"
    elif opcode == Opcode.ALU:
        name += f".{AluOp(insn.alu_op).name.lower()}"
    return name + ".reset" * insn.reset


def _format(insn: Instruction, module: Module) -> str:
    marks = {"pop": "<", "push": ">"}
    given: dict[str, list[str]] = {"pop": [], "push": []}
    for token in TOKENS:
        if getattr(insn, token):
            action, side = token.split("_")
            given[action].append(marks[action] + neighbour(module, side))
    waits, gives = (" ".join(given[action]) for action in marks)
    operands = " ".join(_operands(insn))
    return f"{waits:15} {mnemonic(insn):10} {operands:55} {gives}".rstrip()


def _operands(insn: Instruction) -> list[str]:
    if insn.opcode in (Opcode.LOAD, Opcode.STORE):
        pads = (insn.y_pad_0, insn.y_pad_1, insn.x_pad_0, insn.x_pad_1)
        return [
            f"sram={insn.sram_base}",
            f"dram={insn.dram_base:#x}",
            *([f"y={insn.y_size}"] if insn.y_size != 1 else []),
            f"x={insn.x_size}",
            *([f"stride={insn.x_stride}"] if insn.x_stride != insn.x_size else []),
            *([f"pad={','.join(map(str, pads))}"] if any(pads) else []),
        ]
    if insn.opcode == Opcode.FINISH:
        return []
    loop = (insn.iter_out, insn.iter_in)
    operands = [f"uop={insn.uop_begin}:{insn.uop_end}"]
    operands += [f"loop={loop[0]},{loop[1]}"] if loop != (1, 1) else []
    for name in ("dst", "src", "wgt"):
        pair = (getattr(insn, f"{name}_out"), getattr(insn, f"{name}_in"))
        operands += [f"{name}={pair[0]},{pair[1]}"] if any(pair) else []
    if insn.use_imm:
        operands.append(f"imm={insn.imm}")
    elif insn.imm:
        operands.append(f"unused={insn.imm}")  # an immediate without the bit that enables it
    return operands
