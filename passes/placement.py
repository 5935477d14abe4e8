"""Where an op runs: discardable attributes that people and passes write."""

from __future__ import annotations

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Operation

from nopt.dialects.annotations import HOST_REASON, PLACEMENT
from nopt.passes.remarks import remark

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


def place_on_host(op: Operation, reason: str) -> None:
    """Say that an op runs on the host, and why: in its attributes and as a remark."""
    op.attributes[PLACEMENT] = ON_HOST
    op.attributes[HOST_REASON] = StringAttr(reason)
    remark(op, f"runs on the host: {reason}")
