"""Which iterators of a nest become lanes: its legal choices of output, batch and input lanes."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple

from xdsl.ir.affine import AffineDimExpr

from nopt.dialects.affine_nest import ForOp, LanesAttr, LoadOp
from nopt.dialects.affine_nest.lanes import NO_BATCH
from nopt.passes.analysis import access_of
from nopt.passes.core.core_nest import CoreNest, NotOnCore, Product
from nopt.passes.core.product_factors import factors, is_constant
from nopt.passes.fusion.block_parts import writes_blocks
from nopt.passes.layout.choices.input_lanes import InputLane, input_lanes
from nopt.passes.layout.choices.output_lanes import output_lanes, reads_once


class Along(NamedTuple):
    """The dimension of a tensor that lanes run along, and from which of its blocks on."""

    axis: int
    first: int


@dataclass(frozen=True)
class BatchLane:
    """An iterator whose points share the weights of a step; along what it runs in the result.

    The input of a product may need vectors of its own, `as_read`: where the iterator does not move
    it by whole vectors.
    """

    iterator: int
    result: Along
    as_read: bool


@dataclass(frozen=True)
class Lanes:
    """The choice for a nest: `core` says which operand of a product plays weights.

    The iterator `output` becomes lanes, which run along a dimension of the `result`; and of the
    `input`, for a product. If vectors have several rows, that of `batch` becomes these.
    """

    core: CoreNest
    output: int
    result: Along
    input: InputLane | None
    vector: tuple[int, ...]
    batch: BatchLane | None = None

    @property
    def rows(self) -> int:
        """Lanes of the batch."""
        return prod(self.vector[:-1])

    @property
    def result_rows(self) -> int | None:
        """The dimension of the result that rows run along."""
        return None if self.batch is None else self.batch.result.axis

    def rows_along(self, load: LoadOp) -> Along | None:
        """Where in a loaded tensor rows run; None if its vectors are alike in all rows."""
        return None if self.batch is None else load_along(load, self.batch.iterator, self.rows)

    def is_as_read(self, load: LoadOp) -> bool:
        """Whether a load reads vectors that are packed for it alone."""
        batch, start = self.batch, self.core.start
        return batch is not None and batch.as_read and load is start.input

    @property
    def attribute(self) -> LanesAttr:
        """The choice as it is written to the nest."""
        output = iterator_name(self.core.nest, self.output)
        batch = None if self.rows == 1 else _name_of_batch(self.core.nest, self.batch)
        if not isinstance(self.core.start, Product):
            return LanesAttr.of(output, batch=batch)
        axis = None if self.input is None else self.input.axis
        return LanesAttr.of(output, axis, _factor(self.core.start.weight), batch)


def legal_lanes(
    core: CoreNest, vector: tuple[int, ...], pinned: LanesAttr | None = None
) -> list[Lanes]:
    """The choices that the operands' index maps and a pin allow; usual ones first.

    Raises NotOnCore if there are none.
    """
    found: list[Lanes] = []
    block = vector[-1]
    reason: NotOnCore | None = None
    pinned = LanesAttr.of() if pinned is None else pinned
    outputs = output_lanes(core)
    for oriented, output in outputs:
        if not pinned.allows("output", iterator_name(core.nest, output)):
            continue
        start = oriented.start
        if isinstance(start, Product) and not pinned.allows("weights", _factor(start.weight)):
            continue
        try:
            inputs: list[InputLane | None] = [None]
            if isinstance(start, Product):
                inputs = [*input_lanes(start, output, block)]
            result = _result_along(core.nest, output, block)
            _check_loads(oriented, output, block)
        except NotOnCore as error:
            reason = reason or error
            continue
        for lane in inputs:
            if lane is None or pinned.allows("input", str(lane.axis)):
                lanes = Lanes(oriented, output, result, lane, vector)
                found += [
                    replace(lanes, batch=batch)
                    for batch in batch_lanes(lanes)
                    if lanes.rows == 1 or pinned.allows("batch", _name_of_batch(core.nest, batch))
                ]
    if not found:
        none = "no parallel iterator runs along an output channel of its weights"
        raise reason or NotOnCore("there is no such choice" if outputs else none)
    return found


def batch_lanes(lanes: Lanes) -> Iterator[BatchLane | None]:
    """The iterators that may run through the rows of vectors; last none, all but one row idle."""
    core, rows = lanes.core, lanes.rows
    nest = core.nest
    for iterator in range(int(core.planes > 1), len(nest.parallel_extents) if rows > 1 else 0):
        if iterator == lanes.output or nest.parallel_extents[iterator] == 1:
            continue
        start = core.start
        if isinstance(start, Product) and iterator in start.weight.map.data.used_dims():
            continue
        if lanes.input is not None and iterator in _indexing(start.input, lanes.input.axis):
            continue
        try:
            result = _result_along(nest, iterator, rows)
            for step in core.steps:
                if isinstance(step.operand, LoadOp) and not is_constant(step.operand):
                    load_along(step.operand, iterator, rows)
        except NotOnCore:
            continue
        try:
            load_along(start.input, iterator, rows)
            as_read = False
        except NotOnCore:
            as_read = True
        own = isinstance(start, Product) and reads_once(start.input)
        if not as_read or (own and not start.input.reads_outside()):
            yield BatchLane(iterator, result, as_read)
    yield None


def _indexing(load: LoadOp, axis: int) -> Set[int]:
    """The iterators in one index of a load."""
    return load.map.data.results[axis].used_dims()


def _name_of_batch(nest: ForOp, batch: BatchLane | None) -> str:
    return NO_BATCH if batch is None else iterator_name(nest, batch.iterator)


def iterator_name(nest: ForOp, iterator: int) -> str:
    """The name of a nest's iterator; its position if it has none or shares it."""
    names = [argument.name_hint for argument in nest.iterators]
    name = names[iterator]
    return str(iterator) if name is None or names.count(name) > 1 else name


