"""Which iterators of a nest become lanes: the output lane, and for products the input lane."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir.affine import AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import Sum, to_sum
from nopt.dialects.affine_nest import LoadOp
from nopt.dialects.graph import ConstantOp
from nopt.passes.affine.core_nest import CoreNest, NotOnCore, Product
from nopt.passes.affine.layouts import Layouts


@dataclass(frozen=True)
class InputLane:
    """How the channel dimension of a product's input is indexed: `iterator + rest(output lane)`."""

    axis: int
    iterator: int | None
    rest: AffineExpr


@dataclass(frozen=True)
class Lanes:
    """The choice for a nest: `core` says which operand of a product plays weights."""

    core: CoreNest
    output: int
    input: InputLane | None


def choose_lanes(core: CoreNest, layouts: Layouts) -> Lanes:
    """Choose lanes that the operands' index maps allow, along layouts that exist where possible.

    Raises NotOnCore if there are none.
    """
    choice = _Choice(core, layouts)
    output = choice.output_lane()
    lane = (
        choice.input_lane(choice.core.start, output)
        if isinstance(choice.core.start, Product)
        else None
    )
    _check_loads(choice.core, output)
    return Lanes(choice.core, output, lane)


def is_constant(load: LoadOp) -> bool:
    return isinstance(load.source.owner, ConstantOp)


def lane_axis(load: LoadOp, output_lane: int) -> int:
    """The dimension of a loaded tensor that the output lane runs along. Raises NotOnCore."""
    axes = [
        axis for axis, expr in enumerate(load.map.data.results) if output_lane in expr.used_dims()
    ]
    if len(axes) != 1 or load.map.data.results[axes[0]] != AffineDimExpr(output_lane):
        raise NotOnCore("the output channel is not one dimension of a tensor it loads")
    if load.nest.parallel_extents[output_lane] != load.source_shape[axes[0]]:
        raise NotOnCore("it loads a part of the channels of a tensor")
    return axes[0]


def _check_loads(core: CoreNest, output_lane: int) -> None:
    """Raises NotOnCore for a load that no layout serves."""
    if not isinstance(core.start, Product):
        lane_axis(core.start.input, output_lane)
    elif core.start.weight.pad_value:
        # Weights are zero between lanes that do not meet; so must be what lies outside.
        raise NotOnCore(f"it pads its weights with {core.start.weight.pad_value}, not 0")
    for step in core.steps:
        if isinstance(step.operand, LoadOp) and not is_constant(step.operand):
            lane_axis(step.operand, output_lane)


class _Choice:
    def __init__(self, core: CoreNest, layouts: Layouts):
        self.core = core
        self.nest = core.nest
        self.layouts = layouts
        self.ranges = self.nest.ranges

    def output_lane(self) -> int:
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
        weights_first = is_constant(product.input)
        weights_last = is_constant(product.weight)
        if weights_first and not weights_last:
            product = Product(product.weight, product.input)
            self.core = CoreNest(self.nest, product, self.core.steps)
        return product

    def _indexes_alone(self, load: LoadOp, iterator: int) -> bool:
        """Whether blocks of the iterator are blocks of one index: it has coefficient 1 there."""
        dim = AffineDimExpr(iterator)
        exprs = [e for e in load.map.data.results if iterator in e.used_dims()]
        return len(exprs) == 1 and to_sum(exprs[0], self.ranges).terms.get(dim) == 1

    def input_lane(self, product: Product, output_lane: int) -> InputLane:
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
            others = used - set(reductions) - {output_lane}
            if others or len(reductions) > 1 or reductions != plain:
                continue
            if any(i not in in_weight for i in reductions):
                continue
            # Lanes run along one dimension: neither lane's iterator may move another one.
            if any(
                (used | {output_lane}) & other.used_dims()
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

        rank = len(product.input.source_shape)

        def preference(lane: InputLane) -> tuple[bool, int, bool]:
            extent = 0 if lane.iterator is None else self.nest.extents[lane.iterator]
            # A single channel is no iterator; its dimension is where channels usually are.
            usual = lane.axis == (1 if rank == 4 else rank - 1)
            return self.layouts.has(product.input.source, lane.axis), extent, usual

        return max(found, key=preference)

    def _overruns(self, load: LoadOp, axis: int) -> bool:
        low, high = to_sum(load.map.data.results[axis], self.ranges).range(self.ranges)
        return low < 0 or high >= load.source_shape[axis]
