"""The `isa` dialect: VTA instructions, rolled; fields are affine in the loop variables.

Inside an `isa.kernel`, loops are `affine.for` and each op is one instruction per iteration. Two
things stay symbolic: tensors in DRAM (memrefs, linked to addresses later) and micro-op kernels
(stated by their strides, shared and placed by the assembler). Dependency tokens do not appear.

    isa.load inp[%t mod 2 * 348] from %x[0] rows %t * 4 - 1 size 6 of 56 stride 56
        columns -1 size 58 of 56 pitch 58
    isa.gemm acc[0] inp[%t mod 2 * 348] wgt[0] outer 4 by (56, 58, 0) inner 56 by (1, 1, 0)
        uops [3 by (0, 58, 3), 3 by (0, 1, 1)]
    isa.alu max acc[0], 0 outer 4 by (56) inner 56 by (1)
    isa.store %y[%t * 224] from out[0] rows 4 stride 3136 columns 224

Scratchpad addresses count entries; DRAM offsets count elements of the memory's kind, from the
tensor's first.
"""

from xdsl.ir import Dialect

from nopt.dialects.isa.loads_stores import (
    Columns,
    KernelOp,
    LoadMemory,
    LoadMemoryAttr,
    LoadOp,
    Rows,
    StoreOp,
)
from nopt.dialects.isa.steps import AluOp, GemmOp, Loop, ResetOp

__all__ = [
    "AluOp",
    "Columns",
    "GemmOp",
    "Isa",
    "KernelOp",
    "LoadMemory",
    "LoadMemoryAttr",
    "LoadOp",
    "Loop",
    "ResetOp",
    "Rows",
    "StoreOp",
]

Isa = Dialect(
    "isa",
    [AluOp, GemmOp, KernelOp, LoadOp, ResetOp, StoreOp],
    [LoadMemoryAttr],
)
