"""Convolutions in groups by parts: the same integers, and fewer blocks multiplied."""

import numpy as np
from checks import assert_same
from drafts import Draft, Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st

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
    return draft.finish(draft.by_channel(y, "skip"))


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
