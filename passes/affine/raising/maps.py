"""Which element each point of a nest stores, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir.affine import AffineExpr, AffineMap

from nopt.passes.affine.analysis import access


@dataclass(frozen=True)
class Placement:
    """Where the points of a box are stored in a tensor, one to one."""

    inverse: tuple[AffineExpr, ...]
    """The point that an element of the tensor is stored at, if any."""
    fills: bool
    """Whether every element is stored."""
    exact: bool
    """Whether `inverse` leaves the box for every element that is not stored."""


def placement(index: Sequence[AffineExpr], extents: Sequence[int], shape: Sequence[int]):
    """The placement of `index` over a box into a tensor.

    Raises ValueError where elements are outside the tensor, or stored more than once.
    """
    stored = access(AffineMap(len(extents), 0, tuple(index)), tuple(extents))
    if not stored.is_inside(shape):
        raise ValueError(f"stores outside of its {list(shape)} elements")
    if not stored.is_injective:
        raise ValueError(
            "stores to some element at different points of loops that its indices use; "
            "in a nest every element has one point"
        )
    if stored.inverse is None:
        raise ValueError("stores in an order whose inverse is not one affine map")
    points = access(stored.inverse, tuple(shape))
    return Placement(
        stored.inverse.results,
        fills=stored.covers(shape),
        exact=points.points_inside(extents).is_equal(stored.image),
    )
