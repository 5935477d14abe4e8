"""`graph-fuse-activations`: SiLU, hard-swish and GELU that are spelled out become one op."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from nopt.dialects.graph import AddOp, ClipOp, DivOp, Function, MulOp, UnaryOp
from nopt.dialects.graph.rewriting import Replacement, Rule
from nopt.passes.graph.clean.algebra import Product, near, scaled, shifted
from nopt.passes.graph.rules import apply_rules

Reading = tuple[Function, SSAValue, float] | None
"""A factor `step` read as part of an activation of x: number * x * step = function(x)."""


def _silu(step: SSAValue) -> Reading:
    """sigmoid(x)"""
    argument = _argument(step, Function.SIGMOID)
    return None if argument is None else (Function.SILU, argument, 1.0)


def _hard_swish(step: SSAValue) -> Reading:
    """clip(x + 3, 0, 6), and clip(x / 6 + 1 / 2, 0, 1)"""
    if not isinstance(clip := step.owner, ClipOp):
        return None
    low, high = clip.bounds
    shift, inner = shifted(clip.input)
    slope, x = scaled(inner)
    if low != 0 or not (near(shift, high / 2) and near(slope, high / 6)):
        return None
    return Function.HARD_SWISH, x, 1 / high


def _gelu(step: SSAValue) -> Reading:
    """1 + erf(x / sqrt(2))"""
    one, inner = shifted(step)
    argument = _argument(inner, Function.ERF)
    if argument is None or not near(one, 1):
        return None
    slope, x = scaled(argument)
    return (Function.GELU, x, 0.5) if near(slope, sqrt(0.5)) else None


def _gelu_tanh(step: SSAValue) -> Reading:
    """1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))"""
    one, inner = shifted(step)
    argument = _argument(inner, Function.TANH)
    if argument is None or not near(one, 1):
        return None
    product = Product.of(argument)
    if not near(product.number, sqrt(2 / pi)):
        return None
    for factor in product.factors:
        rest = product.without(factor)
        x = _cubic(factor) if not rest.factors else _quadratic(factor, rest)
        if x is not None:
            return Function.GELU_TANH, x, 0.5
    return None


def _cubic(value: SSAValue) -> SSAValue | None:
    """The x of x + 0.044715 * x^3."""
    if not isinstance(value.owner, AddOp):
        return None
    for x, cube in ([*value.owner.operands], [*value.owner.operands][::-1]):
        one = Product.of(x)
        if near(Product.of(cube).ratio(one * one * one), 0.044715):
            return x
    return None


def _quadratic(value: SSAValue, rest: Product) -> SSAValue | None:
    """The x of 1 + 0.044715 * x^2, where x is all that is left."""
    one, square = shifted(value)
    if not near(one, 1) or rest.factors.total() != 1:
        return None
    (x,) = rest.factors
    factor = Product.of(x)
    return x if near(Product.of(square).ratio(factor * factor), 0.044715) else None


def _argument(value: SSAValue, function: Function) -> SSAValue | None:
    """What the function is applied to, if the value is that function's."""
    op = value.owner
    return op.input if isinstance(op, UnaryOp) and op.kind.data is function else None


_READINGS: tuple[Callable[[SSAValue], Reading], ...] = (_silu, _hard_swish, _gelu, _gelu_tanh)


def fuse(op: MulOp | DivOp) -> Replacement:
    """The activation that a product is, if it is one."""
    product = Product.of(op.result)
    for step in product.factors:
        for read in _READINGS:
            if (reading := read(step)) is None:
                continue
            function, x, number = reading
            ratio = product.without(step).ratio(Product.of(x))
            if near(ratio, number) and x.type == op.result.type:
                return [UnaryOp(function, x)]
    return None


@dataclass(frozen=True)
class GraphFuseActivationsPass(ModulePass):
    """Recognise SiLU, hard-swish and GELU (by erf, by tanh) in products, sums and clips."""

    name = "graph-fuse-activations"
    level = "graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rules(ctx, op, [Rule(MulOp, fuse), Rule(DivOp, fuse)])
