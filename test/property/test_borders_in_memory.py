"""Convolutions that pad with other numbers than 0, or wide, or in front of the channels: the same
bits, borders in memory."""

from collections.abc import Sequence
from typing import Any

from core_networks import LayerDraft
from drafts import Network, shape_of
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import RTL, TINY, check_levels
from xdsl.ir import SSAValue

from nopt.dialects import graph
from nopt.hw.config import Config


@st.composite
def padded_networks(draw: Any) -> Network:
    """One or two convolutions behind another, whose input has a border of a number, or a wide one;
    perhaps with gaps between taps."""
    draft = LayerDraft(draw)
    x = draft.activation(1, draft.number(1, 20), draft.number(2, 9), draft.number(2, 9))
    x = draft.pointwise(x)
    for _ in range(draft.number(1, 2)):
        value = draft.pick(0, -128, 5)
        low, high = ([0, 0, *(draft.pick(0, 1, 2, 17) for _ in "hw")] for _ in "lh")
        padded = draft.append(graph.PadOp(x, low, high, value))
        x = convolved(draft, padded, dilations=[draft.pick(1, 1, 2), draft.pick(1, 1, 2)]) or x
    return draft.finish(x)


def convolved(
    draft: LayerDraft,
    x: SSAValue,
    pads: Sequence[int] = (0, 0, 0, 0),
    dilations: Sequence[int] = (1, 1),
) -> SSAValue | None:
    """A convolution and its epilogue; None if its windows do not fit."""
    kernel = [draft.number(1, 3), draft.number(1, 3)]
    size = [n + a + b for n, a, b in zip(shape_of(x)[2:], pads[:2], pads[2:], strict=True)]
    if any(d * (k - 1) >= n for d, k, n in zip(dilations, kernel, size, strict=True)):
        return None
    channels = draft.pick(3, 16, 20)
    weights = draft.weights((channels, shape_of(x)[1], *kernel))
    strides = [draft.number(1, 2), draft.number(1, 2)]
    y = graph.Conv2dOp(x, weights, strides=strides, pads=pads, dilations=dilations)
    return draft.epilogue(draft.append(y), (channels, 1, 1))


@examples(60)
@given(padded_networks(), st.sampled_from([RTL, TINY]), st.none() | st.integers(0, 2**32 - 1))
def test_every_level(network: Network, core: Config, seed: int | None):
    check_levels(network, core, seed)


@st.composite
def channels_last(draw: Any) -> Network:
    """Convolutions of an image whose channels are last, and so perhaps of what is between them."""
    draft = LayerDraft(draw)
    first, last = [0, 3, 1, 2], [0, 2, 3, 1]
    image = draft.activation(1, draft.number(2, 9), draft.number(2, 9), draft.number(1, 20))
    x = draft.append(graph.TransposeOp(image, first))
    for _ in range(draft.number(1, 3)):
        x = convolved(draft, x, [draft.pick(0, 1, 2) for _ in range(4)]) or x
        if draft.pick(False, True):
            turned = draft.append(graph.TransposeOp(x, last))
            x = draft.append(graph.TransposeOp(draft.append(graph.ReluOp(turned)), first))
    return draft.finish(x)


@examples(60)
@given(channels_last(), st.sampled_from([RTL, TINY]), st.none() | st.integers(0, 2**32 - 1))
def test_channels_last(network: Network, core: Config, seed: int | None):
    check_levels(network, core, seed)
