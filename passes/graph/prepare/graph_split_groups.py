"""`graph-split-groups`: convolutions in groups that are no whole blocks, by parts that skip zeros.

The core multiplies blocks of channels. Where groups share blocks, a convolution in groups is one
without groups whose weights are mostly zeros, also whole blocks of them. Its blocks of outputs are
divided into runs, each a convolution of those blocks of inputs that it needs, with its part of the
epilogue; what they give is joined. Few runs multiply more zeros, many cost a kernel each: dynamic
programming finds the cheapest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i8
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.constants import Array, load_resource_dialect
from nopt.dialects.graph import (
    ConcatOp,
    Conv2dOp,
)
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.graph.queries import constant_of
from nopt.dialects.shaped import shape_of, tensor_of
from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.base.machine import machine_of
from nopt.passes.graph.prepare.epilogue import epilogue_of, neighbours, on_channels
from nopt.passes.graph.rules import constant_like

_KERNEL = 600
"""Cycles that a kernel costs beside its products, about: its first load, micro-ops, last store."""


@dataclass(frozen=True)
class Run:
    """Blocks of outputs, and the blocks of inputs that they need: first and end of each."""

    outputs: tuple[int, int]
    inputs: tuple[int, int]


def cheapest_runs(needed: Array, vectors: int) -> list[Run]:
    """Runs over all blocks of outputs, where `needed` says which inputs each needs.

    A block of weights costs `vectors` cycles.
    """
    count = len(needed)
    best: list[tuple[int, list[Run]]] = [(0, [])]
    for end in range(1, count + 1):
        choices: list[tuple[int, list[Run]]] = []
        for first in range(end):
            used = np.flatnonzero(needed[first:end].any(axis=0))
            inputs = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 1)
            blocks = (end - first) * (inputs[1] - inputs[0])
            cycles, before = best[first]
            run = Run((first, end), inputs)
            choices.append((cycles + blocks * vectors + _KERNEL, [*before, run]))
        best.append(min(choices, key=lambda choice: choice[0]))
    return best[-1][1]


@dataclass(frozen=True)
class GraphSplitGroupsPass(ModulePass):
    """Divide convolutions in groups into parts without the blocks of zeros in their weights."""

    name = "graph-split-groups"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        block = machine_of(op).block
        for conv in [each for each in op.walk() if isinstance(each, Conv2dOp)]:
            chain = epilogue_of(conv)
            if chain and _shares_blocks(conv, block):
                _split(conv, chain, block)
        erase_dead_code(op)


def _shares_blocks(conv: Conv2dOp, block: int) -> bool:
    """Whether groups begin inside of blocks, but are not so small that many fit in one."""
    groups = conv.groups.value.data
    inside, outside = shape_of(conv.weight)[1], shape_of(conv.weight)[0] // groups
    whole = inside % block == 0 and outside % block == 0
    small = inside < block and block % inside == 0
    known = constant_of(conv.weight) is not None and tensor_of(conv.input).element_type == i8
    return known and groups > 1 and not whole and not small and PLACEMENT not in conv.attributes


def _split(conv: Conv2dOp, chain: Sequence[GraphOp], block: int) -> None:
    dense = _without_groups(conv)
    outputs, inputs = dense.shape[:2]
    starts = np.arange(0, outputs, block), np.arange(0, inputs, block)
    used = np.add.reduceat((dense != 0).any(axis=(2, 3)), starts[0], axis=0, dtype=np.int64)
    needed = np.add.reduceat(used, starts[1], axis=1) > 0
    taps = prod(dense.shape[2:])
    runs = cheapest_runs(needed, taps * prod(shape_of(conv.result)[2:]))
    if len(runs) == 1:
        return
    last = chain[-1]
    build = Builder(InsertPoint.before(last))
    parts = [_part(build, conv, chain, dense, run, block) for run in runs]
    joined = ConcatOp(parts, 1)
    joined.attributes.update(last.attributes)
    joined.location = last.location
    joined.result.name_hint = last.result.name_hint
    Rewriter.replace_op(last, joined)


def _part(
    build: Builder, conv: Conv2dOp, chain: Sequence[GraphOp], dense: Array, run: Run, block: int
) -> SSAValue:
    """The result of a run of blocks."""
    channels = np.arange(run.outputs[0] * block, min(run.outputs[1] * block, dense.shape[0]))
    read = slice(run.inputs[0] * block, min(run.inputs[1] * block, dense.shape[1]))
    part = build.insert(
        Conv2dOp(
            neighbours(build, conv.input, read.start, read.stop - read.start),
            constant_like(build, dense[channels, read], conv.weight),
            strides=conv.strides.get_values(),
            pads=conv.pads.get_values(),
            dilations=conv.dilations.get_values(),
        )
    )
    part.location = conv.location
    return on_channels(build, chain, conv.result, part.result, channels)


def _without_groups(conv: Conv2dOp) -> Array:
    """The weights for all input channels: zero for those of other groups."""
    weights, groups = constant_of(conv.weight), conv.groups.value.data
    assert weights is not None
    outputs, inputs, *kernel = weights.shape
    dense = np.zeros((groups, outputs // groups, groups, inputs, *kernel), weights.dtype)
    own = np.arange(groups)
    dense[own, :, own] = weights.reshape(groups, outputs // groups, inputs, *kernel)
    return dense.reshape(outputs, groups * inputs, *kernel)
