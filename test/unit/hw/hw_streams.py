"""Short ways to write instruction streams in tests."""

import numpy as np

from nopt.hw.isa.encoding import INSTRUCTION, AluOp, Memory, Opcode


def record(opcode, **fields):
    row = np.zeros(1, INSTRUCTION)
    row["opcode"] = opcode
    for name, value in fields.items():
        row[name] = value
    return row


def load(memory, sram, dram, x=1, y=1, stride=None, pad=(0, 0, 0, 0), **fields):
    return transfer(Opcode.LOAD, Memory[memory.upper()], sram, dram, x, y, stride, pad, **fields)


def store(sram, dram, x=1, y=1, stride=None, **fields):
    return transfer(Opcode.STORE, Memory.OUT, sram, dram, x, y, stride, (0, 0, 0, 0), **fields)


def transfer(opcode, memory, sram, dram, x, y, stride, pad, **fields):
    names = ("y_pad_0", "y_pad_1", "x_pad_0", "x_pad_1")
    return record(
        opcode,
        memory=memory,
        sram_base=sram,
        dram_base=dram,
        x_size=x,
        y_size=y,
        x_stride=x if stride is None else stride,
        **dict(zip(names, pad, strict=True)),
        **fields,
    )


def loop(opcode, uops, outer=(1, 0, 0, 0), inner=(1, 0, 0, 0), **fields):
    """Loops are (iterations, dst, src, wgt factors)."""
    names = ("iter", "dst", "src", "wgt")
    factors = {f"{n}_out": v for n, v in zip(names, outer, strict=True)}
    factors |= {f"{n}_in": v for n, v in zip(names, inner, strict=True)}
    if opcode == Opcode.ALU:
        del factors["wgt_out"], factors["wgt_in"]
    return record(opcode, uop_begin=uops[0], uop_end=uops[1], **factors, **fields)


def gemm(uops=(0, 1), outer=(1, 0, 0, 0), inner=(1, 0, 0, 0), **fields):
    return loop(Opcode.GEMM, uops, outer, inner, **fields)


def alu(op, uops=(0, 1), outer=(1, 0, 0, 0), inner=(1, 0, 0, 0), imm=None, **fields):
    if imm is not None:
        fields |= {"use_imm": 1, "imm": imm}
    return loop(Opcode.ALU, uops, outer, inner, alu_op=AluOp[op.upper()], **fields)


def finish(**fields):
    return record(Opcode.FINISH, **fields)


def stream(*rows):
    return np.concatenate(rows) if rows else np.zeros(0, INSTRUCTION)