def _factor(load: LoadOp) -> str:
    """Whether what is loaded is the first or the second factor of the product that is summed."""
    found = factors(load.nest)
    assert found is not None
    return "first" if found[0] is load else "second"


def load_along(load: LoadOp, output_lane: int, block: int) -> Along:
    """Where in a loaded tensor the output lane runs.

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
    return Along(axis, first // block)


def _result_along(nest: ForOp, output_lane: int, block: int) -> Along:
    """Where in the result the output lane runs.

    Raises NotOnCore if that is not in whole blocks, or what is written is no box of the result.
    """
    if nest.into is None:
        return Along(output_lane, 0)
    written = access_of(nest)
    if written.shift is None:
        raise NotOnCore("what it writes into a tensor is no box in the order of its iterators")
    axis, first = output_lane, written.shift[output_lane]
    if not writes_blocks(nest, axis, block):
        raise NotOnCore(f"it writes a part of the channels of a tensor, not in blocks of {block}")
    return Along(axis, first // block)


def _check_forwards(load: LoadOp) -> None:
    """Raises NotOnCore for a load whose window runs against an iterator."""
    for total in access_of(load).sums:
        terms = total.terms.items()
        if any(factor < 0 and isinstance(atom, AffineDimExpr) for atom, factor in terms):
            raise NotOnCore("an index runs backwards")


def _check_loads(core: CoreNest, output_lane: int, block: int) -> None:
    """Raises NotOnCore for a load that no layout serves."""
    if not isinstance(core.start, Product):
        load_along(core.start.input, output_lane, block)
    elif core.start.weight.pad_value:
        # Weights are zero between lanes that do not meet; so must be what lies outside.
        raise NotOnCore(f"it pads its weights with {core.start.weight.pad_value}, not 0")
    for step in core.steps:
        if isinstance(step.operand, LoadOp) and not is_constant(step.operand):
            load_along(step.operand, output_lane, block)
    for load in (core.start.input, *(step.operand for step in core.steps)):
        if isinstance(load, LoadOp) and not is_constant(load):
            _check_forwards(load)
