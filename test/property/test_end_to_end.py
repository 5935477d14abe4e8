"""From `graph` to the bits that the core runs: every level computes the same, bit for bit."""

import numpy as np
from core_networks import CoreNetwork, core_networks, random_schedule
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.interpreters.run import run_function
from nopt.hw.config import Config
from nopt.hw.encoding import decode
from nopt.hw.program import Program
from nopt.passes import get_all_passes
from nopt.passes.affine.core_nest import PLACEMENT
from nopt.passes.isa.assemble import assemble
from nopt.passes.machine import attach
from nopt.passes.tensor.schedules import SCHEDULE
from nopt.passes.tensor.tiling import tiling_of
from nopt.tools.runtime import Runtime

TO_NESTS = (
    "convert-graph-to-affine-nest",
    "affine-nest-fuse",
    "affine-nest-simplify",
    "affine-nest-infer-layout",
    "affine-nest-apply-layout",
    "affine-nest-fold-constants",
)
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

CORES = {config.name: config for config in (RTL, TINY, NARROW)}


def apply(module: ModuleOp, name: str) -> None:
    get_all_passes()[name]()().apply(Context(), module)
    module.verify()


def run(network: CoreNetwork) -> np.ndarray:
    (result,) = run_function(network.module, "main", network.inputs)
    return result


def check_levels(network: CoreNetwork, config: Config, seed: int | None) -> None:
    """Lower to bits; with a seed, under random schedules. Compare at each level."""
    module = network.module
    attach(module, config)
    expected = run(network)
    for name in TO_NESTS:
        apply(module, name)
    np.testing.assert_array_equal(run(network), expected, err_msg="affine_nest")
    if seed is not None:
        pin_schedules(module, config, np.random.default_rng(seed))
    apply(module, "affine-nest-schedule")
    apply(module, "convert-affine-nest-to-tensor-intrinsic")
    np.testing.assert_array_equal(run(network), expected, err_msg="tensor_intrinsic")
    apply(module, "convert-tensor-intrinsic-to-isa")
    program = assemble(module, Context()).program
    check_tokens(program)
    (found,) = Runtime(program).run(network.inputs).outputs
    np.testing.assert_array_equal(found, expected, err_msg="on the core")


def pin_schedules(module: ModuleOp, config: Config, rng: np.random.Generator) -> None:
    for nest in module.walk():
        if isinstance(nest, ForOp) and nest.attributes.get(PLACEMENT) == StringAttr("core"):
            schedule = random_schedule(tiling_of(nest, config), config, rng)
            if schedule is not None:
                nest.attributes[SCHEDULE] = schedule


def check_tokens(program: Program) -> None:
    """What a module pushes, its neighbour pops."""
    records = decode(program.instructions, program.config)
    for push, pop in (("push_next", "pop_prev"), ("push_prev", "pop_next")):
        assert records[push].sum() == records[pop].sum()


@examples(70)
@given(core_networks(), st.sampled_from(["rtl", *CORES]))
def test_chosen_schedules(network: CoreNetwork, core: str):
    check_levels(network, CORES[core], None)


@examples(80)
@given(core_networks(), st.sampled_from([*CORES]), st.integers(0, 2**32 - 1))
def test_pinned_schedules(network: CoreNetwork, core: str, seed: int):
    check_levels(network, CORES[core], seed)
