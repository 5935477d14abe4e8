"""Instructions and micro-ops as text; `assembly` reads it back to the same bits.

    12: <load <store  gemm       uop=0:9 loop=14,14 dst=14,1 src=16,1  >load >store

A line reads left to right in time: tokens it waits for (`<load`: one from the load module), the
operation, tokens it gives. What is at its usual value is left out: y=1, stride=x, no padding, one
iteration, zero factors. Factor pairs are outer,inner; padding is top,bottom,left,right.

Lines that have the same operands are formatted together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.encoding import (
    INSTRUCTION,
    AluOp,
    Instruction,
    Memory,
    Micro,
    Module,
    Opcode,
    Records,
    decode_uops,
    module_of,
)
from nopt.hw.isa.fields import TOKENS

_SIDES = {"prev": -1, "next": 1}
_PADS = ("y_pad_0", "y_pad_1", "x_pad_0", "x_pad_1")
_Operand = tuple[str, tuple[str, ...]]
"""A format, and the fields that it shows."""
_FACTORS = ("dst", "src", "wgt")


def format_assembly(insns: Records, uops: Micro, config: Config) -> str:
    """A whole program: a `.uop` section with dst, src, wgt per line, then a `.text` section."""
    lines = [".uop  # dst src wgt"]
    columns = decode_uops(uops, config)
    for i, (dst, src, wgt) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        lines.append(f"{i:5}: {dst:4} {src:4} {wgt:4}")
    lines.append(".text")
    lines += [f"{i:5}: {line}" for i, line in enumerate(format_instructions(insns))]
    return "\n".join(lines) + "\n"


def format_instructions(insns: Records) -> list[str]:
    """One aligned line for each instruction."""
    lines = [""] * len(insns)
    shapes, first, of = np.unique(_shapes(insns), return_index=True, return_inverse=True)
    order = np.argsort(of, kind="stable")
    ends = np.searchsorted(of[order], np.arange(len(shapes)), "right").tolist()
    begin = 0
    for sample, end in zip(first.tolist(), ends, strict=True):
        rows = order[begin:end]
        begin = end
        head, operands, names, gives = _pattern(Instruction(*insns[sample].tolist()))
        columns = [insns[name][rows].tolist() for name in names]
        values = zip(*columns, strict=True) if columns else [()] * len(rows)
        for row, value in zip(rows.tolist(), values, strict=True):
            lines[row] = f"{head}{operands % value:55} {gives}".rstrip()
    return lines


def format_instruction(insn: Instruction) -> str:
    """One instruction on one line, without alignment."""
    (line,) = format_instructions(np.array([tuple(insn)], INSTRUCTION))
    return " ".join(line.split())


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


def _shapes(insns: Records) -> NDArray[np.int64]:
    """A number for each instruction; equal ones have the same operation, tokens and operands."""
    columns: list[NDArray[Any]] = [insns[name] for name in TOKENS]
    columns += [insns["opcode"], insns["memory"], insns["alu_op"], insns["reset"]]
    columns += [insns["use_imm"], insns["imm"] != 0, insns["y_size"] != 1]
    columns += [insns["x_stride"] != insns["x_size"], np.any([insns[p] for p in _PADS], axis=0)]
    columns.append((insns["iter_out"] != 1) | (insns["iter_in"] != 1))
    columns += [(insns[f"{name}_out"] | insns[f"{name}_in"]) != 0 for name in _FACTORS]
    shapes = np.zeros(len(insns), np.int64)
    for column in columns:
        shapes = shapes * 8 + column
    return shapes


def _pattern(insn: Instruction) -> tuple[str, str, list[str], str]:
    """The start of a line, its operands with a `%d` for each of the fields, and its end."""
    row = np.array([tuple(insn)], INSTRUCTION)
    module = Module(int(module_of(row)[0]))
    marks = {"pop": "<", "push": ">"}
    given: dict[str, list[str]] = {"pop": [], "push": []}
    for token in TOKENS:
        if getattr(insn, token):
            action, side = token.split("_")
            given[action].append(marks[action] + neighbour(module, side))
    waits, gives = (" ".join(given[action]) for action in marks)
    operands = _operands(insn)
    names = [name for _, fields in operands for name in fields]
    return f"{waits:15} {mnemonic(insn):10} ", " ".join(o for o, _ in operands), names, gives


def _operands(insn: Instruction) -> list[_Operand]:
    """Operands that are not at their usual value, and the fields that they show."""
    if insn.opcode in (Opcode.LOAD, Opcode.STORE):
        operands: list[_Operand] = [("sram=%d", ("sram_base",)), ("dram=%#x", ("dram_base",))]
        if insn.y_size != 1:
            operands.append(("y=%d", ("y_size",)))
        operands.append(("x=%d", ("x_size",)))
        if insn.x_stride != insn.x_size:
            operands.append(("stride=%d", ("x_stride",)))
        if any(getattr(insn, name) for name in _PADS):
            operands.append(("pad=%d,%d,%d,%d", _PADS))
        return operands
    if insn.opcode == Opcode.FINISH:
        return []
    operands: list[_Operand] = [("uop=%d:%d", ("uop_begin", "uop_end"))]
    if (insn.iter_out, insn.iter_in) != (1, 1):
        operands.append(("loop=%d,%d", ("iter_out", "iter_in")))
    for name in _FACTORS:
        pair = (f"{name}_out", f"{name}_in")
        if any(getattr(insn, field) for field in pair):
            operands.append((f"{name}=%d,%d", pair))
    if insn.use_imm:
        operands.append(("imm=%d", ("imm",)))
    elif insn.imm:
        operands.append(("unused=%d", ("imm",)))  # an immediate without the bit that enables it
    return operands
