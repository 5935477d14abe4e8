"""Names of tensors: those that the printed module shows."""

from __future__ import annotations

from collections import Counter

from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

from nopt.dialects.graph import ConstantOp


def tensor_names(function: FuncOp) -> dict[SSAValue, str]:
    """A unique name for each tensor that is no constant: its hint, numbered where several share
    it, or `op3` for the fourth op of the function."""
    seen = Counter[str]()
    names: dict[SSAValue, str] = {}
    block = function.body.block
    values: list[tuple[SSAValue, str]] = [
        (argument, f"input{index}") for index, argument in enumerate(block.args)
    ]
    for index, op in enumerate(block.ops):
        if not isinstance(op, ConstantOp):
            values += [(result, f"op{index}") for result in op.results]
    for value, fallback in values:
        hint = value.name_hint or fallback
        names[value] = f"{hint}_{seen[hint]}" if seen[hint] else hint
        seen[hint] += 1
    return names
