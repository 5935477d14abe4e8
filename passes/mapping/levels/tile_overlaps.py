"""Where tiles lie, of many mappings at once: which loops make them overlap, at how many places."""

from __future__ import annotations

import numpy as np

from nopt.hw.array.levels.level_mapping import NestLoop
from nopt.hw.array.levels.tile_moves import places
from nopt.hw.array.loop_orders import product
from nopt.hw.array.problem import Dim, Operand
from nopt.passes.mapping.factorings import Array, Indices


def windows(operand: Operand) -> list[int]:
    """The loops that move an operand along a dimension together with others: two of its tiles can
    have words in common."""
    return sorted({i for dim in operand.dims if len(loops_of(dim)) > 1 for i in loops_of(dim)})


def loops_of(dim: Dim) -> list[int]:
    """The loops that index a dimension."""
    return [i for i, stride in enumerate(dim.strides) if stride]


def distinct_places(operand: Operand, factors: Array, steps: Array) -> Array | float:
    """At how many different places a tile is, of instances that these factors make."""
    each = (
        _places(Operand(operand.name, dims), factors, steps) for dims in operand.independent_dims
    )
    return product([*each])


def _places(operand: Operand, factors: Array, steps: Array) -> Array | float:
    loops = sorted(operand.loops)
    if len(loops) < 2:
        return product([factors[i] for i in loops])
    rows = np.vstack([factors[loops], steps[loops]])
    first, index = grouped(rows)
    counts: list[float] = []
    for case in rows[:, first].T.astype(int).tolist():
        of_loops = zip(loops, case[: len(loops)], case[len(loops) :], strict=True)
        nest = [NestLoop(0, loop, n, step, True) for loop, n, step in of_loops if n > 1]
        counts.append(places(operand, nest))
    return np.array(counts)[index]


def grouped(rows: Array) -> tuple[Indices, Indices]:
    """The first column of each kind, and the kind of each column; rows of whole numbers from -1."""
    kinds, size = np.zeros(rows.shape[1], np.int64), 1
    for row in rows:
        values = int(row.max(initial=0)) + 2
        if size * values > 1 << 62:
            known, kinds = np.unique(kinds, return_inverse=True)
            size = len(known)
        kinds = kinds * values + row.astype(np.int64) + 1
        size *= values
    _, first, index = np.unique(kinds, return_index=True, return_inverse=True)
    return first, index
