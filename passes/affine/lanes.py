"""Which iterators of a nest become lanes: the output lane, and for products the input lane."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from math import prod

from xdsl.dialects import arith
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import Sum, to_sum
from nopt.dialects.affine_nest import ForOp, LanesAttr, LoadOp, ReduceOp
from nopt.dialects.graph import ConstantOp
from nopt.passes.affine.analysis import access_of
from nopt.passes.affine.core_nest import CoreNest, NotOnCore, Product, Window
from nopt.passes.affine.layouts import Layouts


@dataclass(frozen=True)
class InputLane:
    """How the channel dimension of a product's input is indexed.

    By `iterator + rest(output lane) + aligned(other parallel iterators)`, the last one in whole
    blocks: the channels of one head of an attention, say.
    """

    axis: int
    iterator: int | None
    rest: AffineExpr
    aligned: AffineExpr


@dataclass(frozen=True)
class Lanes:
    """The choice for a nest: `core` says which operand of a product plays weights."""

    core: CoreNest
    output: int
    input: InputLane | None

    @property
    def attribute(self) -> LanesAttr:
        """The choice as it is written to the nest."""
        output = iterator_name(self.core.nest, self.output)
        if not isinstance(self.core.start, Product):
            return LanesAttr.of(output)
        axis = None if self.input is None else self.input.axis
        return LanesAttr.of(output, axis, _factor(self.core.start.weight))


def legal_lanes(core: CoreNest, layouts: Layouts, pinned: LanesAttr | None = None) -> list[Lanes]:
    """The choices that the operands' index maps and a pin allow; usual ones first.

    Raises NotOnCore if there are none.
    """
    found: list[Lanes] = []
    reason: NotOnCore | None = None
    pinned = LanesAttr.of() if pinned is None else pinned
    outputs = _outputs(core, layouts)
    for oriented, output in outputs:
        if not pinned.allows("output", iterator_name(core.nest, output)):
            continue
        start = oriented.start
        if isinstance(start, Product) and not pinned.allows("weights", _factor(start.weight)):
            continue
        try:
            inputs: list[InputLane | None] = [None]
            if isinstance(start, Product):
                inputs = [*_Choice(oriented, layouts).input_lanes(start, output)]
            _check_loads(oriented, output, layouts)
        except NotOnCore as error:
            reason = reason or error
            continue
        for lane in inputs:
            if lane is None or pinned.allows("input", str(lane.axis)):
                found.append(Lanes(oriented, output, lane))
    if not found:
        none = "no parallel iterator runs along an output channel of its weights"
        raise reason or NotOnCore("there is no such choice" if outputs else none)
    return found


def _outputs(core: CoreNest, layouts: Layouts) -> list[tuple[CoreNest, int]]:
    """Which operand plays weights, and the output lane; usual ones first, each once."""
    if isinstance(core.start, Window):
        return [(core, i) for i in _Choice(core, layouts).window_lanes(core.start)]
    found: dict[tuple[LoadOp, int], tuple[CoreNest, int]] = {}
    for oriented, outputs in _orientations(core, core.start):
        for i in sorted(outputs, key=lambda i: (core.nest.extents[i], i), reverse=True):
            assert isinstance(oriented.start, Product)
            found.setdefault((oriented.start.weight, i), (oriented, i))
    return [*found.values()]


def iterator_name(nest: ForOp, iterator: int) -> str:
    """The name of a nest's iterator; its position if it has none or shares it."""
    names = [argument.name_hint for argument in nest.iterators]
    name = names[iterator]
    return str(iterator) if name is None or names.count(name) > 1 else name


def _factor(load: LoadOp) -> str:
    """Whether what is loaded is the first or the second factor of the product that is summed."""
    total = next(op for op in load.nest.body.block.ops if isinstance(op, ReduceOp))
    product = total.operand.owner
    assert isinstance(product, arith.MuliOp)
    first = product.lhs.owner
    if isinstance(first, arith.ExtSIOp):
        first = first.input.owner
    return "first" if first is load else "second"


def _orientations(core: CoreNest, product: Product) -> list[tuple[CoreNest, list[int]]]:
    """Which operand plays weights, and the output lanes that gives; what is best first.

    The constant operand is the weights; with none, the second one. The other one can be if that
    gives lanes that the readers sum over, or any at all.
    """
    nest = core.nest
    if is_constant(product.input) and not is_constant(product.weight):
        product = Product(product.weight, product.input)
    swapped = Product(product.weight, product.input)
    usual, other = _output_lanes(product), _output_lanes(swapped)
    as_read = other
    if not reads_once(swapped.weight):
        other = []
    wanted = _summed_axes(nest)
    # A single output channel is no iterator of any map: its fifteen neighbours are wasted.
    units = [i for i, extent in enumerate(nest.parallel_extents) if extent == 1]
    orders = [
        (product, [i for i in usual if i in wanted]),
        (swapped, [i for i in other if i in wanted]),
        (product, usual),
        (swapped, other),
        (product, [1] if nest.parallel_extents[1:2] == (1,) else units[-1:]),
    ]
    unusual = [
        (product, _sliding_lanes(product)),
        (swapped, _sliding_lanes(swapped)),
        (product, _shared_lanes(product)),
        (swapped, as_read),
    ]
    # The core's loads pad with zeros.
    orders += [(start, lanes) for start, lanes in unusual if not start.input.pad_value]
    return [(replace(core, start=start), lanes) for start, lanes in orders]


