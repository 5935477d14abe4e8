"""Dependency tokens: one scan over a stream in program order places the fewest that keep it right.

For each instruction `hazards` finds the latest one of every other module that it must follow;
`tokens` orders the two.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nopt.hw.config import Config
from nopt.hw.isa.encoding import Micro, Opcode, Records, module_of
from nopt.hw.isa.fields import TOKENS
from nopt.hw.sync.hazards import Conflicts, SynchronizeError
from nopt.hw.sync.tokens import TokenPlacer


def synchronize(insns: Records, memory_uops: Micro, config: Config, uop_base: int = 0) -> Records:
    """What `synchronized` gives, the records alone."""
    return synchronized(insns, memory_uops, config, uop_base)[0]


def synchronized(
    insns: Records, memory_uops: Micro, config: Config, uop_base: int = 0
) -> tuple[Records, NDArray[np.int64]]:
    """The stream with dependency tokens, empty compute instructions where needed, and FINISH.

    With it comes the number of each record in `insns`, negative for those inserted.

    `insns` (n,) are records in program order without tokens and without FINISH. `memory_uops` are
    all micro-ops in DRAM, the first at DRAM element address `uop_base`.

    Raises `SynchronizeError` if a record already has tokens or is a FINISH, or if a LOAD UOP
    leaves `memory_uops`.
    """
    for token in TOKENS:
        if insns[token].any():
            at = int(np.flatnonzero(insns[token])[0])
            raise SynchronizeError(f"instruction {at}: {token}: found 1, expected no tokens yet")
    if (insns["opcode"] == Opcode.FINISH).any():
        at = int(np.flatnonzero(insns["opcode"] == Opcode.FINISH)[0])
        raise SynchronizeError(f"instruction {at}: found FINISH, expected it to be added here")
    conflicts = Conflicts(insns, config, np.asarray(memory_uops, np.uint32), uop_base)
    placer = TokenPlacer(config.token_depth)
    for row, module in enumerate(module_of(insns).tolist()):
        needs = conflicts.needs(row, placer.count(module), placer.known(module))
        placer.issue(row, module, needs, conflicts.stores_ahead)
    return placer.finish(insns)
