"""What the cost model says of the nests of a module, before they become kernels."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import ModuleOp

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.hw.config import Config
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import is_on_core
from nopt.passes.kernel.legality import SCHEDULE, NoScheduleError
from nopt.passes.kernel.reuse import factor
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

    Each output vector takes a cycle to be reset and one for each product, immediate or product of
    the epilogue, two for each other step with an operand; the weights must be read once.
    """
    vectors = prod(tiling.extents[: tiling.parallel])
    alu = config.alu_cycles
    if tiling.windows is not None:
        planes, folds = len(tiling.windows.planes), len([*tiling.windows.folds()])
        products = prod(tiling.extents[tiling.compared.stop :])
        cycles = planes * (1 + products) + 2 * alu * folds
    else:
        cycles = 1 + prod(tiling.extents[tiling.parallel :])
    for step in tiling.steps:
        if shifts := step.shifts_to_multiply(config):
            cycles += 1 + alu * (3 * len(shifts) - (shifts[-1] == 0))
        elif isinstance(step.operand, int):
            cycles += alu
        else:
            operand = tiling.operand(step.operand)
            cycles += 1 if operand.digits or operand.memory is Memory.INP else 2 * alu
    weights = factor(tiling, Memory.WGT)
    read = 0 if weights is None else prod(weights.shape) * config.wgt_bytes
    return max(vectors * cycles, read // config.bytes_per_cycle)
