"""Maxima over windows of products, computed in one kernel: the same bits, under any schedule."""

from typing import Any

import numpy as np
from core_networks import CoreNetwork, Draft, shape_of
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from test_end_to_end import CORES, TO_NESTS, apply, check_tokens, pin_schedules, run
from xdsl.context import Context

from nopt.dialects import graph
from nopt.passes.affine.affine_nest_fuse_windows import AffineNestFuseWindowsPass
from nopt.passes.isa.assemble import assemble
from nopt.passes.machine import attach
from nopt.tools.runtime import Runtime


@st.composite
def pooled_networks(draw: Any) -> CoreNetwork:
    """A convolution, the maximum over windows of what it gives, perhaps something behind that."""
    draft = Draft(draw)
    x = draft.argument(1, draft.number(1, 33), draft.number(2, 26), draft.number(2, 26))
    channels, *size = shape_of(x)[1:]
    kernel = [draft.number(1, min(3, extent)) for extent in size]
    pads = [draft.number(0, 2) for _ in range(4)]
    strides = [draft.number(1, 2), draft.number(1, 2)]
    weights = draft.constant((draft.number(1, 33), channels, *kernel), 128)
    y = draft.add(graph.Conv2dOp(x, weights, strides=strides, pads=pads))
    y = draft.max_pool(draft.epilogue(y, (shape_of(y)[1], 1, 1)))
    if draft.pick(True, False):
        y = draft.add_tensors(y)
    return CoreNetwork(draft.finish(y), draft.inputs)


@examples(60)
@given(pooled_networks(), st.sampled_from([*CORES]), st.none() | st.integers(0, 2**32 - 1))
def test_one_kernel(network: CoreNetwork, core: str, seed: int | None):
    module, config = network.module, CORES[core]
    attach(module, config)
    expected = run(network)
    for name in TO_NESTS:
        apply(module, name)
    AffineNestFuseWindowsPass(always=True).apply(Context(), module)
    module.verify()
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
