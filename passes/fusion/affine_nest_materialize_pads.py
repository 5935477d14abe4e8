"""`affine-nest-materialize-pads`: pads that the core's loads cannot make lie in memory.

Loads pad with 0, and with a few zeros only. A convolution of numbers whose zero point is another
pads with that, and a long window with more. What it reads then gets a border: memory that holds the
pad, into which what makes the tensor writes. On the core that memory holds the pad from the start,
and no step writes the border. Readers of one tensor share it.

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
from xdsl.ir.affine import AffineMap
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
                if any(_needs_border(load, config) for load in loads):
                    _materialize(source, pad, loads)
        write_in_place(op, config.block_out)


def _needs_border(load: LoadOp, config: Config) -> bool:
    """Whether a sum reads pads that loads cannot make."""
    return _is_summed(load) and (load.pad_value != 0 or _is_wide(load, most_padding(config)))


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

    if isinstance(maker := source.owner, ForOp) and not is_on_host(maker):
        assert maker.parent is not None
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
    around.location = loads[0].nest.location
    around.result.name_hint = source.name_hint
    if around.into is None:
        place_on_host(around, "the host pads what it lays out")
    Builder(_after(source)).insert(around)
    for load in loads:
        read = load.map.data
        indices = tuple(index + low for index, low in zip(read.results, below, strict=True))
        moved = simplify_map(AffineMap(read.num_dims, 0, indices), load.nest.extents)
        shifted = LoadOp(around.result, moved)
        shifted.attributes.update(load.attributes)
        shifted.result.name_hint = load.result.name_hint
        Rewriter.replace_op(load, shifted)


def _copy(source: SSAValue, extents: Sequence[int]) -> NestBuilder:
    return NestBuilder.of([(f"i{axis}", extent) for axis, extent in enumerate(extents)], [])


def _after(value: SSAValue) -> InsertPoint:
    """Where an op can read a value first."""
    owner = value.owner
    return InsertPoint.at_start(owner) if isinstance(owner, Block) else InsertPoint.after(owner)
