"""Where an op runs: discardable attributes that people and passes write."""

from __future__ import annotations

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Operation

from nopt.passes.remarks import remark

PLACEMENT = "placement"
"""Attribute of an op: "core" or "host"."""

HOST_REASON = "host_reason"
"""Attribute of an op that a pass placed on the host: why."""


ON_CORE = StringAttr("core")


def is_on_core(op: Operation) -> bool:
    """Whether an op is placed on the core."""
    return op.attributes.get(PLACEMENT) == ON_CORE


def placement_of(op: Operation) -> str | None:
    """ "core", "host", or None if nobody has said. Raises ValueError for anything else."""
    attribute = op.attributes.get(PLACEMENT)
    if attribute is None:
        return None
    if not isinstance(attribute, StringAttr) or attribute.data not in ("core", "host"):
        raise ValueError(f'{PLACEMENT} is {attribute}, expected "core" or "host"')
    return attribute.data


def place_on_host(op: Operation, reason: str) -> None:
    """Say that an op runs on the host, and why: in its attributes and as a remark."""
    op.attributes[PLACEMENT] = StringAttr("host")
    op.attributes[HOST_REASON] = StringAttr(reason)
    remark(op, f"runs on the host: {reason}")