def _output_lanes(product: Product) -> list[int]:
    """Parallel iterators that run along output channels of the weights."""
    in_input = product.input.map.data.used_dims()
    own = [i for i in _parallel_dims(product.weight) if i not in in_input]
    if not own:
        return _shared_lanes(product)
    return [i for i in own if _indexes_alone(product.weight, i)]


def _shared_lanes(product: Product) -> list[int]:
    """Parallel iterators of both operands: the weights of 16 outputs are a block on a diagonal."""
    in_input = product.input.map.data.used_dims()
    shared = [i for i in _parallel_dims(product.weight) if i in in_input]
    return [i for i in shared if _indexes_alone(product.weight, i)]


def _sliding_lanes(product: Product) -> list[int]:
    """Parallel iterators of the input only: a window slides along them, by a matrix of bands."""
    in_weight = product.weight.map.data.used_dims()
    return [i for i in _parallel_dims(product.input) if i not in in_weight]


def _parallel_dims(load: LoadOp) -> list[int]:
    """The parallel iterators that a load's indices use."""
    used = load.map.data.used_dims()
    return [i for i in range(len(load.nest.parallel_extents)) if i in used]


def _indexes_alone(load: LoadOp, iterator: int) -> bool:
    """Whether blocks of the iterator are blocks of one index: it has coefficient 1 there."""
    read = access_of(load)
    axes = read.axes_of(iterator)
    return len(axes) == 1 and read.factor(axes[0], iterator) == 1


def reads_once(load: LoadOp) -> bool:
    """Whether a load's elements are hardly more than its tensor has: no windows overlap."""
    extents = [load.nest.extents[i] for i in load.map.data.used_dims()]
    return prod(extents) <= prod(load.source_shape)


def _summed_axes(nest: ForOp) -> set[int]:
    """Dimensions of a nest's result that all products that read it sum over, and do not keep."""
    axes = set(range(len(nest.parallel_extents)))
    for use in nest.result.uses:
        load = use.operation
        if isinstance(load, LoadOp) and _is_factor(load):
            first = len(load.nest.parallel_extents)
            axes &= {
                axis
                for axis, expr in enumerate(load.map.data.results)
                if expr.used_dims() and min(expr.used_dims()) >= first
            }
    return axes


def _is_factor(load: LoadOp) -> bool:
    """Whether a nest sums products of what is loaded."""
    widened = [result for use in load.result.uses for result in use.operation.results]
    products = [use.operation for value in widened for use in value.uses]
    return any(
        isinstance(product, arith.MuliOp)
        and any(isinstance(use.operation, ReduceOp) for use in product.result.uses)
        for product in products
    )


def is_constant(load: LoadOp) -> bool:
    """Whether a load reads a constant."""
    return isinstance(load.source.owner, ConstantOp)


def lane_axis(load: LoadOp, output_lane: int, block: int) -> tuple[int, int]:
    """The dimension of a loaded tensor that the output lane runs along, and from which block on.

    Raises NotOnCore if there is none, or the lane begins inside a block.
    """
    found = access_of(load).along(output_lane)
    if found is None:
        raise NotOnCore("the output channel is not one dimension of a tensor it loads")
    axis, first = found
    if first % block:
        raise NotOnCore(f"it loads a part of the channels of a tensor, not in blocks of {block}")
    if first + load.nest.extents[output_lane] > load.source_shape[axis]:
        # Lanes there hold anything.
        raise NotOnCore("it reads beyond the channels of a tensor")
    return axis, first // block


def result_axis(nest: ForOp, output_lane: int, layouts: Layouts) -> tuple[int, int]:
    """The dimension of the result that the output lane runs along, and from which block on.

    Raises NotOnCore if that is not in whole blocks, or what is written is no box of the result.
    """
    if nest.into is None:
        return output_lane, 0
    written = access_of(nest)
    if written.shift is None:
        raise NotOnCore("what it writes into a tensor is no box in the order of its iterators")
    axis, first = output_lane, written.shift[output_lane]
    if (nest, axis) not in layouts.parts:
        raise NotOnCore(
            f"it writes a part of the channels of a tensor, not in blocks of {layouts.block}"
        )
    return axis, first // layouts.block


