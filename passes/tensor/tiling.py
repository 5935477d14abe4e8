"""A blocked nest seen by tiles: which window of each operand a tile needs, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, reduce
from math import gcd, prod

import numpy as np
from xdsl.dialects.builtin import i8
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap

from nopt.dialects.affine_math import expr_range, to_sum
from nopt.dialects.affine_nest import ForOp, LoadOp, Reduction
from nopt.dialects.graph import ConstantOp
from nopt.dialects.tensor_intrinsic import AluKind, Memory
from nopt.hw.config import Config
from nopt.passes.affine.core_nest import (
    NotOnCore,
    Product,
    Step,
    Window,
    recognise,
    staged_scale,
)
from nopt.passes.affine.vectors import Vectors, in_vectors, stored_box
from nopt.passes.intrinsics import gemm
from nopt.passes.remarks import name_of
from nopt.passes.tensor.bias_digits import matrices
from nopt.passes.tensor.separate_windows import SeparateWindows, separate

Integers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

_RESIDENT_SHARE = 8
"""A constant of the epilogue stays on chip whole if it takes at most 1/8 of its scratchpad."""


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
    resident: bool = False
    """A constant of the epilogue of which every tile is kept on chip, and loaded once."""
    digits: bool = False
    """A constant that is added by a matrix product: what is loaded are its `bias_digits`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the tensor, without lanes."""
        return self.vectors.shape[: -self.lanes]

    @property
    def indices(self) -> tuple[AffineExpr, ...]:
        """Over the nest's iterators, without lanes."""
        return self.vectors.indices[: -self.lanes]

    def window(self, tiles: Integers) -> Integers:
        """Elements of the window in each dimension, for tile sizes [..., iterators]."""
        scaled = self.coefficients // np.array(self.steps, np.int64)[:, None]
        return (tiles - 1) @ scaled.T + 1

    @cached_property
    def depends(self) -> frozenset[int]:
        """Iterators whose tile loops move the window."""
        moving = np.flatnonzero(self.coefficients.any(axis=0))
        return frozenset(int(i) for i in moving) | self.opaque


@dataclass(frozen=True)
class PaddedMaximum:
    """A window reduction that reads outside with a pad other than 0, which loads cannot give.

    The pad is added where the window is inside by a second product with a mask: x - pad inside and
    0 outside, compared, then plus pad.
    """

    pad: int
    axes: tuple[int, ...]
    """The source's dimensions that are read outside."""


