"""Assembly text: pretty, and back to the same bits."""

import re

import numpy as np
import pytest
from hw_strategies import SMALL, instructions
from hw_streams import alu, finish, gemm, load, store, stream
from hypothesis import given
from hypothesis import strategies as st
from vta_programs import DEFAULT, Program, every_program, needs_programs

from nopt.hw.config import Config
from nopt.hw.isa.assembly import (
    AssemblyError,
    format_assembly,
    parse_assembly,
    parse_by_line,
    parse_in_bulk,
)
from nopt.hw.isa.encoding import (
    INSTRUCTION,
    AluOp,
    Memory,
    Opcode,
    decode,
    encode,
    encode_uops,
    layout,
)

RTL = Config.load("rtl")
UOPS = encode_uops([0, 16], [1, 2], [3, 4], RTL)


def test_the_text_of_each_kind():
    rows = stream(
        load("uop", 0, 0x100, x=2),
        load("inp", 0, 0x40, y=4, x=56, stride=60, pad=(1, 1, 0, 1), pop_next=1, push_next=1),
        load("acc", 0, 0, x=0, y=0),
        gemm((0, 2), (14, 14, 16, 0), (3, 1, 1, 9), pop_prev=1, pop_next=1, push_prev=1),
        gemm((0, 2), reset=1),
        alu("max", (0, 1), (1, 0, 0, 0), (784, 1, 1, 0), imm=-5),
        alu("add", (0, 1), push_next=1),
        store(0, 9, y=2, x=3, stride=8, pop_prev=1, push_prev=1),
        finish(pop_next=1),
    )
    assert (
        "\n" + format_assembly(rows, UOPS, RTL)
        == """
.uop  # dst src wgt
    0:    0    1    3
    1:   16    2    4
.text
    0:                 load.uop   sram=0 dram=0x100 x=2
    1: <compute        load.inp   sram=0 dram=0x40 y=4 x=56 stride=60 pad=1,1,0,1         >compute
    2:                 load.acc   sram=0 dram=0x0 y=0 x=0
    3: <load <store    gemm       uop=0:2 loop=14,3 dst=14,1 src=16,1 wgt=0,9             >load
    4:                 gemm.reset uop=0:2
    5:                 alu.max    uop=0:1 loop=1,784 dst=0,1 src=0,1 imm=-5
    6:                 alu.add    uop=0:1                                                 >store
    7: <compute        store.out  sram=0 dram=0x9 y=2 x=3 stride=8                        >compute
    8: <store          finish
"""
    )


@pytest.mark.parametrize("config", [RTL, SMALL], ids=["rtl", "small"])
@given(data=st.data())
def test_bits_to_text_to_bits(config, data):
    insns = data.draw(instructions(config))
    bits = config.acc_index_bits + config.inp_index_bits + config.wgt_index_bits
    uops = np.array(data.draw(st.lists(st.integers(0, (1 << bits) - 1))), np.uint32)
    text = format_assembly(insns, uops, config)
    found, words = parse_assembly(text, config)
    assert (encode(found, config) == encode(insns, config)).all()
    assert words.dtype == np.uint32 and (words == uops).all()


def random_records(count, rng):
    """Records with every field of their kind anywhere in its range."""
    insns = np.zeros(count, INSTRUCTION)
    opcode = rng.integers(0, len(Opcode), count)
    for kind in Opcode:
        rows = np.flatnonzero(opcode == kind)
        for field in layout(kind, RTL):
            insns[field.name][rows] = rng.integers(field.low, field.high + 1, len(rows))
    insns["opcode"] = opcode
    insns["memory"] = np.where(opcode <= Opcode.STORE, rng.integers(0, len(Memory), count), 0)
    insns["alu_op"] = np.where(opcode == Opcode.ALU, rng.integers(0, len(AluOp), count), 0)
    return insns


@pytest.mark.parametrize("part", range(10))
def test_a_million_random_instructions(part):
    rng = np.random.default_rng(part)
    insns = random_records(100_000, rng)
    uops = rng.integers(0, 1 << 32, 1000, np.uint32)
    words = encode(insns, RTL)
    assert (decode(words, RTL) == insns).all()
    found, found_uops = parse_assembly(format_assembly(insns, uops, RTL), RTL)
    assert (encode(found, RTL) == words).all() and (found_uops == uops).all()


