"""Reference interpreter of `affine_nest`: a nest is evaluated over whole index grids in numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import i8, i16, i32, i64
from xdsl.interpreter import Interpreter, InterpreterFunctions, impl, register_impls
from xdsl.ir import SSAValue

from nopt.dialects import affine_nest
from nopt.dialects.affine_nest import ForOp, LoadOp, ReduceOp, Reduction, YieldOp
from nopt.dialects.affine_points import evaluate
from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.interpreters.contraction import contract
from nopt.dialects.interpreters.float_sums import total
from nopt.dialects.interpreters.scalars import evaluate_scalar, signed, storage_type, stored
from nopt.dialects.interpreters.unspecified import unspecified

_CHUNK_POINTS = 1 << 24
"""Points of a grid evaluated at once: bounds the memory of large nests."""


@dataclass(frozen=True)
class _Product:
    """A product that is only reduced: kept apart so that the reduction is a matrix product."""

    left: Array
    right: Array


def evaluate_nest(op: ForOp, tensors: Mapping[SSAValue, Array]) -> Array:
    """The nest's result for the given values of the tensors it loads, and of its destination."""
    elements = _elements(op, tensors)
    if op.into is None:
        return elements
    if op.destination is not None:
        result = tensors[op.destination].copy()
    else:
        result = unspecified(op.result_shape, elements.dtype)
    grid = list(np.ogrid[tuple(slice(0, extent) for extent in op.parallel_extents)])
    places = [evaluate(expr, grid) for expr in op.into.data.results]
    result[tuple(np.broadcast_to(place, elements.shape) for place in places)] = elements
    return result


def _elements(op: ForOp, tensors: Mapping[SSAValue, Array]) -> Array:
    """What the nest yields at each point of its parallel iterators."""
    parallel = op.parallel_extents
    result = np.empty(parallel, numpy_type(op.yielded.type))
    points = _grid_points(op)
    rows = parallel[0] if parallel else 1
    step = max(1, rows * _CHUNK_POINTS // points) if parallel else 1
    for first in range(0, rows, step):
        chunk = _evaluate_chunk(op, tensors, first, min(step, rows - first))
        if parallel:
            result[first : first + step] = chunk
        else:
            result[...] = chunk
    return result


def _grid_points(op: ForOp) -> int:
    """Points of the largest array the evaluation makes."""
    points = 1
    for load in op.loads:
        used = load.map.data.used_dims()
        points = max(points, int(np.prod([op.extents[dim] for dim in used], dtype=np.int64)))
    return max(points, int(np.prod(op.parallel_extents, dtype=np.int64)))


def _evaluate_chunk(op: ForOp, tensors: Mapping[SSAValue, Array], first: int, rows: int) -> Array:
    extents = list(op.extents)
    split = len(op.parallel_extents)
    grid: list[Any] = list(np.ogrid[tuple(slice(0, extent) for extent in extents)])
    if split:
        grid[0] = grid[0][first : first + rows]
        extents[0] = rows
    reduced = tuple(range(split, len(extents)))
    values: dict[SSAValue, Array | _Product] = {}

    def value(operand: SSAValue) -> Array:
        found = values[operand]
        return found.left * found.right if isinstance(found, _Product) else found

    for inner in op.body.block.ops:
        match inner:
            case LoadOp():
                values[inner.result] = _load(inner, tensors[inner.source], grid)
            case ReduceOp():
                found = values[inner.operand]
                values[inner.result] = _reduce(inner, found, reduced, tuple(extents))
            case YieldOp():
                full = np.broadcast_to(value(inner.value), (*extents[:split], *[1] * len(reduced)))
                return full.reshape(extents[:split])
            case arith.MuliOp() if _is_only_summed(inner):
                left, right = (value(operand) for operand in inner.operands)
                values[inner.result] = _Product(*_same_rank(left, right, len(extents)))
            case _:
                operands = [value(operand) for operand in inner.operands]
                values[inner.results[0]] = evaluate_scalar(inner, operands)
    raise ValueError("a nest's body ends with affine_nest.yield")


def _same_rank(left: Array, right: Array, rank: int) -> tuple[Array, Array]:
    return (
        left.reshape((1,) * (rank - left.ndim) + left.shape),
        right.reshape((1,) * (rank - right.ndim) + right.shape),
    )


def _is_only_summed(op: arith.MuliOp) -> bool:
    """Integers that numpy has only: `contract` is exact, and their sums wrap in their type."""
    user = op.result.get_user_of_unique_use()
    return (
        op.result.type in (i8, i16, i32, i64)
        and isinstance(user, ReduceOp)
        and user.kind.data is Reduction.ADD
    )


def _load(load: LoadOp, source: Array, grid: list[Any]) -> Array:
    indices = [
        np.asarray(evaluate(expr, grid)).reshape((1,) * len(grid))
        if not expr.used_dims()
        else evaluate(expr, grid)
        for expr in load.map.data.results
    ]
    if load.pad_value is None or not load.reads_outside():
        return np.asarray(source[tuple(indices)])
    inside: Any = True
    clipped: list[Any] = []
    for index, size in zip(indices, source.shape, strict=True):
        inside = inside & (index >= 0) & (index < size)
        clipped.append(np.clip(index, 0, size - 1))
    return np.where(inside, source[tuple(clipped)], source.dtype.type(load.pad_value))


def _reduce(
    op: ReduceOp, operand: Array | _Product, reduced: tuple[int, ...], extents: tuple[int, ...]
) -> Array:
    type = op.result.type
    dtype = storage_type(type)
    if isinstance(operand, _Product):
        return contract(operand.left, operand.right, reduced, extents).astype(dtype)
    operand = signed(operand.reshape((1,) * (len(extents) - operand.ndim) + operand.shape))
    match op.kind.data:
        case Reduction.ADD:
            if dtype.kind == "f":
                over = [e if i in reduced else operand.shape[i] for i, e in enumerate(extents)]
                return total(np.broadcast_to(operand, over), reduced, keep_dims=True)
            repeats = prod(extents[i] for i in reduced if operand.shape[i] == 1)
            result = operand.sum(axis=reduced, keepdims=True, dtype=np.int64) * repeats
        case Reduction.MAX:
            result = operand.max(axis=reduced, keepdims=True)
        case Reduction.MIN:
            result = operand.min(axis=reduced, keepdims=True)
    return stored(result, type)


@register_impls
class AffineNestFunctions(InterpreterFunctions):
    """`affine_nest` for xDSL's interpreter; tensors are numpy arrays."""

    @impl(affine_nest.ForOp)
    def run_for(
        self, interpreter: Interpreter, op: ForOp, args: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        sources = [*op.operands, *(load.source for load in op.loads)]
        tensors = dict(zip(sources, interpreter.get_values(sources), strict=True))
        return (evaluate_nest(op, tensors),)
