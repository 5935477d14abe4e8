"""A slow, plain interpreter: one element at a time, in program order, straight from the rules.

It shares only the decoded fields with the simulator under test.
"""

import numpy as np

from nopt.hw.isa.encoding import AluOp, Memory, Opcode, decode, decode_uops, records


def wrap(value, bits):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


class Reference:
    def __init__(self, config, memory):
        c = config
        self.config, self.memory = config, memory
        self.uop = np.zeros(c.uop_entries, np.uint32)
        self.inp = np.zeros((c.inp_entries, c.batch, c.block_in), int)
        self.wgt = np.zeros((c.wgt_entries, c.block_out, c.block_in), int)
        self.acc = np.zeros((c.acc_entries, c.batch, c.block_out), int)
        self.out = np.zeros((c.acc_entries, c.batch, c.block_out), int)

    def run(self, words):
        for insn in records(decode(words, self.config)):
            if insn.opcode == Opcode.LOAD:
                self.load(insn)
            elif insn.opcode == Opcode.STORE:
                self.store(insn)
            elif insn.opcode != Opcode.FINISH:
                self.compute(insn)

    def dram(self, address, kind, shape):
        size = int(np.prod(shape, dtype=int)) * np.dtype(kind).itemsize
        first = address * size
        return self.memory[first : first + size].view(kind).reshape(shape)

    def load(self, insn):
        c = self.config
        target, kind, shape = {
            Memory.UOP: (self.uop, np.uint32, ()),
            Memory.INP: (self.inp, np.int8, (c.batch, c.block_in)),
            Memory.WGT: (self.wgt, np.int8, (c.block_out, c.block_in)),
            Memory.ACC: (self.acc, np.int32, (c.batch, c.block_out)),
            Memory.ACC_8BIT: (self.acc, np.int8, (c.batch, c.block_out)),
        }[Memory(insn.memory)]
        if insn.x_size == 0 or insn.y_size == 0:
            return
        at = insn.sram_base
        for y in range(-insn.y_pad_0, insn.y_size + insn.y_pad_1):
            for x in range(-insn.x_pad_0, insn.x_size + insn.x_pad_1):
                inside = 0 <= y < insn.y_size and 0 <= x < insn.x_size
                address = insn.dram_base + y * insn.x_stride + x
                target[at] = self.dram(address, kind, shape) if inside else 0
                at += 1

    def store(self, insn):
        c = self.config
        at = insn.sram_base
        for y in range(insn.y_size):
            for x in range(insn.x_size):
                address = insn.dram_base + y * insn.x_stride + x
                self.dram(address, np.int8, (c.batch, c.block_out))[:] = self.out[at]
                at += 1

    def compute(self, insn):
        dst, src, wgt = decode_uops(self.uop, self.config)
        for i in range(insn.iter_out):
            for j in range(insn.iter_in):
                for k in range(insn.uop_begin, insn.uop_end):
                    self.step(
                        insn,
                        int(dst[k]) + i * insn.dst_out + j * insn.dst_in,
                        int(src[k]) + i * insn.src_out + j * insn.src_in,
                        int(wgt[k]) + i * insn.wgt_out + j * insn.wgt_in,
                    )

    def step(self, insn, dst, src, wgt):
        for b in range(self.config.batch):
            for o in range(self.config.block_out):
                if insn.opcode == Opcode.GEMM and insn.reset:
                    value = 0
                elif insn.opcode == Opcode.GEMM:
                    products = self.inp[src, b] * self.wgt[wgt, o]
                    value = int(self.acc[dst, b, o]) + int(products.sum())
                else:
                    value = self.alu(insn, dst, src, b, o)
                self.acc[dst, b, o] = wrap(value, 32)
                if not insn.reset:  # as the RTL does
                    self.out[dst, b, o] = wrap(value, 8)

    def alu(self, insn, dst, src, b, o):
        y = insn.imm if insn.use_imm else int(self.acc[src, b, o])
        x = int(self.acc[src if insn.use_imm else dst, b, o])
        match AluOp(insn.alu_op):
            case AluOp.MIN:
                return min(x, y)
            case AluOp.MAX:
                return max(x, y)
            case AluOp.ADD:
                return x + y
            case AluOp.MUL:
                return x * y
            case AluOp.SHR:
                return x >> y if y >= 0 else x << -y
