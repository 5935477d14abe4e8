"""Which family a machine is of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nopt.hw.array.array_machine import ArrayMachine, array_names
from nopt.hw.array.levels.level_machine import level_machine_names
from nopt.hw.files.named_json import has_key
from nopt.tools.explore.families.cores import Cores
from nopt.tools.explore.families.family import Family
from nopt.tools.explore.families.pe_arrays import Arrays

CORES, ARRAYS = Cores(), Arrays()


def family_of(machine: Any) -> Family:
    """The family of a machine, given itself, by name, or by a JSON file with its keys."""
    if not isinstance(machine, str | Path):
        return ARRAYS if isinstance(machine, ArrayMachine) else CORES
    base = str(machine).split("+")[0]
    is_array = base in (*array_names(), *level_machine_names())
    return ARRAYS if is_array or any(has_key(base, key) for key in ("pes", "levels")) else CORES
