"""An array of processing elements (PEs): what its levels hold, move and take, read from JSON.

Each PE multiplies and adds once a cycle and has a register file (`rf`) that all operands share. A
scratchpad (`spm`) feeds the array through one multicast network an operand; one DMA engine fills
it from DRAM, a transfer after the other. Energies are picojoules a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isqrt, log2
from pathlib import Path
from typing import Any

from nopt.hw.config import ConfigError
from nopt.hw.files.named_json import load_named, names_in
from nopt.hw.files.near_keys import check_keys, nearest
from nopt.hw.files.schema import SchemaError, read

_PRESETS = Path(__file__).parent / "presets"


@dataclass(frozen=True)
class SizeRule:
    """An energy that goes with a memory's size: from a table, elsewhere by a power law."""

    bytes: int = 1
    """The size at which an access takes `energy`."""
    energy: float = 0.0
    per_doubling: float = 1.0
    """By how much each doubling of the size multiplies it."""
    table: dict[str, float] | None = None
    """Energies by size in bytes, which go before the power law."""

    def at(self, size: int) -> float:
        """Picojoules of a word, in a memory of so many bytes."""
        if self.table and str(size) in self.table:
            return self.table[str(size)]
        return self.energy * self.per_doubling ** log2(size / self.bytes)


@dataclass(frozen=True)
class RegisterFile:
    """What each PE has; all of it holds the tiles of one pass."""

    bytes: int
    energy: SizeRule | float


@dataclass(frozen=True)
class Scratchpad:
    """What feeds the array. Double-buffered, a half holds the tiles of one pass."""

    bytes: int
    energy: SizeRule | float
    bank_bytes: int = 1
    """An operand's tile takes whole banks."""
    double_buffered: bool = True

    @property
    def banks(self) -> int:
        """Banks that the tiles of one pass can take."""
        return self.bytes // (2 if self.double_buffered else 1) // self.bank_bytes


@dataclass(frozen=True)
class Network:
    """From the scratchpad to the PEs; a word that several PEs want is sent to them at once."""

    energy: float
    words_per_cycle: float = 1.0


@dataclass(frozen=True)
class Dram:
    """Off the chip, as large as one wants."""

    energy: float


@dataclass(frozen=True)
class Dma:
    """A transfer of b bytes takes setup + cycles_per_byte * b cycles of the DMA's own clock."""

    cycles_per_byte: float
    setup: float = 0.0
    mhz: float = 1.0


BANK_CONFLICTS = ("none", "blocked", "interleaved")
"""Whether words of one bank wait for each other; and if so whether a bank has consecutive words."""


@dataclass(frozen=True)
class Pipeline:
    """What a simulation of cycles needs beside; defaults are DiRAC's (github cmlasu/DiRAC)."""

    rows: int | None = None
    """Of PEs; without rows and columns, the array is as square as the number of PEs allows."""
    columns: int | None = None
    multiplier_stages: int = 2
    adder_stages: int = 1
    fifo_depth: int = 2
    """Words between a network and the register file, which takes all that come in a cycle."""
    trigger_latency: int | None = None
    """Cycles from one PE's sending of results to the next one's; by default as many as it sends
    words."""
    burst_gap: int = 1
    """Cycles of a network between runs of consecutive words in the scratchpad."""
    bank_conflicts: str = "none"

    @property
    def delay(self) -> int:
        """Stages: fetch, decode, reading registers, the arithmetic, writing a register."""
        return 4 + self.multiplier_stages + self.adder_stages


