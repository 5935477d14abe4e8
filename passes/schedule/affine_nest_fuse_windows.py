"""`affine-nest-fuse-windows`: a maximum over windows of a product takes it from the accumulators.

What only one maximum reads need not leave the chip: the maximum's kernel computes the sums that its
tile needs, and where windows of neighbours overlap computes them again. Of what follows the sums
all grows with them, so the largest result is that of the largest sum: bias, shift and clips are
left to do for each window instead of each sum. The product's nest stays in the text, placed in its
reader and yielding sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr, i32
from xdsl.ir.affine import AffineExpr
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.affine_math import substitute
from nopt.dialects.affine_nest import ForOp, LoadOp, ReduceOp, Reduction
from nopt.dialects.affine_nest.attributes import IN_READER
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.annotations import PLACEMENT, REPRESENTS
from nopt.dialects.tensor_intrinsic import AluKind
from nopt.hw.config import Config
from nopt.passes.analysis.integer_ranges import Intervals, fits, type_interval
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import is_on_core
from nopt.passes.base.remarks import remark
from nopt.passes.core.core_nest import CoreNest, NotOnCore, Product, Step, Window, recognise
from nopt.passes.kernel.legality import SCHEDULE, NoScheduleError
from nopt.passes.kernel.tiling import tiling_of
from nopt.passes.schedule.estimate import estimate_schedule
from nopt.passes.schedule.scheduler import Scheduler

_OUTSIDE = -(1 << 30)
"""Stands for sums outside of the product: below all that are inside."""


@dataclass(frozen=True)
class AffineNestFuseWindowsPass(ModulePass):
    """Compute products inside the one maximum that reads them, where that takes fewer cycles.

    With `always`, wherever it can be done. Schedules of both ways are taken from the file
    `tuning_log`, what is searched is added to it.
    """

    name = "affine-nest-fuse-windows"
    level = "affine_nest"

    always: bool = False
    tuning_log: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        config = machine_of(op)
        scheduler = Scheduler(config, self.tuning_log)
        for nest in [nest for nest in op.walk() if isinstance(nest, ForOp)]:
            if (load := _window_of_product(nest, config)) is not None:
                _fuse(nest, load, scheduler, self.always)
        scheduler.save()


def _window_of_product(nest: ForOp, config: Config) -> LoadOp | None:
    """The load of a maximum that reads a product which nothing else reads."""
    if (window := _on_core(nest, config)) is None or not isinstance(window.start, Window):
        return None
    load = window.start.input
    made = load.source.owner
    if window.start.kind is not Reduction.MAX or not isinstance(made, ForOp):
        return None
    if not load.source.has_one_use() or made.into is not None:
        return None
    product = _on_core(made, config)
    if product is None or not isinstance(product.start, Product) or product.planes > 1:
        return None
    return load if _grows(product, load) else None


def _on_core(nest: ForOp, config: Config) -> CoreNest | None:
    if not is_on_core(nest) or SCHEDULE in nest.attributes:
        return None
    try:
        return recognise(nest, config)
    except NotOnCore:
        return None


def _grows(product: CoreNest, window: LoadOp) -> bool:
    """Whether what a product yields grows with its sums, alike for all points of a window, and is
    never below what the window reads outside."""
    nest, intervals = product.nest, Intervals()
    total = _reduction(nest)
    behind = list(nest.body.block.ops)[list(nest.body.block.ops).index(total) :]
    sums = [op for op in behind if isinstance(op, ReduceOp | arith.AddiOp | arith.MuliOp)]
    # What may wrap is taken to be anything.
    if any(intervals.of(op.results[0]) == type_interval(op.results[0].type) for op in sums):
        return False
    narrowed = [op for op in behind if isinstance(op, arith.TruncIOp)]
    if not all(fits(intervals.of(op.input), op.result.type) for op in narrowed):
        return False
    if intervals.of(total.result)[0] < _OUTSIDE:
        return False
    pad = window.pad_value
    if pad is not None and pad > intervals.of(nest.yielded)[0]:
        return False
    return all(_step_grows(step, window) for step in product.steps)


def _step_grows(step: Step, window: LoadOp) -> bool:
    match step.operand:
        case int(number):
            kinds = {AluKind.ADD, AluKind.MAX, AluKind.MIN}
            return step.kind in kinds or number >= 0
        case LoadOp() as load:
            reader = window.nest
            moved = substitute(load.map.data, _points(window), len(reader.extents))
            varying = range(len(reader.parallel_extents), len(reader.extents))
            in_window = any(expr.used_dims() & set(varying) for expr in moved.results)
            return not in_window and step.scale > 0 and not load.reads_outside()


def _points(window: LoadOp) -> list[AffineExpr]:
    """The product's iterators at a point of its reader's; the reduction's at 0."""
    product = window.source.owner
    assert isinstance(product, ForOp)
    zeros = [AffineExpr.constant(0)] * len(product.reduction_extents)
    return [*window.map.data.results, *zeros]


