"""Random legal instruction streams for small cores."""

from dataclasses import replace

import numpy as np
from hw_streams import alu, gemm, load, store, stream
from hypothesis import strategies as st

from nopt.hw.config import Config
from nopt.hw.isa.encoding import INSTRUCTION, AluOp, Memory, Opcode, encode_uops, layout

TINY = Config(
    name="tiny",
    log_batch=0,
    log_block_in=2,
    log_block_out=2,
    log_uop_buff_size=6,
    log_inp_buff_size=6,
    log_wgt_buff_size=7,
    log_acc_buff_size=8,
    alu_multiply=True,
    acc_8bit_loads=True,
)
WIDE = replace(
    TINY,
    name="wide",
    log_batch=1,
    log_block_in=3,
    log_block_out=2,
    log_inp_buff_size=8,
    log_wgt_buff_size=8,
    log_acc_buff_size=9,
)
SMALL = Config(
    log_batch=1,
    log_block_in=3,
    log_block_out=2,
    log_inp_buff_size=10,
    log_wgt_buff_size=9,
    log_acc_buff_size=10,
    log_uop_buff_size=8,
)
CONFIGS = (TINY, WIDE)
UOPS = 24
DRAM = 128
"""Elements of DRAM, of any kind, that transfers stay within; micro-ops lie behind them."""


def record(**fields):
    """One record of any fields."""
    insns = np.zeros(1, INSTRUCTION)
    for name, value in fields.items():
        insns[name] = value
    return insns


@st.composite
def instructions(draw, config):
    """Random records with every field of their kind anywhere in its range."""
    rows = []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(Opcode))
        row = record()
        for field in layout(kind, config):
            row[field.name] = draw(st.integers(field.low, field.high))
        row["opcode"] = kind
        row["memory"] = draw(st.sampled_from(Memory)) if kind <= Opcode.STORE else 0
        row["alu_op"] = draw(st.sampled_from(AluOp)) if kind == Opcode.ALU else 0
        rows.append(row)
    return np.concatenate(rows)


def uop_base(config):
    return DRAM * config.acc_bytes // config.uop_bytes


def spans(entries, most=4):
    return st.integers(1, most).flatmap(
        lambda n: st.tuples(st.integers(0, entries - n), st.just(n))
    )


@st.composite
def transfers(draw, config, memory):
    """LOAD or STORE of a small window, sometimes padded."""
    entries = {"inp": config.inp_entries, "wgt": config.wgt_entries}.get(memory, config.acc_entries)
    y, x = draw(st.sampled_from([(1, 1), (1, 3), (2, 1), (2, 2), (3, 1), (0, 0)]))
    stride = draw(st.integers(1, 5))
    room = 4 if memory == "out" else 8
    dram = draw(st.integers(0, room))
    if memory == "out":
        return store(draw(st.integers(0, entries - 6)), dram, x, y, stride)
    pads = st.sampled_from([(0, 0, 0, 0)] * 3 + [(1, 0, 0, 1), (0, 1, 1, 0), (1, 1, 0, 0)])
    pad = draw(pads) if x else (0, 0, 0, 0)
    total = (y + sum(pad[:2])) * (x + sum(pad[2:]))
    sram = draw(st.integers(0, max(entries - total, 0)))
    if total > entries:
        return load(memory, sram, dram)
    return load(memory, sram, dram, x, y, stride, pad)


@st.composite
def loops(draw, config, table, weights):
    """Two hardware loops and a micro-op window whose indices stay inside the scratchpads."""
    begin, count = draw(spans(UOPS // 2, 5))
    room = [
        entries - 1 - int(column[begin : begin + count].max())
        for entries, column in zip(
            (config.acc_entries, config.inp_entries, config.wgt_entries), table, strict=True
        )
    ]
    nest = []
    for _ in range(2):
        steps = draw(st.integers(1, 4))
        factors = []
        for i in range(3):
            most = room[i] // (steps - 1) if steps > 1 else 3
            factors.append(draw(st.integers(0, min(most, 3))) if weights or i < 2 else 0)
            room[i] -= factors[-1] * (steps - 1)
        nest.append((steps, *factors))
    return (begin, begin + count), nest[0], nest[1]


@st.composite
def programs(draw, config):
    """Records in program order without tokens, micro-op words, and a random DRAM image."""
    least = min(config.acc_entries, config.inp_entries)
    columns = [
        draw(st.lists(st.integers(0, n - 1), min_size=UOPS, max_size=UOPS))
        for n in (least, least, config.wgt_entries)
    ]
    table = np.array(columns)
    table[2, UOPS // 2 :] = 0
    uops = encode_uops(*table, config)
    rows = [load("uop", 0, uop_base(config), x=UOPS // 2)]
    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["inp", "wgt", "acc", "out", "gemm", "gemm", "alu", "alu"]))
        if kind == "gemm":
            nest = draw(loops(config, table, weights=True))
            rows.append(gemm(*nest, reset=draw(st.integers(0, 3)) == 0))
        elif kind == "alu":
            nest = draw(loops(config, table, weights=False))
            op = draw(st.sampled_from(["min", "max", "add", "mul", "shr"]))
            low, high = (-31, 31) if op == "shr" else (-300, 300)
            imm = draw(st.integers(low, high)) if op == "shr" or draw(st.booleans()) else None
            rows.append(alu(op, *nest, imm=imm))
        else:
            memory = "acc_8bit" if kind == "acc" and draw(st.booleans()) else kind
            rows.append(draw(transfers(config, memory)))
    seed = draw(st.integers(0, 1 << 16))
    memory = np.random.default_rng(seed).integers(0, 256, DRAM * config.acc_bytes, np.uint8)
    return stream(*rows), uops, np.concatenate([memory, uops.view(np.uint8)])
