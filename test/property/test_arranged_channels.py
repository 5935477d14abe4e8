"""Arranged channels: networks of shuffles and joined tensors compute the same, in `graph` and on
the core."""

from math import gcd
from typing import Any

import numpy as np
from core_networks import CoreNetwork, Draft, shape_of
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from test_end_to_end import CORES, check_levels
from xdsl.context import Context
from xdsl.dialects.builtin import i8
from xdsl.ir import SSAValue

from nopt.dialects import graph
from nopt.dialects.interpreters.run import run_function
from nopt.passes import get_all_passes
from nopt.passes.machine import attach


class ChannelDraft(Draft):
    """Networks whose channels are shuffled, joined and read in all ways."""

    def shuffled(self, x: SSAValue) -> SSAValue:
        n, c, h, w = shape_of(x)
        groups = self.pick(*(g for g in range(1, c + 1) if c % g == 0))
        apart = self.add(graph.ReshapeOp(x, [n, groups, c // groups, h, w]))
        crossed = self.add(graph.TransposeOp(apart, [0, 2, 1, 3, 4]))
        return self.add(graph.ReshapeOp(crossed, [n, c, h, w]))

    def channel_conv(self, x: SSAValue) -> SSAValue:
        """Dense, in groups, or depthwise; keeps height and width."""
        c = shape_of(x)[1]
        groups = self.pick(1, c, gcd(c, 4), gcd(c, 6))
        outputs = c if groups == c else groups * self.number(1, max(1, 40 // groups))
        weights = self.constant((outputs, c // groups, 3, 3), 128)
        y = self.add(graph.Conv2dOp(x, weights, pads=[1] * 4, groups=groups))
        if self.pick(True, False):
            y = self.add(graph.AddOp(y, self.constant((outputs, 1, 1), 9999, np.int32)))
        if self.pick(True, False):
            return self.add(graph.RequantizeOp(y, i8, self.number(0, 12)))
        shifts = self.rng.integers(0, 12, outputs)
        return self.add(graph.RequantizeOp(y, i8, shifts, axis=1))

    def unary(self, x: SSAValue) -> SSAValue:
        match self.pick("relu", "clip", "max", "avg", "double"):
            case "relu":
                return self.add(graph.ReluOp(x))
            case "clip":
                return self.add(graph.ClipOp(x, -20, 90))
            case "max":
                return self.add(graph.MaxPoolOp(x, [3, 3], strides=[1, 1], pads=[1] * 4))
            case "avg":
                return self.add(graph.AvgPoolOp(x, [2, 1], strides=[1, 1], pads=[1, 0, 0, 0]))
            case _:
                return self.add(graph.AddOp(x, x))

    def channel_step(self, live: list[SSAValue]) -> SSAValue:
        x = self.pick(live[-1], live[-1], *live)
        kind = self.pick("conv", "conv", "shuffle", "unary", "join", "join")
        if kind == "join":
            pieces = [x, *(self.pick(*live) for _ in range(self.number(1, 2)))]
            if sum(shape_of(piece)[1] for piece in pieces) > 100:
                return x
            return self.add(graph.ConcatOp(self.draw(st.permutations(pieces)), 1))
        return {"conv": self.channel_conv, "shuffle": self.shuffled, "unary": self.unary}[kind](x)


@st.composite
def channel_networks(draw: Any, steps: int = 6) -> CoreNetwork:
    draft = ChannelDraft(draw)
    size = [draft.number(1, 5), draft.number(1, 5)]
    live = [draft.argument(draft.pick(1, 1, 2), draft.pick(4, 12, 16, 24, 30), *size)]
    for _ in range(draft.number(1, steps)):
        live.append(draft.channel_step(live))
    result = live[-1]
    match draft.pick("", "flatten", "mean"):
        case "flatten":
            n, *inner = shape_of(result)
            flat = draft.add(graph.ReshapeOp(result, [n, int(np.prod(inner))]))
            weights = draft.constant((flat.type.get_shape()[1], 5), 128)  # pyright: ignore
            product = draft.add(graph.MatmulOp(flat, weights))
            result = draft.add(graph.RequantizeOp(product, i8, 9))
        case "mean":
            result = draft.add(graph.GlobalAvgPoolOp(result))
        case _:
            pass
    return CoreNetwork(draft.finish(result), draft.inputs)


@examples(150)
@given(channel_networks(), st.sampled_from([*CORES]))
def test_same_in_graph(network: CoreNetwork, core: str):
    attach(network.module, CORES[core])
    expected = run_function(network.module, "main", network.inputs)
    get_all_passes()["graph-arrange-channels"]()().apply(Context(), network.module)
    network.module.verify()
    found = run_function(network.module, "main", network.inputs)
    np.testing.assert_array_equal(found[0], expected[0])


@examples(40)
@given(channel_networks(4), st.sampled_from([*CORES]))
def test_same_on_the_core(network: CoreNetwork, core: str):
    attach(network.module, CORES[core])
    get_all_passes()["graph-arrange-channels"]()().apply(Context(), network.module)
    check_levels(network, CORES[core], None)
