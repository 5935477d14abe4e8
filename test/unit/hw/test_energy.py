"""Energy: accesses that can be counted by hand."""

from dataclasses import replace

import pytest
from hw_streams import alu, gemm, load, store, stream

from nopt.hw.config import Config
from nopt.hw.timing.energy import energy

# Every scratchpad byte, MAC, ALU operation and DRAM byte of another decimal place.
CONFIG = replace(
    Config.load("rtl"), energy_mac=1e-6, energy_alu=1e-3, energy_sram_byte=1.0, energy_dram_byte=1e3
)


def test_a_gemm_of_six_steps():
    cost = energy(gemm((0, 2), (3, 1, 0, 0)), CONFIG)
    assert cost["mac"] == pytest.approx(6 * 256e-6) and cost["alu"] == 0
    assert cost["dram"] == pytest.approx(16e3)  # its own bits
    assert cost["uop"] == pytest.approx(6 * 4)  # 8 KiB
    assert cost["inp"] == pytest.approx(6 * 16 * 2)  # 32 KiB: twice as much a byte
    assert cost["wgt"] == pytest.approx(6 * 256 * 32**0.5)
    assert cost["acc"] == pytest.approx(2 * 6 * 64 * 4)
    assert cost["out"] == pytest.approx(6 * 16 * 2)


def test_reset_and_alu_steps():
    reset = energy(gemm((0, 1), (5, 1, 0, 0), reset=1), CONFIG)
    assert reset["acc"] == pytest.approx(5 * 64 * 4) and reset["mac"] == reset["wgt"] == 0
    one, two = (energy(alu("add", (0, 1), (5, 1, 1, 0), imm=imm), CONFIG) for imm in (1, None))
    assert one["alu"] == two["alu"] == pytest.approx(5 * 16e-3)
    assert (one["acc"], two["acc"]) == pytest.approx((10 * 64 * 4, 15 * 64 * 4))


def test_transfers_count_on_both_sides():
    cost = energy(stream(load("wgt", 0, 0, x=2), store(0, 0, x=3)), CONFIG)
    assert cost["dram"] == pytest.approx(1e3 * (2 * 256 + 3 * 16 + 2 * 16))
    assert cost["wgt"] == pytest.approx(512 * 32**0.5)
    assert cost["out"] == pytest.approx(48 * 2)
