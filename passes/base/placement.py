"""Where an op runs: discardable attributes that people and passes write."""

from __future__ import annotations

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Operation

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.annotations import HOST_REASON, PLACEMENT
from nopt.dialects.kernel import BaseKernelOp
from nopt.passes.base.remarks import remark

ON_CORE = StringAttr("core")
ON_HOST = StringAttr("host")


def is_on_core(op: Operation) -> bool:
    """Whether an op is placed on the core."""
    return op.attributes.get(PLACEMENT) == ON_CORE


def is_on_host(op: Operation) -> bool:
    """Whether an op is placed on the host."""
    return op.attributes.get(PLACEMENT) == ON_HOST


def placement_of(op: Operation) -> str | None:
    """ "core", "host", or None if nobody has said."""
    attribute = op.attributes.get(PLACEMENT)
    return attribute.data if isinstance(attribute, StringAttr) else None


def holds_laid_out_nests(op: Operation) -> bool:
    """Whether nests within an op have the core's shape and layouts already, or became kernels.

    The copies between them are those that the layouts need; no pass fuses or blocks them anew.
    """
    return any(
        is_on_core(each) if isinstance(each, ForOp) else isinstance(each, BaseKernelOp)
        for each in op.walk()
    )


def place_on_host(op: Operation, reason: str) -> None:
    """Say that an op runs on the host, and why: in its attributes and as a remark."""
    op.attributes[PLACEMENT] = ON_HOST
    op.attributes[HOST_REASON] = StringAttr(reason)
    remark(op, f"runs on the host: {reason}")
