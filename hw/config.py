"""The configuration of a core: VTA's JSON keys plus what timing and exploration need.

VTA states every size as a power of two under a `LOG_*` key; those keys are read and written
unchanged, so a configuration file of another VTA implementation is a valid file here. Our own
additions are lower-case keys with defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from nopt.hw.files.named_json import load_named, names_in
from nopt.hw.isa.fields import INSTRUCTION_BITS, alu_widths, end_of, gemm_widths, uop_widths

_PRESETS = Path(__file__).parent / "presets"

SRAM_BASE_BITS = 16
MICRO_OP_BITS = 32
UOP_INDEX_BITS = 13
"""Most bits of a micro-op index that still fit the first word of a GEMM or ALU instruction."""


class ConfigError(ValueError):
    """A configuration that no core can have; the message names field, found and expected."""


def _log(key: str, default: int, low: int, high: int) -> Any:
    return field(default=default, metadata={"key": key, "range": (low, high)})


def _number(default: float, low: int, high: int = 1 << 30) -> Any:
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True)
class Config:
    """Sizes and features of one core. `LOG_X` in JSON is the attribute `log_x` here.

    Raises `ConfigError` on construction when a value is impossible or does not fit the
    instruction format.
    """

    name: str = "custom"
    target: str = field(default="sim", metadata={"key": "TARGET"})
    hw_ver: str = field(default="0.0.2", metadata={"key": "HW_VER"})

    # VTA's own: log2 of bits per value, of values per tensor side, of bytes per scratchpad.
    log_inp_width: int = _log("LOG_INP_WIDTH", 3, 3, 3)
    log_wgt_width: int = _log("LOG_WGT_WIDTH", 3, 3, 3)
    log_acc_width: int = _log("LOG_ACC_WIDTH", 5, 5, 5)
    log_out_width: int = _log("LOG_OUT_WIDTH", 3, 3, 3)
    log_batch: int = _log("LOG_BATCH", 0, 0, 6)
    log_block_in: int = _log("LOG_BLOCK_IN", 4, 0, 8)
    log_block_out: int = _log("LOG_BLOCK_OUT", 4, 0, 8)
    log_uop_buff_size: int = _log("LOG_UOP_BUFF_SIZE", 15, 2, 30)
    log_inp_buff_size: int = _log("LOG_INP_BUFF_SIZE", 15, 0, 30)
    log_wgt_buff_size: int = _log("LOG_WGT_BUFF_SIZE", 18, 0, 34)
    log_acc_buff_size: int = _log("LOG_ACC_BUFF_SIZE", 17, 0, 34)

    # Ours.
    uop_index_bits: int = _number(0, 0, UOP_INDEX_BITS)
    """Width of `uop_begin`; 0 means just enough for the micro-op buffer. A core whose instruction
    format was fixed for a larger buffer than it has needs it stated."""
    memory_latency: int = _number(32, 0)
    """Cycles from a read request to its first data."""
    bytes_per_cycle: int = _number(8, 1)
    burst_beats: int = _number(16, 1)
    queue_depth: int = _number(512, 1)
    """Instructions that wait before each module."""
    token_depth: int = _number(255, 1)
    """Tokens that a dependency queue can hold: the core counts them in eight bits."""
    alu_multiply: bool = False
    acc_8bit_loads: bool = False
    alu_lanes: int = _number(0, 0)
    """Values that the ALU handles in a cycle; 0 means a whole vector."""

    # Picojoules of one access; the defaults are of the order published for 45 nm (M. Horowitz,
    # "Computing's energy problem", ISSCC 2014): to compare designs, not to predict a chip.
    energy_mac: float = _number(0.3, 0)
    """One multiplication of 8-bit values, added to 32 bits."""
    energy_alu: float = _number(0.1, 0)
    """One ALU operation on one value."""
    energy_sram_byte: float = _number(1.25, 0)
    """One byte to or from a scratchpad of 8 KiB; others cost as the root of their size."""
    energy_dram_byte: float = _number(160.0, 0)
    """One byte to or from DRAM."""

    def __post_init__(self) -> None:
        for item in fields(self):
            self._check_field(item)
        for key in ("bytes_per_cycle", "burst_beats", "alu_lanes"):
            value: int = getattr(self, key)
            _require(value & (value - 1) == 0, key, value, "a power of two")
        vector = self.batch * self.block_out
        expected = f"0 or up to {vector}, the values of a vector"
        _require(self.alu_lanes <= vector, "alu_lanes", self.alu_lanes, expected)
        self._check_entries("LOG_INP_BUFF_SIZE", self.log_inp_buff_size, self.inp_index_bits)
        self._check_entries("LOG_WGT_BUFF_SIZE", self.log_wgt_buff_size, self.wgt_index_bits)
        self._check_entries("LOG_ACC_BUFF_SIZE", self.log_acc_buff_size, self.acc_index_bits)
        self._check_format()

    def _check_field(self, item: Field[Any]) -> None:
        key = item.metadata.get("key", item.name)
        value = getattr(self, item.name)
        item_type = str(item.type)  # postponed annotations: the name of the type
        expected = _KINDS[item_type]
        if item_type == "float" and type(value) is int:
            value = float(value)
            object.__setattr__(self, item.name, value)
        if type(value).__name__ != item_type:
            raise ConfigError(f"{key}: found {value!r}, expected {expected}")
        if "range" in item.metadata:
            low, high = item.metadata["range"]
            expected = f"{low}" if low == high else f"{low} to {high}"
            _require(low <= value <= high, key, value, expected)

    def _check_entries(self, key: str, value: int, bits: int) -> None:
        low = value - bits
        expected = f"{low} to {low + SRAM_BASE_BITS} (one element to 2^{SRAM_BASE_BITS} elements)"
        _require(0 <= bits <= SRAM_BASE_BITS, key, value, expected)

    def _check_format(self) -> None:
        """The sums of field widths that the 32-bit micro-op and the 64-bit words allow."""
        uop = self.log_uop_buff_size - 2
        expected = f"at most {UOP_INDEX_BITS + 2} (2^{UOP_INDEX_BITS} micro-ops)"
        _require(uop <= UOP_INDEX_BITS, "LOG_UOP_BUFF_SIZE", self.log_uop_buff_size, expected)
        if self.uop_index_bits:
            expected = f"0 or at least {uop} (2^{uop} micro-ops in the buffer)"
            _require(self.uop_index_bits >= uop, "uop_index_bits", self.uop_index_bits, expected)
        acc, inp, wgt = self.acc_index_bits, self.inp_index_bits, self.wgt_index_bits
        widths = [width for _, width in uop_widths(acc, inp, wgt)]
        if sum(widths) > MICRO_OP_BITS:
            raise ConfigError(
                f"LOG_ACC/INP/WGT_BUFF_SIZE: found index widths {' + '.join(map(str, widths))} = "
                f"{sum(widths)} bits, expected at most the {MICRO_OP_BITS} bits of a micro-op"
            )
        bits = self.uop_begin_bits
        kinds = {"ALU": alu_widths(bits, acc), "GEMM": gemm_widths(bits, acc, inp, wgt)}
        for kind, fields_of_kind in kinds.items():
            if (taken := end_of(fields_of_kind)) > INSTRUCTION_BITS:
                raise ConfigError(
                    f"LOG_ACC/INP/WGT_BUFF_SIZE: found index widths {acc}, {inp} and {wgt}, with "
                    f"which fields of {kind} take {taken} bits, expected at most {INSTRUCTION_BITS}"
                )

    @staticmethod
    def from_json(data: dict[str, Any]) -> Config:
        """A configuration from VTA's JSON object; `LOG_BLOCK` sets both block sides.

        Keys of older files are accepted: the clock says nothing about cycles, and the size of the
        output buffer follows from that of the accumulators.

        Raises `ConfigError` for unknown keys (with the nearest known one) and bad values.
        """
        values: dict[str, Any] = {}
        for key, value in data.items():
            if key == "LOG_BLOCK":
                for side in ("LOG_BLOCK_IN", "LOG_BLOCK_OUT"):
                    expected = f"LOG_BLOCK, {value}, or one of the two left out"
                    _require(data.get(side, value) == value, side, data.get(side), expected)
                    values[_ATTRIBUTES[side]] = value
            elif key in _ATTRIBUTES:
                values[_ATTRIBUTES[key]] = value
            elif key not in _OLDER:
                raise ConfigError(f"{key}: unknown key{_nearest(key)}")
        config = Config(**values)
        if "LOG_OUT_BUFF_SIZE" in data:
            found, derived = data["LOG_OUT_BUFF_SIZE"], config.log_out_buff_size
            _require(found == derived, "LOG_OUT_BUFF_SIZE", found, f"{derived}, as many as in ACC")
        return config

    def to_json(self) -> dict[str, Any]:
        """VTA's JSON object; `from_json` of it gives an equal configuration."""
        data = {key: getattr(self, attribute) for key, attribute in _ATTRIBUTES.items()}
        if self.log_block_in == self.log_block_out:
            data["LOG_BLOCK"] = data.pop("LOG_BLOCK_IN")
            del data["LOG_BLOCK_OUT"]
        return data

    def varied(self, changes: Mapping[str, Any]) -> Config:
        """This configuration with other values of some keys of its JSON object.

        Its name says what changed. Raises `ConfigError` as `from_json` does.
        """
        if not changes:
            return self
        sides = ("LOG_BLOCK_IN", "LOG_BLOCK_OUT")
        data = {key: getattr(self, attribute) for key, attribute in _ATTRIBUTES.items()}
        if "LOG_BLOCK" in changes:
            data = {key: value for key, value in data.items() if key not in sides}
        said = [f"{key}={value}" for key, value in changes.items() if key != "name"]
        return Config.from_json(data | {"name": "+".join([self.name, *said])} | dict(changes))

    @staticmethod
    def load(name_or_path: str | Path) -> Config:
        """A preset by name, such as "rtl", or a JSON file by path."""
        return load_named(name_or_path, _PRESETS, Config.from_json, ConfigError)

    # Values per tensor side.
    @cached_property
    def batch(self) -> int:
        return 1 << self.log_batch

    @cached_property
    def block_in(self) -> int:
        return 1 << self.log_block_in

    @cached_property
    def block_out(self) -> int:
        return 1 << self.log_block_out

    @cached_property
    def block(self) -> int:
        """Lanes of a block of channels: the larger side of GEMM. Tensors lie in whole blocks."""
        return max(self.block_in, self.block_out)

    @cached_property
    def vector(self) -> tuple[int, ...]:
        """Lanes of a block of each position: of the batch, if there are several, by channels."""
        return (self.batch, self.block) if self.batch > 1 else (self.block,)

    @cached_property
    def inp_parts(self) -> int:
        """Entries of inputs that a block takes."""
        return self.block // self.block_in

    @cached_property
    def acc_parts(self) -> int:
        """Entries of accumulators that a block takes."""
        return self.block // self.block_out

    # Bytes of one element of each memory; DRAM addresses of an instruction count these.
    @cached_property
    def inp_bytes(self) -> int:
        return self.batch * self.block_in

    @cached_property
    def wgt_bytes(self) -> int:
        return self.block_out * self.block_in

    @cached_property
    def acc_bytes(self) -> int:
        return 4 * self.batch * self.block_out

    @cached_property
    def out_bytes(self) -> int:
        return self.batch * self.block_out

    @property
    def log_out_buff_size(self) -> int:
        return self.log_acc_buff_size - self.log_acc_width + self.log_out_width

    @property
    def uop_bytes(self) -> int:
        return MICRO_OP_BITS // 8

    @cached_property
    def alu_cycles(self) -> int:
        """Cycles that the ALU takes for one vector."""
        return max(self.batch * self.block_out // (self.alu_lanes or 1 << 30), 1)

    # Bits of an element index, and elements, of each scratchpad. OUT has ACC's index space.
    @cached_property
    def inp_index_bits(self) -> int:
        return self.log_inp_buff_size - self.log_batch - self.log_block_in

    @cached_property
    def wgt_index_bits(self) -> int:
        return self.log_wgt_buff_size - self.log_block_out - self.log_block_in

    @cached_property
    def acc_index_bits(self) -> int:
        return self.log_acc_buff_size - 2 - self.log_batch - self.log_block_out

    @cached_property
    def inp_entries(self) -> int:
        return 1 << self.inp_index_bits

    @cached_property
    def wgt_entries(self) -> int:
        return 1 << self.wgt_index_bits

    @cached_property
    def acc_entries(self) -> int:
        return 1 << self.acc_index_bits

    @cached_property
    def uop_entries(self) -> int:
        return 1 << (self.log_uop_buff_size - 2)

    @cached_property
    def uop_begin_bits(self) -> int:
        """Width of the `uop_begin` field; `uop_end` has one bit more."""
        return self.uop_index_bits or self.log_uop_buff_size - 2


_KINDS = {"int": "an integer", "float": "a number", "bool": "true or false", "str": "text"}
_OLDER = ("HW_FREQ", "HW_CLK_TARGET", "LOG_OUT_BUFF_SIZE")
_ATTRIBUTES = {str(each.metadata.get("key", each.name)): each.name for each in fields(Config)}


def key_types() -> dict[str, type]:
    """The keys of a configuration's JSON object but its name, and what type each has."""
    kinds = {"int": int, "float": float, "bool": bool, "str": str}
    types = {item.name: kinds[str(item.type)] for item in fields(Config)}
    named = {key: types[name] for key, name in _ATTRIBUTES.items() if key != "name"}
    return {"LOG_BLOCK": int, **named}


def preset_names() -> list[str]:
    """Names that `Config.load` knows, sorted."""
    return names_in(_PRESETS)


def _require(condition: bool, key: str, found: object, expected: str) -> None:
    if not condition:
        raise ConfigError(f"{key}: found {found}, expected {expected}")


def _nearest(key: str) -> str:
    known = {name.lower(): name for name in (*_ATTRIBUTES, "LOG_BLOCK")}
    near = get_close_matches(key.lower(), known, n=1)
    return f", did you mean {known[near[0]]}?" if near else ""
