"""Sums of products of any two loads, as `.mlir` text that only uses `affine_nest`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Contraction:
    """`y[parallel] = requantized sum over reduction of a[…] * b[…]`.

    `a` and `b` list indices, such as `("i", "2 * h + kh - 1")`, over iterators that `extents`
    names, in order; those in `reduction` are summed over. What lies outside of a tensor is 0.
    """

    extents: Mapping[str, int]
    reduction: str
    a: tuple[str, ...]
    b: tuple[str, ...]
    shift: int = 0
    weights: bool = False
    """Whether `b` is a constant."""

    @property
    def parallel(self) -> list[str]:
        return [name for name in self.extents if name not in self.reduction.split()]

    @property
    def points(self) -> int:
        return prod(self.extents.values())

    def shape_of(self, operand: tuple[str, ...]) -> tuple[int, ...]:
        """A shape for an operand: its indices overrun the end by as much as the start."""
        sizes: list[int] = []
        for expr in operand:
            values = self._evaluate(expr, operand)
            overrun = min(int(values.min()), 0)
            sizes.append(max(int(values.max()) + 1 + overrun, 1))
        return tuple(sizes)

    def _names(self, operand: tuple[str, ...]) -> list[str]:
        used = set(re.findall(r"[a-z]\w*", " ".join(operand)))
        return [name for name in self.extents if name in used]

    def _evaluate(self, expr: str, operand: tuple[str, ...]) -> np.ndarray:
        names = self._names(operand)
        grid = np.ogrid[tuple(slice(self.extents[name]) for name in names)]
        return np.asarray(eval(expr, {}, dict(zip(names, grid, strict=True))))

    def _gathered(self, array: np.ndarray, operand: tuple[str, ...]) -> np.ndarray:
        """What is loaded at each point of the iterators that the operand's indices use."""
        shape = tuple(self.extents[name] for name in self._names(operand))
        indices = [np.broadcast_to(self._evaluate(expr, operand), shape) for expr in operand]
        inside = np.ones(shape, bool)
        for axis, size in enumerate(array.shape):
            inside &= (indices[axis] >= 0) & (indices[axis] < size)
        clipped = [np.clip(i, 0, n - 1) for i, n in zip(indices, array.shape, strict=True)]
        return np.where(inside, array[tuple(clipped)].astype(np.int64), 0)

    def expected(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """By `numpy.einsum` over what the operands load."""
        letter = dict(zip(self.extents, LETTERS, strict=False))
        subscripts = ["".join(letter[n] for n in self._names(x)) for x in (self.a, self.b)]
        found = "".join(letter[name] for name in self.parallel)
        # A parallel iterator that no operand uses repeats the result.
        used = "".join(x for x in found if x in "".join(subscripts))
        total = np.einsum(
            f"{','.join(subscripts)}->{used}",
            self._gathered(a, self.a),
            self._gathered(b, self.b),
        )
        absent = tuple(i for i, x in enumerate(found) if x not in used)
        unused = [n for n in self.extents if letter[n] not in "".join(subscripts)]
        times = prod(self.extents[n] for n in unused if n in self.reduction.split())
        shape = tuple(self.extents[name] for name in self.parallel)
        total = np.broadcast_to(np.expand_dims(total, absent) * times, shape)
        return np.clip(total >> self.shift, -128, 127).astype(np.int8)

    def arrays(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Values for `a` and `b`."""
        a, b = (
            rng.integers(-128, 127, self.shape_of(operand), np.int8, endpoint=True)
            for operand in (self.a, self.b)
        )
        return a, b

    def text(self, b: np.ndarray) -> str:
        """The module. `b` is the constant's value, if it is one."""
        a_type, b_type = (
            f"tensor<{'x'.join(map(str, (*self.shape_of(operand), 'i8')))}>"
            for operand in (self.a, self.b)
        )
        parallel = [self.extents[name] for name in self.parallel]
        y_type = f"tensor<{'x'.join(map(str, (*parallel, 'i8')))}>"
        reduction = self.reduction.split()
        reduce = (
            f" reduce {_tuple(reduction, '%')} = {_tuple([self.extents[r] for r in reduction])}"
        )
        constant = f"  %b = graph.constant dense<{b.tolist()}> : {b_type}\n"
        return (
            f"func.func @main(%a: {a_type}{'' if self.weights else f', %b: {b_type}'})"
            f" -> {y_type} {{\n"
            f"{constant if self.weights else ''}"
            f"  %y = affine_nest.for {_tuple(self.parallel, '%')} = {_tuple(parallel)}"
            f"{reduce if reduction else ''} {{\n"
            f"    %0 = affine_nest.load %a{_indices(self.a)} pad 0 : {a_type}\n"
            f"    %1 = affine_nest.load %b{_indices(self.b)} pad 0 : {b_type}\n"
            "    %2 = arith.extsi %0 : i8 to i32\n"
            "    %3 = arith.extsi %1 : i8 to i32\n"
            "    %4 = arith.muli %2, %3 : i32\n"
            "    %5 = affine_nest.reduce add %4 : i32\n"
            f"    %s = arith.constant {self.shift} : i32\n"
            "    %6 = arith.shrsi %5, %s : i32\n"
            "    %low = arith.constant -128 : i32\n"
            "    %high = arith.constant 127 : i32\n"
            "    %7 = arith.maxsi %6, %low : i32\n"
            "    %8 = arith.minsi %7, %high : i32\n"
            "    %9 = arith.trunci %8 : i32 to i8\n"
            "    affine_nest.yield %9 : i8\n"
            f"  }} : {y_type}\n"
            f"  return %y : {y_type}\n}}\n"
        )


def _tuple(items: list[str] | list[int], sigil: str = "") -> str:
    return f"({', '.join(f'{sigil}{item}' for item in items)})"


def _indices(operand: tuple[str, ...]) -> str:
    named = [re.sub(r"[a-z]\w*", r"%\g<0>", expr) for expr in operand]
    return f"[{', '.join(named)}]"
