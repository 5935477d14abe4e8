"""What follows a sum of products of integers until its result has 8 bits."""

from __future__ import annotations

from xdsl.dialects.builtin import i8
from xdsl.ir import SSAValue

from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.graph import (
    AddOp,
    ClipOp,
    MaxOp,
    MinOp,
    MulOp,
    ReluOp,
    RequantizeOp,
    SubOp,
)
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.shaped import shape_of, tensor_of

_ELEMENTWISE = (ReluOp, ClipOp, AddOp, SubOp, MulOp, MaxOp, MinOp)


def epilogue_of(root: GraphOp) -> list[GraphOp]:
    """The elementwise ops behind a convolution, up to the last one that gives 8 bits.

    Each is the only reader of the one before; those by channel have channels as axis 1."""
    chain: list[GraphOp] = []
    length = 0
    value: SSAValue = root.result
    while value.has_one_use():
        (use,) = value.uses
        user = use.operation
        by_channel = isinstance(user, RequantizeOp) and (
            user.axis is None or user.axis.value.data == 1
        )
        if not isinstance(user, GraphOp) or not (by_channel or isinstance(user, _ELEMENTWISE)):
            break
        if PLACEMENT in user.attributes or shape_of(user.result) != shape_of(root.result):
            break
        chain.append(user)
        value = user.result
        if tensor_of(value).element_type == i8:
            length = len(chain)
    return chain[:length]
