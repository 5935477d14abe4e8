"""Maxima over windows of products, computed in one kernel: the same bits, under any schedule."""

from typing import Any

from core_networks import LayerDraft
from drafts import Network, shape_of
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import CORES, check_levels

from nopt.dialects import graph


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
