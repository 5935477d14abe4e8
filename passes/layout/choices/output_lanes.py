"""Output lanes: along what a result's vectors lie, and which factor of a product plays weights."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from xdsl.dialects import arith
from xdsl.ir.affine import AffineDimExpr

from nopt.dialects.affine_math import to_sum
from nopt.dialects.affine_nest import ForOp, LoadOp, ReduceOp
from nopt.dialects.graph import ConstantOp
from nopt.passes.analysis import access_of
from nopt.passes.core.core_nest import CoreNest, NotOnCore, Product, Window


def output_lanes(core: CoreNest) -> list[tuple[CoreNest, int]]:
    """Which operand plays weights, and the output lane; usual ones first, each once.

    Raises NotOnCore for a window along whose source no parallel iterator runs.
    """
    if isinstance(core.start, Window):
        return [(core, i) for i in _window_lanes(core.start)]
    found: dict[tuple[LoadOp, int], tuple[CoreNest, int]] = {}
    for oriented, outputs in _orientations(core, core.start):
        for i in sorted(outputs, key=lambda i: (core.nest.extents[i], i), reverse=True):
            assert isinstance(oriented.start, Product)
            found.setdefault((oriented.start.weight, i), (oriented, i))
    return [*found.values()]


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


def _window_lanes(window: Window) -> list[int]:
    """The parallel iterators whose points may lie in the lanes of one vector, of a window."""
    load = window.input
    nest = load.nest
    parallel = range(len(nest.parallel_extents))
    axes = [
        (axis, atom.position)
        for axis, expr in enumerate(load.map.data.results)
        for atom, coefficient in to_sum(expr, nest.ranges).terms.items()
        if isinstance(atom, AffineDimExpr) and atom.position in parallel and coefficient == 1
    ]
    if not axes:
        raise NotOnCore("no parallel iterator runs along a dimension of what it loads")
    rank = len(load.source_shape)
    usual = 1 if rank == 4 else rank - 1
    axes.sort(key=lambda each: (each[0] == usual, nest.extents[each[1]]), reverse=True)
    return [*dict.fromkeys(i for _, i in axes)]
