"""Where each op of a graph runs in the end: what later passes make of it, tried on a copy.

A partition says what the core could run. Layouts and schedules may still leave a nest to the host,
as one of which no tile fits the scratchpads, so a copy of the module is compiled up to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, ModuleOp, StringAttr, UnknownLoc
from xdsl.ir import Block, Operation

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.attributes import IN_READER
from nopt.dialects.annotations import HOST_REASON, PLACEMENT
from nopt.passes import get_all_passes
from nopt.passes.base.placement import is_on_core, is_on_host
from nopt.passes.graph.partition.capability import is_sum_of_products
from nopt.passes.graph.partition.work import is_placed
from nopt.passes.pipelines import VTA

_FIRST, _LAST = "graph-partition", "affine-nest-schedule"


@dataclass(frozen=True)
class FinalPlace:
    """Where an op runs, and why not on the core."""

    on_core: bool
    reason: str = ""


def final_places(ctx: Context, module: ModuleOp) -> dict[Operation, FinalPlace]:
    """The place of each op of a graph that runs somewhere. Raises what the passes raise."""
    copy = module.clone()
    ops = [op for op in module.walk() if is_placed(op)]
    copies = [op for op in copy.walk() if is_placed(op)]
    for each in copies:
        each.location = _of_its_own(each)
    readers = {op: [use.operation for use in op.results[0].uses] for op in copies}
    sources = {op: [value.owner for value in op.operands] for op in copies}
    passes = get_all_passes()
    names = VTA.passes[VTA.passes.index(_FIRST) : VTA.passes.index(_LAST) + 1]
    found: dict[Operation, FinalPlace] = {}
    for name in names:
        passes[name]()().apply(ctx, copy)
        if name == _FIRST:
            found = {op: _place_of([op], op) for op in copies if is_on_host(op)}
    nests: dict[int, list[Operation]] = {}
    for nest in copy.walk():
        if isinstance(nest, ForOp) and PLACEMENT in nest.attributes:
            nests.setdefault(id(nest.location), []).append(nest)
    return {
        op: found.get(each) or _place_of(_nests_of(each, nests, readers, sources), op)
        for op, each in zip(ops, copies, strict=True)
    }


def _of_its_own(op: Operation) -> FileLineColLoc | UnknownLoc:
    """An op's place in the source as an object of its own, which its nests inherit."""
    match op.location:
        case FileLineColLoc(filename=file, line=line, column=column):
            return FileLineColLoc(file, line, column)
        case _:
            return UnknownLoc()


def _nests_of(
    op: Operation,
    nests: dict[int, list[Operation]],
    readers: dict[Operation, list[Operation]],
    sources: dict[Operation, list[Operation | Block]],
) -> list[Operation]:
    """The nests that compute an op: its own, else those of the ops behind or before it that it was
    fused with."""
    for neighbours in (readers, sources):
        seen, level = {op}, [op]
        while level:
            own = [nest for each in level for nest in nests.get(id(each.location), ())]
            if own:
                return own
            found = dict.fromkeys(other for each in level for other in neighbours[each])
            level = [op for op in found if isinstance(op, Operation) and op in readers]
            level = [op for op in level if op not in seen]
            seen.update(level)
    return []


def _place_of(nests: Iterable[Operation], op: Operation) -> FinalPlace:
    """Where these nests run. Of a nest whose sums alone run on the core, products are there."""
    host = [nest for nest in nests if is_on_host(nest)]
    core = [nest for nest in nests if is_on_core(nest) or _is_in_reader(nest)]
    if not host or (core and is_sum_of_products(op)):
        return FinalPlace(True)
    reason = host[0].attributes.get(HOST_REASON)
    known = isinstance(reason, StringAttr)
    return FinalPlace(False, reason.data if known else "it was placed there")


def _is_in_reader(nest: Operation) -> bool:
    return nest.attributes.get(PLACEMENT) == StringAttr(IN_READER)
