"""What a choice of lanes costs: a nest's own cycles, and the bytes re-laid out around it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import product as combinations
from math import prod

import numpy as np
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineDimExpr

from nopt.dialects.affine_math import expr_range
from nopt.dialects.affine_nest import ForOp, LanesAttr, LoadOp
from nopt.dialects.graph import ConstantOp
from nopt.dialects.shaped import shape_of
from nopt.dialects.tensor_intrinsic import Memory
from nopt.hw.config import Config
from nopt.passes.analysis import access_of
from nopt.passes.core.core_nest import Product
from nopt.passes.core.product_factors import is_constant
from nopt.passes.core.vectors import lane_parts, memory_of
from nopt.passes.layout.choices.input_blocks import input_blocks
from nopt.passes.layout.choices.lane_choices import Lanes, load_along
from nopt.passes.layout.choices.layout_requirements import (
    CYCLES_A_BYTE,
    PLAIN,
    AsRead,
    Blocked,
    Form,
    Weights,
    cheapest_layout,
    tensor_cycles,
)
from nopt.passes.layout.choices.output_lanes import reads_once
from nopt.passes.layout.choices.pbqp import LARGEST, Table
from nopt.passes.layout.tensor_layouts import Layout

STEPS_A_VECTOR = 4
"""Steps of an epilogue: bias, shift and two limits."""


UNUSUAL = 1 << 40
"""More than any network's cycles."""

MOST_WEIGHTS = 1 << 20
"""Bytes of a nest's constant weights that no choice is refused for."""

MOST_TIMES = 8
"""What is above that may be so many times what the choice with the fewest takes: weights that slide
along the lanes are bands of mostly zeros."""


_Kind = tuple[Form | None, tuple[Form, ...]]
"""How an option makes, or reads, one tensor."""


@dataclass(frozen=True)
class Option:
    """One way to run a nest: the attribute for it, what it costs alone, the forms of tensors."""

    attribute: LanesAttr | None
    cycles: int
    result: Form
    reads: tuple[tuple[SSAValue, Form], ...]
    weights: int = 0
    """Bytes of its constant weights."""


def _option_of(lanes: Lanes, config: Config) -> Option:
    """What running a nest in these lanes asks of its tensors; not yet the attribute."""
    nest, block = lanes.core.nest, config.block
    start = lanes.core.start
    inputs = input_blocks(lanes, block)[1] if lanes.input is not None else 0
    vectors = [*_loads_of_vectors(lanes, block)]
    reads: list[tuple[SSAValue, Form]] = [
        (load.source, _vectors(lanes, load, axis, inputs, config)) for load, axis in vectors
    ]
    weights = 0
    if isinstance(start, Product) and is_constant(start.weight):
        weights = _matrices(lanes, start.weight, block, inputs) * block * block
    elif isinstance(start, Product):
        weighed = _weights(lanes, start.weight, block, inputs)
        # Parts of blocks of inputs are not stored by anybody.
        stored = weighed if config.inp_parts == 1 else Weights(weighed.bytes, None)
        reads.append((start.weight.source, stored))
    if nest.destination is not None:
        reads.append((nest.destination, replace(_made(lanes, config), divisible=frozenset())))
    return Option(
        None,
        _cycles(lanes, inputs, config) + _unusual(load for load, _ in vectors),
        _made(lanes, config),
        tuple(dict.fromkeys(reads)),
        weights,
    )


def _loads_of_vectors(lanes: Lanes, block: int) -> Iterator[tuple[LoadOp, int]]:
    """The loads of vectors, not of constants, and the dimension that the lanes run along."""
    start = lanes.core.start
    loads = [step.operand for step in lanes.core.steps]
    if lanes.input is None:
        loads.insert(0, start.input)
    elif not is_constant(start.input):
        yield start.input, lanes.input.axis
    for load in loads:
        if isinstance(load, LoadOp) and not is_constant(load):
            yield load, load_along(load, lanes.output, block).axis


def _unusual(loads: Iterable[LoadOp]) -> int:
    """What keeps a choice for want of others: the core's loads pad just the last two dimensions.

    Blocks of lanes are counted where the dimension stands that the lanes run along.
    """
    for load in loads:
        read = [*zip(load.map.data.results, load.source_shape, strict=True)]
        for expr, size in read[:-2]:
            low, high = expr_range(expr, load.nest.ranges)
            if low < 0 or high >= size:
                return UNUSUAL
    return 0


def _made(lanes: Lanes, config: Config) -> Blocked:
    """How a nest makes its result; in any order of vectors if it is a tensor of its own."""
    nest, axis, block = lanes.core.nest, lanes.result.axis, lanes.vector[-1]
    whole = (i for i, extent in enumerate(nest.parallel_extents) if extent % block == 0)
    divisible = frozenset(whole) - {axis} if nest.into is None else frozenset[int]()
    return Blocked(axis, divisible, lanes.result_rows, lane_parts(Memory.ACC, config))


