"""What one instruction can say on a core: the ranges of its fields, read from the field table.

Passes and verifiers ask here; only `isa.encoding` counts bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from nopt.hw.config import Config
from nopt.hw.isa.encoding import Opcode, layout


class Range(NamedTuple):
    """The least and the largest number that a field holds."""

    low: int
    high: int


@cache
def field_range(opcode: Opcode, name: str, config: Config) -> Range:
    """What a field of an instruction holds. Raises `KeyError` if its kind has no such field."""
    fields = {field.name: field for field in layout(opcode, config)}
    return Range(fields[name].low, fields[name].high)


def immediate(config: Config) -> Range:
    """The number that an ALU instruction carries."""
    return field_range(Opcode.ALU, "imm", config)


def entries(config: Config) -> Mapping[str, int]:
    """Entries of each scratchpad, by `inp`, `wgt` and `acc`."""
    return {"inp": config.inp_entries, "wgt": config.wgt_entries, "acc": config.acc_entries}


def most_padding(config: Config) -> int:
    """Rows, or elements of a row, of zeros that a LOAD adds on one side."""
    sides = ("y_pad_0", "y_pad_1", "x_pad_0", "x_pad_1")
    return min(field_range(Opcode.LOAD, side, config).high for side in sides)


def most_stride(config: Config) -> int:
    """Elements in DRAM from one row of a transfer to the next."""
    return field_range(Opcode.LOAD, "x_stride", config).high


def most_turns(config: Config) -> int:
    """Turns of one hardware loop."""
    return min(field_range(Opcode.GEMM, loop, config).high for loop in ("iter_out", "iter_in"))


ANY_CORE = Config()
"""For verifiers, which know no core: the fields that they ask for are as wide on every core."""
