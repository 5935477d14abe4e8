"""The form of a rewrite of graph ops: a function from an op to what replaces it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias

from typing_extensions import TypeVar, override
from xdsl.dialects.builtin import UnknownLoc
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from nopt.dialects.graph.graph_op import GraphOp

Replacement: TypeAlias = SSAValue | Sequence[Operation] | None
"""A value that is there already; or new ops, the last of which gives the values; or no match."""

Op = TypeVar("Op", bound=GraphOp)


def replace(rewriter: PatternRewriter, op: Operation, new: Sequence[Operation]) -> None:
    """Replace `op` by ops, the last of which gives the same values: it takes over the name and the
    attributes that people and passes wrote on `op`. Messages about new ops point at `op`."""
    *before, last = new
    last.attributes.update({**op.attributes, **last.attributes})
    name = op.results[0].name_hint
    last.results[0].name_hint = name
    for other in before:
        if name is not None and other.results[0].name_hint is None:
            other.results[0].name_hint = f"{name}_{other.name.split('.')[-1]}"
    for other in new:
        if isinstance(other.location, UnknownLoc):
            other.location = op.location
    rewriter.replace(op, new)


@dataclass(frozen=True)
class Rule(RewritePattern, Generic[Op]):
    """Rewrites ops of one class by a function, which matches or returns None."""

    root: type[Op]
    rewritten: Callable[[Op], Replacement]

    @override
    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if not isinstance(op, self.root):
            return
        match self.rewritten(op):
            case None:
                return
            case SSAValue() as value:
                rewriter.replace(op, [], [value])
            case new:
                replace(rewriter, op, new)
