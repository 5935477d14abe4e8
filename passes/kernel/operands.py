"""What the loads of a nest read, seen by tiles: windows of vectors that the tile loops move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from math import gcd

import numpy as np
from xdsl.ir.affine import AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import dim_ranges, expr_range, simplify, substitute, to_sum
from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.tensor_intrinsic import Memory
from nopt.hw.config import Config
from nopt.passes.base.remarks import name_of
from nopt.passes.core.core_intrinsics import BATCH, INPUTS, OUTPUTS, gemm
from nopt.passes.core.core_nest import NotOnCore, Product
from nopt.passes.core.separable_pooling import SeparateWindows
from nopt.passes.core.vectors import Vectors, entries_of, in_parts, in_vectors, lanes_of, memory_of

Integers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class Operand:
    """What one load reads: `source index[j] = sum over iterators d of coefficients[j, d] * d + …`.

    Lanes are left out. `steps[j]` is the distance between the indices that are needed at all.
    """

    load: LoadOp
    memory: Memory
    vectors: Vectors
    """What the load reads, and at which indices, seen as vectors."""
    lanes: int
    """How many of its dimensions are lanes, innermost."""
    coefficients: Integers
    steps: tuple[int, ...]
    opaque: frozenset[int]
    """Iterators inside a division: their tile must be 1, or the window is no box."""
    padded: tuple[bool, ...]
    """In which dimensions it reads outside of the tensor."""
    resident: bool = False
    """A constant of the epilogue of which every tile is kept on chip, and loaded once."""
    digits: bool = False
    """A constant that is added by a matrix product: what is loaded are its `bias_digits`."""
    offset: int = 0
    """What is loaded of a constant is larger by so much."""
    whole: bool = False
    """A constant that tiles begin with: its window is all of it, which no loop moves. It is loaded
    before the first weights; behind them the read channel would let each tile wait for it."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the tensor, without lanes."""
        return self.vectors.shape[: -self.lanes]

    def shape_in_entries(self, config: Config) -> tuple[int, ...]:
        """Of the tensor in entries of its scratchpad, lanes included."""
        memory = self.memory
        return (*self.shape, *entries_of(memory, config), *lanes_of(memory, config))

    @property
    def indices(self) -> tuple[AffineExpr, ...]:
        """Over the nest's iterators, without lanes."""
        return self.vectors.indices[: -self.lanes]

    def window(self, tiles: Integers) -> Integers:
        """Elements of the window in each dimension, for tile sizes [..., iterators]."""
        scaled = self.coefficients // np.array(self.steps, np.int64)[:, None]
        window = (tiles - 1) @ scaled.T + 1
        if not self.whole:
            return window
        # The last tile may reach beyond it.
        shape = np.array(self.shape, np.int64)
        return np.where(shape % window, shape + window - 1, shape)

    @cached_property
    def depends(self) -> frozenset[int]:
        """Iterators whose tile loops move the window."""
        return frozenset(np.flatnonzero(self.moving).tolist())

    @cached_property
    def moving(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Whether the tile loop of each iterator moves the window."""
        if self.whole:
            return np.zeros(self.coefficients.shape[1], np.bool_)
        opaque = np.isin(np.arange(self.coefficients.shape[1]), [*self.opaque])
        return self.coefficients.any(axis=0) | opaque


@dataclass(frozen=True, eq=False)
class InnerProduct:
    """A product that a maximum's kernel computes for its windows: sums that are never stored."""

    nest: ForOp
    product: Product
    coefficients: Integers
    """As an operand's: where in the sums a point of the tiling is."""
    first: tuple[int, ...]
    """The index of the first point, negative if windows reach outside."""
    shape: tuple[int, ...]

    def outside(self, axis: int, windows: SeparateWindows, phase: int, results: int) -> list[int]:
        """Elements of a plane along an axis, over all tiles, that are no sums."""
        stride = windows.axes[axis].stride
        elements = results + windows.axes[axis].more(phase)
        places = self.first[axis] + phase + stride * np.arange(elements)
        return np.flatnonzero((places < 0) | (places >= self.shape[axis])).tolist()


def _reduction_inside(sums: LoadOp | None) -> tuple[int, ...]:
    """The reduction of the nest that a load's source is computed by."""
    if sums is None or not isinstance(nest := sums.source.owner, ForOp):
        return ()
    return nest.reduction_extents


class Reader:
    """What loads read at the points of a nest, and of the reduction of a product inside of it."""

    positions: list[int]
    """Which iterators are those of the tiling."""

    def __init__(self, nest: ForOp, sums: LoadOp | None, config: Config):
        self.nest, self.sums, self.config = nest, sums, config
        self.reduction = (*nest.reduction_extents, *_reduction_inside(sums))
        self.ranges = dim_ranges((*nest.parallel_extents, *self.reduction))

    def _indices(self, load: LoadOp) -> tuple[AffineExpr, ...]:
        """What a load of either nest reads."""
        if self.sums is None or load.nest is self.nest:
            return load.map.data.results
        inner = range(len(self.nest.extents), len(self.ranges))
        points = [*self.sums.map.data.results, *map(AffineExpr.dimension, inner)]
        return substitute(load.map.data, points, len(self.ranges)).results

    def inner(self, product: Product) -> InnerProduct:
        """The product whose sums are loaded."""
        assert self.sums is not None
        nest = self.sums.source.owner
        assert isinstance(nest, ForOp)
        *indices, lane = self.sums.map.data.results
        if lane != AffineExpr.dimension(len(self.nest.parallel_extents) - 1):
            raise NotOnCore(f"the innermost index of {name_of(self.sums.source)} is not its lane")
        coefficients, opaque = self._coefficients(indices)
        if opaque:
            raise NotOnCore("the index of a window divides an iterator")
        first = tuple(index.eval([0] * len(self.ranges), []) for index in indices)
        return InnerProduct(nest, product, coefficients, first, self.sums.source_shape[:-1])

    def _coefficients(self, indices: Sequence[AffineExpr]) -> tuple[Integers, frozenset[int]]:
        """The factors of the tiling's iterators in indices, and those that an index divides."""
        coefficients = np.zeros((len(indices), len(self.positions)), np.int64)
        opaque: set[int] = set()
        for axis, expr in enumerate(indices):
            if not expr.used_dims() <= set(self.positions):
                raise NotOnCore("a lane indexes something else than the lanes of an operand")
            for atom, coefficient in to_sum(expr, self.ranges).terms.items():
                if isinstance(atom, AffineDimExpr) and atom.position in self.positions:
                    if coefficient < 0:
                        raise NotOnCore("an index runs backwards")
                    coefficients[axis, self.positions.index(atom.position)] = coefficient
                else:
                    used = atom.used_dims() & set(self.positions)
                    opaque |= {self.positions.index(dim) for dim in used}
        return coefficients, frozenset(opaque)

    def _lanes(self, name: str, memory: Memory) -> Vectors:
        """The innermost dimensions of the operand that plays `name`, loaded to a memory."""
        parallel = len(self.nest.parallel_extents)
        iterators = {BATCH: parallel - 2, OUTPUTS: parallel - 1, INPUTS: len(self.ranges) - 1}
        lanes = [
            (simplify(AffineDimExpr(iterators[dim]), self.ranges), size)
            for dim, size in gemm(self.config).lanes(name)
        ]
        found = Vectors(*(tuple(each) for each in zip(*lanes, strict=True)))
        return in_parts(found, memory, self.ranges, self.config)

    def operand(self, load: LoadOp, name: str) -> Operand:
        """The operand that plays `name` in the intrinsic, its lanes innermost. Raises NotOnCore."""
        memory = Memory.WGT if name == "wgt" else memory_of(load)
        expected = self._lanes(name, memory)
        lanes = len(expected.shape)
        read = Vectors(self._indices(load), load.source_shape)
        vectors = in_vectors(read, self.ranges, expected.shape)
        if vectors.innermost(lanes) != expected:
            raise NotOnCore(f"the innermost indices of {name_of(load.source)} are not its lanes")
        rank = len(vectors.shape) - lanes
        coefficients, opaque = self._coefficients(vectors.indices[:rank])
        found = [expr_range(expr, self.ranges) for expr in vectors.indices[:rank]]
        sizes = zip(found, vectors.shape, strict=False)
        padded = tuple(not is_inside(each, size) for each, size in sizes)
        if sum(padded[:-1]) > 1:
            raise NotOnCore("it reads outside in more dimensions than the core's loads pad")
        # The innermost dimension is loaded as it lies; others can leave out what nobody reads.
        steps = [reduce(gcd, (int(c) for c in row), 0) or 1 for row in coefficients]
        if rank:
            steps[-1] = 1
        return Operand(load, memory, vectors, lanes, coefficients, tuple(steps), opaque, padded)


def is_inside(found: tuple[int, int], size: int) -> bool:
    """Whether the least and largest value of an index are in a dimension."""
    return found[0] >= 0 and found[1] < size
