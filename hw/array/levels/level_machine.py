"""A machine of any number of levels, outermost first, read from JSON.

Levels are memories and, between them, arrays of instances: `spatial` ones. The first memory holds
every operand; each other one holds some, and the others bypass it. Inside the last level, each
instance has one MAC, which multiplies and adds once a cycle. Energies are picojoules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from math import inf, prod
from pathlib import Path
from typing import Any

from nopt.hw.array.problem import Problem
from nopt.hw.config import ConfigError
from nopt.hw.files.named_json import load_named, names_in
from nopt.hw.files.near_keys import check_keys, nearest
from nopt.hw.files.schema import SchemaError, read

_PRESETS = Path(__file__).parent / "presets"

MAC = "mac"
"""What the MACs are called beside the levels."""

IDLE = "idle"
"""What the machine takes whatever it does, beside the levels."""


@dataclass(frozen=True)
class AccessEnergy:
    """Of one access to a memory, of a block of words."""

    read: float
    write: float
    """Of words that come from outside."""
    update: float | None = None
    """Of results that come from inside; as `write` if not given."""


@dataclass(frozen=True)
class Memory:
    """A level that holds tiles, once in each instance of the spatial levels around it."""

    name: str
    energy: AccessEnergy | float
    """A number is that of each access."""
    words: int | None = None
    """That all its operands share; unlimited if not given."""
    operand_words: dict[str, int] | None = None
    """Of operands that have a part of their own."""
    holds: tuple[str, ...] | None = None
    """Operands; all if not given."""
    operand_energy: dict[str, AccessEnergy] | None = None
    """Of operands whose accesses take another energy."""
    double_buffered: bool = False
    """Half of it holds the tiles of one pass."""
    block: int = 1
    """Words of an access."""
    cluster: int = 1
    """Instances that one access serves in lockstep."""
    read_bandwidth: float | None = None
    """Words a cycle of each instance; unlimited if not given."""
    write_bandwidth: float | None = None
    leak: float = 0.0
    """Picojoules a cycle of each instance that is used."""

    def access(self, operand: str) -> AccessEnergy:
        """The energies of an operand's accesses."""
        if self.operand_energy and operand in self.operand_energy:
            return self.operand_energy[operand]
        energy = self.energy
        return energy if isinstance(energy, AccessEnergy) else AccessEnergy(energy, energy)


@dataclass(frozen=True)
class FanOut:
    """Instances of what a spatial level has inside, along two axes."""

    x: int
    y: int = 1


@dataclass(frozen=True)
class Spatial:
    """A level whose loops run side by side, and the network to its instances."""

    name: str
    spatial: FanOut
    multicast: bool = True
    """A word that several instances want at once is read once for all of them."""
    reduction: bool = True
    """Results of several instances for the same word are added up on their way outwards."""
    energy: float = 0.0
    """Of a word that arrives at an instance or leaves it."""
    words_per_cycle: dict[str, float] | None = None
    """Of the networks of operands that are read: all instances wait for the first tiles of a pass.
    Nobody waits for an operand without."""

    @property
    def instances(self) -> int:
        return self.spatial.x * self.spatial.y


@dataclass(frozen=True)
class Mac:
    """What multiplies and adds."""

    energy: float


