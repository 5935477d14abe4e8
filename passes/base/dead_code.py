"""Dead code: what computes something that nobody reads."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Region
from xdsl.transforms.dead_code_elimination import is_trivially_dead


def erase_dead_code(module: ModuleOp) -> None:
    """Erase the operations without effect whose results nobody reads.

    As xDSL's `dce`, but in one walk backwards, readers before makers, without a worklist."""
    _erase_dead(module.body)


def _erase_dead(region: Region) -> None:
    for block in reversed(region.blocks):
        op = block.last_op
        while op is not None:
            before = op.prev_op
            if is_trivially_dead(op):
                block.erase_op(op)
            else:
                for inner in op.regions:
                    _erase_dead(inner)
            op = before
