"""`affine-nest-schedule`: choose tile sizes, loop order and buffer slots for each nest on the core.

The choice is written to the nest as an attribute, which a person can read, edit and pin: a nest
that has one keeps it. `tensor.search` has the candidates, `tensor.estimate` their costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.hw.config import Config
from nopt.passes.affine.core_nest import NotOnCore
from nopt.passes.affine.nest_builder import MUST_RUN_ON
from nopt.passes.machine import machine_of
from nopt.passes.placement import is_on_core, place_on_host
from nopt.passes.places import about
from nopt.passes.remarks import remark
from nopt.passes.tensor.schedules import SCHEDULE, NoScheduleError
from nopt.passes.tensor.search import search
from nopt.passes.tensor.tiling import Tiling, tiling_of
from nopt.passes.tensor.tuning_log import TuningLog


@dataclass(frozen=True)
class AffineNestSchedulePass(ModulePass):
    """Choose tiles, loop order and buffer slots by a cost model; keep what is pinned.

    A nest without a schedule goes to the host, blocked as it is, unless it must run on the core.
    Schedules in the file `tuning_log` are taken from there, what is searched is added to it.
    """

    name = "affine-nest-schedule"

    tuning_log: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        config = machine_of(op)
        log = None if self.tuning_log is None else TuningLog(Path(self.tuning_log), config)
        known: dict[str, ScheduleAttr] = {}
        for nest in op.walk():
            if not isinstance(nest, ForOp) or SCHEDULE in nest.attributes:
                continue
            if not is_on_core(nest):
                continue
            must = nest.attributes.pop(MUST_RUN_ON, None)
            try:
                tiling = tiling_of(nest, config)
                if tiling.signature not in known:
                    known[tiling.signature] = _schedule(tiling, config, log)
                nest.attributes[SCHEDULE] = known[tiling.signature]
            except (NotOnCore, NoScheduleError) as reason:
                if must is not None:
                    with about(nest):
                        raise
                place_on_host(nest, str(reason))
        if log is not None:
            log.save()
            if log.unused is not None:
                remark(op, log.unused)


def _schedule(tiling: Tiling, config: Config, log: TuningLog | None) -> ScheduleAttr:
    """What the log says, or else what the search finds. Raises NoScheduleError if nothing fits."""
    if log is None:
        return search(tiling, config)
    if (schedule := log.schedule(tiling)) is None:
        schedule = search(tiling, config)
        log.add(tiling, schedule)
    return schedule
