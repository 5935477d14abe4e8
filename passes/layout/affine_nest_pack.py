"""`affine-nest-pack`: nests in the core's shape, on tensors packed in vectors.

Which nests, and along which iterators, their `lanes` attributes say: what affine-nest-infer-layout
writes. Each is split in blocks and lanes (`nest_packing`), between nests that pack what it reads
and unpack its result. A tensor is packed once however often it is read so, and nothing is packed
between two nests that agree: an unpacked tensor packed again is what it was.

Tensors with an `order` are packed in that, and unpacked for all who read them.
affine-nest-propagate-packs then lets makers and readers use the packed tensors themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.affine_nest import ForOp, LanesAttr, ReduceOp
from nopt.dialects.affine_nest.arguments import arguments_of
from nopt.dialects.affine_nest.attributes import LANES, MUST_RUN_ON, ORDER
from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.constants import load_resource_dialect
from nopt.dialects.graph import ConstantOp
from nopt.dialects.shaped import shape_of
from nopt.hw.config import Config
from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import place_on_host
from nopt.passes.base.places import about
from nopt.passes.core.byte_planes import planes_of, read_planes, wide_sum
from nopt.passes.core.core_nest import recognise
from nopt.passes.layout.choices.lane_choices import Lanes, legal_lanes
from nopt.passes.layout.nest_packing import NestPacking
from nopt.passes.layout.packed_tensors import PackedTensors, insert_before
from nopt.passes.layout.tensor_layouts import Layout, check_layouts, layout_of


@dataclass(frozen=True)
class AffineNestPackPass(ModulePass):
    """Split nests into the core's blocks as their lanes say; pack and unpack their tensors."""

    name = "affine-nest-pack"
    level = "affine_nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        config = machine_of(op)
        # All before the first is packed or split: zero lanes make sums look larger than they are,
        # and packs hide who wrote what.
        decided: list[_Decided] = []
        for nest in [each for each in op.walk() if isinstance(each, ForOp)]:
            lanes = nest.attributes.get(LANES)
            if isinstance(lanes, LanesAttr) and PLACEMENT not in nest.attributes:
                with about(nest):
                    decided.append(_Decided.of(nest, lanes, config))
        _pack_ordered(op, config.block)
        tensors = PackedTensors(config.vector)
        for each in decided:
            with about(each.nest):
                each.pack(config, tensors)
        erase_dead_code(op)


@dataclass(frozen=True)
class _Decided:
    """A nest that the core runs in some lanes; or just its `total`, whose bytes are in planes."""

    nest: ForOp
    lanes: Lanes
    total: ReduceOp | None = None
    shifts: ConstantOp | None = None

    @classmethod
    def of(cls, nest: ForOp, lanes: LanesAttr, config: Config) -> _Decided:
        """Raises NotOnCore if the core cannot run it, or not in these lanes."""
        total = wide_sum(nest, config) if lanes.is_sum else None
        shifts, summed = (None, nest) if total is None else planes_of(nest, total)
        found = legal_lanes(recognise(summed, config), config.vector, lanes)
        return cls(nest, found[0], total, shifts)

    def pack(self, config: Config, tensors: PackedTensors) -> None:
        """Split the nest, or just its sum."""
        nest = self.nest
        del nest.attributes[LANES]
        if self.total is not None and self.shifts is not None:
            planes = self.lanes.core.nest
            insert_before(self.shifts, nest, self.shifts.result.name_hint)
            insert_before(planes, nest, nest.result.name_hint)
            if (must := nest.attributes.pop(MUST_RUN_ON, None)) is not None:
                planes.attributes[MUST_RUN_ON] = must
            rest = read_planes(nest, self.total, planes.result)
            place_on_host(rest, "it goes on with 32-bit sums; the core stores i8")
            Rewriter.replace_op(nest, rest)
        NestPacking(self.lanes, config, tensors).apply()


def _pack_ordered(module: ModuleOp, block: int) -> None:
    """Pack each tensor that has an order, and unpack it for those who read it.

    Raises what is wrong with an order, about the nest or function.
    """
    for function in [op for op in module.walk() if isinstance(op, FuncOp)]:
        check_layouts(function, block)
        results = [op.result for op in function.walk() if isinstance(op, ForOp)]
        for tensor in (*arguments_of(function), *results):
            if (layout := layout_of(tensor, block)) is not None:
                _pack(tensor, layout)


def _pack(tensor: SSAValue, layout: Layout) -> None:
    owner = tensor.owner
    place = InsertPoint.at_start(owner) if isinstance(owner, Block) else InsertPoint.after(owner)
    packed = layout.pack(tensor)
    unpacked = layout.unpack(packed.result, shape_of(tensor))
    tensor.replace_uses_with_if(
        unpacked.result, lambda use: use.operation.parent_op() is not packed
    )
    for nest in (packed, unpacked):
        nest.result.name_hint = tensor.name_hint
        at = owner.first_op if isinstance(owner, Block) else owner
        if at is not None:
            nest.location = at.location
    Builder(place).insert([packed, unpacked])
    if isinstance(owner, ForOp):
        del owner.attributes[ORDER]
