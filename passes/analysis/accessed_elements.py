"""The elements that a load reads, or that a nest writes, and what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import prod

import islpy as isl
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap

from nopt.dialects.affine_math import Sum, dim_ranges, simplify_map, to_sum
from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.affine_points import Range
from nopt.passes.analysis.components import Component, box_relation, components_of
from nopt.passes.analysis.digits import Digits, digits_of
from nopt.passes.analysis.inverse import function_of, inverse_of_digits
from nopt.passes.analysis.relations import are_inside, box_of, points_where
from nopt.passes.analysis.tile_windows import Window, window_of


@cache
def access(map: AffineMap, extents: tuple[int, ...]) -> Access:
    """The access of a map over a box: one object for each, which remembers what it was asked."""
    return Access(map, extents)


def access_of(op: LoadOp | ForOp) -> Access:
    """What a load reads, at the points of its nest; or what a nest writes, at parallel points."""
    if isinstance(op, LoadOp):
        return access(op.map.data, op.nest.extents)
    return access(op.places, op.parallel_extents)


@dataclass(frozen=True)
class Access:
    """An index map over a box: iterator i runs over [0, extents[i]). Made by `access`.

    Every answer is exact. Raises ValueError where the map has symbols, or an index is not affine.
    """

    map: AffineMap
    extents: tuple[int, ...]

    # What each index is.

    @cached_property
    def sums(self) -> tuple[Sum, ...]:
        """Each index in canonical form, without iterators that have a single value."""
        ranges = dim_ranges(self.extents)
        return tuple(to_sum(expr, ranges) for expr in self.map.results)

    @cached_property
    def simplified(self) -> AffineMap:
        """The map in canonical form."""
        return AffineMap(len(self.extents), 0, tuple(total.expr() for total in self.sums))

    @cached_property
    def divides(self) -> bool:
        """Whether some index has iterators inside a `floordiv` or `mod`."""
        atoms = [atom for total in self.sums for atom in total.terms]
        return not all(isinstance(atom, AffineDimExpr) for atom in atoms)

    def factor(self, axis: int, iterator: int) -> int:
        """By what an index grows with an iterator, divisions aside."""
        return self.sums[axis].terms.get(AffineDimExpr(iterator), 0)

    def axes_of(self, iterator: int) -> tuple[int, ...]:
        """The dimensions whose index has an iterator in it, in divisions or not."""
        exprs = self.simplified.results
        return tuple(axis for axis, expr in enumerate(exprs) if iterator in expr.used_dims())

    def along(self, iterator: int) -> tuple[int, int] | None:
        """The one dimension whose index is this iterator plus a number, and that number.

        None if an iterator is in no index or several, or is not alone in it.
        """
        match self.axes_of(iterator):
            case (axis,) if self.sums[axis].terms == {AffineDimExpr(iterator): 1}:
                return axis, self.sums[axis].constant
            case _:
                return None

    @cached_property
    def shift(self) -> tuple[int, ...] | None:
        """The numbers that make a point its index: `[%c + 32, %h]` is the point shifted by (32, 0).

        None for all other maps. Then what is reached is a box, in the order of the iterators.
        """
        shifted = len(self.extents) == len(self.map.results) and all(
            self.along(i) == (i, total.constant) if extent > 1 else not total.terms
            for i, (extent, total) in enumerate(zip(self.extents, self.sums, strict=True))
        )
        return tuple(total.constant for total in self.sums) if shifted else None

    # What is reached.

    @cached_property
    def digits(self) -> Digits:
        """The indices over digits of the iterators, so that they divide less, or not at all."""
        return digits_of(self.simplified.results, self.extents)

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """Indices that share digits of iterators, apart from those that share none."""
        return components_of(self.digits.exprs, self.digits.extents)

    @cached_property
    def relation(self) -> isl.Map:
        """From each point of the box to the element that it reaches."""
        return box_relation(self.simplified.results, self.extents)

    @cached_property
    def image(self) -> isl.Set:
        """The elements that are reached."""
        return box_relation(self.digits.exprs, self.digits.extents).range()

    @cached_property
    def bounds(self) -> tuple[Range, ...]:
        """The least and the largest index in each dimension."""
        found = {axis: bounds for part in self.components for axis, bounds in part.bounds}
        return tuple(found[axis] for axis in range(len(self.map.results)))

    @cached_property
    def is_box(self) -> bool:
        """Whether all elements between the bounds are reached."""
        return all(part.indices.is_box for part in self.components)

    @cached_property
    def elements(self) -> int:
        """How many elements are reached, each counted once."""
        return prod(part.indices.elements for part in self.components)

    def is_inside(self, shape: Sequence[int]) -> bool:
        """Whether no point reaches outside of a tensor."""
        bounds = zip(self.bounds, shape, strict=True)
        return all(low >= 0 and high < size for (low, high), size in bounds)

    def covers(self, shape: Sequence[int]) -> bool:
        """Whether just the elements of a tensor are reached, all of them."""
        return self.is_box and self.bounds == tuple((0, size - 1) for size in shape)

    def points_inside(self, shape: Sequence[int]) -> isl.Set:
        """The points of the box that reach into a tensor."""
        dims: list[AffineExpr] = [AffineDimExpr(i) for i in range(len(self.extents))]
        exprs = [*dims, *self.simplified.results]
        return points_where(len(dims), are_inside(exprs, [*self.extents, *shape]))

    def is_disjoint(self, other: Access) -> bool:
        """Whether no element is reached by both."""
        return _are_disjoint(self, other)

    # How often an element is reached.

    @cached_property
    def is_injective(self) -> bool:
        """Whether each element is reached from one point at most."""
        return not self._unused_digits and all(
            part.indices.is_injective for part in self.components
        )

    def is_bijection(self, shape: Sequence[int]) -> bool:
        """Whether each element of a tensor is reached from one point, and nothing outside of it."""
        return self.is_injective and self.covers(shape)

    @cached_property
    def unused(self) -> frozenset[int]:
        """Iterators of several values that make no difference: each step reads the same again."""
        moving = frozenset(range(len(self.digits.extents))) - self._unused_digits
        return frozenset(
            i
            for i, expr in enumerate(self.digits.points)
            if self.extents[i] > 1 and not expr.used_dims() & moving
        )

    @cached_property
    def _unused_digits(self) -> frozenset[int]:
        used = frozenset[int]().union(*(part.used for part in self.components))
        extents = enumerate(self.digits.extents)
        return frozenset(i for i, extent in extents if extent > 1 and i not in used)

    @cached_property
    def reused(self) -> frozenset[int]:
        """Iterators along which elements are reached again, if others move along or not.

        These are those that differ between two points that reach the same element: of `x[oh + kh]`
        both. The `unused` are among them.
        """
        again = self._unused_digits.union(*(part.reused for part in self.components))
        points = enumerate(self.digits.points)
        return frozenset(i for i, expr in points if expr.used_dims() & again)

    # Parts of the box.

    def window(self, tile: Sequence[int]) -> Window:
        """The smallest box that holds what any one tile of the iterators reaches."""
        return _window(self, tuple(tile))

    def meets(self, shape: Sequence[int], iterators: int) -> bool:
        """Whether each point of the first iterators has one of the others inside a tensor."""
        if self.is_inside(shape):
            return True
        return _meets(self, tuple(shape), iterators)

    # Other accesses.

    @cached_property
    def inverse(self) -> AffineMap | None:
        """From each element that is reached to the point that reaches it.

        None if there are several points, or if that is not one affine map with divisions.
        """
        if not self.is_injective:
            return None
        rank = len(self.map.results)
        found = inverse_of_digits(self.digits.exprs, self.digits.extents)
        if found is not None:
            points = AffineMap(len(found), 0, self.digits.points)
            return points.compose(AffineMap(rank, 0, found))
        found = function_of(self.relation.reverse())
        return None if found is None else AffineMap(rank, 0, found)

    def then(self, map: AffineMap) -> Access:
        """What `map`, from a tensor's elements to those of another one, makes of this access."""
        return access(simplify_map(map.compose(self.map), self.extents), self.extents)

    def points_of(self, written: Access) -> Access | None:
        """For each point, the one that writes what it reads; None if something read is not written.

        Also None if `written` has no `inverse`. If each point that writes is read once is then
        asked by `is_bijection(written.extents)`.
        """
        if written.inverse is None or not _is_within(self, written):
            return None
        return self.then(written.inverse)

    def stays_outside(self, shape: Sequence[int], map: AffineMap, target: Sequence[int]) -> bool:
        """Whether `map`, from a tensor to another, leaves outside what is outside of the one."""
        if self.is_inside(shape):
            return True
        return _stays_outside(self, tuple(shape), self.then(map), tuple(target))


