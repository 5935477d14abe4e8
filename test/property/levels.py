"""From `graph` to the bits that the core runs, in any lanes, under any schedules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np
from checks import apply, assert_equal, run
from drafts import Network
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.attributes import LANES
from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.hw.config import Config
from nopt.hw.isa.encoding import decode
from nopt.hw.program.program_file import Program
from nopt.passes.base.machine import attach
from nopt.passes.core.core_nest import NotOnCore
from nopt.passes.isa.program.assemble import assemble
from nopt.passes.kernel.last_tile import last_tile
from nopt.passes.kernel.legality import SCHEDULE, NoScheduleError, check_schedule
from nopt.passes.kernel.tiling import Tiling, tiling_of
from nopt.passes.layout.affine_nest_infer_layout import options_of
from nopt.passes.layout.choices.layout_costs import Option
from nopt.passes.pipelines import PIPELINES
from nopt.passes.schedule.affine_nest_fuse_windows import AffineNestFuseWindowsPass
from nopt.tools.runtime import Runtime

_PASSES = PIPELINES["vta"].passes
_CONVERT, _LAYOUT, _SCHEDULE = (
    _PASSES.index(name)
    for name in ("convert-graph-to-affine-nest", "affine-nest-infer-layout", "affine-nest-schedule")
)
TO_NESTS = _PASSES[_CONVERT:_LAYOUT]
LAYOUT = _PASSES[_LAYOUT:_SCHEDULE]
"""The choice of lanes first, then what applies it, then what can be done with blocks."""
TO_CORE = LAYOUT[: LAYOUT.index("affine-nest-propagate-packs") + 1]
"""The same, up to nests as the core runs them."""
*TO_KERNELS, TO_ISA = _PASSES[_SCHEDULE:]
STAGES = (TO_NESTS[:1], TO_NESTS, (*TO_NESTS, *TO_CORE))
"""To nests as they are converted, fused, and as the core runs them."""
LOWER = "convert-affine-nest-to-affine"
CLEAN = [name for name in PIPELINES["graph-clean"].passes if name.startswith("graph-")]

RTL = Config.load("rtl")
TINY = Config(
    name="tiny",
    log_uop_buff_size=10,
    log_inp_buff_size=12,
    log_wgt_buff_size=14,
    log_acc_buff_size=14,
    alu_multiply=True,
)
"""So little memory that layers of this size have many tiles: 256 vectors, 64 matrices."""
NARROW = Config(
    name="narrow",
    log_block_in=3,
    log_block_out=3,
    log_inp_buff_size=13,
    log_wgt_buff_size=15,
    log_acc_buff_size=15,
)
"""Blocks of 8."""
FEW = replace(TINY, name="few", log_uop_buff_size=5)
"""Eight micro-ops: fewer than a window of 3 by 3 has points."""
LEAST = Config(
    name="least",
    log_block_in=1,
    log_block_out=1,
    log_uop_buff_size=4,
    log_inp_buff_size=7,
    log_wgt_buff_size=8,
    log_acc_buff_size=9,
)
"""Blocks of 2, four micro-ops, 64 vectors and matrices."""

CORES = {config.name: config for config in (RTL, TINY, NARROW, FEW, LEAST)}

MOST_TILES = 400
"""Tiles of a random schedule: the interpreters run them one after the other."""


def check_levels(
    network: Network,
    config: Config,
    seed: int | None = None,
    always: bool = False,
    pin: Callable[[ModuleOp, Config], None] | None = None,
) -> None:
    """Lower to bits; with a seed, in random lanes and under random schedules; `pin` states others.

    Windows are fused with what they read where that is estimated to pay, or `always`."""
    module = network.module
    attach(module, config)
    wanted = run(network)
    rng = None if seed is None else np.random.default_rng(seed)
    apply(module, *TO_NESTS)
    if rng is not None:
        pin_lanes(module, config, rng)
    apply(module, *LAYOUT)
    if always:
        AffineNestFuseWindowsPass(always=True).apply(Context(), module)
        module.verify()
    assert_equal(run(network), wanted, "affine_nest")
    if rng is not None:
        pin_schedules(module, config, rng)
    if pin is not None:
        pin(module, config)
    apply(module, *TO_KERNELS)
    assert_equal(run(network), wanted, "tensor_intrinsic")
    apply(module, TO_ISA)
    program = assemble(module, Context()).program
    check_tokens(program)
    assert_equal(Runtime(program).run(network.inputs).outputs, wanted, "on the core")


def legal_lanes(module: ModuleOp, config: Config) -> dict[ForOp, list[Option]]:
    """What each nest may choose from."""
    return options_of([nest for nest in module.walk() if isinstance(nest, ForOp)], config)


def pin_lanes(module: ModuleOp, config: Config, rng: np.random.Generator) -> None:
    """Any of the legal lanes for some of the nests."""
    for nest, options in legal_lanes(module, config).items():
        attribute = options[rng.integers(len(options))].attribute
        if attribute is not None and rng.random() < 0.5:
            nest.attributes[LANES] = attribute


def pin_schedules(module: ModuleOp, config: Config, rng: np.random.Generator) -> None:
    """A legal schedule for each nest on the core, if some attempt is one."""
    for nest in module.walk():
        if not isinstance(nest, ForOp) or nest.attributes.get(PLACEMENT) != StringAttr("core"):
            continue
        try:
            tiling = tiling_of(nest, config)
        except NotOnCore:
            continue  # the host's, as affine-nest-schedule will find, too
        schedule = random_schedule(tiling, config, rng)
        if schedule is not None:
            nest.attributes[SCHEDULE] = schedule


def random_schedule(
    tiling: Tiling, config: Config, rng: np.random.Generator
) -> ScheduleAttr | None:
    """A legal schedule such as a person may pin; None if no attempt was one."""
    extents = np.array(tiling.extents, np.int64)
    for _ in range(40):
        # A whole dimension, a single point or anything between, evenly divided or not.
        choice = rng.integers(0, 4, len(extents))
        between = rng.integers(1, extents, endpoint=True)
        tiles = np.select([choice == 0, choice == 1], [extents, 1], between)
        order = rng.permutation(tiling.parallel)
        schedule = ScheduleAttr.of(
            [int(tile) for tile in tiles],
            [int(loop) for loop in order],
            [int(slots) for slots in rng.integers(1, 3, 3, endpoint=True)],
            [int(scope) for scope in rng.integers(0, len(extents), 2, endpoint=True)],
            int(rng.choice(_strip_counts(tiling, tiles))),
        )
        try:
            check_schedule(tiling, schedule, config)
        except NoScheduleError:
            continue
        if prod(int(trips) for trips in -(-extents // tiles)) <= MOST_TILES:
            return schedule
    return None


def _strip_counts(tiling: Tiling, tiles: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    """In how many strips the last tile can end."""
    length = int(last_tile(tiling, tiles[None]).length[0])
    most = min(length, 4) if tiling.goes_in_strips else 1
    return [count for count in range(1, most + 1) if length % count == 0]


def check_tokens(program: Program) -> None:
    """What a module pushes, its neighbour pops."""
    records = decode(program.instructions, program.config)
    for push, pop in (("push_next", "pop_prev"), ("push_prev", "pop_next")):
        assert records[push].sum() == records[pop].sum()
