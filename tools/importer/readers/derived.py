"""Operators that ONNX does not define by others, but that are some of these."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.graph import (
    AddOp,
    CompareOp,
    Comparison,
    DivOp,
    Function,
    MaxOp,
    MulOp,
    ReduceOp,
    Statistic,
    SubOp,
    UnaryOp,
    WhereOp,
)
from nopt.tools.importer.node import Node, dtype_of, shape_of
from nopt.tools.importer.registry import reads


@reads("Sign")
def sign(node: Node) -> SSAValue:
    x = node.tensor(0)
    above, below = (
        node.emit(CompareOp(kind, x, node.splat(0, x))) for kind in (Comparison.GT, Comparison.LT)
    )
    negative = node.emit(WhereOp(below, node.splat(-1, x), node.splat(0, x)))
    return node.emit(WhereOp(above, node.splat(1, x), negative))


@reads("IsNaN")
def is_nan(node: Node) -> SSAValue:
    """What is not equal to itself."""
    x = node.tensor(0)
    return node.emit(CompareOp(Comparison.NE, x, x))


@reads("Tan")
def tan(node: Node) -> SSAValue:
    x = node.tensor(0)
    sine, cosine = (node.emit(UnaryOp(f, x)) for f in (Function.SIN, Function.COS))
    return node.emit(DivOp(sine, cosine))


@reads("Sinh", "Cosh")
def hyperbolic(node: Node) -> SSAValue:
    x = node.tensor(0)
    growing = node.emit(UnaryOp(Function.EXP, x))
    falling = node.emit(UnaryOp(Function.EXP, node.emit(UnaryOp(Function.NEG, x))))
    op = SubOp(growing, falling) if node.op == "Sinh" else AddOp(growing, falling)
    total = node.emit(op)
    return node.emit(MulOp(total, node.splat(0.5, total)))


@reads("Mod")
def remainder(node: Node) -> SSAValue:
    """Of floats, with the sign of what is divided."""
    a, b = node.tensor(0), node.tensor(1)
    if dtype_of(a).kind != "f" or not node.integer("fmod", 0):
        node.fail(f"attribute 'fmod' is 0 or the type {dtype_of(a)}, expected 1 and floats")
    size, by = (node.emit(UnaryOp(Function.ABS, each)) for each in (a, b))
    whole = node.emit(UnaryOp(Function.FLOOR, node.emit(DivOp(size, by))))
    rest = node.emit(SubOp(size, node.emit(MulOp(whole, by))))
    below = node.emit(CompareOp(Comparison.LT, a, node.splat(0, a)))
    return node.emit(WhereOp(below, node.emit(UnaryOp(Function.NEG, rest)), rest))


@reads("LpNormalization")
def lp_normalization(node: Node) -> SSAValue:
    """What is all zeros stays so."""
    x = node.tensor(0)
    axis, power = node.axis(node.integer("axis", -1), len(shape_of(x))), node.integer("p", 2)
    if power not in (1, 2):
        node.fail(f"attribute 'p' is {power}, expected 1 or 2")
    each = UnaryOp(Function.ABS, x) if power == 1 else MulOp(x, x)
    size = node.emit(ReduceOp(Statistic.SUM, node.emit(each), [axis], keep_dims=True))
    size = node.emit(UnaryOp(Function.SQRT, size)) if power == 2 else size
    least = float(np.finfo(np.float32).tiny)
    return node.emit(DivOp(x, node.emit(MaxOp(size, node.splat(least, size)))))
