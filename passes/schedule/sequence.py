"""What scheduled nests cost one after the other: a kernel starts while the one before still runs.

The compute module is what all wait for, so a kernel's cycles are those from the last ALU step of
the kernel before to its own. Its first loads hide behind that kernel's last chunk and epilogue, and
its last store behind the next kernel. What cannot hide: loads of what the kernel before is still to
store, and accumulators that are still being stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from xdsl.ir.affine import AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import expr_range
from nopt.dialects.affine_points import Range
from nopt.dialects.tensor_intrinsic import Memory, ScheduleAttr
from nopt.hw.config import Config
from nopt.passes.kernel.candidates import Candidates
from nopt.passes.kernel.capacity import result_entries
from nopt.passes.kernel.operands import Operand
from nopt.passes.kernel.tiling import Tiling
from nopt.passes.schedule.estimate import Estimate, estimate_schedule


@dataclass(frozen=True)
class Scheduled:
    """A nest on the core with its schedule."""

    tiling: Tiling
    schedule: ScheduleAttr
    config: Config

    @cached_property
    def cost(self) -> Estimate:
        """What it costs by itself."""
        return estimate_schedule(self.tiling, self.schedule, self.config)

    @cached_property
    def candidates(self) -> Candidates:
        """The schedule as the only candidate."""
        return Candidates.of(self.tiling, self.schedule)

    @property
    def turns(self) -> int:
        """Tiles of the result."""
        return int(self.candidates.trips[0, : self.tiling.parallel].prod())

    def tiles_after(self, operand: Operand, reader: Scheduled) -> int | None:
        """Tiles that this nest still stores after the last one that a reader's first window needs.

        None if the reader's operand is not what this nest stores.
        """
        if operand.load.source is not self.tiling.nest.result:
            return None
        window = reader.first_window(operand)
        trips, tiles = self.candidates.trips[0], self.schedule.tiles
        position = 0
        for loop in self.schedule.loop_order:
            _, last = window[loop] if loop < len(window) else (0, 0)
            last = (last - self.tiling.first_stored[loop]) // tiles[loop]
            position = position * int(trips[loop]) + min(max(last, 0), int(trips[loop]) - 1)
        return self.turns - 1 - position

    def first_window(self, operand: Operand) -> list[Range]:
        """The indices of an operand that the first tile reads, in each dimension."""
        tiling = self.tiling
        ranges: dict[AffineExpr, Range] = {**tiling.ranges}
        for iterator, tile in enumerate(self.schedule.tiles):
            ranges[AffineDimExpr(tiling.position(iterator))] = (0, tile - 1)
        return [expr_range(expr, ranges) for expr in operand.indices]


def cycles_after(before: Scheduled, layer: Scheduled) -> float:
    """Cycles from the end of what one kernel computes to the end of what the next one does."""
    of = layer.cost
    steady, start, compute, loads = (
        float(cycles[0]) for cycles in (of.steady, of.start, of.compute, of.loads)
    )
    tail, last_store = float(before.cost.tail[0]), float(before.cost.end[0])
    period = float(before.cost.steady[0]) / before.turns
    wait = late = 0.0
    for operand in layer.tiling.operands:
        later = before.tiles_after(operand, layer)
        if later is not None:
            first = operand is layer.tiling.operands[0]
            loaded = start if first else start - compute / layer.turns
            late = max(late, last_store + loaded - later * period)
    slots = before.schedule.slots_of(Memory.ACC)
    (planes,), (tile,) = result_entries(before.candidates)
    if planes + (before.turns - 1) % slots * tile < sum(result_entries(layer.candidates)):
        wait = last_store
    if late > 0:
        return steady + max(wait, late, start - tail)
    wait = max(wait, start - tail)
    if loads < compute:
        return steady + wait
    # Loads take longer: the first of them are done before, or all that have a place.
    slots = [layer.schedule.slots_of(memory) for memory in (Memory.INP, Memory.WGT)]
    if layer.turns == 1 and slots == [1, 1]:
        return max(compute + wait, loads - tail)
    return max(compute + wait, loads - min(start, tail) + float(of.tail[0]))
