"""`affine-nest-propagate-packs`: packs and unpacks vanish into the nests beside them.

What affine-nest-pack puts between two nests is a copy. A nest on the core stores whole vectors in
any order, and loads them in any order; so most copies need not be made. In turn:

- a result that one copy reads is stored as that copy has it (`pack_results`);
- copies that change a shape only, not the memory, go (`fold_reshapes`);
- arguments that are only read packed are taken packed (`packed_arguments`);
- loads of a copy read what that copies (`pack_reads`).

Copies that are left the host makes, and a remark says why (`copy_remarks`).
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.base.machine import machine_of
from nopt.passes.base.remarks import anyone_listens
from nopt.passes.layout.propagation.copy_remarks import remark_copies
from nopt.passes.layout.propagation.fold_reshapes import fold_reshapes
from nopt.passes.layout.propagation.pack_reads import read_directly
from nopt.passes.layout.propagation.pack_results import store_directly
from nopt.passes.layout.propagation.packed_arguments import take_packed


@dataclass(frozen=True)
class AffineNestPropagatePacksPass(ModulePass):
    """Let makers and readers of packed tensors use them as they are, without copies between."""

    name = "affine-nest-propagate-packs"
    level = "affine_nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        config = machine_of(op)
        store_directly(op, config)
        # What is dead still counts as a reader.
        erase_dead_code(op)
        fold_reshapes(op, config)
        erase_dead_code(op)
        take_packed(op, config.block)
        read_directly(op, config)
        erase_dead_code(op)
        if anyone_listens():
            remark_copies(op, config)
