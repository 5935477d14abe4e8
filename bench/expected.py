"""What the cost model says of the nests of a module, before they become kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.hw import cost
from nopt.hw.config import Config
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import is_on_core
from nopt.passes.kernel.candidates import Candidates
from nopt.passes.kernel.legality import SCHEDULE, NoScheduleError
from nopt.passes.kernel.operands import Integers, Operand
from nopt.passes.kernel.tile_cost import tile_cost
from nopt.passes.kernel.tiling import Tiling, tiling_of
from nopt.passes.schedule.estimate import estimate_schedule
from nopt.passes.schedule.schedule_search import search
from nopt.passes.schedule.sequence import Scheduled, cycles_after


@dataclass(frozen=True)
class Expected:
    """A nest's cycles by the cost model, and what no schedule of it can beat."""

    alone: float
    """Without what comes before, from the launch to the end of what it computes."""
    after: float
    """Behind the nest before it."""
    end: float
    """Its last store, if nothing comes behind it."""
    floor: int
    """Steps of the compute module, each at its least, or bytes that must be read."""
    weights: float
    """How often its weights are loaded; 0 if it has none."""
    once: tuple[float, float] | None
    """If that is more than once: how many cycles longer the best schedule takes that loads them
    once, and how many bytes more it loads; nothing if there is none."""


def expectations(module: ModuleOp) -> list[Expected]:
    """Of each scheduled nest on the core, in order."""
    config = machine_of(module)
    found: list[Expected] = []
    known: dict[str, tuple[float, float] | None] = {}
    before: Scheduled | None = None
    for nest in module.walk():
        if not isinstance(nest, ForOp) or not is_on_core(nest):
            continue
        schedule = nest.attributes[SCHEDULE]
        assert isinstance(schedule, ScheduleAttr)
        layer = Scheduled(tiling_of(nest, config), schedule, config)
        alone, end = float(layer.cost.cycles[0]), float(layer.cost.end[0])
        weights = float(layer.cost.weights[0])
        if weights > 1 and layer.tiling.signature not in known:
            known[layer.tiling.signature] = _loading_once(layer)
        found.append(
            Expected(
                alone=alone - end,
                after=alone - end if before is None else cycles_after(before, layer),
                end=end,
                floor=floor(layer.tiling, config),
                weights=weights,
                once=known[layer.tiling.signature] if weights > 1 else None,
            )
        )
        before = layer
    return found


def _loading_once(layer: Scheduled) -> tuple[float, float] | None:
    """Cycles and bytes more of the best schedule that loads weights once, if there is one."""
    try:
        schedule = search(layer.tiling, layer.config, weights=1)
    except NoScheduleError:
        return None
    once = estimate_schedule(layer.tiling, schedule, layer.config)
    cycles, bytes = once.cycles - layer.cost.cycles, once.bytes - layer.cost.bytes
    return float(cycles[0]), float(bytes[0])


def floor(tiling: Tiling, config: Config) -> int:
    """Cycles that no schedule of a nest can beat, however it overlaps.

    All steps of the tile program, as if one tile held everything and instructions were
    free of charge; or what must be read, once. More tiles have more to do: overlaps of windows, or
    copies of them.
    """
    tile = tile_cost(Candidates(tiling, [tiling.extents]), config)
    start = cost.PIPELINE_CYCLES + cost.ISSUE_CYCLES
    steps = sum(part.cycles - start * part.instructions for part in (tile.chunk, tile.rest))
    read = sum(_bytes_read(tiling, operand, config) for operand in tiling.operands)
    return max(round(float(steps[0])), read // config.bytes_per_cycle)


def _bytes_read(tiling: Tiling, operand: Operand, config: Config) -> int:
    """Bytes of the entries of an operand that are read at all; 0 where these are no box."""
    if operand.opaque or (np.count_nonzero(operand.coefficients, axis=0) > 1).any():
        return 0
    entries = 1
    found: Integers
    for axis, row in enumerate(operand.coefficients):
        found = np.array([operand.indices[axis].eval([0] * len(tiling.iterators), [])])
        for iterator in np.flatnonzero(row).tolist():
            moved = row[iterator] * np.arange(tiling.extents[iterator])
            found = np.unique(np.add.outer(found, moved))
        entries *= int(((found >= 0) & (found < operand.shape[axis])).sum())
    bytes = {
        Memory.INP: config.inp_bytes,
        Memory.WGT: config.wgt_bytes,
        Memory.ACC: config.acc_bytes,
    }
    return entries * bytes[operand.memory]
