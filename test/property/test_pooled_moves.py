"""Maxima over windows of what moves lead to: the same bits, under any schedule."""

from typing import Any

from core_networks import LayerDraft
from drafts import Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import CORES, check_levels


@st.composite
def pools(draw: Any) -> Network:
    """One or two pools, of images that are parts of others or have rows several times."""
    draft = LayerDraft(draw)
    x = draft.activation(
        draft.pick(1, 1, 2, 9), draft.number(1, 33), draft.number(1, 12), draft.number(1, 12)
    )
    pooled = []
    for _ in range(draft.number(1, 2)):
        for _ in range(draft.pick(0, 1, 1, 2)):
            x = draft.moved(x)
        x = draft.max_pool(x)
        pooled.append(x)
    return draft.finish(*pooled[-draft.number(1, 2) :])


@examples(200)
@given(pools(), st.sampled_from([*CORES]), st.none() | st.integers(0, 2**32 - 1))
def test_pools(network: Network, core: str, seed: int | None):
    check_levels(network, CORES[core], seed)