def _vectors(lanes: Lanes, load: LoadOp, axis: int, inputs: int, config: Config) -> Form:
    """How a tensor is read in vectors along a dimension, `inputs` of a product for each output."""
    block = lanes.vector[-1]
    if lanes.is_as_read(load):
        assert lanes.batch is not None and lanes.input is not None
        used = load.map.data.used_dims() - {lanes.input.iterator, lanes.batch.iterator}
        extent = load.nest.extents[lanes.batch.iterator]
        others = prod(load.nest.extents[i] for i in used)
        return AsRead(others * inputs * block * -(-extent // lanes.rows) * lanes.rows)
    rows = along.axis if (along := lanes.rows_along(load)) is not None else None
    parts = lane_parts(memory_of(load), config)
    if load.reads_outside():
        return Blocked(axis, rows=rows, parts=parts)
    in_lanes = {lanes.output, lanes.input and lanes.input.iterator}
    dims = range(len(load.source_shape))
    divisible = {i for i in dims if i != axis and _divides(load, i, in_lanes, block)}
    return Blocked(axis, frozenset(divisible), rows, parts)


def _divides(load: LoadOp, dim: int, in_lanes: Set[int | None], block: int) -> bool:
    """Whether blocks of a dimension are blocks of an iterator that indexes it."""
    total = access_of(load).sums[dim]
    rest = [atom for atom, factor in total.terms.items() if factor % block]
    if load.source_shape[dim] % block or not all(isinstance(a, AffineDimExpr) for a in total.terms):
        return False
    if not rest:
        return True
    iterators = [atom.position for atom in rest if isinstance(atom, AffineDimExpr)]
    alone = len(rest) == 1 and total.terms[rest[0]] == 1 and total.constant % block == 0
    return alone and not {*iterators} & in_lanes and load.nest.extents[iterators[0]] % block == 0


def _weights(lanes: Lanes, load: LoadOp, block: int, inputs: int) -> Weights:
    """How a tensor is read as weights."""
    lane = lanes.input
    assert lane is not None
    along = rows = None
    if lane.iterator is not None and reads_once(load):
        axes = access_of(load).axes_of(lane.iterator)
        along = axes[0] if len(axes) == 1 else None
    if along is not None and _divides(load, along, {None}, block):
        axes = access_of(load).axes_of(lanes.output)
        if len(axes) == 1 and axes[0] != along and not load.reads_outside():
            rows = axes[0] if _divides(load, axes[0], {None}, block) else None
    return Weights(_matrices(lanes, load, block, inputs) * block * block, along, rows)


def _matrices(lanes: Lanes, load: LoadOp, block: int, inputs: int) -> int:
    """How many blocks of weights a nest reads, `inputs` for each block of outputs."""
    assert lanes.input is not None
    nest = lanes.core.nest
    used = load.map.data.used_dims() - {lanes.output, lanes.input.iterator}
    others = prod(nest.extents[i] for i in used)
    return others * -(-nest.extents[lanes.output] // block) * inputs


def _cycles(lanes: Lanes, inputs: int, config: Config) -> int:
    """The core's cycles at best: one for each step, or what its memory port needs."""
    nest, start, block = lanes.core.nest, lanes.core.start, config.block
    extent = nest.extents[lanes.output]
    vectors = prod(nest.parallel_extents) // extent * -(-extent // block)
    if lanes.batch is not None:
        points = nest.extents[lanes.batch.iterator]
        vectors = vectors // points * -(-points // lanes.rows)
    turns = prod(nest.reduction_extents)
    bytes = vectors * block * lanes.rows
    if isinstance(start, Product):
        assert lanes.input is not None
        iterator = lanes.input.iterator
        turns = turns // (1 if iterator is None else nest.extents[iterator]) * inputs
        bytes += _matrices(lanes, start.weight, block, inputs) * block * block
    return max(vectors * (turns + STEPS_A_VECTOR), bytes // config.bytes_per_cycle)


def tables_of(
    options: Mapping[ForOp, Sequence[Option]], tensors: Sequence[SSAValue], vector: tuple[int, ...]
) -> list[Table]:
    """The costs of each nest, and of each tensor for those who make and read it."""
    numbers = {nest: i for i, nest in enumerate(options)}
    tables = [
        Table((numbers[nest],), np.array([option.cycles for option in each], np.int64))
        for nest, each in options.items()
    ]
    for tensor in tensors:
        tables += _tensor_tables(tensor, options, numbers, vector)
    return tables


def _tensor_tables(
    tensor: SSAValue,
    options: Mapping[ForOp, Sequence[Option]],
    numbers: Mapping[ForOp, int],
    vector: tuple[int, ...],
) -> list[Table]:
    """One table for all who make and read a tensor, or with very many one for each reader.

    What two readers then both pack is counted twice.
    """
    maker, readers, elsewhere = _involved(tensor, options)
    made = [] if maker is None else [maker]
    involved = {*readers, *made}
    nests = sorted(involved, key=numbers.__getitem__)
    table = _TensorTable(tensor, options, numbers, vector, elsewhere)
    if prod(len(options[nest]) for nest in nests) <= LARGEST:
        return [table.of(nests)]
    return [table.of([*made, reader]) for reader in readers if reader not in made]


def _involved(
    tensor: SSAValue, nests: Collection[ForOp]
) -> tuple[ForOp | None, list[ForOp], list[Form]]:
    """Of some nests the one that makes a tensor, those that read it; how others do."""
    readers: dict[ForOp, None] = {}
    elsewhere: list[Form] = []
    for use in tensor.uses:
        user = use.operation
        nest = user.nest if isinstance(user, LoadOp) else user
        if isinstance(nest, ForOp) and nest in nests:
            readers[nest] = None
        else:
            elsewhere = [PLAIN]
    maker = tensor.owner
    return maker if isinstance(maker, ForOp) and maker in nests else None, [*readers], elsewhere


def layout_for(
    tensor: SSAValue, chosen: Mapping[ForOp, Option], vector: tuple[int, ...]
) -> Layout | None:
    """The layout that spares copies of a tensor, given how each nest runs."""
    maker, readers, elsewhere = _involved(tensor, chosen)
    made = PLAIN if maker is None else chosen[maker].result
    options = [chosen[reader] for reader in readers]
    reads = [form for option in options for source, form in option.reads if source is tensor]
    return cheapest_layout(tensor, made, [*reads, *elsewhere], vector)


@dataclass(frozen=True)
class _TensorTable:
    """What a tensor costs those who make and read it."""

    tensor: SSAValue
    options: Mapping[ForOp, Sequence[Option]]
    numbers: Mapping[ForOp, int]
    vector: tuple[int, ...]
    elsewhere: Sequence[Form]

    def of(self, nests: Sequence[ForOp]) -> Table:
        """The table over those of some that have a choice, in the order of their numbers."""
        given = [nest for nest in nests if len(self.options[nest]) == 1]
        known = [self._kind(self.options[nest][0], nest) for nest in given]
        nests = [nest for nest in nests if len(self.options[nest]) > 1]
        # Options that treat the tensor alike cost alike: each kind is costed once.
        kinds: list[list[_Kind]] = []
        indices: list[list[int]] = []
        for nest in nests:
            seen: dict[_Kind, int] = {}
            each = (self._kind(option, nest) for option in self.options[nest])
            indices.append([seen.setdefault(kind, len(seen)) for kind in each])
            kinds.append([*seen])
        costs = np.zeros([len(each) for each in kinds], np.int64)
        for place, combination in zip(np.ndindex(*costs.shape), combinations(*kinds), strict=True):
            involved = (*known, *combination)
            made: Form = next((form for form, _ in involved if form is not None), PLAIN)
            reads = [form for _, forms in involved for form in forms]
            costs[place] = tensor_cycles(self.tensor, made, [*reads, *self.elsewhere], self.vector)
        variables = tuple(self.numbers[nest] for nest in nests)
        return Table(variables, costs[np.ix_(*indices)])

    def _kind(self, option: Option, nest: ForOp) -> _Kind:
        forms = tuple(form for source, form in option.reads if source is self.tensor)
        return option.result if nest is self.tensor.owner else None, forms


def cheapest(found: Iterable[Lanes], config: Config) -> list[Option]:
    """Of lanes that treat all tensors alike, the cheapest; in their order."""
    best: dict[tuple[Form, tuple[tuple[SSAValue, Form], ...]], tuple[Option, Lanes]] = {}
    for lanes in found:
        option = _option_of(lanes, config)
        kind = (option.result, option.reads)
        if kind not in best or option.cycles < best[kind][0].cycles:
            best[kind] = option, lanes
    return [replace(option, attribute=lanes.attribute) for option, lanes in best.values()]


def least_weights(options: Sequence[Option]) -> int:
    """The fewest bytes that an option takes for constant weights, of those that have some."""
    return min((option.weights for option in options if option.weights), default=0)


def without_inflated(options: Sequence[Option]) -> list[Option]:
    """Options but those whose constant weights take far more memory than another one's."""
    least = least_weights(options)
    most = max(MOST_WEIGHTS, MOST_TIMES * least)
    return [option for option in options if option.weights <= most]


def copied_cycles(nest: ForOp) -> int:
    """What it costs at most to re-lay all that a nest reads, and what it makes."""
    tensors = {load.source for load in nest.loads if is_laid_out(load.source)} | {nest.result}
    return CYCLES_A_BYTE * sum(prod(shape_of(tensor)) for tensor in tensors)


def is_laid_out(tensor: SSAValue) -> bool:
    """Whether re-laying a tensor costs anything at run time."""
    return not isinstance(tensor.owner, ConstantOp)
