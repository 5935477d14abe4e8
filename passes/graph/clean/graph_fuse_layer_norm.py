"""`graph-fuse-layer-norm`: layer normalization that is spelled out becomes one op."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from nopt.dialects.constants import Array, attribute_of, numpy_type
from nopt.dialects.graph import (
    AddOp,
    ConstantOp,
    DivOp,
    Function,
    LayerNormOp,
    MulOp,
    PowOp,
    ReduceOp,
    Statistic,
    SubOp,
    UnaryOp,
)
from nopt.dialects.graph.queries import constant_of, splat_of
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.dialects.shaped import shape_of, tensor_of
from nopt.passes.graph.clean.algebra import shifted
from nopt.passes.graph.rules import apply_rules


def fuse(op: DivOp | MulOp) -> Replacement:
    """(x - mean) / sqrt(mean of (x - mean)^2 + epsilon)"""
    is_product = isinstance(op, MulOp)
    orders = [(op.lhs, op.rhs), (op.rhs, op.lhs)][: 2 if is_product else 1]
    for difference, deviation in orders:
        variance = _under_root(deviation, inverse=is_product)
        if variance is None:
            continue
        *_, (epsilon, square) = shifted(variance)
        mean = square.owner
        if not (isinstance(mean, ReduceOp) and _is_square(mean.input, difference)):
            continue
        axis = _last_axes(mean)
        source = difference.owner
        if axis is None or epsilon < 0 or not isinstance(source, SubOp):
            continue
        center = source.rhs.owner
        if (
            isinstance(center, ReduceOp)
            and center.input == source.lhs
            and _last_axes(center) == axis
        ):
            dtype = numpy_type(tensor_of(source.lhs).element_type)
            ones = np.ones(shape_of(source.lhs)[axis:], dtype)
            scale, bias = _constant(ones, "scale"), _constant(0 * ones, "bias")
            return [scale, bias, LayerNormOp(source.lhs, scale, bias, axis=axis, epsilon=epsilon)]
    return None


def _under_root(value: SSAValue, inverse: bool) -> SSAValue | None:
    """v of sqrt(v), or of 1 / sqrt(v)."""
    op = value.owner
    if inverse:
        if isinstance(op, UnaryOp) and op.kind.data is Function.RECIPROCAL:
            return _under_root(op.input, inverse=False)
        if isinstance(op, DivOp) and splat_of(op.lhs) == 1:
            return _under_root(op.rhs, inverse=False)
    if isinstance(op, PowOp) and splat_of(op.rhs) == (-0.5 if inverse else 0.5):
        return op.lhs
    if not inverse and isinstance(op, UnaryOp) and op.kind.data is Function.SQRT:
        return op.input
    return None


def _is_square(value: SSAValue, root: SSAValue) -> bool:
    match value.owner:
        case MulOp(lhs=lhs, rhs=rhs):
            return lhs == root and rhs == root
        case PowOp(lhs=lhs, rhs=rhs):
            return lhs == root and splat_of(rhs) == 2
        case _:
            return False


def _last_axes(mean: ReduceOp) -> int | None:
    """The first axis of a mean over the last ones."""
    axes, rank = mean.axes.get_values(), len(shape_of(mean.input))
    if mean.kind.data is not Statistic.MEAN or mean.keep_dims is None or not axes:
        return None
    return axes[0] if [*axes] == [*range(axes[0], rank)] else None


def _absorbing(change: Callable[[Array, Array, Array], tuple[Array, Array]]):
    """The rule by which a norm's scale and bias take up a constant that follows it."""

    def absorb(op: MulOp | AddOp) -> Replacement:
        norm, factor = op.lhs.owner, constant_of(op.rhs)
        if not isinstance(norm, LayerNormOp) or not op.lhs.has_one_use() or factor is None:
            return None
        scale, bias = constant_of(norm.scale), constant_of(norm.bias)
        own = shape_of(norm.scale)
        lead = factor.shape[: max(0, factor.ndim - len(own))]
        if scale is None or bias is None or any(size > 1 for size in lead):
            return None
        if op.result.type != norm.result.type:
            return None
        aligned = factor.reshape(factor.shape[len(lead) :])
        new = [np.broadcast_to(array, own) for array in change(scale, bias, aligned)]
        constants = [_constant(new[0], "scale"), _constant(new[1], "bias")]
        axis, epsilon = norm.axis.value.data, norm.epsilon.value.data
        return [*constants, LayerNormOp(norm.input, *constants, axis=axis, epsilon=epsilon)]

    return absorb


def _constant(array: Array, name: str) -> ConstantOp:
    constant = ConstantOp(attribute_of(np.ascontiguousarray(array), name))
    constant.result.name_hint = name
    return constant


@dataclass(frozen=True)
class GraphFuseLayerNormPass(ModulePass):
    """Recognise layer normalization, and give it the scale and bias that follow."""

    name = "graph-fuse-layer-norm"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        rules = [
            Rule(DivOp, fuse),
            Rule(MulOp, fuse),
            Rule(MulOp, _absorbing(lambda scale, bias, c: (scale * c, bias * c))),
            Rule(AddOp, _absorbing(lambda scale, bias, c: (scale, bias + c))),
        ]
        apply_rules(ctx, op, rules)
