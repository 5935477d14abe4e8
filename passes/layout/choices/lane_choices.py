"""Which iterators of a nest become lanes: its legal choices of output and input lanes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from xdsl.ir.affine import AffineDimExpr

from nopt.dialects.affine_nest import ForOp, LanesAttr, LoadOp
from nopt.passes.analysis import access_of
from nopt.passes.core.core_nest import CoreNest, NotOnCore, Product
from nopt.passes.core.product_factors import factors, is_constant
from nopt.passes.fusion.block_parts import writes_blocks
from nopt.passes.layout.choices.input_lanes import InputLane, input_lanes
from nopt.passes.layout.choices.output_lanes import output_lanes


class Along(NamedTuple):
    """The dimension of a tensor that lanes run along, and from which of its blocks on."""

    axis: int
    first: int


@dataclass(frozen=True)
class Lanes:
    """The choice for a nest: `core` says which operand of a product plays weights.

    The iterator `output` becomes lanes, which run along a dimension of the `result`; and of the
    `input`, for a product.
    """

    core: CoreNest
    output: int
    result: Along
    input: InputLane | None

    @property
    def attribute(self) -> LanesAttr:
        """The choice as it is written to the nest."""
        output = iterator_name(self.core.nest, self.output)
        if not isinstance(self.core.start, Product):
            return LanesAttr.of(output)
        axis = None if self.input is None else self.input.axis
        return LanesAttr.of(output, axis, _factor(self.core.start.weight))


def legal_lanes(core: CoreNest, block: int, pinned: LanesAttr | None = None) -> list[Lanes]:
    """The choices that the operands' index maps and a pin allow; usual ones first.

    Raises NotOnCore if there are none.
    """
    found: list[Lanes] = []
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
                found.append(Lanes(oriented, output, result, lane))
    if not found:
        none = "no parallel iterator runs along an output channel of its weights"
        raise reason or NotOnCore("there is no such choice" if outputs else none)
    return found


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
