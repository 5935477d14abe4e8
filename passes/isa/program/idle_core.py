"""A word about programs that leave the core idle, though it might have had something to do."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Operation

from nopt.dialects import graph, isa
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.annotations import HOST_REASON
from nopt.passes.base.remarks import warn


def warn_if_idle(module: ModuleOp) -> None:
    """Warn, with the first reason, if no kernel is left for the core of what it exists for."""
    if any(isinstance(op, isa.KernelOp) for op in module.walk()):
        return
    for op in module.walk():
        reason = op.attributes.get(HOST_REASON)
        if isinstance(reason, StringAttr) and _is_what_cores_are_for(op):
            warn(op, f"does not run on the core, and nothing else does: {reason.data}")
            return


def _is_what_cores_are_for(op: Operation) -> bool:
    """Whether an op is a nest or a sum of products."""
    products = graph.Conv2dOp | graph.ConvTranspose2dOp | graph.MatmulOp
    return isinstance(op, ForOp | products)