@cache
def _are_disjoint(one: Access, other: Access) -> bool:
    bounds = list(zip(one.bounds, other.bounds, strict=True))
    if any(a[1] < b[0] or b[1] < a[0] for a, b in bounds):
        return True
    if one.is_box and other.is_box:
        return False
    return bool(one.image.is_disjoint(other.image))


@cache
def _is_within(one: Access, other: Access) -> bool:
    """Whether what the one reaches, the other one does."""
    bounds = zip(one.bounds, other.bounds, strict=True)
    if any(a[0] < b[0] or a[1] > b[1] for a, b in bounds):
        return False
    return other.is_box or bool(one.image.is_subset(other.image))


@cache
def _window(of: Access, tile: tuple[int, ...]) -> Window:
    return window_of(of.sums, of.extents, tile)


@cache
def _meets(of: Access, shape: tuple[int, ...], iterators: int) -> bool:
    others = len(of.extents) - iterators
    met = of.points_inside(shape).project_out(isl.dim_type.set, iterators, others)
    return bool(met.is_equal(box_of(of.extents[:iterators])))


@cache
def _stays_outside(
    one: Access, shape: tuple[int, ...], other: Access, target: tuple[int, ...]
) -> bool:
    return bool(other.points_inside(target).is_subset(one.points_inside(shape)))
