"""Arrays by name, of either model: PEs around a scratchpad, or any number of levels."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from nopt.hw.array.array_machine import ArrayMachine, array_names
from nopt.hw.array.levels.level_machine import LevelMachine, level_machine_names
from nopt.hw.array.levels.vta_levels import PREFIX, vta_levels
from nopt.hw.config import Config, ConfigError
from nopt.hw.files.named_json import has_key

AnyMachine: TypeAlias = ArrayMachine | LevelMachine


def macs_of(machine: AnyMachine) -> int:
    """How many multiplications a cycle can do."""
    return machine.macs if isinstance(machine, LevelMachine) else machine.pes


def load_any(name: str) -> AnyMachine:
    """A preset of either model, or a JSON file, whose key `levels` says that it is one of levels;
    `vta:rtl` is a core of the VTA family seen as levels. Raises ConfigError."""
    if name.startswith(PREFIX):
        return vta_levels(Config.load(name.removeprefix(PREFIX)))
    if name in level_machine_names() or has_key(name, "levels"):
        return LevelMachine.load(name)
    if not Path(name).suffix and name.split("+")[0] not in array_names():
        known = ", ".join([*array_names(), *level_machine_names()])
        raise ConfigError(f"{name}: no such file or preset, expected one of {known} or a JSON file")
    return ArrayMachine.load(name)
