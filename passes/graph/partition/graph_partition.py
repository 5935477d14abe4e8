"""`graph-partition`: what of a graph runs on the host, and why; the core runs the rest.

An op is placed on the host if the core cannot run it, or if what it gives is too wide to be stored
and no op on the core reads it on. Of what the core could run, an island between ops of the host is
left to the host if its arithmetic is not worth the tensors that cross the boundary.

What a person wrote stays: `placement = "host"` is obeyed, and `placement = "core"` is an error if
the core cannot. The pass itself writes only `host`, so it never asks for what may be refused later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.disjoint_set import DisjointSet

from nopt.dialects.annotations import HOST_REASON, PLACEMENT
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.graph.types import FLOATS
from nopt.dialects.shaped import shape_of, tensor_of
from nopt.hw.config import Config
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import place_on_host, placement_of
from nopt.passes.base.places import about
from nopt.passes.base.remarks import remark
from nopt.passes.graph.partition.capability import is_sum_of_products, is_wide, refusal
from nopt.passes.graph.partition.work import is_placed, steps


@dataclass(frozen=True)
class GraphPartitionPass(ModulePass):
    """Place on the host what the core cannot run, or what is not worth the way there."""

    name = "graph-partition"
    level = "graph"

    steps_per_element: int = 8
    """How much arithmetic, a multiplication or an ALU step each, is worth moving one element
    between host and core."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        config = machine_of(op)
        for function in op.walk():
            if isinstance(function, FuncOp):
                _Partition(function, config).write(self.steps_per_element)


def _is_float(value: SSAValue) -> bool:
    return tensor_of(value).element_type in FLOATS


class _Partition:
    """The ops of a function on the host, each with the reason."""

    def __init__(self, function: FuncOp, config: Config):
        self.function = function
        self.config = config
        self.ops = [op for op in function.walk() if isinstance(op, GraphOp)]
        self.pinned: dict[Operation, str] = {}
        self.host: dict[Operation, str] = {}
        for op in self.ops:
            with about(op):
                if (placement := placement_of(op)) is not None:
                    self.pinned[op] = placement
        for op in self.ops:
            if self.pinned.get(op) == "host":
                reason = op.attributes.get(HOST_REASON)
                known = isinstance(reason, StringAttr)
                self.host[op] = reason.data if known else "it was placed there"
            elif why := refusal(op):
                self._refuse(op, why)
        for op in reversed(self.ops):
            if op not in self.host and (reason := self._not_continued(op)):
                self._refuse(op, reason)

    def _refuse(self, op: Operation, reason: str) -> None:
        if self.pinned.get(op) == "core":
            with about(op):
                raise ValueError(f"cannot run on the core, where it is placed: {reason}")
        self.host[op] = reason

    def _not_continued(self, op: GraphOp) -> str | None:
        """Why a result that the core cannot store has to be stored."""
        if not is_wide(op.result):
            return None
        width = op.result.type.element_type
        readers = [use.operation for use in op.result.uses]
        if is_sum_of_products(op) and all(
            reader in self.host or not is_placed(reader) for reader in readers
        ):
            # The host gets it byte by byte.
            return None
        if len(readers) > 1:
            return f"its {width} result is read {len(readers)} times; the core stores i8"
        for reader in readers:
            if not is_placed(reader):
                return f"its {width} result goes to {reader.name}; the core stores i8"
            if reader in self.host:
                return f"its {width} result goes to {reader.name} on the host; the core stores i8"
        return None

    def write(self, steps_per_element: int) -> None:
        """Write the attributes of all ops on the host, islands that are too small included."""
        for island in self._islands():
            crossing = {value for op in island for value in self._crossing(op)}
            elements = sum(prod(shape_of(value)) for value in crossing)
            work = sum(map(steps, island))
            pinned = any(op in self.pinned for op in island)
            if work < steps_per_element * elements and not pinned:
                reason = f"its region's {work} steps are not worth moving {elements} elements"
                self.host.update(dict.fromkeys(island, reason))
        for op, reason in self.host.items():
            if PLACEMENT not in op.attributes:
                place_on_host(op, reason)
        floats = [op for op in self.ops if is_sum_of_products(op) and _is_float(op.result)]
        if floats and all(op in self.host for op in self.ops if is_placed(op)):
            remark(
                self.function, "has nothing for the core; graph-quantize makes integers of floats"
            )

    def _islands(self) -> list[list[GraphOp]]:
        """The ops for the core, those that read each other together."""
        core = [op for op in self.ops if op not in self.host]
        islands = DisjointSet(core)
        for op in core:
            for value in op.operands:
                if isinstance(source := value.owner, GraphOp) and source not in self.host:
                    islands.union(op, source)
        members: dict[GraphOp, list[GraphOp]] = {}
        for op in core:
            members.setdefault(islands.find(op), []).append(op)
        return [*members.values()]

    def _crossing(self, op: GraphOp) -> Iterator[SSAValue]:
        """The tensors that an op on the core takes from the host's ops, or gives to them."""
        yield from (value for value in op.operands if value.owner in self.host)
        if any(use.operation in self.host for use in op.result.uses):
            yield op.result
