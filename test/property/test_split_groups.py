"""Convolutions in groups by parts: the same integers, and fewer blocks multiplied."""

import numpy as np
from checks import assert_same
from drafts import Draft, Network, shape_of
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import i8, i32

from nopt.dialects import graph
from nopt.passes.graph.prepare.graph_split_groups import Run, cheapest_runs


@st.composite
def grouped(draw) -> Network:
    """A convolution in groups, and a random epilogue."""
    draft = Draft(draw)
    groups = draft.number(2, 4)
    inside, outside = (draft.pick(10, 17, 24, 32) for _ in range(2))
    size, kernel = draft.pick((6, 5), (28, 28)), draft.pick(1, 1, 2)
    outputs = groups * outside
    image = draft.argument(draft.values([1, groups * inside, *size]))
    weights = draft.constant(draft.values([outputs, inside, kernel, kernel]))
    y = draft.append(graph.Conv2dOp(image, weights, groups=groups))
    for step in draw(st.lists(st.sampled_from(("bias", "relu", "clip", "skip", "cut")))):
        match step:
            case "bias":
                shape = draft.pick((outputs, 1, 1), (1, 1, 1))
                bias = draft.rng.integers(-999, 999, shape, np.int32)
                op = graph.AddOp(y, draft.constant(bias))
            case "relu":
                op = graph.ReluOp(y)
            case "clip":
                op = graph.ClipOp(y, -500, 400)
            case "skip":
                op = graph.AddOp(draft.argument(draft.values(shape_of(y))), y, i32)
            case _:
                op = graph.RequantizeOp(y, i32, draft.rng.integers(0, 9, outputs), axis=1)
        y = draft.append(op)
    y = draft.append(graph.RequantizeOp(y, i8, 5))
    return draft.finish(draft.append(graph.ReluOp(y)) if draft.pick(True, False) else y)


@examples(200)
@given(grouped())
def test_same_integers(network: Network):
    assert_same(network, "graph-split-groups")


def test_cheapest_runs():
    """Two groups that share a block: apart if that spares more than kernels cost."""
    needed = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], bool)
    apart = [Run((0, 1), (0, 2)), Run((1, 2), (0, 3)), Run((2, 3), (1, 3))]
    assert cheapest_runs(needed, 1000) == apart
    assert cheapest_runs(needed, 100) == [Run((0, 3), (0, 3))]
    nothing = np.zeros((2, 3), bool)
    assert cheapest_runs(nothing, 1000) == [Run((0, 2), (0, 1))]
