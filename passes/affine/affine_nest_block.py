"""`affine-nest-block`: bring nests into the core's shape, tensors into its blocked layout.

The core computes on vectors of 16 lanes (its block). A nest it can run gets one parallel iterator
split in blocks and lanes, the *output lane*; a sum of products also one reduction iterator, the
*input lane*. Each tensor it touches is re-laid out: the lanes' dimension is divided by the block
and the lanes go innermost, padded to whole blocks:

    tensor<1x40x5x5xi8>  becomes  tensor<1x3x5x5x16xi8>

Packing and unpacking are nests, so a constant is packed at compile time and nothing is packed
between two nests that agree. Lanes beyond a dimension's end are unspecified: nobody unpacks them,
and the weights for them are zero. Weights are packed in the order in which the nest reads them, one
output-by-input matrix per point; grouped and depthwise convolutions so become block-diagonal.

A nest the core cannot run is marked `placement = "host"` with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp, StringAttr, i8, i32
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.transforms.dead_code_elimination import dce

from nopt.dialects.affine_math import Sum, dim_ranges, evaluate, simplify, to_sum
from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.constants import attribute_of
from nopt.dialects.graph import ConstantOp
from nopt.dialects.tensor_intrinsic import AluKind
from nopt.hw.config import Config
from nopt.passes.affine.core_nest import (
    IMMEDIATE,
    PLACEMENT,
    CoreNest,
    NotOnCore,
    Product,
    recognise,
)
from nopt.passes.affine.nest_builder import NestBuilder
from nopt.passes.machine import machine_of

HOST_REASON = "host_reason"


@dataclass(frozen=True)
class InputLane:
    """How the channel dimension of a product's input is indexed: `iterator + rest(output lane)`."""

    axis: int
    iterator: int | None
    rest: AffineExpr


@dataclass(frozen=True)
class AffineNestBlockPass(ModulePass):
    """Split nests and tensors into the core's blocks; say what stays on the host and why."""

    name = "affine-nest-block"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        config = machine_of(op)
        layouts = Layouts(config.block_out)
        for nest in [nest for nest in op.walk() if isinstance(nest, ForOp)]:
            if PLACEMENT in nest.attributes:
                continue
            try:
                if config.batch != 1 or config.block_in != config.block_out:
                    raise NotOnCore("nests are blocked for cores with batch 1 and square blocks")
                _Blocking(recognise(nest, config), config, layouts).apply()
            except NotOnCore as reason:
                nest.attributes[PLACEMENT] = StringAttr("host")
                nest.attributes[HOST_REASON] = StringAttr(str(reason))
        dce(op)


