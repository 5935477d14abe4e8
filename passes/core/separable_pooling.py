"""Windows of a maximum or minimum, compared along one axis after the other.

Of k x k elements k - 1 comparisons along each axis are left, and none of them needs a copy: the
elements of an axis are divided by *phase*, their position modulo the stride, into planes with an
element for each result (and more where windows overlap within a phase). A plane of n elements to a
window is folded onto itself, n - n/2 to a window each time, and then the phases onto the last one.
The last plane of all is the tile of the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

Integers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True)
class Axis:
    """One dimension of the windows: how many elements each has, and how far the next one is."""

    window: int
    stride: int

    @property
    def phases(self) -> range:
        """Positions modulo the stride that windows reach."""
        return range(min(self.window, self.stride))

    def more(self, phase: int) -> int:
        """Elements of a phase beyond one for each result."""
        return -(-(self.window - phase) // self.stride) - 1


Phase = tuple[int, ...]
"""A plane's phase along each axis."""


@dataclass(frozen=True)
class Fold:
    """Compare elements of a plane with those of another, or of itself, `offset` further on."""

    into: Phase
    of: Phase
    axis: int
    offset: tuple[int, ...]
    more: tuple[int, ...]
    """Elements beyond one for each result, along each axis."""


@dataclass(frozen=True)
class SeparateWindows:
    """Windows that can be compared axis by axis. The results' dimensions are their axes."""

    axes: tuple[Axis, ...]

    @property
    def result(self) -> Phase:
        """The plane that ends as the result."""
        return tuple(axis.phases[-1] for axis in self.axes)

    @property
    def planes(self) -> list[Phase]:
        """All planes, the result's last."""
        return [*product(*(axis.phases for axis in self.axes))]

    def more(self, plane: Phase) -> tuple[int, ...]:
        """Elements of a plane beyond one for each result, along each axis."""
        return tuple(axis.more(phase) for axis, phase in zip(self.axes, plane, strict=True))

    def position(self, axis: int, plane: Phase) -> tuple[int, int]:
        """Of element i of a plane, stride and offset of its position in the window of a tile."""
        return self.axes[axis].stride, plane[axis]

    def folds(self, last: int | None = None) -> Iterator[Fold]:
        """All comparisons in order, the innermost axis first, but for the `last` one if given."""
        left = [axis for axis in range(len(self.axes)) if axis != last]
        left = left if last is None else [last, *left]
        while left:
            number = left.pop()
            others = [
                axis.phases if before in left else axis.phases[-1:]
                for before, axis in enumerate(self.axes)
            ]
            others[number] = range(1)
            for plane in product(*others):
                yield from self._along(number, plane, left)

    def _along(self, number: int, plane: Phase, left: Sequence[int]) -> Iterator[Fold]:
        """The comparisons of one row of planes along one axis; others are `left` to be compared."""
        axis = self.axes[number]

        def at(phase: int) -> Phase:
            return (*plane[:number], phase, *plane[number + 1 :])

        here = self.more(plane)
        more = [here[other] if other in left else 0 for other in range(len(self.axes))]
        for phase in axis.phases:
            elements = axis.more(phase) + 1
            while elements > 1:
                offset = [0] * len(self.axes)
                offset[number] = elements // 2
                elements -= elements // 2
                more[number] = elements - 1
                yield Fold(at(phase), at(phase), number, tuple(offset), tuple(more))
        more[number] = 0
        for phase in axis.phases[:-1]:
            zero = (0,) * len(self.axes)
            yield Fold(at(axis.phases[-1]), at(phase), number, zero, tuple(more))


def separate(
    coefficients: Integers, extents: Sequence[int], parallel: int
) -> SeparateWindows | None:
    """The windows whose position j moves by `coefficients[j, d]` with iterator d.

    None if they cannot be compared axis by axis in place: each result's dimension, if it has more
    than one, moves windows along the same dimension of theirs, and one iterator at most runs
    through that.
    """
    if len(coefficients) != parallel:
        return None
    axes: list[Axis] = []
    for position, row in enumerate(coefficients):
        moving = [int(i) for i in np.flatnonzero(row[:parallel]) if extents[int(i)] > 1]
        inside = [int(i) for i in np.flatnonzero(row[parallel:]) if extents[parallel + int(i)] > 1]
        # Windows that several results have in common are no planes with an element for each.
        if moving != ([position] if extents[position] > 1 else []) or len(inside) > 1:
            return None
        stride = int(row[position]) if moving else 1
        if inside and row[parallel + inside[0]] != 1:
            return None
        axes.append(Axis(extents[parallel + inside[0]] if inside else 1, stride))
    moved = np.count_nonzero(coefficients[:, parallel:], axis=0)
    return SeparateWindows(tuple(axes)) if (moved <= 1).all() else None
