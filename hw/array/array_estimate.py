"""What one mapping takes, and where: cycles by cause, energy and words by level and operand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nopt.hw.array.array_cost import CostModel, HeldTiles, Joined
from nopt.hw.array.array_machine import ArrayMachine
from nopt.hw.array.loop_orders import product, reuse
from nopt.hw.array.mapping import Mapping, check_mapping
from nopt.hw.array.problem import Numbers, Problem


@dataclass(frozen=True)
class Estimate:
    """What one mapping takes: cycles by cause, picojoules and words by level and operand."""

    cycles: int
    by_cause: dict[str, int]
    energy: int
    by_level: dict[str, float]
    words: dict[str, dict[str, int]]

    @property
    def edp(self) -> float:
        """Energy-delay product: picojoules times cycles."""
        return float(self.energy) * self.cycles


def estimate(machine: ArrayMachine, problem: Problem, mapping: Mapping) -> Estimate:
    """What one mapping takes, whether it fits or not. Raises ValueError as `check_mapping`."""
    check_mapping(problem, mapping)
    model = CostModel(machine, problem, mapping.packed)
    spatial, rf, spm = (_column(each) for each in (mapping.spatial, mapping.rf, mapping.spm))
    held = model.held(spatial, rf)
    tile = model.tiles([s * r * p for s, r, p in zip(spatial, rf, spm, strict=True)])
    uses = reuse(problem, mapping.order_spm, spm)
    dram_uses = reuse(problem, mapping.order_dram, tile.trips)
    joined = model.join(held, tile, product(spm), uses, dram_uses)
    return _said(model, held, joined, model.dram_words(tile, dram_uses))


def _said(model: CostModel, held: HeldTiles, joined: Joined, dram: list[Numbers]) -> Estimate:
    machine, names = model.machine, [each.name for each in model.problem.operands]
    times = joined.transfers
    words = {
        "network": [n * w for n, w in zip(times, held.noc_words, strict=True)],
        "spm": [n * w for n, w in zip(times, held.spm_words, strict=True)],
        "dram": dram,
    }
    added = joined.reductions * held.reduction
    macs, per_mac = model.problem.points, len(names) + 1
    sums = {level: sum(each) for level, each in words.items()}
    by_level = {
        "mac": (macs + added) * machine.mac_energy,
        "rf": (per_mac * macs + 3 * added) * machine.rf_energy,
        "network": (sums["network"] + added) * machine.network.energy,
        "spm": sums["spm"] * machine.spm_energy,
        "dram": sums["dram"] * machine.dram.energy,
    }
    causes = ("compute", "network", "output", "reduction", "dma")
    return Estimate(
        cycles=_whole(joined.cycles),
        by_cause={cause: _whole(getattr(joined, cause)) for cause in causes},
        energy=round(_one(model.energy(held, joined, sums["dram"] * machine.dram.energy))),
        by_level={level: _one(energy) for level, energy in by_level.items()},
        words={
            level: {n: _whole(w) for n, w in zip(names, each, strict=True)}
            for level, each in words.items()
        },
    )


def _column(factors: Iterable[int]) -> list[Numbers]:
    return [np.array([float(factor)]) for factor in factors]


def _one(value: Numbers) -> float:
    return float(np.asarray(value).reshape(-1)[0])


def _whole(value: Numbers) -> int:
    return round(_one(value))
