"""`affine-nest-schedule`: choose tile sizes, loop order and buffer slots for each nest on the core.

The choice is written to the nest as an attribute, which a person can read, edit and pin: a nest
that has one keeps it. `tensor.search` has the candidates, `tensor.estimate` their costs.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.attributes import MUST_RUN_ON
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import is_on_core, place_on_host
from nopt.passes.base.places import about
from nopt.passes.base.remarks import remark
from nopt.passes.core.core_nest import NotOnCore
from nopt.passes.kernel.legality import SCHEDULE, NoScheduleError
from nopt.passes.kernel.tiling import tiling_of
from nopt.passes.schedule.scheduler import Scheduler


@dataclass(frozen=True)
class AffineNestSchedulePass(ModulePass):
    """Choose tiles, loop order and buffer slots by a cost model; keep what is pinned.

    A nest without a schedule goes to the host, blocked as it is, unless it must run on the core.
    Schedules in the file `tuning_log` are taken from there, what is searched is added to it. The
    `objective` is cycles, energy or edp, their product. With `measure`, the so many cheapest by the
    cost model are timed exactly, and the best is taken. `share` is the part of its port's bytes a
    cycle that the core has.
    """

    name = "affine-nest-schedule"
    level = "affine_nest"

    tuning_log: str | None = None
    objective: str = "cycles"
    measure: int = 0
    share: float = 1.0

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        config = machine_of(op)
        scheduler = Scheduler(config, self.tuning_log, self.objective, self.measure, self.share)
        for nest in op.walk():
            if not isinstance(nest, ForOp) or SCHEDULE in nest.attributes:
                continue
            if not is_on_core(nest):
                continue
            must = nest.attributes.pop(MUST_RUN_ON, None)
            try:
                nest.attributes[SCHEDULE] = scheduler.schedule(tiling_of(nest, config))
            except (NotOnCore, NoScheduleError) as reason:
                if must is not None:
                    with about(nest):
                        raise
                place_on_host(nest, str(reason))
        scheduler.save()
        if scheduler.log is not None and scheduler.log.unused is not None:
            remark(op, scheduler.log.unused)
