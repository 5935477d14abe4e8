"""Orders: how a tensor lies in memory where that is not row by row, as a map that people can read.

    affine_map<(d0, d1, d2) -> (d0, d1 floordiv 16, d2 floordiv 16, d1 mod 16, d2 mod 16)>

The element at d0, d1, d2 is at that index of the memory: here matrices of 16 tokens by 16 channels.
Every dimension is in the map once, whole or as its blocks and its lanes; all blocks have as many
lanes, and the lanes of one dimension are innermost. So an order is a bijection by its form.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
)


class BadOrder(ValueError):
    """A map that is no order of a tensor."""


def check_order(map: AffineMap, shape: Sequence[int]) -> int:
    """How many lanes the blocks of an order of a tensor have.

    Raises BadOrder for a map that is none, or that divides a dimension in the middle of a block.
    """
    block = _innermost_lanes(map)
    if block is None:
        raise BadOrder(f"order {map} ends in no lanes, expected 'mod' by the block innermost")
    dims = [AffineDimExpr(i) for i in range(len(shape))]
    divided = [dim for dim in dims if dim not in map.results]
    parts = [part for dim in divided for part in (dim // block, dim % block)]
    whole = [dim for dim in dims if dim not in divided]
    if sorted(map.results, key=str) != sorted([*whole, *parts], key=str) or map.num_symbols:
        raise BadOrder(
            f"order {map} is none of {len(shape)} dimensions; expected each of them once, "
            f"whole or as 'floordiv {block}' and 'mod {block}'"
        )
    for dim in divided:
        if shape[dim.position] % block:
            raise BadOrder(
                f"order {map} divides dimension {dim.position} of {shape[dim.position]} "
                f"elements, expected a multiple of {block}"
            )
    return block


def extent_of_part(part: AffineExpr, shape: Sequence[int]) -> int:
    """How many places one index of an order takes: a dimension's elements, blocks, lanes, or parts
    of a block's lanes."""
    (dim,) = part.used_dims()
    match part:
        case AffineBinaryOpExpr(kind=AffineBinaryOpKind.Mod, rhs=AffineConstantExpr(value=block)):
            return block
        case AffineBinaryOpExpr(
            kind=AffineBinaryOpKind.FloorDiv,
            lhs=AffineBinaryOpExpr(
                kind=AffineBinaryOpKind.Mod, rhs=AffineConstantExpr(value=block)
            ),
            rhs=AffineConstantExpr(value=lanes),
        ):
            return block // lanes
        case _:
            return -(-shape[dim] // factor_of_part(part))


def factor_of_part(part: AffineExpr) -> int:
    """How many elements of its dimension lie between two places of one index of an order."""
    match part:
        case AffineBinaryOpExpr(
            kind=AffineBinaryOpKind.FloorDiv, rhs=AffineConstantExpr(value=block)
        ):
            return block
        case _:
            return 1


def _innermost_lanes(map: AffineMap) -> int | None:
    """The number that the last index is the remainder of, if it is one above 0."""
    match map.results[-1] if map.results else None:
        case AffineBinaryOpExpr(
            kind=AffineBinaryOpKind.Mod, lhs=AffineDimExpr(), rhs=AffineConstantExpr(value=block)
        ) if block > 0:
            return block
        case _:
            return None
