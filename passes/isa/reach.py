"""Whether tile ops stay inside of the buffers that they access, at every turn of all loops.

Addresses forget where a buffer ends: what reached past it would meet the next one, in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir.affine import AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import expr_range
from nopt.dialects.affine_points import Range


def check_indices(
    name: str,
    indices: Sequence[AffineExpr],
    sizes: Sequence[AffineMapAttr],
    loops: Mapping[AffineExpr, Range],
    shape: Sequence[int],
) -> None:
    """Indices over a box of `sizes` under `loops` are those of elements.

    Raises ValueError, naming the buffer's `name`, with what an index may be."""
    last = [_greatest(size, loops) - 1 for size in sizes]
    if any(end < 0 for end in last):
        return  # an empty box
    ranges = dict(loops) | {AffineDimExpr(i): (0, end) for i, end in enumerate(last)}
    for axis, (index, size) in enumerate(zip(indices, shape, strict=True)):
        low, high = expr_range(index, ranges)
        if low < 0 or high >= size:
            raise ValueError(
                f"{name}: index {axis} is {low} to {high}, expected it within 0 to {size - 1}"
            )


def check_sizes(
    name: str,
    sizes: Sequence[AffineMapAttr],
    loops: Mapping[AffineExpr, Range],
    shape: Sequence[int],
) -> None:
    """A window fits into a slot of `shape`. Raises ValueError."""
    for axis, (size, most) in enumerate(zip(sizes, shape, strict=True)):
        found = _greatest(size, loops)
        if found > most:
            raise ValueError(f"{name}: size {axis} is up to {found}, expected at most {most}")


def check_window(
    name: str,
    first: Sequence[AffineExpr],
    sizes: Sequence[AffineMapAttr],
    loops: Mapping[AffineExpr, Range],
    shape: Sequence[int],
) -> None:
    """A window lies in a slot of a buffer of `shape`. Raises ValueError.

    `first` is the slot, and perhaps where in it the window begins."""
    slot, *begin = first
    check_indices(name, [slot], [], loops, shape[:1])
    check_sizes(name, sizes, loops, shape[1:])
    if begin:
        ends = [index + AffineDimExpr(axis) for axis, index in enumerate(begin)]
        check_indices(name, ends, sizes, loops, shape[1:])


def _greatest(size: AffineMapAttr, loops: Mapping[AffineExpr, Range]) -> int:
    """Of the alternatives, the least counts."""
    return min(expr_range(expr, loops)[1] for expr in size.data.results)
