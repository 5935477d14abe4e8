"""Maxima over windows of products, computed in one kernel: the same bits, under any schedule."""

from contextlib import suppress
from typing import Any

from core_networks import LayerDraft
from drafts import Network, shape_of
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import CORES, check_levels
from xdsl.dialects.builtin import ModuleOp

from nopt.dialects import graph
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.hw.config import Config
from nopt.passes.base.placement import is_on_core
from nopt.passes.kernel.legality import SCHEDULE, NoScheduleError, check_schedule
from nopt.passes.kernel.tiling import tiling_of


@st.composite
def pooled_networks(draw: Any) -> Network:
    """A convolution, the maximum over windows of what it gives, perhaps something behind that."""
    draft = LayerDraft(draw)
    x = draft.activation(1, draft.number(1, 33), draft.number(2, 26), draft.number(2, 26))
    channels, *size = shape_of(x)[1:]
    kernel = [draft.number(1, min(3, extent)) for extent in size]
    pads = [draft.number(0, 2) for _ in range(4)]
    strides = [draft.number(1, 2), draft.number(1, 2)]
    weights = draft.weights((draft.number(1, 33), channels, *kernel))
    y = draft.append(graph.Conv2dOp(x, weights, strides=strides, pads=pads))
    y = draft.max_pool(draft.epilogue(y, (shape_of(y)[1], 1, 1)))
    return draft.finish(draft.add_tensors(y) if draft.pick(True, False) else y)


@examples(200)
@given(pooled_networks(), st.sampled_from([*CORES]), st.none() | st.integers(0, 2**32 - 1))
def test_one_kernel(network: Network, core: str, seed: int | None):
    check_levels(network, CORES[core], seed, always=True)


@st.composite
def overlapping_pools(draw: Any) -> Network:
    """A convolution, and the maximum over windows of two to four rows, each a row further."""
    draft = LayerDraft(draw)
    x = draft.activation(1, draft.number(1, 17), draft.number(5, 10), draft.number(1, 3))
    weights = draft.weights((draft.number(1, 17), shape_of(x)[1], 1, 1))
    y = draft.append(graph.Conv2dOp(x, weights, strides=[1, 1], pads=[0] * 4))
    y = draft.epilogue(y, (shape_of(y)[1], 1, 1))
    rows = draft.number(2, 4)
    pads = [draft.number(0, 1), 0, draft.number(0, 1), 0]
    pool = graph.MaxPoolOp(y, [rows, 1], strides=[1, 1], pads=pads)
    return draft.finish(draft.append(pool))


@examples(200)
@given(overlapping_pools(), st.sampled_from([*CORES]), st.integers(1, 4), st.integers(1, 2))
def test_tiles_that_have_less_than_the_next_needs(
    network: Network, core: str, tile: int, slots: int
):
    """A tile of fewer rows than windows share cannot keep them all in place."""

    def pin(module: ModuleOp, config: Config) -> None:
        for nest in [op for op in module.walk() if isinstance(op, ForOp) and is_on_core(op)]:
            tiling = tiling_of(nest, config)
            for axis in tiling.overlapping:
                tiles = [tile if i == axis else size for i, size in enumerate(tiling.extents)]
                order = [i for i in range(tiling.parallel) if i != axis]
                innermost = len(tiles)
                schedule = ScheduleAttr.of(
                    tiles, [*order, axis], [1, 1, slots], [innermost, innermost], 1
                )
                with suppress(NoScheduleError):
                    check_schedule(tiling, schedule, config)
                    nest.attributes[SCHEDULE] = schedule

    check_levels(network, CORES[core], always=True, pin=pin)