@dataclass(frozen=True)
class LevelMachine:
    """A machine. Raises `ConfigError` on construction when a value is impossible."""

    levels: tuple[Memory | Spatial, ...]
    mac: Mac
    operands: tuple[str, ...]
    """What the levels call the operands of a nest: the result, then what it reads, in order."""
    name: str = "custom"
    word_bits: int = 16
    mhz: float = 1.0
    idle_energy: float = 0.0
    """Picojoules a cycle of the whole machine."""
    source: str = ""
    """Where the figures come from."""

    def __post_init__(self) -> None:
        names = [level.name for level in self.levels] + [MAC, IDLE]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"levels: found the name {name} twice, expected distinct names")
        if not self.levels or not isinstance(first := self.levels[0], Memory):
            raise ConfigError("levels: expected a memory outermost, which holds all operands")
        if first.holds is not None and set(first.holds) != set(self.operands):
            raise ConfigError(
                f"{first.name}.holds: found {', '.join(first.holds)}, expected all operands, as it "
                "is outermost"
            )
        for key, value, low in self._least():
            if not low <= value < inf:
                raise ConfigError(f"{key}: found {value}, expected {low} or more")
        for key, value in self._positive():
            if not 0 < value < inf:
                raise ConfigError(f"{key}: found {value}, expected more than 0")
        for level in self.levels:
            if isinstance(level, Spatial):
                self._check_networks(level)
        for level in self.memories:
            self._check_names(level)
            if self.instances(level) % level.cluster:
                raise ConfigError(
                    f"{level.name}.cluster: found {level.cluster}, expected a divisor of its "
                    f"{self.instances(level)} instances"
                )

    def _least(self) -> Iterator[tuple[str, float, float]]:
        yield "operands", len(self.operands), 1
        yield "word_bits", self.word_bits, 1
        yield "mac.energy", self.mac.energy, 0
        yield "idle_energy", self.idle_energy, 0
        for level in self.levels:
            at = level.name
            if isinstance(level, Spatial):
                yield f"{at}.spatial.x", level.spatial.x, 1
                yield f"{at}.spatial.y", level.spatial.y, 1
                yield f"{at}.energy", level.energy, 0
                continue
            yield f"{at}.words", 1 if level.words is None else level.words, 1
            yield f"{at}.block", level.block, 1
            yield f"{at}.cluster", level.cluster, 1
            yield f"{at}.leak", level.leak, 0
            for operand, words in (level.operand_words or {}).items():
                yield f"{at}.operand_words.{operand}", words, 1
            for operand in self.operands:
                access = level.access(operand)
                yield f"{at}.energy.read", access.read, 0
                yield f"{at}.energy.write", access.write, 0
                yield f"{at}.energy.update", access.update or 0, 0

    def _positive(self) -> Iterator[tuple[str, float]]:
        yield "mhz", self.mhz
        for level in self.memories:
            for key in ("read_bandwidth", "write_bandwidth"):
                value: float | None = getattr(level, key)
                yield f"{level.name}.{key}", 1 if value is None else value

    def _check_networks(self, level: Spatial) -> None:
        for operand, words in (level.words_per_cycle or {}).items():
            place = f"{level.name}.words_per_cycle"
            if operand not in self.operands[1:]:
                known = nearest(operand, self.operands[1:])
                raise ConfigError(
                    f"{place}: found {operand}, expected operands that are read{known}"
                )
            if not 0 < words < inf:
                raise ConfigError(f"{place}.{operand}: found {words}, expected more than 0")

    def _check_names(self, level: Memory) -> None:
        held = self.operands if level.holds is None else level.holds
        for operand in held:
            if operand not in self.operands:
                place = f"{level.name}.holds: found {operand}"
                raise ConfigError(f"{place}{nearest(operand, self.operands)}")
        own = {"operand_words": level.operand_words, "operand_energy": level.operand_energy}
        for key, values in own.items():
            for operand in values or {}:
                if operand not in held:
                    place = f"{level.name}.{key}: found {operand}"
                    raise ConfigError(f"{place}{nearest(operand, held)}")

    @property
    def memories(self) -> tuple[Memory, ...]:
        """The levels that hold tiles, outermost first."""
        return tuple(level for level in self.levels if isinstance(level, Memory))

    @property
    def macs(self) -> int:
        """How many there are."""
        return prod(level.instances for level in self.levels if isinstance(level, Spatial))

    def instances(self, level: Memory) -> int:
        """How many there are of a memory: as many as the spatial levels around it have."""
        around = self.levels[: self.levels.index(level)]
        return prod(each.instances for each in around if isinstance(each, Spatial))

    def without(self, memory: str, operand: str) -> LevelMachine:
        """The machine if a memory does not hold an operand, by the name that levels call it."""
        levels = list(self.levels)
        for i, level in enumerate(levels):
            if isinstance(level, Memory) and level.name == memory:
                holds = self.operands if level.holds is None else level.holds
                own, energy = level.operand_words or {}, level.operand_energy or {}
                levels[i] = replace(
                    level,
                    holds=tuple(each for each in holds if each != operand),
                    operand_words={k: words for k, words in own.items() if k != operand},
                    operand_energy={k: each for k, each in energy.items() if k != operand},
                )
        return replace(self, levels=tuple(levels))

    def operand_names(self, problem: Problem) -> tuple[str, ...]:
        """What the levels call each operand of a problem: by its own name if they know all of
        them, else the result first and then what is read, in order.

        Raises ConfigError for more operands than they know, and two of the same name.
        """
        found = [operand.name for operand in problem.operands]
        if len(set(found)) < len(found):
            raise ConfigError(f"found operands {', '.join(found)}, expected distinct names")
        if set(found) <= set(self.operands):
            return tuple(found)
        if len(found) > len(self.operands):
            raise ConfigError(
                f"machine {self.name}: found operands {', '.join(found)}, expected at most "
                f"{len(self.operands)}: {', '.join(self.operands)}"
            )
        reads = iter(self.operands[1:])
        output = problem.output
        return tuple(self.operands[0] if i == output else next(reads) for i in range(len(found)))

    @staticmethod
    def from_json(data: dict[str, Any]) -> LevelMachine:
        """A machine from its JSON object.

        Raises `ConfigError` for unknown keys (with the nearest known one) and bad values.
        """
        try:
            check_keys(LevelMachine, data)
            return read(LevelMachine, data)
        except SchemaError as error:
            raise ConfigError(str(error)) from None

    def to_json(self) -> dict[str, Any]:
        """The JSON object; `from_json` of it gives an equal machine."""
        return json.loads(json.dumps(asdict(self)))

    @staticmethod
    def load(name_or_path: str | Path) -> LevelMachine:
        """A preset by name, such as "eyeriss_like", or a JSON file by path.

        Raises `ConfigError`.
        """
        return load_named(name_or_path, _PRESETS, LevelMachine.from_json, ConfigError)


def level_machine_names() -> list[str]:
    """Names that `LevelMachine.load` knows, sorted."""
    return names_in(_PRESETS)
