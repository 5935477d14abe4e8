"""`graph-merge-constants`: a chain of sums and products with constants becomes one of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from nopt.dialects.constants import Array, attribute_of, numpy_type
from nopt.dialects.graph import AddOp, BinaryOp, ConstantOp, DivOp, Function, MulOp, SubOp, UnaryOp
from nopt.dialects.graph.graph_op import GraphOp
from nopt.dialects.graph.queries import constant_of
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.graph.types import FLOATS
from nopt.dialects.shaped import shape_of
from nopt.passes.graph.rules import apply_rules


@dataclass(frozen=True)
class Affine:
    """factor * source + term, in float64."""

    source: SSAValue
    factor: Array
    term: Array

    def then(self, op: BinaryOp | UnaryOp) -> Affine | None:
        """This with one more op applied; None if the op does not combine it with a constant."""
        if isinstance(op, UnaryOp):
            negated = op.kind.data is Function.NEG
            return Affine(self.source, -self.factor, -self.term) if negated else None
        left, right = _wide(op.lhs), _wide(op.rhs)
        factor, term = self.factor, self.term
        match op:
            case AddOp() if right is not None:
                return Affine(self.source, factor, term + right)
            case SubOp() if right is not None:
                return Affine(self.source, factor, term - right)
            case SubOp() if left is not None:
                return Affine(self.source, -factor, left - term)
            case MulOp() if right is not None:
                return Affine(self.source, factor * right, term * right)
            case DivOp() if right is not None and right.all():
                return Affine(self.source, factor / right, term / right)
            case _:
                return None


def _wide(value: SSAValue) -> Array | None:
    constant = constant_of(value)
    return None if constant is None else constant.astype(np.float64)


def _step(op: Operation) -> BinaryOp | UnaryOp | None:
    """The op, if it may be a link of a chain."""
    if isinstance(op, DivOp) and not isinstance(op.rhs.owner, ConstantOp):
        return None
    if isinstance(op, AddOp | SubOp | MulOp | DivOp):
        constants = [isinstance(value.owner, ConstantOp) for value in op.operands]
        return op if constants.count(True) == 1 else None
    return op if isinstance(op, UnaryOp) and op.kind.data is Function.NEG else None


def _running(op: BinaryOp | UnaryOp) -> SSAValue:
    """The operand that is no constant."""
    if isinstance(op, UnaryOp):
        return op.input
    return op.rhs if isinstance(op.lhs.owner, ConstantOp) else op.lhs


def merge(op: GraphOp) -> Replacement:
    """The end of a chain as source * factor + term, if that is not longer."""
    last = _step(op)
    if last is None or op.result.type.element_type not in FLOATS:
        return None
    user = op.result.get_user_of_unique_use()
    if user is not None and _step(user) is not None:
        return None
    chain = [last]
    while (value := _running(chain[0])).has_one_use() and isinstance(value.owner, GraphOp):
        if (before := _step(value.owner)) is None:
            break
        chain.insert(0, before)
    total: Affine | None = Affine(_running(chain[0]), np.array(1.0), np.array(0.0))
    for link in chain:
        if total is None or (total := total.then(link)) is None:
            return None
    return _written(total, chain)


def _written(total: Affine, chain: list[BinaryOp | UnaryOp]) -> Replacement:
    kinds = [type(link) for link in chain]
    if kinds in ([MulOp], [AddOp], [MulOp, AddOp]):
        return None
    result, source = chain[-1].result, total.source
    dtype = numpy_type(result.type.element_type)
    constants = [constant_of(value) for link in chain for value in link.operands]
    size = sum(array.size for array in constants if array is not None)
    with np.errstate(over="ignore"):
        factor, term = total.factor.astype(dtype), total.term.astype(dtype)
    if any(not np.isfinite(a).all() or a.size > max(1, size) for a in (factor, term)):
        return None
    steps = [
        (kind, array, name)
        for kind, array, neutral, name in ((MulOp, factor, 1, "scale"), (AddOp, term, 0, "bias"))
        if not (array == neutral).all()
    ]
    shape = np.broadcast_shapes(shape_of(source), *(array.shape for _, array, _ in steps))
    if len(steps) > len(chain) or shape != shape_of(result):
        return None
    new: list[Operation] = []
    value = source
    for kind, array, name in steps:
        constant = ConstantOp(attribute_of(array, name))
        constant.result.name_hint = name
        new += [constant, op := kind(value, constant)]
        value = op.result
    return new or value


@dataclass(frozen=True)
class GraphMergeConstantsPass(ModulePass):
    """Turn chains of additions and multiplications by constants into one of each, of floats."""

    name = "graph-merge-constants"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rules(ctx, op, [Rule(GraphOp, merge)])
