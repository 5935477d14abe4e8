"""A blocked nest seen by tiles: which window of each operand a tile needs, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np
from xdsl.ir import BlockArgument
from xdsl.ir.affine import AffineMap

from nopt.dialects.affine_math import dim_ranges
from nopt.dialects.affine_nest import ForOp, LoadOp, Reduction
from nopt.dialects.affine_points import Ranges
from nopt.dialects.tensor_intrinsic import AluKind, Memory
from nopt.hw.config import Config
from nopt.hw.limits import Range, immediate
from nopt.passes.base.placement import is_on_core
from nopt.passes.core.beginning import Beginning, beginning
from nopt.passes.core.core_nest import (
    NotOnCore,
    Product,
    Step,
    Window,
    inner_product,
    recognise,
    staged_scale,
)
from nopt.passes.core.separable_pooling import SeparateWindows, separate
from nopt.passes.core.vectors import entries_of, lanes_of, stored_box
from nopt.passes.kernel.constant_operands import constant_operand, is_begin
from nopt.passes.kernel.operands import InnerProduct, Operand, Reader


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
    config: Config
    start: Product | Window
    begin: Beginning | None
    """What accumulators begin with; None for zero."""
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
    inner: InnerProduct | None = None
    """What computes the windows of a maximum; its reduction's iterators follow the others."""

    @property
    def product(self) -> Product | None:
        """The product that is computed, be it inside of windows."""
        if self.inner is not None:
            return self.inner.product
        return self.start if isinstance(self.start, Product) else None

    @property
    def compared(self) -> range:
        """The iterators that run through windows, if their maximum or minimum is taken."""
        if isinstance(self.start, Product):
            return range(0)
        return range(self.parallel, self.parallel + len(self.nest.reduction_extents))

    @property
    def iterators(self) -> tuple[BlockArgument, ...]:
        """Those of the nest, and behind them the inner product's reduction."""
        if self.inner is None:
            return self.nest.iterators
        inner = self.inner.nest
        return (*self.nest.iterators, *inner.iterators[len(inner.parallel_extents) :])

    @cached_property
    def ranges(self) -> Ranges:
        """Of the iterators, as dimensions."""
        inner = () if self.inner is None else self.inner.nest.reduction_extents
        return dim_ranges((*self.nest.extents, *inner))

    @property
    def first_parallel(self) -> int:
        """Which of the nest's iterators is the first one."""
        return int(self.planes > 1)

    def position(self, iterator: int) -> int:
        """Which of `iterators` one of the tiling's is."""
        if iterator < self.parallel:
            return self.first_parallel + iterator
        return len(self.nest.parallel_extents) + iterator - self.parallel

    @property
    def first_stored(self) -> tuple[int, ...]:
        """Where in the result the first point of the parallel iterators goes."""
        first = self.first_parallel
        return self.stored[1][first : first + self.parallel]

    @property
    def immediates(self) -> Range:
        """What an ALU instruction carries."""
        return immediate(self.config)

    def operand(self, load: LoadOp) -> Operand:
        """The operand of a load of the nest."""
        return next(operand for operand in self.operands if operand.load is load)

    @property
    def of_epilogue(self) -> list[Operand]:
        """What only steps behind the reduction read."""
        product = self.product
        first = {self.start.input} if product is None else {product.input, product.weight}
        first |= set() if self.begin is None else {self.begin.operand}
        return [operand for operand in self.operands if operand.load not in first]

    @property
    def goes_in_strips(self) -> bool:
        """Whether a part of a tile can be ended by itself."""
        return self.planes == 1 and not any(map(self.is_staged, self.of_epilogue))

    @cached_property
    def is_behind(self) -> bool:
        """Whether it reads what another nest on the core computes."""
        makers = [operand.load.source.owner for operand in self.operands]
        return any(isinstance(maker, ForOp) and is_on_core(maker) for maker in makers)

    @property
    def is_before(self) -> bool:
        """Whether another nest on the core reads what it computes."""
        readers = [use.operation for use in self.nest.result.uses]
        return any(isinstance(each, LoadOp) and is_on_core(each.nest) for each in readers)

    @cached_property
    def signature(self) -> str:
        """What a schedule depends on, as text: nests with equal signatures can have the same."""
        loads = [operand.load for operand in self.operands]
        parts = [f"{list(self.extents[: self.parallel])} x {list(self.extents[self.parallel :])}"]
        kind = None if isinstance(self.start, Product) else self.start.kind
        parts.append("product" if isinstance(self.start, Product) else f"{kind or 'load'}")
        if self.inner is not None:
            parts.append(f"of a product {self.inner.coefficients.tolist()} {self.inner.first}")
        if self.planes > 1:
            parts.append(f"{self.planes} planes")
        for operand in self.operands:
            pad = "" if operand.load.pad is None else f" pad {operand.load.pad_value}"
            flags = f"{' kept' if operand.resident else ''}{' digits' if operand.digits else ''}"
            map = AffineMap(len(self.iterators), 0, operand.vectors.indices)
            parts.append(f"{operand.memory} {list(operand.shape)} {map}{pad}{flags}")
        for step in self.steps:
            other = f"{step.operand}"
            if isinstance(step.operand, LoadOp):
                other = f"operand {loads.index(step.operand)}"
            parts.append(f"{step.kind} {other}" + (f" by {step.scale}" if step.scale != 1 else ""))
        if (begin := self.begin) is not None:
            other = begin.operand
            other = f"operand {loads.index(other)}" if isinstance(other, LoadOp) else f"{other}"
            parts.append(f"begins with {other} + {begin.offset}")
        parts += ["behind another"] * self.is_behind + ["before another"] * self.is_before
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
                    and (self.product is None or operand.load is not self.product.input)
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
        if self.inner is not None:
            return separate(self.inner.coefficients, self.extents, self.parallel)
        operand = self.operands[0]
        if not self.is_staged(operand) or operand.opaque:
            return None
        scaled = operand.coefficients // np.array(operand.steps, np.int64)[:, None]
        return separate(scaled, self.extents, self.parallel)

    @cached_property
    def overlapping(self) -> list[int]:
        """The axes along which neighbouring windows have elements in common, which cost more to
        make anew than to copy."""
        if self.windows is None:
            return []
        long = [axis for axis, each in enumerate(self.windows.axes) if each.window > each.stride]
        compared = sum(each.window > 1 for each in self.windows.axes)
        return long if self.inner is not None or compared > 1 else []

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
    inside = None if isinstance(core.start, Product) else inner_product(core.start.input, config)
    product = core.start if isinstance(core.start, Product) else inside
    reader = Reader(nest, inside and core.start.input, config)
    first = int(core.planes > 1)
    rows = len(config.vector)
    parallel = nest.parallel_extents[first:-rows]
    reduction = reader.reduction[:-1] if product else reader.reduction
    if nest.parallel_extents[-rows:] != config.vector:
        wanted = " by ".join(map(str, config.vector))
        raise NotOnCore(f"its innermost parallel iterators are not a block of {wanted}")
    if not parallel:
        raise NotOnCore("it has no parallel iterator beside its lanes")
    if product and reader.reduction[-1] != config.block:
        raise NotOnCore(f"its innermost reduction iterator is not a block of {config.block}")
    stored = stored_box(nest, config)
    if stored is None:
        raise NotOnCore("what it writes into a tensor is no box in the order of its iterators")
    lanes = (*entries_of(Memory.ACC, config), *lanes_of(Memory.ACC, config))
    first_reduction = len(nest.parallel_extents)
    reader.positions = [
        *range(first, first + len(parallel)),
        *range(first_reduction, first_reduction + len(reduction)),
    ]
    if product is not None:
        operands = [reader.operand(product.input, "inp"), reader.operand(product.weight, "wgt")]
    else:
        operands = [reader.operand(core.start.input, "acc")]
    for step in core.steps:
        if isinstance(step.operand, LoadOp):
            operand = reader.operand(step.operand, "acc")
            operands.append(constant_operand(operand, step, prod(parallel), config))
    constants = [each.load for each in operands if is_begin(each, prod(parallel), config)]
    begin, steps = beginning(core, constants, config)
    if begin is not None:
        operands = [
            replace(each, offset=begin.offset, whole=True, resident=False)
            if each.load is begin.operand
            else each
            for each in operands
        ]
    tiling = Tiling(
        nest,
        config,
        core.start,
        begin,
        steps,
        (*parallel, *reduction),
        len(parallel),
        tuple(operands),
        _padded_maximum(inside or core.start, operands[0]),
        tuple(step for step in steps if step.shifts_to_multiply(config)),
        ((*stored[0][:-rows], *lanes), stored[1][:-rows]),
        core.planes,
        inside and reader.inner(inside),
    )
    _check_windows(tiling)
    return tiling


def _check_windows(tiling: Tiling) -> None:
    """Of an inner product: windows are compared in place, and reach outside by one plane each."""
    if (inner := tiling.inner) is None:
        return
    if (windows := tiling.windows) is None:
        raise NotOnCore("its windows are not compared axis by axis")
    for axis, extent in enumerate(tiling.extents[: tiling.parallel]):
        for phase in windows.axes[axis].phases:
            outside = inner.outside(axis, windows, phase, extent)
            last = extent + windows.axes[axis].more(phase) - 1
            if not set(outside) <= {0, last}:
                raise NotOnCore("its windows reach further outside than a stride")


def _padded_maximum(start: Product | Window, operand: Operand) -> PaddedMaximum | None:
    load = start.input
    if not load.pad_value or not load.reads_outside():
        return None
    if isinstance(start, Product) or start.kind not in (Reduction.MAX, Reduction.MIN):
        raise NotOnCore(f"it pads with {load.pad_value}; the core's loads pad with 0")
    axes = tuple(axis for axis, outside in enumerate(operand.padded) if outside)
    return PaddedMaximum(int(load.pad_value), axes)