@dataclass(frozen=True)
class Tiling:
    """A blocked nest by its block-level iterators (lanes left out), parallel ones first."""

    nest: ForOp
    start: Product | Window
    steps: tuple[Step, ...]
    extents: tuple[int, ...]
    parallel: int
    """How many of the iterators are parallel."""
    operands: tuple[Operand, ...]
    padded: PaddedMaximum | None
    multiplications: tuple[Step, ...]
    """Steps that are done by shifts and additions of a copy of the accumulators."""
    stored: tuple[tuple[int, ...], tuple[int, ...]]
    """The result with a dimension for each of the nest's parallel iterators, and the first point
    that is written of it."""
    planes: int = 1
    """Bytes of each result that are stored. An iterator over them is none of the others."""

    @property
    def first_parallel(self) -> int:
        """Which of the nest's iterators is the first one."""
        return int(self.planes > 1)

    def position(self, iterator: int) -> int:
        """Which of the nest's iterators one of the tiling's is."""
        if iterator < self.parallel:
            return self.first_parallel + iterator
        return len(self.nest.parallel_extents) + iterator - self.parallel

    @property
    def first_stored(self) -> tuple[int, ...]:
        """Where in the result the first point of the parallel iterators goes."""
        first = self.first_parallel
        return self.stored[1][first : first + self.parallel]

    def operand(self, load: LoadOp) -> Operand:
        """The operand of a load of the nest."""
        return next(operand for operand in self.operands if operand.load is load)

    @cached_property
    def signature(self) -> str:
        """What a schedule depends on, as text: nests with equal signatures can have the same."""
        loads = [operand.load for operand in self.operands]
        parts = [f"{list(self.extents[: self.parallel])} x {list(self.extents[self.parallel :])}"]
        kind = None if isinstance(self.start, Product) else self.start.kind
        parts.append("product" if isinstance(self.start, Product) else f"{kind or 'load'}")
        if self.planes > 1:
            parts.append(f"{self.planes} planes")
        for operand in self.operands:
            pad = "" if operand.load.pad is None else f" pad {operand.load.pad_value}"
            flags = f"{' kept' if operand.resident else ''}{' digits' if operand.digits else ''}"
            map = AffineMap(len(self.nest.extents), 0, operand.vectors.indices)
            parts.append(f"{operand.memory} {list(operand.shape)} {map}{pad}{flags}")
        for step in self.steps:
            other = f"{step.operand}"
            if isinstance(step.operand, LoadOp):
                other = f"operand {loads.index(step.operand)}"
            parts.append(f"{step.kind} {other}" + (f" by {step.scale}" if step.scale != 1 else ""))
        return "; ".join(parts)

    @cached_property
    def diagonals(self) -> tuple[int, ...]:
        """Multiples of the identity matrix through which i8 operands reach the accumulators."""
        return tuple(
            sorted(
                {
                    self.scale(operand)[0]
                    for operand in self.operands
                    if operand.memory is Memory.INP
                    and not (isinstance(self.start, Product) and operand.load is self.start.input)
                }
            )
        )

    def scale(self, operand: Operand) -> tuple[int, int]:
        """What an i8 operand is multiplied by: a multiple of the identity, and a shift left."""
        scale = 1
        if isinstance(self.start, Window) and operand.load is self.start.input:
            scale = self.start.scale
        for step in self.steps:
            if step.operand is operand.load:
                scale = step.scale
        split = staged_scale(scale)
        assert split is not None
        return split

    @cached_property
    def windows(self) -> SeparateWindows | None:
        """How the windows of a maximum or minimum are compared axis by axis, if they can be."""
        operand = self.operands[0]
        if not self.is_staged(operand) or operand.opaque:
            return None
        scaled = operand.coefficients // np.array(operand.steps, np.int64)[:, None]
        return separate(scaled, self.extents, self.parallel)

    @property
    def uses_digits(self) -> bool:
        """Whether some constant is added by a matrix product."""
        return any(operand.digits for operand in self.operands)

    def is_staged(self, operand: Operand) -> bool:
        """Whether an i8 operand is brought to accumulators of its own before the ALU reads it."""
        if operand.memory is not Memory.INP:
            return False
        if operand.load is self.start.input:
            return isinstance(self.start, Window) and self.start.kind in (
                Reduction.MAX,
                Reduction.MIN,
            )
        kinds = [step.kind for step in self.steps if step.operand is operand.load]
        return any(kind is not AluKind.ADD for kind in kinds) or self.scale(operand)[1] > 0


def tiling_of(nest: ForOp, config: Config) -> Tiling:
    """Analyse a blocked nest. Raises NotOnCore if it is not one."""
    core = recognise(nest, config)
    product = isinstance(core.start, Product)
    first = int(core.planes > 1)
    parallel = nest.parallel_extents[first:-1]
    reduction = nest.reduction_extents[:-1] if product else nest.reduction_extents
    if nest.parallel_extents[-1] != config.block_out:
        raise NotOnCore(f"its innermost parallel iterator is not a block of {config.block_out}")
    if not parallel:
        raise NotOnCore("it has no parallel iterator beside its lanes")
    if product and nest.reduction_extents[-1] != config.block_in:
        raise NotOnCore(f"its innermost reduction iterator is not a block of {config.block_in}")
    stored = stored_box(nest, config.block_out)
    if stored is None:
        raise NotOnCore("what it writes into a tensor is no box in the order of its iterators")
    first_reduction = len(nest.parallel_extents)
    positions = [
        *range(first, first + len(parallel)),
        *range(first_reduction, first_reduction + len(reduction)),
    ]
    name = "inp" if isinstance(core.start, Product) else "acc"
    operands = [_operand(core.start.input, name, positions, config)]
    if isinstance(core.start, Product):
        operands.append(_operand(core.start.weight, "wgt", positions, config))
    for step in core.steps:
        if isinstance(step.operand, LoadOp):
            operand = _operand(step.operand, "acc", positions, config)
            operands.append(_constant_operand(operand, step, prod(parallel), config))
    return Tiling(
        nest,
        core.start,
        core.steps,
        (*parallel, *reduction),
        len(parallel),
        tuple(operands),
        _padded_maximum(core.start, operands[0]),
        tuple(step for step in core.steps if step.shifts_to_multiply(config)),
        stored,
        core.planes,
    )


