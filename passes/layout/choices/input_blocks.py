"""The blocks of input channels that a block of a product's outputs reads."""

from __future__ import annotations

import numpy as np
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import dim_ranges, simplify
from nopt.dialects.affine_points import evaluate
from nopt.passes.layout.choices.lane_choices import Lanes


def input_blocks(lanes: Lanes, block: int) -> tuple[AffineExpr, int]:
    """The first input block that a block of outputs reads, as an expression, and how many."""
    nest, lane, output = lanes.core.nest, lanes.input, lanes.output
    assert lane is not None
    outputs = nest.parallel_extents[output]
    extent = 1 if lane.iterator is None else nest.extents[lane.iterator]
    aligned = simplify(lane.aligned // block, nest.ranges)
    if lane.rest == AffineConstantExpr(0):
        return aligned, -(-extent // block)
    grid: list[np.ndarray | int] = [0] * len(nest.extents)
    grid[output] = np.arange(outputs)
    rest = np.broadcast_to(evaluate(lane.rest, grid), (outputs,))  # pyright: ignore
    starts = np.arange(0, outputs, block)
    low = np.minimum.reduceat(rest, starts)
    high = np.maximum.reduceat(rest, starts) + extent - 1
    first = low // block
    count = int((high // block - first).max()) + 1
    block_dim = AffineDimExpr(output)
    at_start = lane.rest.replace_dims_and_symbols(
        [block_dim * block if i == output else AffineDimExpr(i) for i in range(len(nest.extents))],
        [],
    )
    blocks = [*nest.extents]
    blocks[output] = len(starts)
    expr = simplify(at_start // block, dim_ranges(blocks))
    grid[output] = np.arange(len(starts))
    found = np.broadcast_to(evaluate(expr, grid), first.shape)  # pyright: ignore
    all_blocks = int(high.max()) // block + 1
    # Every output must read whole blocks that exist, beginning where the expression says.
    if np.array_equal(found, first) and int(first.max()) + count <= all_blocks:
        return aligned + expr, count
    return aligned, all_blocks