@dataclass(frozen=True)
class ArrayMachine:
    """An array. Raises `ConfigError` on construction when a value is impossible."""

    pes: int
    rf: RegisterFile
    spm: Scratchpad
    network: Network
    dram: Dram
    dma: Dma
    mac_energy: float
    name: str = "custom"
    word_bytes: int = 2
    mhz: float = 1.0
    pipeline: Pipeline = Pipeline()

    def __post_init__(self) -> None:
        latency = self.pipeline.trigger_latency
        least = {
            "pes": (self.pes, 1),
            "word_bytes": (self.word_bytes, 1),
            "rf.bytes": (self.rf.bytes, self.word_bytes),
            "spm.bank_bytes": (self.spm.bank_bytes, 1),
            "spm.bytes": (self.spm.bytes, (1 + self.spm.double_buffered) * self.spm.bank_bytes),
            "dma.cycles_per_byte": (self.dma.cycles_per_byte, 0),
            "dma.setup": (self.dma.setup, 0),
            "mac_energy": (self.mac_energy, 0),
            "rf.energy": (self.rf_energy, 0),
            "spm.energy": (self.spm_energy, 0),
            "network.energy": (self.network.energy, 0),
            "dram.energy": (self.dram.energy, 0),
            "pipeline.multiplier_stages": (self.pipeline.multiplier_stages, 1),
            "pipeline.adder_stages": (self.pipeline.adder_stages, 1),
            "pipeline.fifo_depth": (self.pipeline.fifo_depth, self.network.words_per_cycle),
            "pipeline.trigger_latency": (1 if latency is None else latency, 1),
            "pipeline.burst_gap": (self.pipeline.burst_gap, 0),
        }
        for key, (value, low) in least.items():
            if value < low:
                raise ConfigError(f"{key}: found {value}, expected {low} or more")
        more = {
            "mhz": self.mhz,
            "dma.mhz": self.dma.mhz,
            "network.words_per_cycle": self.network.words_per_cycle,
        }
        for key, value in more.items():
            if value <= 0:
                raise ConfigError(f"{key}: found {value}, expected more than 0")
        self._check_pipeline()

    def _check_pipeline(self) -> None:
        rows, columns = self.shape
        if rows < 1 or columns < 1 or rows * columns != self.pes:
            raise ConfigError(
                f"pipeline: found {rows} rows, {columns} columns, expected {self.pes} PEs in them"
            )
        if (found := self.pipeline.bank_conflicts) not in BANK_CONFLICTS:
            known = ", ".join(BANK_CONFLICTS)
            raise ConfigError(f"pipeline.bank_conflicts: found {found}, expected one of {known}")
        if found != "none" and self.network.words_per_cycle % 1:
            words = self.network.words_per_cycle
            raise ConfigError(
                f"network.words_per_cycle: found {words}, expected a whole number with "
                f"pipeline.bank_conflicts {found}"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of PEs."""
        rows, columns = self.pipeline.rows, self.pipeline.columns
        if rows is None:
            squarest = next(n for n in range(isqrt(self.pes), 0, -1) if self.pes % n == 0)
            rows = squarest if columns is None else self.pes // max(columns, 1)
        return rows, self.pes // max(rows, 1) if columns is None else columns

    @property
    def rf_words(self) -> int:
        """Words of one PE's register file."""
        return self.rf.bytes // self.word_bytes

    @property
    def rf_energy(self) -> float:
        """Picojoules of a word to or from a register file."""
        return _energy(self.rf)

    @property
    def spm_energy(self) -> float:
        """Picojoules of a word to or from the scratchpad."""
        return _energy(self.spm)

    @staticmethod
    def from_json(data: dict[str, Any]) -> ArrayMachine:
        """An array from its JSON object.

        Raises `ConfigError` for unknown keys (with the nearest known one) and bad values.
        """
        try:
            check_keys(ArrayMachine, data)
            return read(ArrayMachine, data)
        except SchemaError as error:
            raise ConfigError(str(error)) from None

    def to_json(self) -> dict[str, Any]:
        """The JSON object; `from_json` of it gives an equal array."""
        return asdict(self)

    def varied(self, changes: Mapping[str, Any]) -> ArrayMachine:
        """This array with other values of some keys, as `pes`, `dma.setup`, or of a memory's bytes
        by its name alone: `rf`, `spm`. Energies that go with sizes follow them.

        Its name says what changed. Raises `ConfigError` as `from_json` does.
        """
        if not changes:
            return self
        data = self.to_json()
        said = [f"{key}={value}" for key, value in changes.items() if key != "name"]
        data["name"] = "+".join([self.name, *said])
        for key, value in changes.items():
            *inside, last = _path(key)
            at = data
            for part in inside:
                if not isinstance(at.get(part), dict):
                    raise ConfigError(f"{key}: unknown key{nearest(part, tuple(at))}")
                at = at[part]
            at[last] = value
        return ArrayMachine.from_json(data)

    @staticmethod
    def check_key(key: str) -> None:
        """Raises ConfigError for a key that `varied` does not take."""
        data: Any = 0
        for part in reversed(_path(key)):
            data = {part: data}
        try:
            check_keys(ArrayMachine, data)
        except SchemaError as error:
            raise ConfigError(str(error)) from None

    @staticmethod
    def load(name_or_path: str | Path) -> ArrayMachine:
        """A preset by name, such as "pe256", or a JSON file by path; with changes, as the name of a
        varied array has them: "pe256+rf=1024+dma.setup=0". Raises `ConfigError`."""
        base, *changes = re.split(r"\+(?=[a-z_.]+=)", str(name_or_path))
        machine = load_named(base, _PRESETS, ArrayMachine.from_json, ConfigError)
        values: dict[str, Any] = {}
        for change in changes:
            key, _, text = change.partition("=")
            try:
                values[key] = json.loads(text)
            except ValueError:
                raise ConfigError(f"{key}: found '{text}', expected a number") from None
        return machine.varied(values)


def array_names() -> list[str]:
    """Names that `ArrayMachine.load` knows, sorted."""
    return names_in(_PRESETS)


def _path(key: str) -> list[str]:
    """The keys from the outermost object inwards."""
    return str(f"{key}.bytes" if key in ("rf", "spm") else key).split(".")


def _energy(memory: RegisterFile | Scratchpad) -> float:
    rule = memory.energy
    return rule.at(memory.bytes) if isinstance(rule, SizeRule) else rule
