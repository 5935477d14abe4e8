"""Waits between layers, on streams where it is clear who waits for whom."""

import sys
from pathlib import Path

import numpy as np
import pytest

from nopt.hw.config import Config
from nopt.hw.isa.assembly import parse_assembly
from nopt.hw.sync.synchronize import synchronize
from nopt.hw.timing.program_timing import time_program

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from layer_borders import Border, borders

RTL = Config.load("rtl")
LAYER = """
    load.wgt   sram={wgt} dram=8 x=1
    load.inp   sram={inp} dram={source} x=256
    gemm.reset uop=0:1 loop=1,256 dst=0,1
    gemm       uop={uop}:{end} loop=1,256 dst=0,1 src=0,1
    store.out  sram={out} dram={result} x=256
"""


def second_border(source: int, inp: int, out: int) -> Border:
    """The border between two layers of one tile, the second one with other buffers."""
    text = ".uop\n 0: 0 0 0\n 1: 0 512 0\n.text\n load.uop sram=0 dram=0x80000 x=2\n"
    text += LAYER.format(wgt=0, inp=0, source=1024, out=0, result=4096, uop=0, end=1)
    uop = int(inp > 0)
    text += LAYER.format(wgt=0, inp=inp, source=source, out=out, result=8192, uop=uop, end=uop + 1)
    program, uops = parse_assembly(text, RTL)
    program = synchronize(program, uops, RTL, uop_base=0x80000)
    first = int(np.flatnonzero(program["opcode"] == 1)[0]) + 1
    timing = time_program(program, RTL)
    return borders(program, timing, [0, first])[1]


def test_what_the_layer_before_stores():
    border = second_border(source=4096, inp=512, out=0)
    assert border.stored > 256 * 2 and border.stored >= border.total - border.reused


def test_entries_that_are_still_read():
    border = second_border(source=2048, inp=0, out=0)
    assert border.reused > 0 and border.stored == 0


@pytest.mark.parametrize("inp", [0, 512])
def test_a_border_is_no_longer_than_its_run(inp: int):
    border = second_border(source=2048, inp=inp, out=0)
    assert 0 <= border.total < 10_000
