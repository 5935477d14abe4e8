"""The `tensor_intrinsic` dialect: tiles in scratchpads, and the intrinsics that run on them.

A `kernel` computes one tensor from others on the core. Inside, tensors in DRAM are memrefs, the
scratchpads are memrefs in memory spaces `inp`, `wgt` and `acc`, loops are rolled `affine.for`. Ops
move a window of a tensor to a buffer, run an intrinsic over an iteration box, store a box:

    tensor_intrinsic.load %x[0, %t * 4 - 1, -1] to %inp[%t mod 2] sizes [1, 6, 58]
    tensor_intrinsic.gemm [4, 56, 3, 3]
        %acc[0, d0, d1] += %inp[%t mod 2, 0, d0 + d2, d1 + d3] * %wgt[0, d2, d3]
    tensor_intrinsic.alu max [4, 56] %acc[0, d0, d1], 0
    tensor_intrinsic.store %acc[0] to %y[%t * 4, 0] sizes [4, 56]

In an access, `d0`, `d1`, … are the dimensions of the op's box and SSA values are loop variables
(the map's symbols). Lanes are not written: an element of a buffer is a vector (of the block's
lanes) or a matrix of weights. A size may be a `min`: the last tile of a dimension is smaller.
"""

from xdsl.ir import Dialect

from nopt.dialects.tensor_intrinsic.intrinsics import AluOp, GemmOp, ResetOp
from nopt.dialects.tensor_intrinsic.tile_attributes import (
    LANE_RANK,
    AluKind,
    AluKindAttr,
    Memory,
    MemoryAttr,
    ScheduleAttr,
    memory_of,
)
from nopt.dialects.tensor_intrinsic.tile_op import BoxOp, shape_of
from nopt.dialects.tensor_intrinsic.tiles import AllocOp, KernelOp, LoadOp, StoreOp

__all__ = [
    "LANE_RANK",
    "AllocOp",
    "AluKind",
    "AluKindAttr",
    "AluOp",
    "BoxOp",
    "GemmOp",
    "KernelOp",
    "LoadOp",
    "Memory",
    "MemoryAttr",
    "ResetOp",
    "ScheduleAttr",
    "StoreOp",
    "TensorIntrinsic",
    "memory_of",
    "shape_of",
]

TensorIntrinsic = Dialect(
    "tensor_intrinsic",
    [AllocOp, AluOp, GemmOp, KernelOp, LoadOp, ResetOp, StoreOp],
    [AluKindAttr, MemoryAttr, ScheduleAttr],
)
