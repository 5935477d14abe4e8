"""Blocks of networks that join tensors: small ones, for tests and to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workloads import Network
from xdsl.dialects.builtin import ModuleOp, i8, i32
from xdsl.ir import SSAValue

from nopt.dialects import graph


def _concat(network: Network, pieces: Sequence[SSAValue]) -> SSAValue:
    return network.add(graph.ConcatOp(pieces, 1), "joined")


def inception() -> ModuleOp:
    """Four branches of one tensor, joined, and a convolution of what that gives."""
    net = Network("inception", 1, 32, 7, 7)
    x = net.conv(net.input, 48, 3, pad=1)
    pool = net.add(graph.MaxPoolOp(x, (3, 3), strides=(1, 1), pads=(1,) * 4), "pool")
    branches = [
        net.conv(x, 16, 1),
        net.conv(net.conv(x, 24, 1), 32, 3, pad=1),
        net.conv(net.conv(x, 16, 1), 16, 5, pad=2),
        net.conv(pool, 16, 1),
    ]
    return net.finish(net.conv(_concat(net, branches), 32, 1))


def dense_block(joins: str = "previous") -> ModuleOp:
    """Each layer reads what all before it gave, joined one by one or all anew each time."""
    net = Network("dense block", 1, 32, 7, 7)
    pieces = [net.conv(net.input, 32, 3, pad=1)]
    joined = pieces[0]
    for _ in range(4):
        scaled = net.conv(joined, joined.type.get_shape()[1], 1, groups=joined.type.get_shape()[1])  # pyright: ignore
        pieces.append(net.conv(net.conv(scaled, 64, 1), 16, 3, pad=1))
        joined = _concat(net, pieces if joins == "all" else [joined, pieces[-1]])
    pool = net.add(graph.AvgPoolOp(net.conv(joined, 48, 1), (2, 2), strides=(2, 2)), "pool")
    return net.finish(pool)


def fire() -> ModuleOp:
    """Two fire modules, the second with its input added."""
    net = Network("fire", 1, 48, 7, 7)

    def module(x: SSAValue) -> SSAValue:
        squeezed = net.conv(x, 16, 1)
        return _concat(net, [net.conv(squeezed, 64, 1), net.conv(squeezed, 64, 3, pad=1)])

    first = module(net.input)
    sum_ = net.add(graph.AddOp(module(first), first, i32), "sum")
    return net.finish(net.conv(net.add(graph.RequantizeOp(sum_, i8, 1), "y"), 20, 1))


def shuffle(channels: int = 48, groups: int = 3) -> ModuleOp:
    """A ShuffleNet unit of stride 2, which joins, and one of stride 1, which adds."""
    net = Network("shuffle", 1, channels, 8, 8)

    def mixed(x: SSAValue) -> SSAValue:
        _, c, h, w = x.type.get_shape()  # pyright: ignore
        apart = net.add(graph.ReshapeOp(x, [1, groups, c // groups, h, w]), "apart")
        crossed = net.add(graph.TransposeOp(apart, [0, 2, 1, 3, 4]), "crossed")
        return net.add(graph.ReshapeOp(crossed, [1, c, h, w]), "mixed")

    def branch(x: SSAValue, middle: int, outputs: int, stride: int) -> SSAValue:
        y = mixed(net.conv(x, middle, 1, groups=groups))
        y = net.conv(y, middle, 3, stride, 1, groups=middle, relu=False)
        return net.conv(y, outputs, 1, groups=groups, relu=False)

    x = net.conv(net.input, channels // 2, 3, pad=1)
    pool = net.add(graph.AvgPoolOp(x, (3, 3), strides=(2, 2), pads=(1,) * 4), "pool")
    x = _concat(net, [pool, branch(x, channels // 2, channels * 3 // 2, 2)])
    x = net.add(graph.ReluOp(x), "relu")
    sum_ = net.add(graph.AddOp(branch(x, channels // 2, channels * 2, 1), x, i32), "sum")
    x = net.add(graph.RequantizeOp(net.add(graph.ReluOp(sum_), "relu"), i8, 1), "y")
    return net.finish(net.conv(x, 10, 4))


BLOCKS: dict[str, Callable[[], ModuleOp]] = {
    "inception": inception,
    "dense block": dense_block,
    "dense block, all anew": lambda: dense_block("all"),
    "fire": fire,
    "shuffle": shuffle,
    "shuffle, odd groups": lambda: shuffle(40, 4),
}
