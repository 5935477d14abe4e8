"""Machines by name, by file, and as variants of others."""

from __future__ import annotations

from pathlib import Path

from nopt.hw.config import Config, preset_names

Machine = str | Path | Config
"""A preset's name, the path of a JSON file, or a configuration."""


def machine(name: Machine = "rtl", **changes: float | bool | str) -> Config:
    """The configuration of a core, with some of its keys changed.

        nopt.machine("rtl", LOG_BLOCK=5, memory_latency=64)

    Keys are those of VTA's JSON files and ours; docs/machines.md has each with unit and range.
    Raises ConfigError for an unknown name or key, or a value that no core can have.
    """
    config = name if isinstance(name, Config) else Config.load(name)
    return config.varied(changes)


def machines() -> dict[str, Config]:
    """The machines that have names."""
    return {name: Config.load(name) for name in preset_names()}
