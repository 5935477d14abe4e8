"""What a core takes: square millimetres of a chip, slices of an FPGA, and whether a board has them.

A stated model, to compare designs: its coefficients, each with its source, are in
`technology.json`, what a board has in `boards/`. Frequencies are a table by multipliers, as far as
designs of that size are known to close timing; none beyond its end.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nopt.hw.config import Config, ConfigError

_HERE = Path(__file__).parent
_RATIOS = ((512, 72), (1024, 36), (2048, 18), (4096, 9))
"""Depth and width of one RAMB36."""


@dataclass(frozen=True)
class Resources:
    """What a core takes."""

    sram: int
    """Bytes of all scratchpads."""
    area: float
    """Square millimetres of multipliers, adders, ALU and scratchpads."""
    dsp: int
    bram36: int
    lut: int
    multipliers: int


@dataclass(frozen=True)
class Board:
    """What an FPGA has, and how fast cores of a size run there."""

    name: str
    dsp: int
    bram36: int
    lut: int
    mhz: tuple[tuple[int, int], ...]
    """Most multipliers, and the frequency up to there."""

    @staticmethod
    def load(name: str) -> Board:
        """A board by name. Raises ConfigError for another name."""
        path = _HERE / f"boards/{name}.json"
        if name not in board_names():
            raise ConfigError(f"board {name}: expected one of {', '.join(board_names())}")
        data = json.loads(path.read_text(encoding="utf-8"))
        table = tuple((size, mhz) for size, mhz in data["mhz"])
        return Board(name, data["dsp"], data["bram36"], data["lut"], table)

    def frequency(self, taken: Resources) -> int | None:
        """Megahertz at which a core of this size closes timing; None beyond the table."""
        return next((mhz for most, mhz in self.mhz if taken.multipliers <= most), None)

    def refusal(self, taken: Resources) -> str | None:
        """Why a core does not fit, and by how much; None if it does."""
        for name in ("dsp", "bram36", "lut"):
            found, most = getattr(taken, name), getattr(self, name)
            if found > most:
                return f"{name}: takes {found:,}, {found - most:,} more than {self.name} has"
        if self.frequency(taken) is None:
            most, _ = self.mhz[-1]
            return (
                f"multipliers: {taken.multipliers:,}, {taken.multipliers - most:,} more than are "
                f"known to close timing on {self.name}"
            )
        return None


def board_names() -> list[str]:
    """Names that `Board.load` knows, sorted."""
    return sorted(path.stem for path in (_HERE / "boards").glob("*.json"))


def resources(config: Config) -> Resources:
    """What a core takes by the model."""
    area, fpga = technology()["area"], technology()["fpga"]
    memories = {
        "uop": (config.uop_entries, config.uop_bytes),
        "inp": (config.inp_entries, config.inp_bytes),
        "wgt": (config.wgt_entries, config.wgt_bytes),
        "acc": (config.acc_entries, config.acc_bytes),
        "out": (config.acc_entries, config.out_bytes),
    }
    sram = sum(entries * size for entries, size in memories.values())
    multipliers = config.batch * config.block_in * config.block_out
    alu = config.alu_lanes or config.batch * config.block_out
    square_micrometres = (
        multipliers * (area["multiplier"] + area["adder"])
        + alu * area["alu_lane"]
        + 8 * sram * area["sram_bit"]
    )
    return Resources(
        sram=sram,
        area=square_micrometres / 1e6,
        dsp=-(-multipliers // fpga["multipliers_per_dsp"]),
        bram36=sum(_bram36(entries, 8 * size) for entries, size in memories.values()),
        lut=fpga["lut"] + multipliers * fpga["lut_per_multiplier"] + alu * fpga["lut_per_alu_lane"],
        multipliers=multipliers,
    )


def names_of_resources() -> list[str]:
    """What a budget may limit."""
    return [*asdict(resources(Config()))]


def _bram36(entries: int, bits: int) -> int:
    """Block RAMs of a memory, in the aspect ratio that takes the fewest."""
    return min(-(-entries // depth) * -(-bits // width) for depth, width in _RATIOS)


@cache
def technology() -> dict[str, Any]:
    """The coefficients, with their sources."""
    return json.loads((_HERE / "technology.json").read_text(encoding="utf-8"))
