"""Output lanes: along what a result's vectors lie, and which factor of a product plays weights."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from xdsl.ir.affine import AffineDimExpr

from nopt.dialects.affine_math import to_sum
from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.passes.core.core_nest import CoreNest, NotOnCore, Product, Window
from nopt.passes.core.product_factors import (
    factors,
    is_constant,
    output_channels,
    parallel_dims,
    shared_channels,
)


def output_lanes(core: CoreNest) -> list[tuple[CoreNest, int]]:
    """Which operand plays weights, and the output lane; usual ones first, each once.

    Raises NotOnCore for a window along whose source no parallel iterator runs.
    """
    if isinstance(core.start, Window):
        return [(core, i) for i in _window_lanes(core.nest, core.start)]
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
    usual, other = _outputs(product), _outputs(swapped)
    as_read = other
    if not reads_once(swapped.weight):
        other = []
    wanted = _summed_axes(nest)
    # A single output channel is no iterator of any map: any of those of one point may be it.
    units = [i for i, extent in enumerate(nest.parallel_extents) if extent == 1]
    orders = [
        (product, [i for i in usual if i in wanted]),
        (swapped, [i for i in other if i in wanted]),
        (product, usual),
        (swapped, other),
        (product, units),
    ]
    unusual = [
        (product, _sliding_lanes(product)),
        (swapped, _sliding_lanes(swapped)),
        (product, shared_channels(product.input, product.weight)),
        (swapped, as_read),
    ]
    # The core's loads pad with zeros.
    orders += [(start, lanes) for start, lanes in unusual if not start.input.pad_value]
    return [(replace(core, start=start), lanes) for start, lanes in orders]


def _outputs(product: Product) -> list[int]:
    return output_channels(product.input, product.weight)


def _sliding_lanes(product: Product) -> list[int]:
    """Parallel iterators of the input only: a window slides along them, by a matrix of bands."""
    in_weight = product.weight.map.data.used_dims()
    return [i for i in parallel_dims(product.input) if i not in in_weight]


def reads_once(load: LoadOp) -> bool:
    """Whether a load's elements are hardly more than its tensor has: no windows overlap."""
    extents = [load.nest.extents[i] for i in load.map.data.used_dims()]
    return prod(extents) <= prod(load.source_shape)


def _summed_axes(nest: ForOp) -> set[int]:
    """Dimensions of a nest's result that all products that read it sum over, and do not keep."""
    axes = set(range(len(nest.parallel_extents)))
    for use in nest.result.uses:
        load = use.operation
        if isinstance(load, LoadOp) and load in (factors(load.nest) or ()):
            first = len(load.nest.parallel_extents)
            axes &= {
                axis
                for axis, expr in enumerate(load.map.data.results)
                if expr.used_dims() and min(expr.used_dims()) >= first
            }
    return axes


def _window_lanes(nest: ForOp, window: Window) -> list[int]:
    """The parallel iterators whose points may lie in the lanes of one vector, of a window."""
    parallel = range(len(nest.parallel_extents))
    lanes = [
        atom.position
        for expr in window.input.map.data.results
        for atom, coefficient in to_sum(expr, nest.ranges).terms.items()
        if isinstance(atom, AffineDimExpr) and atom.position in parallel and coefficient == 1
    ]
    if not lanes:
        raise NotOnCore("no parallel iterator runs along a dimension of what it loads")
    wanted = _summed_axes(nest)
    # Of the longest the last: in plain order, vectors along the last dimension lie in one piece.
    return sorted({*lanes}, key=lambda i: (i in wanted, nest.extents[i], i), reverse=True)
