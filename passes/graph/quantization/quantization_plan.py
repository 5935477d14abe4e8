"""What is quantized and which scales depend on each other: all that is decided before numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from nopt.dialects import graph
from nopt.passes.graph.quantization.integer_layers import (
    AVERAGES,
    Layer,
    find_layers,
    has_weights,
    input_axis,
    integer_tensors,
    is_constant,
    is_contraction,
)
from nopt.passes.graph.quantization.scales.channel_factors import Entry, Freedoms, find_freedoms
from nopt.passes.graph.quantization.scales.ties import Ties


@dataclass(frozen=True)
class Plan:
    """The integer tensors and layers of a function, and the ties of their scales."""

    layers: list[Layer]
    integer: set[SSAValue]
    ties: Ties
    exits: set[SSAValue]
    """Results of layers that only the host reads: each channel may have its own scale."""
    freedoms: Freedoms
    """Where channels may have factors."""
    products: list[tuple[SSAValue, SSAValue, SSAValue]] = field(
        default_factory=list[tuple[SSAValue, SSAValue, SSAValue]]
    )
    """Two tensors and their product: its scale is theirs, times a power of two."""


def make_plan(function: FuncOp, per_channel: bool) -> Plan:
    """The plan for a function of floats; without `per_channel`, no result has several scales."""
    integer = integer_tensors(function)
    layers = find_layers(function, integer)
    folded = {op for layer in layers for op in layer.ops}
    outer = {layer.result for layer in layers if _only_host_reads(layer.result, integer)}
    exits = {layer.result for layer in layers if layer.result in outer and _may_have_scales(layer)}
    freedoms = find_freedoms(layers, _entries(layers, integer), outer)
    if not per_channel:
        exits, freedoms = set[SSAValue](), Freedoms()
    plan = Plan(layers, integer, Ties(), exits, freedoms)
    last = {layer.ops[-1]: layer for layer in layers}
    moved: set[Operation] = set()
    for op in function.body.block.ops:
        if (layer := last.get(op)) is not None:
            _tie_layer(plan, layer)
        elif op not in folded and op.results and op.results[0] in integer:
            plan.ties.tie([*op.operands, op.results[0]])
            if not isinstance(op, AVERAGES):
                moved.add(op)
    for value in plan.ties.values:
        if value.uses and all(use.operation in moved for use in value.uses):
            plan.ties.pass_on(value)
    return plan


def _tie_layer(plan: Plan, layer: Layer) -> None:
    root, ties = layer.root, plan.ties
    if has_weights(root):
        ties.add(root.operands[0])
    else:
        for operand in root.operands:
            ties.add(operand)
    if layer.result not in plan.exits:
        ties.add(layer.result)
    if isinstance(root, graph.AddOp):
        ties.relate([*root.operands, layer.result])
    elif layer.skip is not None:
        ties.relate([layer.skip, layer.result])
    if isinstance(root, graph.MatmulOp) and not has_weights(root):
        plan.products.append((root.lhs, root.rhs, layer.result))


def _only_host_reads(value: SSAValue, integer: set[SSAValue]) -> bool:
    return not any(reads_integers(use.operation, integer) for use in value.uses)


def _may_have_scales(layer: Layer) -> bool:
    is_clipped = isinstance(layer.activation, graph.ClipOp)
    return has_weights(layer.root) and layer.skip is None and not is_clipped


def _entries(layers: list[Layer], integer: set[SSAValue]) -> list[Entry]:
    """Tensors that only weights read, each along the same axis: of the host, or made by weights."""
    made = {layer.result: layer for layer in layers}
    readers: dict[SSAValue, list[Layer]] = {}
    for layer in layers:
        value = layer.root.operands[0]
        if not has_weights(layer.root) or is_constant(value):
            continue
        if value not in integer or (value in made and _may_have_scales(made[value])):
            readers.setdefault(value, []).append(layer)
    return [
        Entry(value, found, value not in integer)
        for value, found in readers.items()
        if len({input_axis(layer.root) for layer in found}) == 1
        and (value not in made or made[value].axis == input_axis(found[0].root))
        and len(found) == sum(_reads(use.operation, value, integer) for use in value.uses)
    ]


def _reads(op: Operation, value: SSAValue, integer: set[SSAValue]) -> bool:
    """Whether an op will read a tensor as integers; all that read one that is."""
    return value in integer or reads_integers(op, integer)


def reads_integers(op: Operation, integer: set[SSAValue]) -> bool:
    """Whether an op will read its operands as integers."""
    return is_contraction(op) or any(result in integer for result in op.results)


def solve_products(plan: Plan) -> None:
    """Change limits, upwards and by as little as possible, so that each product's scale is that of
    its operands times a power of two of at least 1, wherever they are still free."""
    fixed: set[SSAValue] = set()
    ties = plan.ties
    for a, b, y in plan.products:
        ratio = bits_between(ties, a, b, y)
        down, up = ratio % 1, -ratio % 1
        families = [ties.family(value) for value in (a, b, y)]
        free = [family not in fixed for family in families]
        inner = [family for family, is_free in zip(families[:2], free[:2], strict=True) if is_free]
        if ratio < 0:
            up, inner = -ratio, []
        if families[2] in families[:2]:
            free[2] = False
        if free[2] and (up <= down / 2 or not inner):
            ties.scale(families[2], 2**up)
        else:
            for family in inner:
                ties.scale(family, 2 ** (down / len(inner)))
        fixed |= set(families)


def bits_between(ties: Ties, a: SSAValue, b: SSAValue, y: SSAValue) -> float:
    """The shift from the product of two tensors to its tensor's scale, whole if they agree."""
    limits = ties.limit(y) / (ties.limit(a) * ties.limit(b)) * 127
    return float(np.log2(limits))


def constants_of(plan: Plan) -> list[SSAValue]:
    """The constants that become integers as tensors do, with a scale of their own."""
    return [value for value in plan.ties.values if is_constant(value)]
