"""Bits: VTA's positions, whole-array round trips, no silent truncation."""

import numpy as np
import pytest
from hw_strategies import SMALL, instructions, record
from hypothesis import given
from hypothesis import strategies as st

from nopt.hw.config import Config
from nopt.hw.isa.encoding import (
    EncodingError,
    Opcode,
    decode,
    decode_uops,
    encode,
    encode_uops,
    layout,
    uop_layout,
)

RTL = Config.load("rtl")


@pytest.mark.parametrize("config", [RTL, SMALL], ids=["rtl", "small"])
@given(data=st.data())
def test_encode_then_decode_is_identity(config, data):
    insns = data.draw(instructions(config))
    words = encode(insns, config)
    assert words.shape == (len(insns), 2)
    assert (decode(words, config) == insns).all()


def test_positions_of_the_default_format():
    def bits(kind, name):
        return next((f.offset, f.width) for f in layout(kind, RTL) if f.name == name)

    assert bits(Opcode.LOAD, "memory") == (7, 3)
    assert bits(Opcode.LOAD, "sram_base") == (10, 16)
    assert bits(Opcode.LOAD, "dram_base") == (26, 32)
    assert bits(Opcode.STORE, "x_stride") == (96, 16)
    assert bits(Opcode.STORE, "x_pad_1") == (124, 4)
    assert bits(Opcode.GEMM, "uop_begin") == (8, 13)
    assert bits(Opcode.GEMM, "uop_end") == (21, 14)
    assert bits(Opcode.GEMM, "iter_in") == (49, 14)
    assert bits(Opcode.GEMM, "wgt_in") == (118, 10)
    assert bits(Opcode.ALU, "src_in") == (97, 11)
    assert bits(Opcode.ALU, "alu_op") == (108, 3)
    assert bits(Opcode.ALU, "imm") == (112, 16)


FEW_INPUTS = Config(
    log_block_in=3,
    log_block_out=3,
    log_uop_buff_size=4,
    log_inp_buff_size=7,
    log_wgt_buff_size=10,
    log_acc_buff_size=12,
)
POSITIONS = [
    (
        SMALL,
        Opcode.GEMM,
        {"iter_out": 21, "dst_out": 49, "dst_in": 54, "src_out": 64, "wgt_in": 80},
    ),
    (SMALL, Opcode.ALU, {"dst_in": 54, "src_out": 59, "src_in": 64, "alu_op": 69, "imm": 73}),
    (FEW_INPUTS, Opcode.GEMM, {"dst_out": 41, "src_out": 55, "src_in": 59, "wgt_out": 64}),
    (FEW_INPUTS, Opcode.ALU, {"src_out": 55, "src_in": 64, "alu_op": 71, "use_imm": 74, "imm": 75}),
]
"""Where a C compiler puts the fields of `hw_spec.h` for these configurations."""


@pytest.mark.parametrize(("config", "kind", "expected"), POSITIONS)
def test_positions_move_with_widths(config: Config, kind: Opcode, expected: dict[str, int]):
    found = {field.name: field.offset for field in layout(kind, config)}
    assert {name: found[name] for name in expected} == expected


def test_a_source_is_any_accumulator():
    """Of more accumulators than inputs the ALU names all: 7 bits, not 4."""
    fields = [(field.name, field.offset, field.width) for field in uop_layout(FEW_INPUTS)]
    assert fields == [("dst", 0, 7), ("src", 7, 7), ("wgt", 14, 4)]


def test_one_known_word():
    load = record(opcode=0, push_next=1, memory=2, sram_base=3, dram_base=0x40, y_size=4, x_size=56)
    load["x_stride"], load["x_pad_0"] = 56, 1
    low = 1 << 6 | 2 << 7 | 3 << 10 | 0x40 << 26
    high = 4 | 56 << 16 | 56 << 32 | 1 << 56
    assert encode(load, RTL).tolist() == [[low, high]]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"opcode": 2, "iter_out": 1 << 14},
            "instruction 1: iter_out: found 16384, expected 0 to ",
        ),
        ({"opcode": 4, "imm": 40000}, "imm: found 40000, expected -32768 to 32767 (16 bits)"),
        ({"opcode": 0, "memory": 2, "x_pad_0": 16}, "x_pad_0: found 16, expected 0 to 15 (4 bits)"),
        ({"opcode": 0, "dram_base": -1}, "dram_base: found -1"),
        ({"opcode": 5}, "opcode: found 5, expected one of 0 LOAD, 1 STORE"),
        ({"opcode": 0, "memory": 6}, "memory: found 6, expected one of 0 UOP"),
        ({"opcode": 2, "x_size": 3}, "x_size: found 3, expected 0 (GEMM has no such field)"),
    ],
)
def test_a_value_that_does_not_fit_is_named(fields, message):
    with pytest.raises(EncodingError) as error:
        encode(np.concatenate([record(opcode=3), record(**fields)]), RTL)
    assert message in str(error.value)


def test_undecodable_words_are_named():
    words = np.array([[3, 0], [6, 0]], np.uint64)
    with pytest.raises(EncodingError, match="instruction 1: opcode: found 6"):
        decode(words, RTL)
    with pytest.raises(EncodingError, match="instruction 0: alu_op: found 7"):
        decode(np.array([[4, 7 << 44]], np.uint64), RTL)


@given(st.lists(st.tuples(st.integers(0, 2047), st.integers(0, 2047), st.integers(0, 1023))))
def test_micro_ops_round_trip(rows):
    dst, src, wgt = np.array(rows, np.int64).reshape(-1, 3).T
    words = encode_uops(dst, src, wgt, RTL)
    assert words.dtype == np.uint32
    for found, expected in zip(decode_uops(words, RTL), (dst, src, wgt), strict=True):
        assert (found == expected).all()


def test_micro_ops_broadcast_and_are_checked():
    words = encode_uops(np.arange(3), 1, 2, RTL)
    assert words.tolist() == [i | 1 << 11 | 2 << 22 for i in range(3)]
    with pytest.raises(EncodingError, match="micro-op 1: wgt: found 1024, expected 0 to 1023"):
        encode_uops(0, 0, [0, 1024], RTL)
