"""Which family a machine is of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nopt.hw.array.array_machine import ArrayMachine, array_names
from nopt.tools.explore.families.cores import Cores
from nopt.tools.explore.families.family import Family
from nopt.tools.explore.families.pe_arrays import Arrays

CORES, ARRAYS = Cores(), Arrays()


def family_of(machine: Any) -> Family:
    """The family of a machine, given itself, by name, or by a JSON file with its keys."""
    if isinstance(machine, str | Path):
        base = str(machine).split("+")[0]
        return ARRAYS if base in array_names() or _has_pes(Path(base)) else CORES
    return ARRAYS if isinstance(machine, ArrayMachine) else CORES


def _has_pes(path: Path) -> bool:
    # What cannot be read is complained about by whoever loads it.
    try:
        return "pes" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False
