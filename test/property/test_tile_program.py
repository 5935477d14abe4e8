"""A tile program has three readers: what it costs is what the kernel that is printed takes."""

from unittest.mock import patch

import numpy as np
from checks import apply
from core_networks import core_networks
from drafts import Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import CORES, LAYOUT, TO_ISA, TO_KERNELS, TO_NESTS, pin_schedules
from xdsl.context import Context

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.hw import cost
from nopt.hw.config import Config
from nopt.hw.isa.encoding import Opcode, decode
from nopt.hw.timing.program_timing import busy_cycles
from nopt.passes.base.machine import attach
from nopt.passes.base.placement import is_on_core
from nopt.passes.isa.program.assemble import assemble
from nopt.passes.kernel.candidates import Candidates
from nopt.passes.kernel.legality import SCHEDULE, NoScheduleError
from nopt.passes.kernel.tile_cost import tile_cost
from nopt.passes.kernel.tiling import tiling_of
from nopt.passes.schedule.costed_tiles import CostedTiles
from nopt.passes.schedule.estimate import estimate_schedule, least
from nopt.passes.schedule.schedule_search import Search, search


def expected_steps(nest: ForOp, config: Config) -> tuple[float, bool]:
    """Cycles of a kernel's GEMM and ALU steps by its tile program; whether all windows are whole.

    The cost of a window that the last tile has less of counts as that of a whole one.
    """
    schedule = nest.attributes[SCHEDULE]
    assert isinstance(schedule, ScheduleAttr)
    tiling = tiling_of(nest, config)
    candidates = Candidates.of(tiling, schedule)
    tile = tile_cost(candidates, config)
    turns, chunks = candidates.trips[0, : tiling.parallel].prod(), candidates.chunks[0]
    cycles = turns * (chunks * tile.chunk.cycles[0] + tile.rest.cycles[0])
    instructions = turns * (chunks * tile.chunk.instructions[0] + tile.rest.instructions[0])
    whole = np.array(tiling.extents) % np.array(schedule.tiles) == 0
    start = cost.PIPELINE_CYCLES + cost.ISSUE_CYCLES
    return float(cycles - instructions * start), bool(whole.all())


@examples(200)
@given(core_networks(), st.sampled_from([*CORES]), st.none() | st.integers(0, 2**32 - 1))
def test_cost_reads_what_is_printed(network: Network, core: str, seed: int | None):
    config = CORES[core]
    attach(network.module, config)
    apply(network.module, *TO_NESTS, *LAYOUT)
    if seed is not None:
        pin_schedules(network.module, config, np.random.default_rng(seed))
    apply(network.module, "affine-nest-schedule")
    nests = [op for op in network.module.walk() if isinstance(op, ForOp) and is_on_core(op)]
    expected = [expected_steps(nest, config) for nest in nests]
    apply(network.module, *TO_KERNELS[1:], TO_ISA)
    program = assemble(network.module, Context()).program
    records = decode(program.instructions, config)
    compute = np.isin(records["opcode"], [Opcode.GEMM, Opcode.ALU])
    steps = int((busy_cycles(records, config) - cost.PIPELINE_CYCLES)[compute].sum())
    total = sum(cycles for cycles, _ in expected)
    if all(whole for _, whole in expected):
        assert round(total, 3) == steps
    else:
        assert total >= steps - 1e-3


@examples(200)
@given(core_networks(), st.sampled_from([*CORES]), st.integers(0, 2**32 - 1))
def test_no_schedule_is_estimated_below_the_least(network: Network, core: str, seed: int):
    """The search drops tiles by what they take at least: no order nor scope may take less."""
    config = CORES[core]
    attach(network.module, config)
    apply(network.module, *TO_NESTS, *LAYOUT)
    pin_schedules(network.module, config, np.random.default_rng(seed))
    for nest in [op for op in network.module.walk() if isinstance(op, ForOp)]:
        schedule = nest.attributes.get(SCHEDULE)
        if isinstance(schedule, ScheduleAttr):
            tiling = tiling_of(nest, config)
            estimated = estimate_schedule(tiling, schedule, config)
            candidates = Candidates.of(tiling, schedule)
            bound = least(CostedTiles.of(candidates, config), config)
            for cost in ("steady", "start", "end", "bytes", "weights", "instructions"):
                assert getattr(bound, cost)[0] <= getattr(estimated, cost)[0] * (1 + 1e-9)


@examples(200)
@given(core_networks(), st.sampled_from([*CORES]))
def test_what_the_search_drops_is_not_the_best(network: Network, core: str):
    """It finds the schedule that it finds if it tries all tiles in all orders."""
    config = CORES[core]
    attach(network.module, config)
    apply(network.module, *TO_NESTS, *LAYOUT)
    for nest in [op for op in network.module.walk() if isinstance(op, ForOp) and is_on_core(op)]:
        tiling = tiling_of(nest, config)
        try:
            found = search(tiling, config)
        except NoScheduleError:
            continue
        with patch.object(Search, "_drop", lambda *_: None):
            assert search(tiling, config) == found
