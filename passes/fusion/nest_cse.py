"""Nests that compute the same are one."""

from __future__ import annotations

from collections.abc import Hashable

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import IRNode, SSAValue
from xdsl.rewriter import Rewriter

from nopt.dialects.affine_nest import ForOp, LoadOp


def merge_nests(module: ModuleOp) -> None:
    """Let nests that equal earlier ones of their block be these.

    Not where a nest writes over one of the two, which it can do once only; and what a function
    returns keeps its name.
    """
    found: dict[Hashable, list[ForOp]] = {}
    for nest in [op for op in module.walk() if isinstance(op, ForOp)]:
        assert nest.parent is not None
        if any(isinstance(use.operation, ForOp) for use in nest.result.uses):
            continue
        sources = tuple(load.source for load in nest.loads)
        alike = found.setdefault((nest.parent, nest.parallel, nest.reduction, sources), [])
        same = next((earlier for earlier in alike if _is_equal(earlier, nest)), None)
        if same is None:
            alike.append(nest)
        elif all(isinstance(use.operation, LoadOp) for use in nest.result.uses):
            Rewriter.replace_op(nest, [], [same.result])


def _is_equal(earlier: ForOp, nest: ForOp) -> bool:
    block = nest.parent
    context: dict[IRNode | SSAValue, IRNode | SSAValue] = {block: block} if block else {}
    return earlier.is_structurally_equivalent(nest, context)
