"""`graph-fuse-softmax`: exponentials over their sum become one op."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from nopt.dialects.graph import DivOp, Function, ReduceOp, SoftmaxOp, Statistic, SubOp, UnaryOp
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.shaped import shape_of
from nopt.passes.graph.rules import apply_rules


def fuse(op: DivOp) -> Replacement:
    """exp(x) / sum of exp(x) is softmax(x)."""
    power, total = op.lhs.owner, op.rhs.owner
    if not (
        isinstance(power, UnaryOp)
        and power.kind.data is Function.EXP
        and isinstance(total, ReduceOp)
        and total.kind.data is Statistic.SUM
        and total.input == op.lhs
        and total.keep_dims is not None
        and len(total.axes.get_values()) == 1
    ):
        return None
    return [SoftmaxOp(power.input, total.axes.get_values()[0])]


def drop_shift(op: SoftmaxOp) -> Replacement:
    """softmax(x - m) is softmax(x) for an m that is the same all along the axis."""
    shift = op.input.owner
    if not isinstance(shift, SubOp) or shift.lhs.type != shift.result.type:
        return None
    axis = op.axis.value.data - len(shape_of(op.input))
    shape = shape_of(shift.rhs)
    same = -axis > len(shape) or shape[axis] == 1
    return [SoftmaxOp(shift.lhs, op.axis.value.data)] if same else None


@dataclass(frozen=True)
class GraphFuseSoftmaxPass(ModulePass):
    """Recognise softmax in exponentials that are divided by their sum."""

    name = "graph-fuse-softmax"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rules(ctx, op, [Rule(DivOp, fuse), Rule(SoftmaxOp, drop_shift)])
