"""Indices that share iterators, apart from those that share none: the smallest exact questions.

An access is the product of its components, so each answer about it is put together from theirs. A
reshape of two dimensions of five asks about these two, and once for all tensors where it occurs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import prod

import islpy as isl
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import dim_ranges, is_mixed_radix, to_sum
from nopt.dialects.affine_points import Range
from nopt.passes.analysis.relations import are_inside, box_of, relation_where, value_range
from nopt.passes.analysis.spans import Span, span_of


@dataclass(frozen=True)
class Component:
    """Which indices of an access, and all iterators of several values that are in them."""

    axes: tuple[int, ...]
    iterators: tuple[int, ...]
    indices: Indices
    """The indices over the box of just these iterators."""

    @property
    def bounds(self) -> list[tuple[int, Range]]:
        """The least and the largest index, by its dimension."""
        return list(zip(self.axes, self.indices.bounds, strict=True))

    @property
    def reused(self) -> frozenset[int]:
        """Iterators in which two points of the same indices differ."""
        return frozenset(self.iterators[i] for i in self.indices.reused)

    @property
    def used(self) -> frozenset[int]:
        """Iterators that make a difference."""
        return frozenset(self.iterators) - {self.iterators[i] for i in self.indices.idle}


def components_of(exprs: Sequence[AffineExpr], extents: Sequence[int]) -> tuple[Component, ...]:
    """The components of indices in canonical form."""
    groups: list[tuple[list[int], set[int]]] = []
    for axis, expr in enumerate(exprs):
        axes, iterators = [axis], set(expr.used_dims())
        for group in [group for group in groups if group[1] & iterators]:
            groups.remove(group)
            axes, iterators = [*group[0], *axes], group[1] | iterators
        groups.append((axes, iterators))
    return tuple(_component(exprs, extents, sorted(a), sorted(i)) for a, i in groups)


def _component(
    exprs: Sequence[AffineExpr], extents: Sequence[int], axes: list[int], iterators: list[int]
) -> Component:
    dims: list[AffineExpr] = [AffineConstantExpr(0)] * len(extents)
    for position, iterator in enumerate(iterators):
        dims[iterator] = AffineDimExpr(position)
    own = tuple(exprs[axis].replace_dims_and_symbols(dims, []) for axis in axes)
    return Component(
        tuple(axes), tuple(iterators), _indices(own, tuple(extents[i] for i in iterators))
    )


@cache
def _indices(exprs: tuple[AffineExpr, ...], extents: tuple[int, ...]) -> Indices:
    return Indices(exprs, extents)


@dataclass(frozen=True)
class Indices:
    """Indices in canonical form over a box all of whose iterators they use."""

    exprs: tuple[AffineExpr, ...]
    extents: tuple[int, ...]

    @cached_property
    def relation(self) -> isl.Map:
        """From each point of the box to its indices."""
        return box_relation(self.exprs, self.extents)

    @cached_property
    def _spans(self) -> list[Span | None]:
        ranges = dim_ranges(self.extents)
        return [span_of(to_sum(expr, ranges), ranges) for expr in self.exprs]

    @cached_property
    def bounds(self) -> tuple[Range, ...]:
        """The least and the largest value of each index."""
        return tuple(
            value_range(self.relation.range(), axis) if span is None else (span.low, span.high)
            for axis, span in enumerate(self._spans)
        )

    @cached_property
    def _points(self) -> int:
        return prod(self.extents)

    @cached_property
    def _between_bounds(self) -> int:
        return prod(high - low + 1 for low, high in self.bounds)

    @cached_property
    def is_injective(self) -> bool:
        """Whether no two points have the same indices."""
        if self._points > self._between_bounds:
            return False
        if is_mixed_radix(self.exprs, dim_ranges(self.extents)):
            return True
        return bool(self.relation.is_injective())

    @cached_property
    def is_box(self) -> bool:
        """Whether all indices between the bounds are reached."""
        if len(self._spans) == 1 and (span := self._spans[0]) is not None:
            return span.whole
        if self._points < self._between_bounds:
            return False
        if self._points == self._between_bounds:
            return self.is_injective
        moved = [expr - low for expr, (low, _) in zip(self.exprs, self.bounds, strict=True)]
        whole = box_of([high - low + 1 for low, high in self.bounds])
        return bool(box_relation(moved, self.extents).range().is_equal(whole))

    @cached_property
    def elements(self) -> int:
        """How many different indices are reached."""
        if self.is_box:
            return self._between_bounds
        if self.is_injective:
            return self._points
        return self.relation.range().count_val().to_python()

    @cached_property
    def reused(self) -> frozenset[int]:
        """Iterators in which two points of the same indices differ."""
        if self.is_injective:
            return frozenset()
        steps = self.relation.apply_range(self.relation.reverse()).deltas()
        return frozenset(i for i in range(len(self.extents)) if value_range(steps, i) != (0, 0))

    @cached_property
    def idle(self) -> frozenset[int]:
        """Iterators that make no difference after all, by divisions that they are in."""
        ranges = dim_ranges(self.extents)
        atoms = {atom for expr in self.exprs for atom in to_sum(expr, ranges).terms}
        divisions = [atom for atom in atoms if not isinstance(atom, AffineDimExpr)]
        divided = frozenset[int]().union(*(atom.used_dims() for atom in divisions))
        return frozenset(i for i in divided if self._makes_no_difference(i))

    def _makes_no_difference(self, iterator: int) -> bool:
        others = self.relation.project_out(isl.dim_type.in_, iterator, 1)
        return bool(others.is_single_valued())


def box_relation(exprs: Sequence[AffineExpr], extents: Sequence[int]) -> isl.Map:
    """From each point of a box to its indices."""
    dims = [AffineDimExpr(i) for i in range(len(extents))]
    return relation_where(len(extents), are_inside(dims, extents), exprs)
