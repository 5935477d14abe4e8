"""Addresses in the scratchpads for a kernel's buffers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineExpr

from nopt.dialects import tensor_intrinsic as ti
from nopt.dialects.row_major import place_of
from nopt.hw.config import Config
from nopt.hw.limits import entries


class AllocationError(ValueError):
    """A kernel's buffers exceed a scratchpad."""


@dataclass(frozen=True)
class Buffer:
    """A buffer's first entry, and its shape without lanes."""

    base: int
    shape: tuple[int, ...]

    def address(self, index: Sequence[AffineExpr]) -> AffineExpr:
        """The entry of an element."""
        return place_of(index, self.shape) + self.base


def place_buffers(
    kernel: ti.KernelOp, config: Config, taken: dict[ti.Memory, range]
) -> dict[SSAValue, Buffer]:
    """Addresses for the kernel's buffers, one after the other in each scratchpad.

    `taken` is what the kernel before has; if there is room left beside that, they go there, so that
    their first loads need not wait for what it still reads. It becomes what this kernel has. Raises
    AllocationError if a scratchpad is too small.
    """
    buffers = [op.result for op in kernel.body.block.ops if isinstance(op, ti.AllocOp)]
    placed: dict[SSAValue, Buffer] = {}
    for memory in ti.Memory:
        limit = entries(config)[memory]
        shapes = {
            buffer: buffer.type.get_shape()[: -ti.LANE_RANK[memory]]
            for buffer in buffers
            if ti.memory_of(buffer.type) is memory
        }
        needed = sum(map(prod, shapes.values()))
        if needed > limit:
            raise AllocationError(
                f"buffers need {needed} entries of {memory}, '{config.name}' has {limit}"
            )
        before = taken.get(memory, range(limit, limit))
        first = limit - needed if before.start < needed <= limit - before.stop else 0
        taken[memory] = range(first, first + needed)
        for buffer, shape in shapes.items():
            placed[buffer] = Buffer(first, shape)
            first += prod(shape)
    return placed
