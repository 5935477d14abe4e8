"""`affine-nest-materialize-pads`: pads that the core's loads cannot make lie in memory.

Loads pad with 0, with a few zeros only, and the last two dimensions. A convolution of numbers whose
zero point is another pads with that, a long window with more, and an image whose channels are last
in other dimensions. What it reads then gets a border: memory that holds the pad, into which what
makes the tensor writes. On the core that memory holds the pad from the start, and no step writes
the border. Readers of one tensor share it. What the host gives, it lays out in any case, with what
is padded last.

Taps with gaps between them are loaded one by one, and where one reads nothing but pads, no load
makes them: these get no border for its width.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.affine_math import simplify_map
from nopt.dialects.affine_nest import ForOp, LoadOp, ReduceOp, Reduction
from nopt.dialects.affine_nest.builder import NestBuilder, Place
from nopt.dialects.constants import attribute_of, numpy_type
from nopt.dialects.graph import ConstantOp
from nopt.dialects.shaped import shape_of
from nopt.hw.config import Config
from nopt.hw.limits import most_padding
from nopt.passes.analysis import access_of
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import holds_laid_out_nests, is_on_host, place_on_host
from nopt.passes.core.product_factors import loaded
from nopt.passes.fusion.in_place import write_in_place


@dataclass(frozen=True)
class AffineNestMaterializePadsPass(ModulePass):
    """Give what sums of products pad, but loads cannot, a border in memory."""

    name = "affine-nest-materialize-pads"
    level = "affine_nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if holds_laid_out_nests(op):
            return
        config = machine_of(op)
        for function in [each for each in op.walk() if isinstance(each, FuncOp)]:
            padded = defaultdict[tuple[SSAValue, int], list[LoadOp]](list)
            for load in [each for each in function.walk() if isinstance(each, LoadOp)]:
                if isinstance(pad := load.pad_value, int) and load.reads_outside():
                    padded[load.source, pad].append(load)
            for (source, pad), loads in padded.items():
                axes = _padded_axes(loads)
                if len(axes) <= 2 and _is_of_host(source) and any(map(_pads_outer, loads)):
                    source, loads = _padded_last(source, axes, loads)
                if any(_needs_border(load, config) for load in loads):
                    _materialize(source, pad, loads)
        write_in_place(op, config.block)


def _needs_border(load: LoadOp, config: Config) -> bool:
    """Whether a sum reads pads that loads cannot make."""
    wide = load.pad_value != 0 or _is_wide(load, most_padding(config))
    return _pads_outer(load) or (wide and _is_summed(load))


def _pads_outer(load: LoadOp) -> bool:
    """Whether a sum reads pads of another dimension than the last two."""
    return _is_summed(load) and min(_padded_axes([load]), default=0) < len(load.source_shape) - 2


def _padded_axes(loads: Sequence[LoadOp]) -> list[int]:
    """The dimensions that loads of a tensor pad."""
    reads = [zip(access_of(load).bounds, load.source_shape, strict=True) for load in loads]
    outside = [[low < 0 or high >= size for (low, high), size in each] for each in reads]
    return [axis for axis, each in enumerate(zip(*outside, strict=True)) if any(each)]


def _is_wide(load: LoadOp, most: int) -> bool:
    """Whether windows without gaps reach further outside than a load pads."""
    read, parallel = access_of(load), len(load.nest.parallel_extents)
    for axis, ((low, high), size) in enumerate(zip(read.bounds, load.source_shape, strict=True)):
        factors = [read.factor(axis, i) for i in range(len(load.nest.extents))]
        has_gaps = max(factors[parallel:], default=0) > max(factors[:parallel], default=0) > 0
        if max(-low, high - size + 1) > most and not has_gaps:
            return True
    return False


def _is_summed(load: LoadOp) -> bool:
    """Whether a nest that may run on the core adds up what is loaded, or products with it."""
    if not isinstance(load.nest, ForOp) or is_on_host(load.nest):
        return False
    for op in load.nest.body.block.ops:
        if isinstance(op, ReduceOp) and op.kind.data is Reduction.ADD:
            product = op.operand.owner
            terms = product.operands if isinstance(product, arith.MuliOp) else [op.operand]
            if any(loaded(term) is load for term in terms):
                return True
    return False


def _materialize(source: SSAValue, pad: int, loads: Sequence[LoadOp]) -> None:
    """Let loads read a tensor with a border, as wide as any of them needs."""
    shape = shape_of(source)
    bounds = [access_of(load).bounds for load in loads]
    below = [max(0, *(-each[axis][0] for each in bounds)) for axis in range(len(shape))]
    ends = [max(size, *(each[axis][1] + 1 for each in bounds)) for axis, size in enumerate(shape)]
    bordered = [low + end for low, end in zip(below, ends, strict=True)]

    if not _is_of_host(source):
        maker = source.owner
        assert isinstance(maker, ForOp) and maker.parent is not None
        filled = np.full(bordered, pad, numpy_type(loads[0].result.type))
        border = ConstantOp(attribute_of(filled, "border"))
        border.result.name_hint = "border"
        Builder(InsertPoint.at_start(maker.parent)).insert(border)
        nest = _copy(source, shape)
        places = [dim + low for dim, low in zip(nest.dims, below, strict=True)]
        map = AffineMap(len(shape), 0, tuple(places))
        place = Place(map, border.result.type, border.result)
        around = nest.finish(nest.load(source, nest.dims), None, place)
    else:
        # The host lays it out in any case, and pads then.
        nest = _copy(source, bordered)
        indices = [dim - low for dim, low in zip(nest.dims, below, strict=True)]
        around = nest.finish(nest.load(source, indices, pad))
    around.result.name_hint = source.name_hint
    if around.into is None:
        place_on_host(around, "the host pads what it lays out")
    _insert(around, source, loads)
    for load in loads:
        read = load.map.data
        indices = [index + low for index, low in zip(read.results, below, strict=True)]
        _replace(load, around.result, indices, None)


def _padded_last(
    source: SSAValue, axes: Sequence[int], loads: Sequence[LoadOp]
) -> tuple[SSAValue, list[LoadOp]]:
    """Let the host, which lays a tensor out in any case, do so with the padded dimensions last."""
    shape = shape_of(source)
    order = [*(axis for axis in range(len(shape)) if axis not in axes), *axes]
    nest = _copy(source, [shape[axis] for axis in order])
    turned = nest.finish(
        nest.load(source, [nest.dims[order.index(axis)] for axis in range(len(shape))])
    )
    turned.result.name_hint = source.name_hint
    place_on_host(turned, "the host lays it out with what is padded last")
    _insert(turned, source, loads)
    moved = [
        _replace(
            load, turned.result, [load.map.data.results[axis] for axis in order], load.pad_value
        )
        for load in loads
    ]
    return turned.result, moved


def _is_of_host(value: SSAValue) -> bool:
    return not isinstance(value.owner, ForOp) or is_on_host(value.owner)


def _copy(source: SSAValue, extents: Sequence[int]) -> NestBuilder:
    return NestBuilder.of([(f"i{axis}", extent) for axis, extent in enumerate(extents)], [])


def _insert(nest: ForOp, source: SSAValue, loads: Sequence[LoadOp]) -> None:
    """Insert a copy of a tensor where it can be read first."""
    nest.location = loads[0].nest.location
    owner = source.owner
    point = InsertPoint.at_start(owner) if isinstance(owner, Block) else InsertPoint.after(owner)
    Builder(point).insert(nest)


def _replace(
    load: LoadOp, source: SSAValue, indices: Sequence[AffineExpr], pad: int | float | None
) -> LoadOp:
    """A load of a copy in place of one of what was copied."""
    map = simplify_map(AffineMap(load.map.data.num_dims, 0, tuple(indices)), load.nest.extents)
    moved = LoadOp(source, map, pad)
    moved.attributes.update(load.attributes)
    moved.result.name_hint = load.result.name_hint
    Rewriter.replace_op(load, moved)
    return moved
