"""`affine-nest-infer-layout`: which iterators become lanes, for a whole function at once.

For every nest that the core can run: the parallel iterator along which its result's vectors lie,
for a sum of products the dimension along which its input's do, and which factor plays weights. So
every tensor between nests is in blocks along one dimension. The choice takes the fewest cycles in
all (`layout_costs`): of nests whose lanes are not full, and of tensors re-laid out because their
maker and a reader disagree. `pbqp` finds it: exactly, unless nests are entangled. Where some read
vectors of a tensor and others its blocks as weights, one layout of it can serve all.

Nothing is changed yet: the choice is written to each nest as its `lanes` and to tensors as their
`order`, which a person can pin before, in whole or in part. A nest the core cannot run is marked
`placement = "host"` with the reason; one that must run there, or has lanes pinned that are not
possible, is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from nopt.dialects.affine_nest import ForOp, LanesAttr
from nopt.dialects.affine_nest.attributes import LANES, MUST_RUN_ON
from nopt.dialects.annotations import PLACEMENT
from nopt.hw.config import Config
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import holds_laid_out_nests, place_on_host
from nopt.passes.base.places import about
from nopt.passes.base.remarks import remark
from nopt.passes.core.byte_planes import planes_of, wide_sum
from nopt.passes.core.core_nest import CoreNest, NotOnCore, recognise
from nopt.passes.layout.choices.lane_choices import legal_lanes
from nopt.passes.layout.choices.layout_costs import (
    Option,
    cheapest,
    copied_cycles,
    is_laid_out,
    layout_for,
    least_weights,
    tables_of,
    without_inflated,
)
from nopt.passes.layout.choices.layout_requirements import PLAIN
from nopt.passes.layout.choices.pbqp import least_cost
from nopt.passes.layout.tensor_layouts import check_layouts, write_layout, written_layout


@dataclass(frozen=True)
class AffineNestInferLayoutPass(ModulePass):
    """Choose lanes for all nests of a function together; say what stays on the host and why."""

    name = "affine-nest-infer-layout"
    level = "affine_nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        config = machine_of(op)
        for function in [each for each in op.walk() if isinstance(each, FuncOp)]:
            if holds_laid_out_nests(function):
                continue
            nests = [nest for nest in function.walk() if isinstance(nest, ForOp)]
            options = options_of(nests, config)
            tensors = tensors_of(options)
            check_layouts(function, config.block)
            tables = tables_of(options, tensors, config.vector)
            choice = least_cost([len(each) for each in options.values()], tables)
            chosen = {
                nest: each[i] for (nest, each), i in zip(options.items(), choice, strict=True)
            }
            for nest, option in chosen.items():
                assert option.attribute is not None
                nest.attributes[LANES] = option.attribute
            for tensor in tensors:
                layout = layout_for(tensor, chosen, config.vector)
                if layout is not None and written_layout(tensor) is None:
                    write_layout(tensor, layout)


def options_of(nests: Sequence[ForOp], config: Config) -> dict[ForOp, list[Option]]:
    """The ways to run each of a function's nests on the core, for those that it can run.

    The others are marked as the host's. Raises a DiagnosticException if that must not be.
    """
    options: dict[ForOp, list[Option]] = {}
    for nest in nests:
        if PLACEMENT not in nest.attributes and (found := _options(nest, config)):
            options[nest] = found
    return options


def _options(nest: ForOp, config: Config) -> list[Option]:
    """The ways to run a nest on the core; none if it stays on the host, which it is then told."""
    pinned = nest.attributes.get(LANES)
    pinned = pinned if isinstance(pinned, LanesAttr) else None
    try:
        return _legal(nest, pinned, config)
    except NotOnCore as reason:
        with about(nest):
            if pinned is not None:
                raise NotOnCore(_complaint(nest, pinned, config, reason)) from reason
            if MUST_RUN_ON in nest.attributes:
                message = f"cannot run on the core, where it is placed: {reason}"
                raise NotOnCore(message) from reason
        place_on_host(nest, str(reason))
        return []


def _legal(nest: ForOp, pinned: LanesAttr | None, config: Config) -> list[Option]:
    """The options for a nest, or just its sum if the core can do no more. Raises NotOnCore."""
    try:
        if pinned is not None and pinned.is_sum:
            raise NotOnCore("it has no sum of products that is worth storing byte by byte")
        return _options_for(nest, recognise(nest, config), pinned, config)
    except NotOnCore:
        total = wide_sum(nest, config)
        if total is None or (pinned is not None and not pinned.is_sum):
            raise
        _, planes = planes_of(nest, total)
        try:
            options = _options_for(nest, recognise(planes, config), pinned, config)
        finally:
            planes.erase()
        return [_of_sum(option, nest) for option in options]


def _options_for(
    nest: ForOp, core: CoreNest, pinned: LanesAttr | None, config: Config
) -> list[Option]:
    """The lanes that are legal and pinned; without a pin, those of them that inflate no weights.

    A remark says if others might have spared more than they take. Raises NotOnCore if there are
    none."""
    found = legal_lanes(core, config.vector, pinned)
    options = cheapest(found, config)
    if pinned is not None:
        return options
    kept = without_inflated(options)
    left_out = [option for option in options if option not in kept]
    spared = min(option.cycles for option in kept) + copied_cycles(nest)
    wanted = min(left_out, key=lambda option: option.cycles, default=None)
    if wanted is not None and wanted.cycles < spared:
        remark(
            nest,
            f"has lanes that might spare copies, but would inflate its weights from "
            f"{least_weights(options):,} bytes to {wanted.weights:,}; not tried",
        )
    return kept


def _of_sum(option: Option, nest: ForOp) -> Option:
    """An option for a nest's sum as one for the nest, whose rest the host computes."""
    assert option.attribute is not None
    read = {source for source, _ in option.reads}
    others = dict.fromkeys(load.source for load in nest.loads if load.source not in read)
    attribute = option.attribute.sum_only()
    return Option(
        attribute,
        option.cycles,
        PLAIN,
        (*option.reads, *((source, PLAIN) for source in others)),
        option.weights,
    )


def _complaint(nest: ForOp, pinned: LanesAttr, config: Config, reason: NotOnCore) -> str:
    """Why pinned lanes are not possible, and which are."""
    try:
        options = _legal(nest, None, config)
    except NotOnCore as none:
        return f"has lanes, but cannot run on the core: {none}"
    possible = sorted(option.attribute.text for option in options if option.attribute)
    return f"lanes <{pinned.text}> are not possible: {reason}; expected <{'> or <'.join(possible)}>"


def tensors_of(options: dict[ForOp, list[Option]]) -> list[SSAValue]:
    """The tensors that nests on the core make or read, without constants."""
    tensors: dict[SSAValue, None] = {}
    for nest in options:
        for value in (*(load.source for load in nest.loads), *nest.operands, nest.result):
            if isinstance(value.type, TensorType) and is_laid_out(value):
                tensors[value] = None
    return [*tensors]
