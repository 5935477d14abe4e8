"""The target `partition-report`: what of a graph runs where, and why not on the core."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.utils.target import Target

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.kernel import BaseKernelOp
from nopt.passes.graph.partition.final_places import FinalPlace, final_places
from nopt.passes.graph.partition.work import macs


@dataclass(frozen=True)
class PartitionReportTarget(Target):
    """A table: graph ops on core and host in the end, with their MACs, the host's by reason."""

    name = "partition-report"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        for op in module.walk():
            if isinstance(op, ForOp | BaseKernelOp):
                found = f"found {op.name}, expected a graph: print it after graph-partition, as in"
                raise ValueError(f"{found} -p 'vta{{until=graph-partition}}' -t {self.name}")
        output.write(report(final_places(ctx, module)))


def report(where: Mapping[Operation, FinalPlace]) -> str:
    """The table for ops and their places."""
    places: dict[str, list[Operation]] = {"core": [], "host": []}
    reasons: dict[str, list[Operation]] = {}
    for op, place in where.items():
        places["core" if place.on_core else "host"].append(op)
        if not place.on_core:
            reasons.setdefault(place.reason, []).append(op)
    total = sum(map(macs, where))
    rows = [("", "ops", "MACs", "share", "")]
    rows += [_row(place, group, total) for place, group in places.items()]
    rows += [_row("", group, total, reason) for reason, group in reasons.items()]
    return _aligned(rows)


def _row(place: str, ops: Sequence[Operation], total: int, reason: str = "") -> tuple[str, ...]:
    work = sum(map(macs, ops))
    share = f"{100 * work / total:.1f} %" if total else "-"
    kinds = Counter(op.name.removeprefix("graph.") for op in ops)
    names = ", ".join(f"{n} {kind}" if n > 1 else kind for kind, n in sorted(kinds.items()))
    return place, str(len(ops)), f"{work:,}", share, f"{names}: {reason}" if reason else ""


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{row[0]:<{widths[0]}}  "
        + "  ".join(f"{cell:>{width}}" for cell, width in zip(row[1:4], widths[1:4], strict=True))
        + f"  {row[4]}"
        for row in rows
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)
