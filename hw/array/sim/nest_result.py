"""What a nest computes from tensors, without an array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import as_strided

from nopt.hw.array.problem import Problem

Words: TypeAlias = Any
"""An array of words, of any type of number."""


def nest_result(problem: Problem, inputs: Mapping[str, Words]) -> Words:
    """The output of a nest on these tensors, by numpy alone: sums of products from zero.

    Integers wrap around at their width; floats are added in any order. Raises ValueError as
    `tensors_of`.
    """
    tensors = tensors_of(problem, inputs)
    views = [_points(problem, x, tensor) for x, tensor in enumerate(tensors)]
    y, operands = problem.output, list[Any]()
    for x, view in enumerate(views):
        if x != y:
            operands += [view, sorted(problem.operands[x].loops)]
    read = {loop for loops in operands[1::2] for loop in loops}
    for loop in sorted({*range(len(problem.loops))} - read):
        operands += [np.ones(problem.extents[loop], tensors[y].dtype), [loop]]
    views[y][...] = np.einsum(*operands, sorted(problem.operands[y].loops))
    return tensors[y].reshape(_shape(problem, y))


def tensors_of(problem: Problem, inputs: Mapping[str, Words]) -> list[Words]:
    """The words of each operand in order, without dimensions; zeros of the output.

    Raises ValueError for tensors that are missing, have another shape, or differ in type.
    """
    named = {each.name: x for x, each in enumerate(problem.operands) if x != problem.output}
    if {*inputs} != {*named}:
        found, expected = ", ".join(sorted(inputs)), ", ".join(named)
        raise ValueError(f"tensors: found {found or 'none'}, expected {expected}")
    kinds = {np.asarray(each).dtype for each in inputs.values()}
    if len(kinds) != 1 or not np.issubdtype(kind := next(iter(kinds)), np.number):
        found = ", ".join(sorted(map(str, kinds)))
        raise ValueError(f"tensors: found types {found}, expected one type of number")
    tensors: list[Words] = []
    for x in range(len(problem.operands)):
        shape = _shape(problem, x)
        name = problem.operands[x].name
        words = np.zeros(shape, kind) if x == problem.output else np.asarray(inputs[name])
        if words.shape != shape:
            raise ValueError(f"tensor {name}: found shape {words.shape}, expected {shape}")
        tensors.append(np.ascontiguousarray(words).reshape(-1))
    return tensors


def _shape(problem: Problem, operand: int) -> tuple[int, ...]:
    return tuple(dim.size for dim in problem.operands[operand].dims)


def _points(problem: Problem, operand: int, words: Words) -> Words:
    """A view of a tensor with a dimension for each loop that indexes it."""
    each = problem.operands[operand]
    shape, item = _shape(problem, operand), words.itemsize
    row_major = [int(np.prod(shape[i + 1 :])) * item for i in range(len(shape))]
    loops = sorted(each.loops)
    extents = [problem.extents[loop] for loop in loops]
    strides = [
        sum(dim.strides[loop] * step for dim, step in zip(each.dims, row_major, strict=True))
        for loop in loops
    ]
    # A loop that goes backwards begins at the last index that it reaches.
    begin = sum(
        -step * (problem.extents[loop] - 1) * size
        for dim, size in zip(each.dims, row_major, strict=True)
        for loop, step in enumerate(dim.strides)
        if step < 0
    )
    return as_strided(words[begin // item :], extents, strides)
