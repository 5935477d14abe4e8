"""Arranged channels: networks of shuffles and joined tensors compute the same, in `graph` and on
the core."""

from math import gcd
from typing import Any

import numpy as np
from checks import apply, assert_same
from core_networks import LayerDraft
from drafts import Network, shape_of
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import CORES, check_levels
from xdsl.dialects.builtin import i8
from xdsl.ir import SSAValue

from nopt.dialects import graph
from nopt.passes.base.machine import attach


class ChannelDraft(LayerDraft):
    """Networks whose channels are shuffled, joined and read in all ways."""

    def shuffled(self, x: SSAValue) -> SSAValue:
        n, c, h, w = shape_of(x)
        groups = self.pick(*(g for g in range(1, c + 1) if c % g == 0))
        apart = self.append(graph.ReshapeOp(x, [n, groups, c // groups, h, w]))
        crossed = self.append(graph.TransposeOp(apart, [0, 2, 1, 3, 4]))
        return self.append(graph.ReshapeOp(crossed, [n, c, h, w]))

    def sliced(self, x: SSAValue) -> SSAValue:
        n, c, h, w = shape_of(x)
        step = self.pick(1, 1, 2)
        start = self.number(0, c - 1)
        count = self.number(1, (c - 1 - start) // step + 1)
        return self.append(graph.SliceOp(x, [0, start, 0, 0], [n, count, h, w], [1, step, 1, 1]))

    def channel_conv(self, x: SSAValue) -> SSAValue:
        """Dense, in groups, or depthwise; keeps height and width."""
        c = shape_of(x)[1]
        groups = self.pick(1, c, gcd(c, 4), gcd(c, 6))
        outputs = c if groups == c else groups * self.number(1, max(1, 40 // groups))
        weights = self.weights((outputs, c // groups, 3, 3))
        y = self.append(graph.Conv2dOp(x, weights, pads=[1] * 4, groups=groups))
        if self.pick(True, False):
            y = self.append(graph.AddOp(y, self.weights((outputs, 1, 1), 9999, np.int32)))
        if self.pick(True, False):
            return self.append(graph.RequantizeOp(y, i8, self.number(0, 12)))
        shifts = self.rng.integers(0, 12, outputs)
        return self.append(graph.RequantizeOp(y, i8, shifts, axis=1))

    def unary(self, x: SSAValue) -> SSAValue:
        match self.pick("relu", "clip", "max", "avg", "double"):
            case "relu":
                return self.append(graph.ReluOp(x))
            case "clip":
                return self.append(graph.ClipOp(x, -20, 90))
            case "max":
                return self.append(graph.MaxPoolOp(x, [3, 3], strides=[1, 1], pads=[1] * 4))
            case "avg":
                return self.append(graph.AvgPoolOp(x, [2, 1], strides=[1, 1], pads=[1, 0, 0, 0]))
            case _:
                return self.append(graph.AddOp(x, x))

    def channel_step(self, live: list[SSAValue]) -> SSAValue:
        x = self.pick(live[-1], live[-1], *live)
        kind = self.pick("conv", "conv", "shuffle", "slice", "unary", "join", "join")
        if kind == "join":
            pieces = [x, *(self.pick(*live) for _ in range(self.number(1, 2)))]
            if sum(shape_of(piece)[1] for piece in pieces) > 100:
                return x
            return self.append(graph.ConcatOp(self.draw(st.permutations(pieces)), 1))
        steps = {"conv": self.channel_conv, "shuffle": self.shuffled, "slice": self.sliced}
        return {**steps, "unary": self.unary}[kind](x)


@st.composite
def channel_networks(draw: Any, steps: int = 6) -> Network:
    draft = ChannelDraft(draw)
    size = [draft.number(1, 5), draft.number(1, 5)]
    live = [draft.activation(draft.pick(1, 1, 2), draft.pick(4, 12, 16, 24, 30), *size)]
    for _ in range(draft.number(1, steps)):
        live.append(draft.channel_step(live))
    result = live[-1]
    match draft.pick("", "flatten", "mean"):
        case "flatten":
            n, *inner = shape_of(result)
            flat = draft.append(graph.ReshapeOp(result, [n, int(np.prod(inner))]))
            weights = draft.weights((flat.type.get_shape()[1], 5))  # pyright: ignore
            product = draft.append(graph.MatmulOp(flat, weights))
            result = draft.append(graph.RequantizeOp(product, i8, 9))
        case "mean":
            result = draft.append(graph.GlobalAvgPoolOp(result))
        case _:
            pass
    return draft.finish(result)


@examples(200)
@given(channel_networks(), st.sampled_from([*CORES]))
def test_same_in_graph(network: Network, core: str):
    attach(network.module, CORES[core])
    assert_same(network, "graph-arrange-channels")


@examples(200)
@given(channel_networks(4), st.sampled_from([*CORES]))
def test_same_on_the_core(network: Network, core: str):
    attach(network.module, CORES[core])
    apply(network.module, "graph-arrange-channels")
    check_levels(network, CORES[core])
