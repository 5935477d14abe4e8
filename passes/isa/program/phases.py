"""The order of a program: which operations run on the core and which on the host, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.ir import Operation, SSAValue

from nopt.dialects import isa


@dataclass
class Phase:
    """Consecutive ops that run on one side."""

    on_core: bool
    ops: list[Operation] = field(default_factory=list[Operation])


def phases_of(ops: Sequence[Operation]) -> list[Phase]:
    """All ops in an order that changes sides rarely: a side goes on while it has ready ops.

    `ops` come after those whose results they read.
    """
    inside = set(ops)
    needs = {
        op: {v.owner for v in tensors_read(op) if isinstance(v.owner, Operation)} & inside
        for op in ops
    }
    done: set[Operation] = set()
    waiting = list(ops)
    result: list[Phase] = []
    on_core = False
    while waiting:
        phase, later = Phase(on_core), list[Operation]()
        for op in waiting:
            if isinstance(op, isa.KernelOp) == on_core and needs[op] <= done:
                phase.ops.append(op)
                done.add(op)
            else:
                later.append(op)
        if phase.ops:
            result.append(phase)
        waiting = later
        on_core = not on_core
    return result


def tensors_read(op: Operation) -> list[SSAValue]:
    """What an op reads from outside, also in its regions; each value once."""
    if not op.regions or isinstance(op, isa.KernelOp):
        return list(dict.fromkeys(op.operands))
    used: dict[SSAValue, None] = {}
    inner: set[SSAValue] = set()
    for child in op.walk():
        used.update(dict.fromkeys(child.operands))
        inner.update(child.results)
        inner.update(
            arg for region in child.regions for block in region.blocks for arg in block.args
        )
    return [value for value in used if value not in inner]