def _constant_operand(operand: Operand, step: Step, vectors: int, config: Config) -> Operand:
    """An operand of the epilogue; if it is constant, how it best reaches the accumulators.

    A matrix product adds it to `vectors` output vectors in a cycle less each, but its matrices are
    longer to load, and so is the constant input.
    """
    constant = operand.load.source.owner
    if not isinstance(constant, ConstantOp) or operand.memory is not Memory.ACC:
        return operand
    entries = prod(operand.shape)
    more_bytes = entries * (config.wgt_bytes - config.acc_bytes) + config.inp_bytes
    more_loads = more_bytes // config.bytes_per_cycle + 2 * config.memory_latency
    adds = (
        step.kind is AluKind.ADD
        and vectors > more_loads
        and matrices(constant.array.reshape(operand.vectors.shape), config.block_in) is not None
    )
    memory, limit = (Memory.WGT, config.wgt_entries) if adds else (Memory.ACC, config.acc_entries)
    resident = entries * _RESIDENT_SHARE <= limit
    return replace(operand, memory=memory, resident=resident, digits=adds)


def _operand(load: LoadOp, name: str, positions: list[int], config: Config) -> Operand:
    """The operand that plays `name` in the intrinsic, its lanes innermost. Raises NotOnCore."""
    nest, described = load.nest, gemm(config)
    lanes = described.lane_rank(name)
    vectors = Vectors(load.map.data.results, load.source_shape)
    vectors = in_vectors(vectors, nest.ranges, config.block_out, lanes)
    wide = [len(nest.parallel_extents) - 1, len(nest.extents) - 1]
    if not described.has_lanes(name, vectors.indices, wide):
        raise NotOnCore(f"the innermost indices of {name_of(load.source)} are not its lanes")
    memory = Memory.WGT if name == "wgt" else Memory.INP
    if load.result.type != i8:
        memory = Memory.ACC
    rank = len(vectors.shape) - lanes
    coefficients = np.zeros((rank, len(positions)), np.int64)
    opaque: set[int] = set()
    padded: list[int] = []
    for axis, expr in enumerate(vectors.indices[:rank]):
        if not expr.used_dims() <= set(positions):
            raise NotOnCore("a lane indexes something else than the lanes of an operand")
        for atom, coefficient in to_sum(expr, nest.ranges).terms.items():
            if isinstance(atom, AffineDimExpr) and atom.position in positions:
                if coefficient < 0:
                    raise NotOnCore("an index runs backwards")
                coefficients[axis, positions.index(atom.position)] = coefficient
            else:
                opaque |= {positions.index(dim) for dim in atom.used_dims() if dim in positions}
        if not _is_inside(expr_range(expr, nest.ranges), vectors.shape[axis]):
            padded.append(axis)
    if len([axis for axis in padded if axis < rank - 1]) > 1:
        raise NotOnCore("it reads outside in more dimensions than the core's loads pad")
    # The innermost dimension is loaded as it lies; others can leave out what nobody reads.
    steps = [reduce(gcd, (int(c) for c in row), 0) or 1 for row in coefficients]
    if rank:
        steps[-1] = 1
    return Operand(load, memory, vectors, lanes, coefficients, tuple(steps), frozenset(opaque))


def _padded_maximum(start: Product | Window, operand: Operand) -> PaddedMaximum | None:
    load = start.input
    if not load.pad_value or not load.reads_outside():
        return None
    if isinstance(start, Product) or start.kind not in (Reduction.MAX, Reduction.MIN):
        raise NotOnCore(f"it pads with {load.pad_value}; the core's loads pad with 0")
    ranges = load.nest.ranges
    axes: list[int] = []
    for axis, (expr, size) in enumerate(zip(operand.indices, operand.shape, strict=True)):
        if not _is_inside(expr_range(expr, ranges), size):
            axes.append(axis)
    return PaddedMaximum(int(load.pad_value), tuple(axes))


def _is_inside(found: tuple[int, int], size: int) -> bool:
    """Whether the least and largest value of an index are in a dimension."""
    return found[0] >= 0 and found[1] < size
