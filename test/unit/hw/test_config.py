"""Configurations: VTA's JSON in, derived sizes out, impossible values refused."""

import json

import pytest

from nopt.hw.config import Config, ConfigError, preset_names
from nopt.hw.isa.encoding import Opcode, layout


def test_rtl_preset_has_the_sizes_of_the_core():
    c = Config.load("rtl")
    assert (c.name, c.batch, c.block_in, c.block_out) == ("rtl", 1, 16, 16)
    assert (c.uop_entries, c.inp_entries, c.wgt_entries, c.acc_entries) == (2048, 2048, 1024, 2048)
    assert (c.inp_bytes, c.wgt_bytes, c.acc_bytes, c.out_bytes, c.uop_bytes) == (16, 256, 64, 16, 4)
    assert c.memory_latency == 32 and not c.alu_multiply and not c.acc_8bit_loads


def test_default_preset_differs_only_in_micro_ops():
    default, rtl = Config.load("default"), Config.load("rtl")
    assert default.uop_entries == 8192
    assert default.uop_begin_bits == rtl.uop_begin_bits == 13


def test_presets_of_other_shapes():
    lanes = {"1x32x32": 1, "1x32x32-alu16": 2, "4x16x16-alu16": 4, "4x16x16-alu32": 2}
    assert preset_names() == [*lanes, "default", "rtl"]
    for name, alu_cycles in lanes.items():
        c = Config.load(name)
        shape, _, _ = name.partition("-")
        assert f"{c.batch}x{c.block_in}x{c.block_out}" == shape
        assert (c.inp_entries, c.wgt_entries, c.acc_entries) == (2048, 1024, 2048)
        assert c.alu_cycles == alu_cycles
        assert all(max(f.offset + f.width for f in layout(kind, c)) <= 128 for kind in Opcode)
    assert Config.load("default").alu_cycles == 1


def test_json_round_trip(tmp_path):
    c = Config(name="wide", log_batch=1, log_block_in=5, energy_mac=2, memory_latency=7)
    assert Config.from_json(c.to_json()) == c
    path = tmp_path / "wide.json"
    path.write_text(json.dumps(c.to_json()))
    assert Config.load(path) == c
    assert Config.load("rtl").to_json()["LOG_BLOCK"] == 4


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"LOG_BATCH": -1}, "LOG_BATCH: found -1, expected 0 to 6"),
        ({"LOG_BATCH": "0"}, "LOG_BATCH: found '0', expected an integer"),
        ({"alu_multiply": 1}, "alu_multiply: found 1, expected true or false"),
        ({"LOG_INP_WIDTH": 4}, "LOG_INP_WIDTH: found 4, expected 3"),
        ({"LOG_UOP_BUFF_SIZE": 16}, "LOG_UOP_BUFF_SIZE: found 16, expected at most 15"),
        ({"LOG_WGT_BUFF_SIZE": 7}, "LOG_WGT_BUFF_SIZE: found 7, expected 8 to 24"),
        ({"LOG_WGT_BUFF_SIZE": 20}, "= 34 bits, expected at most the 32 bits of a micro-op"),
        ({"LOG_ACC_BUFF_SIZE": 18, "LOG_WGT_BUFF_SIZE": 16}, "144 bits, expected at most 128"),
        ({"bytes_per_cycle": 6}, "bytes_per_cycle: found 6, expected a power of two"),
        ({"uop_index_bits": 12}, "uop_index_bits: found 12, expected 0 or at least 13"),
        ({"alu_lanes": 32}, "alu_lanes: found 32, expected 0 or up to 16, the values of a vector"),
        ({"alu_lanes": 12}, "alu_lanes: found 12, expected a power of two"),
        ({"energy_mac": "much"}, "energy_mac: found 'much', expected a number"),
        ({"energy_mac": -1}, "energy_mac: found -1.0, expected 0 to"),
        ({"energy_mac": float("nan")}, "energy_mac: found nan, expected 0 to"),
        ({"LOG_BLOCK": 4, "LOG_BLOCK_IN": 5}, "LOG_BLOCK_IN: found 5, expected LOG_BLOCK, 4, or"),
        ({"LOG_BLOK": 4}, "LOG_BLOK: unknown key, did you mean LOG_BLOCK?"),
        ({"memory_latncy": 4}, "memory_latncy: unknown key, did you mean memory_latency?"),
    ],
)
def test_impossible_values_are_refused(data, message):
    with pytest.raises(ConfigError) as error:
        Config.from_json(data)
    assert message in str(error.value)


def test_load_names_what_is_wrong_with_the_file(tmp_path):
    with pytest.raises(
        ConfigError, match=r"no such file or preset, expected one of .*default, rtl"
    ):
        Config.load("rtll")
    bad = tmp_path / "bad.json"
    for text in ("{", "[" * 100_000, '{"LOG_BATCH": ' + "9" * 5_000 + "}"):
        bad.write_text(text)
        with pytest.raises(ConfigError, match="not a readable JSON file"):
            Config.load(bad)
    bad.write_text("[]")
    with pytest.raises(ConfigError, match="found list, expected a JSON object"):
        Config.load(bad)
    bad.write_text('{"LOG_BATCH": 9}')
    with pytest.raises(ConfigError, match=r"bad\.json: LOG_BATCH: found 9"):
        Config.load(bad)


def test_files_of_older_versions_are_read(tmp_path):
    """The keys of vta_config.json up to 0.0.1, and the mark that some editors begin files with."""
    path = tmp_path / "c.json"
    older = {"HW_FREQ": 100, "HW_CLK_TARGET": 8, "LOG_OUT_BUFF_SIZE": 15, "LOG_BLOCK": 4}
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(older).encode())
    assert Config.load(path) == Config(name="c")
    path.write_text(json.dumps(older | {"LOG_ACC_BUFF_SIZE": 16}))
    with pytest.raises(ConfigError, match="LOG_OUT_BUFF_SIZE: found 15, expected 14, as many as"):
        Config.load(path)
