"""`affine-nest-schedule`: choose tile sizes, loop order and buffer slots for each nest on the core.

The choice is written to the nest as an attribute, which a person can read, edit and pin: a nest
that has one keeps it. `tensor.search` has the candidates, `tensor.estimate` their costs.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.passes.affine.core_nest import HOST_REASON, PLACEMENT, NotOnCore
from nopt.passes.affine.nest_builder import MUST_RUN_ON
from nopt.passes.machine import machine_of
from nopt.passes.places import about
from nopt.passes.tensor.schedules import SCHEDULE, NoScheduleError
from nopt.passes.tensor.search import search
from nopt.passes.tensor.tiling import tiling_of


@dataclass(frozen=True)
class AffineNestSchedulePass(ModulePass):
    """Choose tiles, loop order and buffer slots by a cost model; keep what is pinned.

    A nest without a schedule goes to the host, blocked as it is, unless it must run on the core.
    """

    name = "affine-nest-schedule"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        config = machine_of(op)
        known: dict[tuple[object, ...], ScheduleAttr] = {}
        for nest in op.walk():
            if not isinstance(nest, ForOp) or SCHEDULE in nest.attributes:
                continue
            if nest.attributes.get(PLACEMENT) != StringAttr("core"):
                continue
            must = nest.attributes.pop(MUST_RUN_ON, None)
            try:
                tiling = tiling_of(nest, config)
                if tiling.signature not in known:
                    known[tiling.signature] = search(tiling, config)
                nest.attributes[SCHEDULE] = known[tiling.signature]
            except (NotOnCore, NoScheduleError) as reason:
                if must is not None:
                    with about(nest):
                        raise
                nest.attributes[PLACEMENT] = StringAttr("host")
                nest.attributes[HOST_REASON] = StringAttr(str(reason))
