"""Weights of 9 bits in two parts: the same integers, and products that the core computes."""

import numpy as np
from checks import apply, assert_equal, assert_same, run
from drafts import Draft, Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import CORES, LAYOUT, TO_NESTS
from xdsl.dialects.builtin import StringAttr, i8

from nopt.dialects import graph
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.annotations import PLACEMENT
from nopt.passes.base.machine import attach


@st.composite
def products(draw, for_core: bool = False) -> Network:
    """A convolution or a matrix product by weights that have, or had, a zero point."""
    draft = Draft(draw)
    limit = draft.pick(255, 140, 129, 100)

    def weights(*shape: int):
        values = draft.rng.integers(-limit, limit, shape, np.int16, endpoint=True)
        return draft.constant(values)

    if draft.pick(True, False):
        groups = 1 if for_core else draft.number(1, 4)
        inside, outside = draft.number(1, 20), draft.number(1, 20)
        kernel = [draft.number(1, 3), draft.number(1, 3)]
        size = [draft.number(3, 9), draft.number(3, 9)]
        x = draft.argument(draft.values([draft.pick(1, 2), groups * inside, *size]))
        pads = [0] * 4
        if draft.pick(True, False):
            border = [0, 0, 1, draft.number(0, 2)]
            x = draft.append(graph.PadOp(x, border, border, draft.pick(0, -128, 5)))
        else:
            pads = [draft.number(0, 1) for _ in range(4)]
        weight = weights(groups * outside, inside, *kernel)
        strides = [draft.number(1, 2), draft.number(1, 2)]
        op = graph.Conv2dOp(x, weight, strides=strides, pads=pads, groups=groups)
    else:
        batch = draft.pick([], [2])
        rows, inner, columns = (draft.number(1, 40) for _ in range(3))
        swap_a, swap_b = draft.pick(False, True), draft.pick(False, True)
        x = draft.argument(draft.values([*batch, *((inner, rows) if swap_a else (rows, inner))]))
        weight = weights(*((columns, inner) if swap_b else (inner, columns)))
        op = graph.MatmulOp(x, weight, transpose_a=swap_a, transpose_b=swap_b)
    y = draft.append(op)
    if for_core or draft.pick(True, False):
        y = draft.append(graph.RequantizeOp(y, i8, draft.number(0, 12)))
    return draft.finish(y)


@examples(200)
@given(products())
def test_same_integers(network: Network):
    assert_same(network, "graph-split-weights")


@examples(200)
@given(products(for_core=True), st.sampled_from(sorted(CORES)))
def test_the_core_computes_them(network: Network, core: str):
    wanted = run(network)
    attach(network.module, CORES[core])
    apply(network.module, "graph-split-weights", *TO_NESTS, *LAYOUT)
    assert_equal(run(network), wanted, "in blocks")
    nests = [op for op in network.module.walk() if isinstance(op, ForOp) and op.reduction_extents]
    assert any(nest.attributes.get(PLACEMENT) == StringAttr("core") for nest in nests)
