"""What the core can run of a graph, op by op: the one place that says so, each refusal in words.

The core multiplies i8 tensors, adds up in i32 and computes on with its ALU; it stores i8. So an op
between i32 tensors runs there as part of a region that ends in i8, which is the partition's affair;
only sums of products can be stored whole, byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from xdsl.dialects.builtin import i8, i32
from xdsl.ir import Attribute, Operation, SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import (
    AddOp,
    AvgPoolOp,
    BinaryOp,
    ClipOp,
    ConcatOp,
    Conv2dOp,
    ConvTranspose2dOp,
    GlobalAvgPoolOp,
    MatmulOp,
    MaxOp,
    MaxPoolOp,
    MinOp,
    MulOp,
    PadOp,
    ReluOp,
    RequantizeOp,
)
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.graph.queries import constant_of, splat_of
from nopt.dialects.graph.types import FLOATS
from nopt.dialects.shaped import tensor_of
from nopt.passes.graph.partition.work import is_move


def refusal(op: GraphOp) -> str | None:
    """Why the core cannot run an op, whatever is around it; None if it can."""
    elements = [tensor_of(value).element_type for value in (*op.operands, op.result)]
    for element in elements:
        if element in FLOATS:
            return f"it computes with {element}; the core computes with integers"
    for element in elements:
        if element not in (i8, i32):
            return f"it computes with {element}; the core has i8 and i32"
    if is_move(op):
        return _move(op)
    rule = _RULES.get(type(op))
    return rule(op) if rule else f"the core has no instruction for {op.name}"


def is_wide(value: SSAValue) -> bool:
    """Whether a tensor is too wide for the core to store."""
    return tensor_of(value).element_type != i8


def is_sum_of_products(op: Operation) -> bool:
    """Whether the core computes an op by its matrix product."""
    return isinstance(op, Conv2dOp | ConvTranspose2dOp | MatmulOp)


def is_scaled_load(value: SSAValue) -> bool:
    """Whether a tensor costs the core no more than to load it: an i8 one, times a number."""
    op = value.owner
    return isinstance(op, MulOp) and not is_wide(op.lhs) and splat_of(op.rhs) is not None


def _element(value: SSAValue) -> Attribute:
    return tensor_of(value).element_type


def _move(op: GraphOp) -> str | None:
    if isinstance(op, ConcatOp | PadOp) and is_wide(op.result):
        return f"it writes {_element(op.result)} tensors; the core stores i8"
    return None


def _product(op: GraphOp) -> str | None:
    wide = [value for value in op.operands if is_wide(value)]
    return f"it multiplies {_element(wide[0])}; the core multiplies i8" if wide else None


def _window(op: GraphOp) -> str | None:
    assert isinstance(op, MaxPoolOp | AvgPoolOp | GlobalAvgPoolOp)
    if is_wide(op.input):
        return f"it reduces {_element(op.input)}; the core reduces i8"
    if isinstance(op, AvgPoolOp) and op.exclude_pads is not None and any(op.pads.get_values()):
        return "its windows are of different size, each mean by another division"
    return None


def _sum(op: GraphOp) -> str | None:
    assert isinstance(op, BinaryOp)
    narrow = not is_wide(op.result)
    if narrow and isinstance(op, AddOp):
        return "it adds modulo 2^8; the core adds in i32"
    if all(is_wide(value) and _is_computed(value) for value in op.operands):
        return "it combines two computed i32 tensors; the core loads i8 ones, times a number"
    return None


def _is_computed(value: SSAValue) -> bool:
    return isinstance(value.owner, GraphOp) and not is_scaled_load(value)


def _multiplication(op: GraphOp) -> str | None:
    assert isinstance(op, MulOp)
    if not is_wide(op.result):
        return "it multiplies modulo 2^8; the core multiplies to i32"
    factor = constant_of(op.rhs)
    if factor is None:
        return "it multiplies two computed tensors; the core multiplies by constants"
    if factor.size == 1:
        number = factor.item()
        return None if number > 0 else f"it multiplies by {number}; the core by numbers above 0"
    if is_wide(op.lhs) or factor.dtype != np.int8 or not _is_vector(factor):
        return "it multiplies by something else than a number, or an i8 for each channel"
    return None


def _is_vector(array: Array) -> bool:
    return sum(size > 1 for size in array.shape) <= 1


def _shift(op: GraphOp) -> str | None:
    assert isinstance(op, RequantizeOp)
    if op.multiplier is not None:
        return "it requantizes by a multiplier; the core by shifts"
    return None


def _step(op: GraphOp) -> str | None:
    return None


_RULES: dict[type[GraphOp], Callable[[GraphOp], str | None]] = {
    AddOp: _sum,
    AvgPoolOp: _window,
    ClipOp: _step,
    Conv2dOp: _product,
    ConvTranspose2dOp: _product,
    GlobalAvgPoolOp: _window,
    MatmulOp: _product,
    MaxOp: _sum,
    MaxPoolOp: _window,
    MinOp: _sum,
    MulOp: _multiplication,
    ReluOp: _step,
    RequantizeOp: _shift,
}
