"""Operators of ai.onnx.ml that scale features, and linear models."""

from __future__ import annotations

import numpy as np
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import (
    AddOp,
    CastOp,
    CompareOp,
    Comparison,
    DivOp,
    Function,
    GatherOp,
    MatmulOp,
    MulOp,
    ReduceOp,
    SoftmaxOp,
    Statistic,
    SubOp,
    UnaryOp,
    WhereOp,
)
from nopt.tools.importer.node import Node, dtype_of, shape_of
from nopt.tools.importer.registry import reads

LEARNING = ".ml"
"""The domain ai.onnx.ml, as registries have it."""


def _floats(node: Node) -> SSAValue:
    x = node.tensor(0)
    return x if dtype_of(x) == np.float32 else node.emit(CastOp(x, f32))


def _numbers(node: Node, name: str) -> Array:
    return np.array(node.attribute(name) or [], np.float32)


@reads("Scaler", domain=LEARNING)
def scaler(node: Node) -> SSAValue:
    x = _floats(node)
    centred = node.emit(SubOp(x, node.array(_numbers(node, "offset"), "offset")))
    return node.emit(MulOp(centred, node.array(_numbers(node, "scale"), "scale")))


@reads("Normalizer", domain=LEARNING)
def normalizer(node: Node) -> SSAValue:
    x = _floats(node)
    match norm := node.text("norm", "MAX"):
        case "MAX":
            size = node.emit(ReduceOp(Statistic.MAX, x, [len(shape_of(x)) - 1], keep_dims=True))
        case "L1" | "L2":
            each = UnaryOp(Function.ABS, x) if norm == "L1" else MulOp(x, x)
            last = [len(shape_of(x)) - 1]
            size = node.emit(ReduceOp(Statistic.SUM, node.emit(each), last, keep_dims=True))
            size = node.emit(UnaryOp(Function.SQRT, size)) if norm == "L2" else size
        case _:
            node.fail(f"attribute 'norm' is '{norm}', expected MAX, L1 or L2")
    # Nothing is divided by 0.
    is_zero = node.emit(CompareOp(Comparison.EQ, size, node.splat(0, size)))
    return node.emit(DivOp(x, node.emit(WhereOp(is_zero, node.splat(1, size), size))))


@reads("Binarizer", domain=LEARNING)
def binarizer(node: Node) -> SSAValue:
    x = node.tensor(0)
    threshold = node.splat(node.number("threshold", 0.0), x)
    above = node.emit(CompareOp(Comparison.GT, x, threshold))
    return node.emit(WhereOp(above, node.splat(1, x), node.splat(0, x)))


@reads("ArrayFeatureExtractor", domain=LEARNING)
def array_feature_extractor(node: Node) -> SSAValue:
    x = node.tensor(0)
    indices = node.known(1, "the list of features").reshape(-1).astype(np.int64)
    return node.emit(GatherOp(x, node.array(indices, "indices"), len(shape_of(x)) - 1))


@reads("LinearRegressor", domain=LEARNING)
def linear_regressor(node: Node) -> SSAValue:
    return _transformed(node, _linear(node, node.integer("targets", 1)))


@reads("LinearClassifier", domain=LEARNING)
def linear_classifier(node: Node) -> list[SSAValue]:
    """The label of the largest score, and all scores."""
    labels = node.attribute("classlabels_ints")
    if not labels:
        node.fail("attribute 'classlabels_ints' is empty, expected labels that are integers")
    rows = len(_numbers(node, "intercepts")) or len(labels)
    if rows != len(labels):
        node.fail(
            f"found {rows} rows of coefficients, expected one for each of {len(labels)} labels"
        )
    scores = _linear(node, rows)
    best = node.emit(ReduceOp(Statistic.MAX, scores, [1], keep_dims=True))
    found = node.emit(CompareOp(Comparison.EQ, scores, best))
    places = node.array(np.arange(rows, dtype=np.int32), "places")
    first = node.emit(WhereOp(found, places, node.splat(rows, places)))
    index = node.emit(ReduceOp(Statistic.MIN, first, [1]))
    names = node.array(np.array(labels, np.int64), "labels")
    return [node.emit(GatherOp(names, index, 0)), _transformed(node, scores)]


def _linear(node: Node, rows: int) -> SSAValue:
    """Products of rows of features by coefficients, plus intercepts."""
    x = _floats(node)
    coefficients = _numbers(node, "coefficients")
    if coefficients.size != rows * shape_of(x)[-1]:
        expected = rows * shape_of(x)[-1]
        node.fail(f"found {coefficients.size} coefficients, expected {expected}")
    weights = node.array(coefficients.reshape(rows, -1), "coefficients")
    total = node.emit(MatmulOp(x, weights, transpose_b=True))
    intercepts = _numbers(node, "intercepts")
    return (
        node.emit(AddOp(total, node.array(intercepts, "intercepts"))) if intercepts.size else total
    )


def _transformed(node: Node, scores: SSAValue) -> SSAValue:
    match kind := node.text("post_transform", "NONE"):
        case "NONE":
            return scores
        case "LOGISTIC":
            return node.emit(UnaryOp(Function.SIGMOID, scores))
        case "SOFTMAX":
            return node.emit(SoftmaxOp(scores, len(shape_of(scores)) - 1))
        case _:
            node.fail(f"attribute 'post_transform' is '{kind}', expected NONE, LOGISTIC or SOFTMAX")
