"""A core of the VTA family, seen as a machine of levels.

Its scratchpads hold one operand each and feed an array of MACs without registers: rows of the
batch, columns of outputs, and inputs whose products are added up. Words are bytes, but sums take
four in their scratchpad and leave as one. What a level model leaves out is left out: micro-ops,
resets, the ALU, instructions and their tokens; `hw/cost.py` and `hw/timing` have these.
"""

from __future__ import annotations

from nopt.hw.array.levels.level_machine import (
    AccessEnergy,
    FanOut,
    LevelMachine,
    Mac,
    Memory,
    Spatial,
)
from nopt.hw.config import Config
from nopt.hw.timing.energy import scratchpad_picojoules

PREFIX = "vta:"
"""Before the name of a configuration, or the path of its file."""
_SUM_BYTES = 4


def vta_levels(config: Config) -> LevelMachine:
    """The levels of a core: `dram`, then `inp`, `wgt` and `acc`, then `batch` and `array`."""
    each = scratchpad_picojoules(config)
    port = float(config.bytes_per_cycle)
    dram = Memory(
        "dram",
        config.energy_dram_byte,
        read_bandwidth=port,
        write_bandwidth=port,
    )
    return LevelMachine(
        levels=(
            dram,
            Memory(
                "inp", each["inp"], words=config.inp_entries * config.inp_bytes, holds=("Inputs",)
            ),
            Memory(
                "wgt", each["wgt"], words=config.wgt_entries * config.wgt_bytes, holds=("Weights",)
            ),
            Memory(
                "acc",
                AccessEnergy(_SUM_BYTES * each["acc"], _SUM_BYTES * each["acc"]),
                words=config.acc_entries * config.acc_bytes // _SUM_BYTES,
                holds=("Outputs",),
            ),
            Spatial("batch", FanOut(config.batch)),
            Spatial("array", FanOut(config.block_out, config.block_in)),
        ),
        mac=Mac(config.energy_mac),
        operands=("Outputs", "Inputs", "Weights"),
        name=PREFIX + config.name,
        word_bits=8,
        source="hw/config.py, hw/timing/energy.py",
    )
