"""Shuffles of channels end in the weights of what computes them: the same integers."""

import numpy as np
from affine_networks import GraphDraft
from checks import assert_same
from drafts import Network, shape_of
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import i8

from nopt.dialects import graph


@st.composite
def shuffled(draw) -> Network:
    """A grouped convolution, an epilogue, and a shuffle of its channels."""
    draft = GraphDraft(draw)
    groups, factors = draft.number(1, 4), [draft.number(1, 4) for _ in range(3)]
    outputs = groups * int(np.prod(factors))
    image = draft.activation([draft.number(1, 2), groups * draft.number(1, 4), 4, 5])
    weights = draft.weights((outputs, shape_of(image)[1] // groups, 1, 2))
    draft.add(graph.Conv2dOp(image, weights, groups=groups))
    for step in draw(st.lists(st.sampled_from(("bias", "relu", "clip", "scale")), max_size=3)):
        x = draft.live[-1]
        if step == "bias":
            own = draft.pick((outputs, 1, 1), (1, 1, 1), (4, 4), (1, outputs, 1, 4))
            draft.add(graph.AddOp(x, draft.weights(own, np.int32)))
        elif step == "scale":
            draft.add(graph.MulOp(x, draft.weights((outputs, 1, 1))))
        else:
            getattr(draft, step)(x)
    shift = draft.rng.integers(0, 12, outputs)
    vector = draft.pick(True, False)
    last = draft.live[-1]
    draft.add(graph.RequantizeOp(last, i8, shift if vector else 4, axis=1 if vector else None))
    batch, _, *size = shape_of(draft.live[-1])
    axes = [groups, *factors]
    draft.add(graph.ReshapeOp(draft.live[-1], [batch, *axes, *size]))
    order = [axis + 1 for axis in draw(st.permutations(range(len(axes))))]
    draft.add(graph.TransposeOp(draft.live[-1], [0, *order, 5, 6]))
    draft.add(graph.ReshapeOp(draft.live[-1], [batch, outputs, *size]))
    return draft.finish(draft.live[-1])


@examples(200)
@given(shuffled())
def test_same_integers(network: Network):
    assert_same(network, "graph-fold-shuffle")
    assert not any(isinstance(op, graph.TransposeOp) for op in network.module.walk())
