"""Convolutions and matrix products that have weights."""

from typing import TypeAlias

from xdsl.ir import Operation

from nopt.dialects.graph import ConstantOp, Conv2dOp, ConvTranspose2dOp, MatmulOp

Contraction: TypeAlias = Conv2dOp | ConvTranspose2dOp | MatmulOp


def weights_of(op: Operation) -> int | None:
    """Which operand of a contraction holds constant weights."""
    if not isinstance(op, Contraction):
        return None
    constant = [isinstance(value.owner, ConstantOp) for value in op.operands]
    return 1 if constant[1] else 0 if constant[0] and isinstance(op, MatmulOp) else None
