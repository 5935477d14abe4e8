"""Activations by name, as in RNN, LSTM and GRU, with ONNX's defaults for their numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.graph import (
    AddOp,
    ClipOp,
    CompareOp,
    Comparison,
    DivOp,
    Function,
    LeakyReluOp,
    MulOp,
    ReluOp,
    UnaryOp,
    WhereOp,
)
from nopt.tools.importer.node import Node

Activate = Callable[[SSAValue], SSAValue]

_DEFAULTS = {"RNN": ("Tanh",), "GRU": ("Sigmoid", "Tanh"), "LSTM": ("Sigmoid", "Tanh", "Tanh")}
_ALPHA = {
    "affine": 1.0,
    "elu": 1.0,
    "hardsigmoid": 0.2,
    "leakyrelu": 0.01,
    "scaledtanh": 1.0,
    "thresholdedrelu": 1.0,
}
_BETA = {"affine": 0.0, "hardsigmoid": 0.5, "scaledtanh": 1.0}
"""Defaults of the activations that have such a number."""


def activations_of(node: Node, directions: int) -> list[list[Activate]]:
    """The activations of each direction: numbers are consumed by those that have some, in order."""
    default = _DEFAULTS.get(node.op, _DEFAULTS["LSTM"])
    names = node.attribute("activations") or [*default] * directions
    if len(names) != len(default) * directions:
        node.fail(f"found {len(names)} activations, expected {len(default) * directions}")
    alphas = iter(node.attribute("activation_alpha") or [])
    betas = iter(node.attribute("activation_beta") or [])
    found: list[Activate] = []
    for name in names:
        key = name.lower()
        alpha = next(alphas, None) if key in _ALPHA else None
        beta = next(betas, None) if key in _BETA else None
        found.append(activation(node, name, alpha, beta))
    count = len(default)
    return [found[start : start + count] for start in range(0, len(found), count)]


def activation(
    node: Node, name: str, alpha: float | None = None, beta: float | None = None
) -> Activate:
    """What a name stands for, with its numbers or ONNX's."""
    alpha = _ALPHA.get(name.lower(), 0.0) if alpha is None else float(alpha)
    beta = _BETA.get(name.lower(), 0.0) if beta is None else float(beta)

    def unary(function: Function) -> Activate:
        return lambda x: node.emit(UnaryOp(function, x))

    def scaled(x: SSAValue, factor: float, term: float = 0.0) -> SSAValue:
        if factor != 1:
            x = node.emit(MulOp(x, node.splat(factor, x)))
        return node.emit(AddOp(x, node.splat(term, x))) if term else x

    def softsign(x: SSAValue) -> SSAValue:
        size = node.emit(UnaryOp(Function.ABS, x))
        return node.emit(DivOp(x, scaled(size, 1, 1)))

    def thresholded(x: SSAValue) -> SSAValue:
        above = node.emit(CompareOp(Comparison.GT, x, node.splat(alpha, x)))
        return node.emit(WhereOp(above, x, node.splat(0, x)))

    def elu(x: SSAValue) -> SSAValue:
        low = node.emit(ClipOp(x, float(np.finfo(np.float32).min), 0.0))
        bent = scaled(scaled(node.emit(UnaryOp(Function.EXP, low)), 1, -1), alpha)
        return node.emit(AddOp(node.emit(ReluOp(x)), bent))

    known: dict[str, Activate] = {
        "relu": lambda x: node.emit(ReluOp(x)),
        "tanh": unary(Function.TANH),
        "sigmoid": unary(Function.SIGMOID),
        "softplus": unary(Function.SOFTPLUS),
        "softsign": softsign,
        "affine": lambda x: scaled(x, alpha, beta),
        "leakyrelu": lambda x: node.emit(LeakyReluOp(x, alpha)),
        "thresholdedrelu": thresholded,
        "scaledtanh": lambda x: scaled(unary(Function.TANH)(scaled(x, beta)), alpha),
        "hardsigmoid": lambda x: node.emit(ClipOp(scaled(x, alpha, beta), 0.0, 1.0)),
        "elu": elu,
    }
    if name.lower() not in known:
        node.fail(f"activation {name!r} is not known, expected one of {', '.join(sorted(known))}")
    return known[name.lower()]