@dataclass
class Layouts:
    """Which tensors exist in blocked form: (tensor, blocked dimension) to the blocked tensor."""

    block: int
    packed: dict[tuple[SSAValue, int], SSAValue] = field(
        default_factory=dict[tuple[SSAValue, int], SSAValue]
    )

    def has(self, tensor: SSAValue, axis: int) -> bool:
        return (tensor, axis) in self.packed

    def get(self, tensor: SSAValue, axis: int, before: Operation) -> SSAValue:
        """`tensor` blocked along `axis`; packed just before an op that needs it first."""
        if not self.has(tensor, axis):
            shape = list(_shape(tensor))
            extents = {f"i{i}": size for i, size in enumerate(shape)}
            extents[f"i{axis}"] = -(-shape[axis] // self.block)
            nest = NestBuilder({**extents, "lane": self.block})
            *dims, lane = nest.dims
            indices: list[AffineExpr] = [*dims]
            indices[axis] = dims[axis] * self.block + lane
            packed = nest.finish(nest.load(tensor, indices, 0))
            _insert(packed, before, tensor.name_hint)
            self.packed[tensor, axis] = packed.result
        return self.packed[tensor, axis]

    def unpack(self, blocked: SSAValue, shape: Sequence[int], axis: int) -> ForOp:
        """The nest that reads a blocked tensor back into `shape`."""
        nest = NestBuilder({f"i{i}": size for i, size in enumerate(shape)})
        indices: list[AffineExpr] = [*nest.dims]
        indices[axis] = nest.dims[axis] // self.block
        return nest.finish(nest.load(blocked, [*indices, nest.dims[axis] % self.block]))


def _shape(tensor: SSAValue) -> tuple[int, ...]:
    return tensor.type.get_shape()  # pyright: ignore


def _insert(op: ForOp | ConstantOp, before: Operation, name: str | None) -> None:
    Builder(InsertPoint.before(before)).insert(op)
    op.results[0].name_hint = name


class _Blocking:
    """One nest's rewrite. Raises NotOnCore before anything is changed in the nest itself."""

    def __init__(self, core: CoreNest, config: Config, layouts: Layouts):
        self.core = core
        self.nest = core.nest
        self.block = config.block_out
        self.layouts = layouts
        self.ranges = self.nest.ranges
        self.output_lane = self._choose_output_lane()
        self.input_lane = (
            self._choose_input_lane(core.start) if isinstance(core.start, Product) else None
        )
        self._check_loads()
        self._name_iterators()

    # --- Which iterators become lanes.

    def _choose_output_lane(self) -> int:
        """The parallel iterator whose points lie in the lanes of one vector."""
        start = self.core.start
        parallel = range(len(self.nest.parallel_extents))
        if isinstance(start, Product):
            start = self._weights_second(start)
            in_weight = start.weight.map.data.used_dims()
            in_input = start.input.map.data.used_dims()
            own = [i for i in parallel if i in in_weight and i not in in_input]
            shared = [i for i in parallel if i in in_weight and i in in_input]
            candidates = [i for i in own or shared if self._indexes_alone(start.weight, i)]
            # A column vector as weights still fills lanes from the input's side: none is left.
            if not candidates:
                raise NotOnCore("no parallel iterator runs along an output channel of its weights")
            return max(candidates, key=lambda i: (self.nest.extents[i], i))
        load = start.input
        axes = [
            (axis, expr.position)
            for axis, expr in enumerate(load.map.data.results)
            if isinstance(expr, AffineDimExpr) and expr.position in parallel
        ]
        if not axes:
            raise NotOnCore("no parallel iterator runs along a dimension of what it loads")
        known = [i for axis, i in axes if self.layouts.has(load.source, axis)]
        if known:
            return known[0]
        rank = len(load.source_shape)
        usual = dict(axes).get(1 if rank == 4 else rank - 1)
        return usual if usual is not None else max(axes, key=lambda a: self.nest.extents[a[1]])[1]

    def _weights_second(self, product: Product) -> Product:
        """The constant operand is the weights; with none, the second one."""
        weights_first = isinstance(product.input.source.owner, ConstantOp)
        weights_last = isinstance(product.weight.source.owner, ConstantOp)
        if weights_first and not weights_last:
            product = Product(product.weight, product.input)
            self.core = CoreNest(self.nest, product, self.core.steps)
        return product

    def _indexes_alone(self, load: LoadOp, iterator: int) -> bool:
        """Whether blocks of the iterator are blocks of one index: it has coefficient 1 there."""
        dim = AffineDimExpr(iterator)
        exprs = [e for e in load.map.data.results if iterator in e.used_dims()]
        return len(exprs) == 1 and to_sum(exprs[0], self.ranges).terms.get(dim) == 1

    def _choose_input_lane(self, product: Product) -> InputLane:
        """The input's dimension whose points lie in the lanes of one input vector."""
        found: list[InputLane] = []
        parallel = len(self.nest.parallel_extents)
        in_weight = product.weight.map.data.used_dims()
        for axis, expr in enumerate(product.input.map.data.results):
            total = to_sum(expr, self.ranges)
            plain = [
                atom.position
                for atom, coefficient in total.terms.items()
                if isinstance(atom, AffineDimExpr)
                and atom.position >= parallel
                and coefficient == 1
            ]
            used = expr.used_dims()
            reductions = [i for i in used if i >= parallel]
            others = used - set(reductions) - {self.output_lane}
            if not used or others or len(reductions) > 1 or reductions != plain:
                continue
            if any(i not in in_weight for i in reductions):
                continue
            if any(
                used & other.used_dims()
                for index, other in enumerate(product.input.map.data.results)
                if index != axis
            ):
                continue
            iterator = plain[0] if plain else None
            own = Sum({AffineDimExpr(iterator): 1}) if iterator is not None else Sum()
            rest = total.add(own, -1)
            if rest.range(self.ranges)[0] < 0:
                continue
            found.append(InputLane(axis, iterator, rest.expr()))
        found = [lane for lane in found if not self._overruns(product.input, lane.axis)]
        if not found:
            raise NotOnCore("no dimension of its input is a reduction channel of its own")

        def preference(lane: InputLane) -> tuple[bool, int]:
            extent = 0 if lane.iterator is None else self.nest.extents[lane.iterator]
            return self.layouts.has(product.input.source, lane.axis), extent

        return max(found, key=preference)

    def _overruns(self, load: LoadOp, axis: int) -> bool:
        low, high = to_sum(load.map.data.results[axis], self.ranges).range(self.ranges)
        return low < 0 or high >= load.source_shape[axis]

    def _lane_axis(self, load: LoadOp) -> int:
        """The dimension of a loaded tensor that the output lane runs along."""
        axes = [
            axis
            for axis, expr in enumerate(load.map.data.results)
            if self.output_lane in expr.used_dims()
        ]
        if len(axes) != 1 or load.map.data.results[axes[0]] != AffineDimExpr(self.output_lane):
            raise NotOnCore("the output channel is not one dimension of a tensor it loads")
        if self.nest.parallel_extents[self.output_lane] != load.source_shape[axes[0]]:
            raise NotOnCore("it loads a part of the channels of a tensor")
        return axes[0]

    def _check_loads(self) -> None:
        """Raises NotOnCore for a load that no layout serves."""
        start = self.core.start
        if not isinstance(start, Product):
            self._lane_axis(start.input)
        for step in self.core.steps:
            if isinstance(step.operand, LoadOp) and not self._is_constant(step.operand):
                self._lane_axis(step.operand)
            if step.kind is AluKind.SHR and isinstance(step.operand, LoadOp):
                raise NotOnCore("it shifts by a loaded amount")

    @staticmethod
    def _is_constant(load: LoadOp) -> bool:
        return isinstance(load.source.owner, ConstantOp)

    # --- The blocked nest.

    def _name_iterators(self) -> None:
        """The blocked nest's iterators, and the old iterators as expressions over them."""
        parallel = list(self.nest.named_parallel)
        reduction = list(self.nest.named_reduction)
        name, extent = parallel[self.output_lane]
        parallel[self.output_lane] = (f"{name}b", -(-extent // self.block))
        parallel.append((f"{name}l", self.block))
        lane = self.input_lane
        if lane is not None:
            self.first_block, blocks = self._input_blocks(lane)
            if lane.iterator is not None:
                position = lane.iterator - len(self.nest.parallel_extents)
                name, _ = reduction[position]
                reduction[position] = (f"{name}b", blocks)
            else:
                name = "i"
                if blocks > 1:
                    reduction.insert(0, (f"{name}b", blocks))
            reduction.append((f"{name}l", self.block))
        self.builder = NestBuilder.of(parallel, reduction)
        dims = self.builder.dims
        old = len(self.nest.parallel_extents)
        self.blocks: AffineExpr = dims[self.output_lane]
        self.lane: AffineExpr = dims[old]
        self.indices: list[AffineExpr] = [*dims[:old], *dims[old + 1 :]]
        self.indices[self.output_lane] = self.blocks * self.block + self.lane
        if lane is not None:
            self.input_lanes: AffineExpr = dims[-1]
            if lane.iterator is not None:
                self.input_block: AffineExpr = self.indices[lane.iterator]
            else:
                added = len(reduction) - 1 > len(self.nest.reduction_extents)
                self.input_block = dims[old + 1] if added else AffineConstantExpr(0)
                if added:
                    del self.indices[old]

    def _input_blocks(self, lane: InputLane) -> tuple[AffineExpr, int]:
        """The first input block that a block of outputs reads, as an expression, and how many."""
        outputs = self.nest.parallel_extents[self.output_lane]
        extent = 1 if lane.iterator is None else self.nest.extents[lane.iterator]
        grid: list[np.ndarray | int] = [0] * len(self.nest.extents)
        grid[self.output_lane] = np.arange(outputs)
        rest = np.broadcast_to(evaluate(lane.rest, grid), (outputs,))  # pyright: ignore
        starts = np.arange(0, outputs, self.block)
        low = np.minimum.reduceat(rest, starts)
        high = np.maximum.reduceat(rest, starts) + extent - 1
        first = low // self.block
        count = int((high // self.block - first).max()) + 1
        block_dim = AffineDimExpr(self.output_lane)
        at_start = lane.rest.replace_dims_and_symbols(
            [
                block_dim * self.block if i == self.output_lane else AffineDimExpr(i)
                for i in range(len(self.nest.extents))
            ],
            [],
        )
        blocks = [*self.nest.extents]
        blocks[self.output_lane] = len(starts)
        expr = simplify(at_start // self.block, dim_ranges(blocks))
        grid[self.output_lane] = np.arange(len(starts))
        found = np.broadcast_to(evaluate(expr, grid), first.shape)  # pyright: ignore
        all_blocks = int(high.max()) // self.block + 1
        # Every output must read whole blocks that exist, beginning where the expression says.
        if np.array_equal(found, first) and int(first.max()) + count <= all_blocks:
            return expr, count
        return AffineConstantExpr(0), all_blocks

    def apply(self) -> None:
        """Replace the nest by its blocked form and what packs and unpacks its tensors."""
        replaced: dict[SSAValue, SSAValue] = {}
        start = self.core.start
        if isinstance(start, Product):
            replaced[start.input.result] = self._load_input(start.input)
            replaced[start.weight.result] = self._load_weights(start)
        else:
            replaced[start.input.result] = self._load_activation(start.input)
        for step in self.core.steps:
            if isinstance(step.operand, LoadOp):
                load = step.operand
                constant = self._is_constant(load)
                replaced[load.result] = (
                    self._load_constant(load) if constant else self._load_activation(load)
                )
        replaced |= self._wide_immediates()
        value = self.builder.inline(self.nest, self.indices, replaced)
        blocked = self.builder.finish(
            value, {**self.nest.attributes, PLACEMENT: StringAttr("core")}
        )
        _insert(blocked, self.nest, self.nest.result.name_hint)
        unpacked = self.layouts.unpack(blocked.result, self.nest.parallel_extents, self.output_lane)
        _insert(unpacked, self.nest, self.nest.result.name_hint)
        self.layouts.packed[unpacked.result, self.output_lane] = blocked.result
        Rewriter.replace_op(self.nest, [], [unpacked.result])

    def _moved(self, expr: AffineExpr) -> AffineExpr:
        """An index over the old iterators as one over the new."""
        return expr.replace_dims_and_symbols(self.indices, [])

    def _load_input(self, load: LoadOp) -> SSAValue:
        lane = self.input_lane
        assert lane is not None
        source = self.layouts.get(load.source, lane.axis, self.nest)
        indices = [self._moved(expr) for expr in load.map.data.results]
        indices[lane.axis] = self.first_block + self.input_block
        return self._named_load(load, source, [*indices, self.input_lanes], load.pad_value or 0)

    def _load_activation(self, load: LoadOp) -> SSAValue:
        axis = self._lane_axis(load)
        source = self.layouts.get(load.source, axis, self.nest)
        indices = [self._moved(expr) for expr in load.map.data.results]
        indices[axis] = self.blocks
        return self._named_load(load, source, [*indices, self.lane], load.pad_value)

    def _load_weights(self, product: Product) -> SSAValue:
        """Weights packed as they are read: output by input lanes, zero where none meet."""
        lane = self.input_lane
        assert lane is not None
        load = product.weight
        source = load.source
        wanted = (self.first_block + self.input_block) * self.block + self.input_lanes
        offset = wanted - self._moved(lane.rest)
        indices = [self._moved(expr) for expr in load.map.data.results]
        if lane.iterator is not None:
            dims = [*self.indices]
            dims[lane.iterator] = offset
            indices = [expr.replace_dims_and_symbols(dims, []) for expr in load.map.data.results]
        else:
            # No iterator runs over input channels: the one weight is for the one channel where
            # `offset` is 0, which a unit dimension states.
            widened = NestBuilder({f"i{i}": s for i, s in enumerate((*load.source_shape, 1))})
            widened_nest = widened.finish(widened.load(source, widened.dims[:-1]))
            _insert(widened_nest, self.nest, source.name_hint)
            source, indices = widened_nest.result, [*indices, offset]
        return self._pack_as_read(load, source, indices, [self.lane, self.input_lanes])

    def _load_constant(self, load: LoadOp) -> SSAValue:
        indices = [self._moved(expr) for expr in load.map.data.results]
        return self._pack_as_read(load, load.source, indices, [self.lane])

    def _pack_as_read(
        self,
        load: LoadOp,
        source: SSAValue,
        indices: Sequence[AffineExpr],
        lanes: Sequence[AffineExpr],
    ) -> SSAValue:
        """Re-lay a tensor in the order of the iterators that index it, the lanes innermost."""
        ranges = dim_ranges(self.builder.extents)
        exprs = [simplify(expr, ranges) for expr in indices]
        lane_positions = [lane.position for lane in lanes if isinstance(lane, AffineDimExpr)]
        used = sorted(set[int]().union(*(expr.used_dims() for expr in exprs)) - {*lane_positions})
        order = used + lane_positions
        names = self.builder.block.args
        packing = NestBuilder.of(
            [(names[i].name_hint or "i", self.builder.extents[i]) for i in order], []
        )
        moved: list[AffineExpr] = [AffineConstantExpr(0)] * len(self.builder.extents)
        for position, i in enumerate(order):
            moved[i] = packing.dims[position]
        packed_indices = [expr.replace_dims_and_symbols(moved, []) for expr in exprs]
        packed = packing.finish(packing.load(source, packed_indices, load.pad_value or 0))
        _insert(packed, self.nest, load.source.name_hint)
        return self._named_load(load, packed.result, [self.builder.dims[i] for i in order], None)

    def _named_load(
        self, load: LoadOp, source: SSAValue, indices: Sequence[AffineExpr], pad: int | float | None
    ) -> SSAValue:
        value = self.builder.load(source, indices, pad)
        value.name_hint = load.result.name_hint
        return value

    def _wide_immediates(self) -> dict[SSAValue, SSAValue]:
        """Numbers that no immediate holds become loads of a constant vector."""
        replaced: dict[SSAValue, SSAValue] = {}
        for op in self.nest.body.block.ops:
            if not isinstance(op, arith.ConstantOp) or op.result.type not in (i8, i32):
                continue
            value: int = op.value.value.data  # pyright: ignore
            if IMMEDIATE[0] <= value <= IMMEDIATE[1]:
                continue
            vector = np.full((self.block,), value, np.int32)
            constant = ConstantOp(attribute_of(vector, "immediate"))
            _insert(constant, self.nest, "immediate")
            replaced[op.result] = self.builder.load(constant.result, [self.lane])
        return replaced
