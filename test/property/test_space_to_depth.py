"""Strides of a first convolution as channels: the same integers, in no more steps."""

from checks import assert_same
from drafts import Draft, Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.ir import Block

from nopt.dialects.graph import Conv2dOp


@st.composite
def convolutions(draw):
    """One convolution of the input."""
    draft = Draft(draw)
    strides = (draft.number(1, 4), draft.number(1, 4))
    pads = [draft.number(0, 5) for _ in range(4)]
    kernel = (draft.number(1, 7), draft.number(1, 7))
    size = [
        draft.number(max(1, k - low - high), 20)
        for k, low, high in zip(kernel, pads[:2], pads[2:], strict=True)
    ]
    channels = draft.pick(1, 2, 3, 4, 17)
    image = draft.argument(draft.values((draft.number(1, 2), channels, *size)))
    weights = draft.constant(draft.values((draft.number(1, 4), channels, *kernel)))
    conv = Conv2dOp(image, weights, strides=strides, pads=pads)
    return draft.finish(draft.append(conv))


@examples(200)
@given(convolutions())
def test_same_integers(network: Network):
    assert_same(network, "graph-fold-space-to-depth")
    (conv,) = (op for op in network.module.walk() if isinstance(op, Conv2dOp))
    folded = not isinstance(conv.input.owner, Block)
    assert not folded or conv.strides.get_values() == (1, 1)
