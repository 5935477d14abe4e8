"""`graph-fuse-activations`: SiLU, hard-swish and GELU that are spelled out become one op."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

Readings = Iterator[tuple[Function, SSAValue, float]]
"""Ways to read a factor `step` as a part of an activation of x: number * x * step = function(x).

There may be several: x may end in a sum or a product with a number itself."""


def _silu(step: SSAValue) -> Readings:
    """sigmoid(x)"""
    if (argument := _argument(step, Function.SIGMOID)) is not None:
        yield Function.SILU, argument, 1.0


def _hard_swish(step: SSAValue) -> Readings:
    """clip(x + 3, 0, 6), and clip(x / 6 + 1 / 2, 0, 1)"""
    if not isinstance(clip := step.owner, ClipOp):
        return
    low, high = clip.bounds
    if low != 0 or high == 0:
        return
    for shift, inner in shifted(clip.input):
        for slope, x in scaled(inner):
            if near(shift, high / 2) and near(slope, high / 6):
                yield Function.HARD_SWISH, x, 1 / high


def _gelu(step: SSAValue) -> Readings:
    """1 + erf(x / sqrt(2))"""
    for argument in _behind_one(step, Function.ERF):
        for slope, x in scaled(argument):
            if near(slope, sqrt(0.5)):
                yield Function.GELU, x, 0.5


def _gelu_tanh(step: SSAValue) -> Readings:
    """1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))"""
    for argument in _behind_one(step, Function.TANH):
        product = Product.of(argument)
        if not near(product.number, sqrt(2 / pi)):
            continue
        for factor in product.factors:
            rest = product.without(factor)
            for x in _cubic(factor) if not rest.factors else _quadratic(factor, rest):
                yield Function.GELU_TANH, x, 0.5


def _behind_one(value: SSAValue, function: Function) -> Iterator[SSAValue]:
    """What the function is applied to in 1 + function(…)."""
    for one, inner in shifted(value):
        if near(one, 1) and (argument := _argument(inner, function)) is not None:
            yield argument


def _cubic(value: SSAValue) -> Iterator[SSAValue]:
    """The x of x + 0.044715 * x^3."""
    if isinstance(value.owner, AddOp):
        for x, cube in ([*value.owner.operands], [*value.owner.operands][::-1]):
            one = Product.of(x)
            if near(Product.of(cube).ratio(one * one * one), 0.044715):
                yield x


def _quadratic(value: SSAValue, rest: Product) -> Iterator[SSAValue]:
    """The x of 1 + 0.044715 * x^2, where x is all that is left."""
    if rest.factors.total() != 1:
        return
    (x,) = rest.factors
    factor = Product.of(x)
    for one, square in shifted(value):
        if near(one, 1) and near(Product.of(square).ratio(factor * factor), 0.044715):
            yield x


def _argument(value: SSAValue, function: Function) -> SSAValue | None:
    """What the function is applied to, if the value is that function's."""
    op = value.owner
    return op.input if isinstance(op, UnaryOp) and op.kind.data is function else None


_READINGS: tuple[Callable[[SSAValue], Readings], ...] = (_silu, _hard_swish, _gelu, _gelu_tanh)


def fuse(op: MulOp | DivOp) -> Replacement:
    """The activation that a product is, if it is one."""
    product = Product.of(op.result)
    for step in product.factors:
        for read in _READINGS:
            for function, x, number in read(step):
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