def _reduction(nest: ForOp) -> ReduceOp:
    return next(op for op in nest.body.block.ops if isinstance(op, ReduceOp))


def _fuse(nest: ForOp, load: LoadOp, scheduler: Scheduler, always: bool) -> None:
    """Replace product and maximum by sums and what takes their maximum, if that is faster."""
    product = load.source.owner
    assert isinstance(product, ForOp)
    sums = _sums(product)
    windows = _windows(nest, load, sums)
    try:
        together = _cycles([windows], scheduler)
        slower = not always and together > _cycles([product, nest], scheduler)
        reason = "two kernels take fewer cycles" if slower else None
    except (NotOnCore, NoScheduleError) as error:
        reason = str(error)
    if reason is not None:
        remark(nest, f"does not compute what it reads in its own tiles: {reason}")
        windows.erase()
        sums.erase()
        return
    Rewriter.insert_op(sums, InsertPoint.before(product))
    Rewriter.replace_op(nest, windows)
    Rewriter.erase_op(product)


def _cycles(nests: Sequence[ForOp], scheduler: Scheduler) -> float:
    """What the cost model expects of nests by themselves."""
    config = scheduler.config
    tilings = [tiling_of(nest, config) for nest in nests]
    costs = [estimate_schedule(each, scheduler.schedule(each), config) for each in tilings]
    return sum(float(cost.cycles[0]) for cost in costs)


def _sums(product: ForOp) -> ForOp:
    """The product without what follows its sums, placed in its reader."""
    builder = NestBuilder.of(product.named_parallel, product.named_reduction)
    builder.inline(product, builder.dims)
    total = next(op for op in builder.block.ops if isinstance(op, ReduceOp))
    sums = builder.finish(total.result, product)
    sums.attributes[PLACEMENT] = StringAttr(IN_READER)
    sums.attributes.pop(REPRESENTS, None)
    _drop_unused(sums)
    return sums


def _windows(nest: ForOp, load: LoadOp, sums: ForOp) -> ForOp:
    """The maximum of sums, then what followed them, then what followed the maximum."""
    product = load.source.owner
    assert isinstance(product, ForOp)
    builder = NestBuilder.of(nest.named_parallel, nest.named_reduction)
    pad = None if load.pad is None else IntegerAttr(_OUTSIDE, i32)
    loaded = builder.load(sums.result, load.map.data.results, pad)
    largest = builder.reduce(Reduction.MAX, loaded)
    behind = builder.inline(product, _points(load), {_reduction(product).result: largest})
    found = _reduction(nest).result
    behind = builder.cast(behind, found.type)
    windows = builder.finish(builder.inline(nest, builder.dims, {found: behind}), nest)
    _drop_unused(windows)
    return windows


def _drop_unused(nest: ForOp) -> None:
    for op in reversed(list(nest.body.block.ops)):
        if op.results and not op.results[0].uses:
            op.detach()
            op.erase()
