"""Transposed convolutions by phases: the same integers."""

from __future__ import annotations

from checks import apply, assert_equal, run
from drafts import Draft, Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import RTL
from xdsl.context import Context

from nopt.dialects import graph
from nopt.passes.base.machine import attach
from nopt.passes.graph.prepare.graph_split_transposed import GraphSplitTransposedPass


@st.composite
def transposed(draw) -> Network:
    """A strided transposed convolution with any pads, and an epilogue by channel."""
    draft = Draft(draw)
    inputs, outputs = draft.number(1, 6), draft.number(1, 5)
    kernel = [draft.number(1, 6), draft.number(1, 5)]
    strides = [draft.number(1, 4), draft.number(2, 3)]
    size = [draft.number(1, 7), draft.number(1, 6)]
    more = [draft.number(0, s - 1) for s in strides]
    pads = [draft.number(0, k - 1) for k in (*kernel, *kernel)]
    for axis in (0, 1):
        # At least one row is left.
        rows = (size[axis] - 1) * strides[axis] + kernel[axis] + more[axis]
        while pads[axis] + pads[axis + 2] >= rows:
            pads[axis + 2 if pads[axis + 2] else axis] -= 1
    x = draft.argument(draft.values([draft.pick(1, 2), inputs, *size]))
    w = draft.constant(draft.values([inputs, outputs, *kernel]))
    y = draft.append(graph.ConvTranspose2dOp(x, w, strides=strides, pads=pads, output_pads=more))
    return draft.finish(draft.by_channel(y))


@examples(200)
@given(transposed())
def test_same_integers(network: Network):
    wanted = run(network)
    attach(network.module, RTL)
    GraphSplitTransposedPass(always=True).apply(Context(), network.module)
    network.module.verify()
    assert_equal(run(network), wanted, "by phases")
    assert not any(isinstance(op, graph.ConvTranspose2dOp) for op in network.module.walk())
    # What is left is as any other network.
    apply(network.module, "graph-split-transposed")
