"""How much work a graph op is."""

from __future__ import annotations

from math import prod

from xdsl.ir import Operation

from nopt.dialects.graph import (
    AvgPoolOp,
    ConstantOp,
    Conv2dOp,
    ConvTranspose2dOp,
    GatherOp,
    GlobalAvgPoolOp,
    MatmulOp,
    MaxPoolOp,
    ReduceOp,
)
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.graph.queries import gathered
from nopt.dialects.shaped import shape_of

_MOVES = ("broadcast", "concat", "pad", "reshape", "slice", "transpose")


def macs(op: Operation) -> int:
    """Multiplications of a convolution or matrix product, each with its addition; else 0."""
    match op:
        case Conv2dOp():
            return prod(shape_of(op.result)) * prod(shape_of(op.weight)[1:])
        case ConvTranspose2dOp():
            return prod(shape_of(op.input)) * prod(shape_of(op.weight)[1:])
        case MatmulOp():
            rows = -2 if op.transpose_a is not None else -1
            return prod(shape_of(op.result)) * shape_of(op.lhs)[rows]
        case _:
            return 0


def steps(op: Operation) -> int:
    """Arithmetic on elements: MACs, elements that pools and reductions read, elements computed."""
    match op:
        case MaxPoolOp() | AvgPoolOp():
            return prod(shape_of(op.result)) * prod(op.kernel.get_values())
        case GlobalAvgPoolOp() | ReduceOp():
            return prod(shape_of(op.input))
        case GraphOp() if not is_move(op):
            return macs(op) or prod(shape_of(op.result))
        case _:
            return 0


def is_move(op: Operation) -> bool:
    """Whether an op only moves elements, to places that are known."""
    if isinstance(op, GatherOp):
        return gathered(op) is not None
    return op.name.removeprefix("graph.") in _MOVES


def is_placed(op: Operation) -> bool:
    """Whether an op runs somewhere: all but constants do."""
    return isinstance(op, GraphOp) and not isinstance(op, ConstantOp)
