"""The text of each layer at each level, from the network's graph to instructions with cycles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr
from xdsl.ir import Operation

from nopt.dialects import isa, tensor_intrinsic
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.attributes import IN_READER
from nopt.dialects.annotations import PLACEMENT
from nopt.hw.program.program_notes import listing
from nopt.hw.timing.program_timing import Timing
from nopt.passes.base.machine import attach
from nopt.passes.base.placement import is_on_core
from nopt.passes.graph.partition.work import is_placed
from nopt.passes.isa.program.assemble import assemble
from nopt.passes.pipelines import VTA
from nopt.tools.compiling import every_dialect, passes_of
from nopt.tools.errors import UserError
from nopt.tools.runtime import Runtime

LEVELS = ("graph", "affine_nest", "tensor_intrinsic", "isa", "instructions")
_LINES = 300
"""Instructions that are shown of a layer."""
_FILE = "graph"


def instructions(runtime: Runtime) -> list[str]:
    """Each layer's instructions, with the cycles in which they run."""
    program, texts = runtime.program, list[str]()
    for step, timing in zip(runtime.core_steps, runtime.timings, strict=True):
        for layer in runtime.layers_of(step):
            count = min(layer.count, _LINES)
            insns = runtime.part(replace(layer, count=count))
            own = _part(timing, layer.first - step.first, count)
            text = listing(insns, program.memory()[:0].view("u4"), program.config, program.symbols)
            lines = text.partition(".text\n")[2].splitlines()
            times = [f"{a:>9,}..{b:<9,}" for a, b in zip(*own, strict=True)]
            shown = [f"{time} {line}" for time, line in zip(times, lines, strict=False)]
            rest = layer.count - count
            texts.append("\n".join([*shown, *([f"… {rest:,} more"] if rest else [])]))
    return texts


def _part(timing: Timing, first: int, count: int) -> tuple[list[int], list[int]]:
    part = slice(first, first + count)
    return timing.begin[part].tolist(), timing.end[part].tolist()


def levels(
    network: ModuleOp, runtime: Runtime, options: Mapping[str, Any] | None = None
) -> list[dict[str, str]]:
    """Each layer at each level above its instructions, for the network that a program is of.

    `options` are those of the pipeline `vta`. Raises UserError if other instructions come out than
    the program's.
    """
    module, context = network.clone(), every_dialect()
    attach(module, runtime.program.config)
    ops: dict[int, Operation] = {}
    graph = module
    texts, graphs, kernels = list[str](), list[str](), list[str]()
    for each in passes_of(VTA.name, options or {})[1:]:
        each.apply(context, module)
        name = each.name
        if name == "graph-partition":
            graph = module.clone()
            _number(module)
            ops = _number(graph)
        elif name == "affine-nest-schedule":
            nests = [op for op in module.walk() if _becomes_kernel(op)]
            texts = [str(nest) for nest in nests]
            graphs = _graphs_of(nests, ops)
        elif name == "convert-affine-nest-to-tensor-intrinsic":
            kernels = [str(op) for op in module.walk() if isinstance(op, tensor_intrinsic.KernelOp)]
    coded = [str(op) for op in module.walk() if isinstance(op, isa.KernelOp)]
    if not np.array_equal(
        assemble(module, context).program.instructions, runtime.program.instructions
    ):
        raise UserError(
            f"found a network of {len(coded)} layers whose instructions are others, expected that "
            f"of the program's {len(runtime.program.layers)}, compiled with the same options"
        )
    return [
        dict(zip(LEVELS, each, strict=False))
        for each in zip(graphs, texts, kernels, coded, strict=True)
    ]


def _number(module: ModuleOp) -> dict[int, Operation]:
    """Give each op of a graph a place of its own, which its nest inherits."""
    placed = [op for op in module.walk() if is_placed(op)]
    for number, op in enumerate(placed):
        op.location = FileLineColLoc(StringAttr(_FILE), IntAttr(number), IntAttr(0))
    return dict(enumerate(placed))


def _number_of(op: Operation) -> int | None:
    match op.location:
        case FileLineColLoc(filename=StringAttr(data=file), line=IntAttr(data=line)):
            return line if file == _FILE else None
        case _:
            return None


def _becomes_kernel(op: Operation) -> bool:
    return (
        isinstance(op, ForOp)
        and is_on_core(op)
        and op.attributes.get(PLACEMENT) != StringAttr(IN_READER)
    )


def _graphs_of(nests: Sequence[Operation], ops: dict[int, Operation]) -> list[str]:
    """The ops of a graph that each nest computes."""
    last = [_last(nest, ops) for nest in nests]
    found: list[str] = []
    for op in last:
        others = {other for other in last if other is not None and other is not op}
        lines = [str(each) for each in _before(op, others)] if op is not None else []
        found.append("\n".join(reversed(lines)) or "(made by the compiler)")
    return found


def _last(nest: Operation, ops: dict[int, Operation]) -> Operation | None:
    """The op that a nest ends with: from the one that it says, along readers to its name."""
    own = ops.get(number) if (number := _number_of(nest)) is not None else None
    if own is None:
        return None
    level, seen = [own], {own}
    while level:
        for op in level:
            if op.results[0].name_hint == nest.results[0].name_hint:
                return op
        readers = [use.operation for op in level for use in op.results[0].uses]
        level = [op for op in dict.fromkeys(readers) if is_placed(op) and op not in seen]
        seen.update(level)
    return own


def _before(op: Operation, others: set[Operation]) -> Iterator[Operation]:
    """An op, and what it needs that neither the host nor another nest computes."""
    seen, waiting = {op}, [op]
    while waiting:
        each = waiting.pop(0)
        yield each
        for value in each.operands:
            owner = value.owner
            if (
                isinstance(owner, Operation)
                and owner not in seen | others
                and is_placed(owner)
                and PLACEMENT not in owner.attributes
            ):
                seen.add(owner)
                waiting.append(owner)
