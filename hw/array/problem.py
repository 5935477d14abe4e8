"""A perfect loop nest as an array of PEs sees it: extents, and what a tile touches of tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, TypeAlias

Numbers: TypeAlias = Any
"""An array of whole numbers in floats, exact up to 2^53, one a mapping; or one number for all."""

_ACCESS = re.compile(r"\s*(\w+)\s*\[([^\]]*)\]\s*")
_TERM = re.compile(r"(?:(\d+)\s*\*\s*)?([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Dim:
    """One dimension of a tensor, indexed by the sum of stride times loop, from 0."""

    size: int
    strides: tuple[int, ...]
    """Of each loop of the problem; 0 for one that does not index it. Their signs do not matter."""

    def width(self, extents: Sequence[Numbers]) -> Numbers:
        """From the first to the last index that a tile of these extents touches."""
        return sum(
            (abs(stride) * (extents[i] - 1) for i, stride in enumerate(self.strides) if stride), 1
        )


@dataclass(frozen=True)
class Operand:
    """A tensor of a problem, its dimensions outermost first, as it lies in DRAM."""

    name: str
    dims: tuple[Dim, ...]

    @cached_property
    def loops(self) -> frozenset[int]:
        """The loops that index it, by position."""
        strides = [dim.strides for dim in self.dims]
        return frozenset(i for each in strides for i, stride in enumerate(each) if stride)

    @cached_property
    def independent_dims(self) -> tuple[tuple[Dim, ...], ...]:
        """The dimensions, those together that a loop indexes together."""
        groups: list[tuple[Dim, ...]] = []
        for dim in self.dims:
            alone = [group for group in groups if not any(_together(dim, each) for each in group)]
            merged = [each for group in groups if group not in alone for each in group]
            groups = [*alone, (*merged, dim)]
        return tuple(groups)

    def footprint(self, extents: Sequence[Numbers]) -> Numbers:
        """Words of the box that a tile of these extents touches."""
        words: Numbers = extents[0] * 0 + 1  # A scalar has one for each mapping, too.
        for dim in self.dims:
            words = words * dim.width(extents)
        return words


@dataclass(frozen=True)
class Problem:
    """Loops with their extents, the tensors that they index, and which of these is summed up.

    Raises ValueError for extents below 1 and tensors that the loops leave.
    """

    loops: tuple[str, ...]
    extents: tuple[int, ...]
    operands: tuple[Operand, ...]
    output: int
    """The position among the operands of what is read and written; the others are read."""

    def __post_init__(self) -> None:
        for name, extent in zip(self.loops, self.extents, strict=True):
            if extent < 1:
                raise ValueError(f"loop {name}: found extent {extent}, expected 1 or more")
        for operand in self.operands:
            for i, dim in enumerate(operand.dims):
                if (width := dim.width(self.extents)) > dim.size:
                    raise ValueError(
                        f"operand {operand.name}: dimension {i} has {dim.size} elements, "
                        f"expected {width} or more, which the loops reach"
                    )

    @staticmethod
    def read(
        text: str, extents: Mapping[str, int], sizes: Mapping[str, Sequence[int]] | None = None
    ) -> Problem:
        """A problem from `O[n,m,x] += I[n,c,2*x+f] * W[m,c,f]` and the extents of its loops.

        `sizes` has the shapes of tensors that are larger than what the loops reach, as a padded
        input may be. Raises ValueError for other text and for loops without extent.
        """
        found = _ACCESS.findall(text)
        if _ACCESS.sub("@", text).replace(" ", "") != "@+=@" + "*@" * (len(found) - 2):
            raise ValueError(f"found '{text}', expected such as 'C[x,y] += A[x,k] * B[k,y]'")
        loops = tuple(extents)
        operands: list[Operand] = []
        for name, index in found:
            strides = [_strides(expr, loops) for expr in index.split(",")] if index.strip() else []
            reach = [Dim(0, each).width(tuple(extents.values())) for each in strides]
            shape = (sizes or {}).get(name, reach)
            if len(shape) != len(strides):
                raise ValueError(
                    f"operand {name}: found {len(strides)} indices, expected {len(shape)}, as its "
                    "shape has"
                )
            operands.append(Operand(name, tuple(map(Dim, shape, strides))))
        return Problem(loops, tuple(extents.values()), tuple(operands), output=0)

    @property
    def points(self) -> int:
        """Of the iteration space; a multiplication with accumulation (MAC) each."""
        return prod(self.extents)

    def operand(self, name: str) -> int:
        """The position of an operand. Raises ValueError for an unknown name."""
        names = [operand.name for operand in self.operands]
        if name not in names:
            raise ValueError(f"operand {name}: expected one of {', '.join(names)}")
        return names.index(name)

    def loop(self, name: str) -> int:
        """The position of a loop. Raises ValueError for an unknown name."""
        if name not in self.loops:
            raise ValueError(f"loop {name}: expected one of {', '.join(self.loops)}")
        return self.loops.index(name)


def _together(one: Dim, other: Dim) -> bool:
    return any(a and b for a, b in zip(one.strides, other.strides, strict=True))


def _strides(expr: str, loops: tuple[str, ...]) -> tuple[int, ...]:
    strides = [0] * len(loops)
    for term in expr.split("+"):
        match = _TERM.fullmatch(term.strip())
        if match is None or match[2] not in loops:
            raise ValueError(
                f"index '{expr.strip()}': found '{term.strip()}', expected a loop with "
                f"an extent ({', '.join(loops) or 'none has'}), or a number times it"
            )
        strides[loops.index(match[2])] += int(match[1] or 1)
    return tuple(strides)
