"""Convolutions."""

from __future__ import annotations

from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import AddOp, Conv2dOp, ConvTranspose2dOp
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, shape_of
from nopt.tools.importer.readers.volumes import convolve_volume, is_volume
from nopt.tools.importer.readers.window_ops import check_rank, flat, image, unimage, windows_of
from nopt.tools.importer.registry import reads


@reads("Conv")
def conv(node: Node) -> SSAValue:
    return biased(node)


def biased(node: Node) -> SSAValue:
    """The node's convolution, of an image or a volume, with its bias."""
    x, weight = node.tensor(0), node.tensor(1)
    result = convolve_volume(node, x, weight) if is_volume(x) else convolve(node, x, weight)
    return add_bias(node, result, 2)


@reads("ConvTranspose")
def conv_transpose(node: Node) -> SSAValue:
    x, weight = node.tensor(0), node.tensor(1)
    size, kernel = shape_of(x)[2:], _kernel(node, x, weight)
    rank = len(size)
    windows = windows_of(node, size, kernel)
    low, high = list(windows.low), list(windows.high)
    output_pads = node.integers("output_padding", [0] * rank) or []
    if len(output_pads) != rank:
        node.fail(f"attribute 'output_padding' has {len(output_pads)} values, expected {rank}")
    wanted = node.integers("output_shape")
    kind = node.text("auto_pad", "NOTSET")
    if wanted is not None or kind.startswith("SAME"):
        goal = (wanted or [s * t for s, t in zip(size, windows.strides, strict=True)])[-rank:]
        for axis in range(rank):
            step = windows.strides[axis]
            full = step * (size[axis] - 1) + output_pads[axis] + windows.extent(axis)
            total = full - goal[axis]
            # What is too short is made up for at the end.
            output_pads[axis] += max(0, -total)
            total = max(0, total)
            half, rest = total // 2, total - total // 2
            low[axis], high[axis] = (half, rest) if kind == "SAME_UPPER" else (rest, half)
    one = [0] * (2 - rank)
    two = flat(windows)
    result = node.emit(
        ConvTranspose2dOp(
            image(node, x),
            image(node, weight),
            strides=two.strides,
            pads=(*one, *low, *one, *high),
            output_pads=(*one, *output_pads),
            dilations=two.dilations,
            groups=node.integer("group", 1),
        )
    )
    return add_bias(node, unimage(node, result, rank + 2), 2)


def convolve(node: Node, x: SSAValue, weight: SSAValue, pads: bool = True) -> SSAValue:
    """The node's convolution of tensors of floats or of integers, without its bias.

    Without `pads` the image has its border already."""
    windows = conv_windows(node, x, weight)
    result = node.emit(
        Conv2dOp(
            image(node, x),
            image(node, weight),
            strides=windows.strides,
            pads=windows.pads if pads else (0, 0, 0, 0),
            dilations=windows.dilations,
            groups=node.integer("group", 1),
        )
    )
    return unimage(node, result, len(shape_of(x)))


def conv_windows(node: Node, x: SSAValue, weight: SSAValue | Array):
    """The windows of a convolution, over a 2-D image."""
    kernel = _kernel(node, x, weight)
    return flat(windows_of(node, shape_of(x)[2:], kernel))


def _kernel(node: Node, x: SSAValue, weight: SSAValue | Array) -> tuple[int, ...]:
    rank = len(shape_of(x))
    check_rank(node, rank)
    if len(shape_of(weight)) != rank:
        node.fail(f"the weights have rank {len(shape_of(weight))}, expected {rank} as the input")
    kernel = shape_of(weight)[2:]
    declared = node.integers("kernel_shape")
    if declared and tuple(declared) != kernel:
        node.fail(f"attribute 'kernel_shape' is {declared}, expected {list(kernel)} of the weights")
    return kernel


def add_bias(node: Node, result: SSAValue, index: int) -> SSAValue:
    """The result plus the node's bias, one number for each channel, if it has one."""
    if not node.has(index):
        return result
    channels, rank = shape_of(result)[1], len(shape_of(result))
    return node.emit(AddOp(result, channel_constant(node, index, channels, rank)))


def channel_constant(node: Node, index: int, channels: int, rank: int) -> SSAValue:
    """An input with one number for each channel, as [C, 1, …] for a tensor of this rank."""
    name = node.proto.input[index]
    if node.shape(index) != (channels,):
        found = list(node.shape(index))
        node.fail(f"tensor '{name}' has shape {found}, expected [{channels}]")
    shape = (channels, *[1] * (rank - 2))
    if (array := node.constant(index)) is not None:
        return node.builder.stored_constant(array.reshape(shape), name, node)
    return reshaped(node, node.tensor(index), shape)
