"""What a schedule is chosen by: cycles, energy, or their product."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from nopt.hw.config import Config
from nopt.hw.isa.encoding import INSTRUCTION_BYTES
from nopt.hw.timing.energy import scratchpad_picojoules
from nopt.passes.kernel.candidates import Floats
from nopt.passes.kernel.tiling import Tiling

OBJECTIVES = ("cycles", "energy", "edp")


@dataclass(frozen=True)
class Objective:
    """A name of `OBJECTIVES`; less is better. Raises ValueError for another name."""

    name: str = "cycles"

    def __post_init__(self) -> None:
        if self.name not in OBJECTIVES:
            expected = ", ".join(OBJECTIVES)
            raise ValueError(f"objective: found '{self.name}', expected one of {expected}")

    @property
    def is_cycles(self) -> bool:
        return self.name == "cycles"

    def of(
        self, cycles: Floats, bytes: Floats, instructions: Floats, tiling: Tiling, config: Config
    ) -> Floats:
        """Of candidates with these cycles, bytes loaded and instructions, [candidates] each."""
        if self.is_cycles:
            return cycles
        moved = bytes + instructions * INSTRUCTION_BYTES
        energy = _computed(tiling, config) + moved * config.energy_dram_byte
        return energy if self.name == "energy" else energy * cycles


def _computed(tiling: Tiling, config: Config) -> float:
    """Picojoules that any schedule spends: products and sums, and what they read and write."""
    per_byte = scratchpad_picojoules(config)
    steps = prod(tiling.extents) * config.inp_parts * config.acc_parts
    vectors = prod(tiling.extents[: tiling.parallel]) * config.acc_parts
    accumulated = 2 * config.acc_bytes * per_byte["acc"] + config.out_bytes * per_byte["out"]
    products = config.batch * config.block_in * config.block_out * config.energy_mac
    operands = config.inp_bytes * per_byte["inp"] + config.wgt_bytes * per_byte["wgt"]
    lanes = config.batch * config.block_out * config.energy_alu
    stored = vectors * config.out_bytes * config.energy_dram_byte
    in_steps = steps * (products + operands + accumulated)
    return in_steps + vectors * len(tiling.steps) * (lanes + accumulated) + stored
