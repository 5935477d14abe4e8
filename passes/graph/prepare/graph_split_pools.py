"""`graph-split-pools`: means that exclude pads, as means of parts whose windows are all alike.

A window at the border holds fewer elements, and the core divides all elements of a nest alike. So
the rows and columns of the result whose windows lie inside are computed together, the others one
by one from what their windows hold of the image, and all are joined. Where that were very many
parts, of large windows that reach far outside, the host takes the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from nopt.dialects.graph import AvgPoolOp, ConcatOp, SliceOp
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.graph.types import FLOATS
from nopt.dialects.shaped import shape_of
from nopt.passes.graph.rules import apply_rules

MOST_PARTS = 64
"""As many as windows of 7 x 7 need, and some more: each is a kernel of its own."""


@dataclass(frozen=True)
class _Run:
    """Neighbouring windows of one axis that hold equally many elements."""

    first: int
    """The first element they read."""
    size: int
    """How many elements they read together."""
    kernel: int
    """How many each reads."""


def _runs(count: int, size: int, kernel: int, stride: int, pad: int) -> list[_Run]:
    """The windows of an axis in runs: those wholly inside together, each other one by itself."""

    def held(index: int) -> tuple[int, int]:
        start = index * stride - pad
        return max(start, 0), min(start + kernel, size)

    runs: list[_Run] = []
    for inside, group in groupby(range(count), lambda i: held(i)[1] - held(i)[0] == kernel):
        indices = [*group]
        for part in [indices] if inside else [[index] for index in indices]:
            (first, end), (_, last) = held(part[0]), held(part[-1])
            runs.append(_Run(first, last - first, end - first))
    return runs


def split(op: AvgPoolOp) -> Replacement:
    """A mean over windows of different size, part by part."""
    if op.exclude_pads is None or not any(op.pads.get_values()):
        return None
    if op.result.type.element_type in FLOATS:
        return None
    sizes, counts = shape_of(op.input)[2:], shape_of(op.result)[2:]
    kernel, strides, pads = (p.get_values() for p in (op.kernel, op.strides, op.pads))
    rows, columns = (
        _runs(counts[axis], sizes[axis], kernel[axis], strides[axis], pads[axis])
        for axis in range(2)
    )
    if len(rows) * len(columns) > MOST_PARTS:
        return None
    new: list[Operation] = []
    bands = [_joined([_part(op, row, column, new) for column in columns], 3, new) for row in rows]
    _joined(bands, 2, new)
    return new


def _part(op: AvgPoolOp, row: _Run, column: _Run, new: list[Operation]) -> SSAValue:
    shape = [*shape_of(op.input)[:2], row.size, column.size]
    image = SliceOp(op.input, [0, 0, row.first, column.first], shape)
    pool = AvgPoolOp(image, [row.kernel, column.kernel], strides=op.strides.get_values())
    new += [image, pool]
    return pool.result


def _joined(parts: Sequence[SSAValue], axis: int, new: list[Operation]) -> SSAValue:
    if len(parts) == 1:
        return parts[0]
    new.append(ConcatOp(parts, axis))
    return new[-1].results[0]


@dataclass(frozen=True)
class GraphSplitPoolsPass(ModulePass):
    """Split integer means that exclude pads into parts that divide by one number each."""

    name = "graph-split-pools"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rules(ctx, op, [Rule(AvgPoolOp, split)])