def _check_forwards(load: LoadOp) -> None:
    """Raises NotOnCore for a load whose window runs against an iterator."""
    for total in access_of(load).sums:
        terms = total.terms.items()
        if any(factor < 0 and isinstance(atom, AffineDimExpr) for atom, factor in terms):
            raise NotOnCore("an index runs backwards")


def _check_loads(core: CoreNest, output_lane: int, layouts: Layouts) -> None:
    """Raises NotOnCore for a load that no layout serves, or a result."""
    result_axis(core.nest, output_lane, layouts)
    if not isinstance(core.start, Product):
        lane_axis(core.start.input, output_lane, layouts.block)
    elif core.start.weight.pad_value:
        # Weights are zero between lanes that do not meet; so must be what lies outside.
        raise NotOnCore(f"it pads its weights with {core.start.weight.pad_value}, not 0")
    for step in core.steps:
        if isinstance(step.operand, LoadOp) and not is_constant(step.operand):
            lane_axis(step.operand, output_lane, layouts.block)
    for load in (core.start.input, *(step.operand for step in core.steps)):
        if isinstance(load, LoadOp) and not is_constant(load):
            _check_forwards(load)


class _Choice:
    def __init__(self, core: CoreNest, layouts: Layouts):
        self.core = core
        self.nest = core.nest
        self.layouts = layouts
        self.ranges = self.nest.ranges

    def window_lanes(self, window: Window) -> list[int]:
        """The parallel iterators whose points may lie in the lanes of one vector, of a window."""
        load = window.input
        parallel = range(len(self.nest.parallel_extents))
        axes = [
            (axis, atom.position)
            for axis, expr in enumerate(load.map.data.results)
            for atom, coefficient in to_sum(expr, self.ranges).terms.items()
            if isinstance(atom, AffineDimExpr) and atom.position in parallel and coefficient == 1
        ]
        if not axes:
            raise NotOnCore("no parallel iterator runs along a dimension of what it loads")
        rank = len(load.source_shape)
        usual = 1 if rank == 4 else rank - 1
        axes.sort(key=lambda each: (each[0] == usual, self.nest.extents[each[1]]), reverse=True)
        return [*dict.fromkeys(i for _, i in axes)]

    def input_lanes(self, product: Product, output_lane: int) -> list[InputLane]:
        """The input's dimensions whose points may lie in the lanes of one input vector."""
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
            if len(reductions) > 1 or reductions != plain:
                continue
            aligned = self._aligned(total, used - set(reductions) - {output_lane})
            if aligned is None:
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
            rest = total.add(own, -1).add(aligned, -1)
            if rest.range(self.ranges)[0] < 0:
                continue
            lane = InputLane(axis, iterator, rest.expr(), aligned.expr())
            if self._misses_others(product.weight, lane):
                found.append(lane)
        found = [lane for lane in found if not self._overruns(product.input, lane.axis)]
        if not found:
            raise NotOnCore("no dimension of its input is a reduction channel of its own")

        rank = len(product.input.source_shape)

        def preference(lane: InputLane) -> tuple[int, bool]:
            extent = 0 if lane.iterator is None else self.nest.extents[lane.iterator]
            # A single channel is no iterator; its dimension is where channels usually are.
            return extent, lane.axis == (1 if rank == 4 else rank - 1)

        return sorted(found, key=preference, reverse=True)

    def _misses_others(self, weight: LoadOp, lane: InputLane) -> bool:
        """Whether lanes that the iterator does not reach find no weights but zeros outside."""
        if lane.iterator is None:
            return True
        extent = self.nest.extents[lane.iterator]
        zero = lane.rest == AffineConstantExpr(0)
        if zero and extent % self.layouts.block == 0:
            return True
        for expr, size in zip(weight.map.data.results, weight.source_shape, strict=True):
            if lane.iterator not in expr.used_dims():
                continue
            total = to_sum(expr, self.ranges)
            dim = AffineDimExpr(lane.iterator)
            coefficient = total.terms.get(dim, 0)
            low, high = total.add(Sum({dim: coefficient}), -1).range(self.ranges)
            if low + coefficient * extent >= size and (zero or high < coefficient):
                return True
        return False

    def _aligned(self, total: Sum, others: Set[int]) -> Sum | None:
        """The part of an index that other parallel iterators make; None if not in whole blocks."""
        part = Sum(
            {
                atom: coefficient
                for atom, coefficient in total.terms.items()
                if atom.used_dims() & others
            }
        )
        whole = all(
            isinstance(atom, AffineDimExpr)
            and coefficient > 0
            and coefficient % self.layouts.block == 0
            for atom, coefficient in part.terms.items()
        )
        return part if whole else None

    def _overruns(self, load: LoadOp, axis: int) -> bool:
        low, high = to_sum(load.map.data.results[axis], self.ranges).range(self.ranges)
        return low < 0 or high >= load.source_shape[axis]