@given(st.text(alphabet=" \n\t.uoptexlad<>0123456789xabc:=,-#gm", max_size=80))
def test_any_text_is_a_program_or_an_error_with_its_place(text):
    try:
        parse_assembly(text, RTL)
    except AssemblyError as error:
        assert re.match(r"\d+:\d+: found ", str(error))


@pytest.mark.parametrize("config", [RTL, SMALL], ids=["rtl", "small"])
@given(data=st.data())
def test_in_bulk_is_as_line_by_line(config, data):
    lines = format_assembly(data.draw(instructions(config)), UOPS[:0], config).splitlines()
    between, end = st.sampled_from([": ", ":\t"]), st.sampled_from(["", " \t", "  # 1: x=2 …"])
    lines = [line.replace(": ", data.draw(between), 1) + data.draw(end) for line in lines]
    text = "\n".join(lines)
    bulk, line_by_line = parse_in_bulk(text, config), parse_by_line(text, config)
    assert (bulk[0] == line_by_line[0]).all() and (bulk[1] == line_by_line[1]).all()


@pytest.mark.parametrize(
    "line",
    [
        "load.inp sram=0b1 dram=0 x=1",
        "load.inp sram=0 dram=0 x=1\x0b",
        "load.inp sram=0 dram=0 x=1_0",
        "1 : load.inp sram=0 dram=0 x=1",
        "load.inp sram=0 dram=0 x=+1",
        ".uop",
    ],
)
def test_in_bulk_nothing_else_is_let_through(line):
    for text in (f".text\n{line}\n", f".uop\n{line}\n"):
        with pytest.raises(AssemblyError):
            parse_assembly(text, RTL)


@needs_programs
@every_program
def test_programs_of_other_compilers_round_trip(path):
    program = Program(path)
    text = format_assembly(decode(program.words, DEFAULT), program.uops, DEFAULT)
    insns, uops = parse_assembly(text, DEFAULT)
    assert (encode(insns, DEFAULT) == program.words).all() and (uops == program.uops).all()


def test_written_by_hand():
    insns, uops = parse_assembly(
        """# a comment first

        .uop
          0 0 0     # no index
          1 1 0

        .text
          load.inp x=2 dram=64 sram=0x10 >compute   # any order of operands
          # nothing here
          <load gemm uop=0:2
        """,
        RTL,
    )
    assert uops.tolist() == [0, 1 | 1 << 11]
    expected = stream(load("inp", 16, 64, x=2, push_next=1), gemm((0, 2), pop_prev=1))
    assert (insns == expected).all()


def test_empty_text():
    insns, uops = parse_assembly("", RTL)
    assert len(insns) == len(uops) == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gem uop=0:1", "2:1: found gem, did you mean gemm?"),
        ("gemm uop=0:1 strid=3", "2:14: found strid, expected uop, loop, dst, src, wgt"),
        ("gemm loop=2,2", "2:1: gemm: found no uop, expected uop=…"),
        ("gemm uop=0:1 uop=0:1", "2:14: found uop twice, expected it once"),
        ("gemm uop=0", "2:6: uop: found 1 numbers, expected 2"),
        ("gemm uop=0:1 dst=2048,0", "2:18: dst_out: found 2048, expected 0 to 2047 (11 bits)"),
        ("alu.add uop=0:1 imm=32768", "2:21: imm: found 32768, expected -32768 to 32767 (16 bits)"),
        ("<store load.inp sram=0 dram=0 x=1", "2:1: found <store, expected <prev or <compute"),
        ("load.inp sram=0 dram=0 x=", "2:26: found the end of the line, expected a number"),
        ("load.inp sram=? dram=0", "2:15: found ?, expected a number"),
        ("1 2 3", "2:1: found 1, expected "),
    ],
)
def test_errors_have_line_and_column(line, message):
    with pytest.raises(AssemblyError) as error:
        parse_assembly(f".text\n{line}\n", RTL)
    assert str(error.value).startswith(message)


def test_a_micro_op_that_does_not_fit():
    with pytest.raises(AssemblyError, match=r"^2:5: wgt: found 1024, expected 0 to 1023"):
        parse_assembly(".uop\n0 0 1024\n", RTL)
