"""Windows over volumes [N, C, D, H, W]: planes as images, and the depth in channels or by itself.

A convolution's taps along the depth become channels of an image for each plane of the result.
Maxima and means over boxes are those over their planes, then along the depth.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import SSAValue

from nopt.dialects.graph import ConcatOp, Conv2dOp, PadOp, SliceOp, TransposeOp
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, shape_of
from nopt.tools.importer.readers.window_ops import Windows, windows_of

Pool = Callable[[SSAValue, Windows], SSAValue]


def is_volume(x: SSAValue) -> bool:
    """Whether a tensor has three spatial dimensions."""
    return len(shape_of(x)) == 5


def convolve_volume(node: Node, x: SSAValue, weight: SSAValue) -> SSAValue:
    """The node's convolution, without its bias."""
    outputs, channels, *kernel = shape_of(weight)
    windows = windows_of(node, shape_of(x)[2:], kernel)
    depth, plane = _apart(windows)
    x = _padded(node, x, depth)
    batch, inputs, size, *image = shape_of(x)
    count = (size - depth.extent(0)) // depth.strides[0] + 1
    taps: list[SSAValue] = []
    for tap in range(kernel[0]):
        starts = [0, 0, tap * depth.dilations[0], 0, 0]
        steps = [1, 1, depth.strides[0] if count > 1 else 1, 1, 1]
        part = SliceOp(x, starts, [batch, inputs, count, *image], steps)
        taps.append(reshaped(node, node.emit(part), (batch, inputs, 1, count, *image)))
    joined = taps[0] if len(taps) == 1 else node.emit(ConcatOp(taps, 2))
    planes = node.emit(TransposeOp(joined, [0, 3, 1, 2, 4, 5]))
    planes = reshaped(node, planes, (batch * count, inputs * kernel[0], *image))
    flat = reshaped(node, weight, (outputs, channels * kernel[0], *kernel[1:]))
    result = node.emit(
        Conv2dOp(
            planes,
            flat,
            strides=plane.strides,
            pads=plane.pads,
            dilations=plane.dilations,
            groups=node.integer("group", 1),
        )
    )
    apart = reshaped(node, result, (batch, count, outputs, *shape_of(result)[2:]))
    return node.emit(TransposeOp(apart, [0, 2, 1, 3, 4]))


def pool_volume(node: Node, x: SSAValue, windows: Windows, pool: Pool) -> SSAValue:
    """A pool over boxes, by one that pools images."""
    depth, plane = _apart(windows)
    batch, channels, size, *image = shape_of(x)
    planes = pool(reshaped(node, x, (batch, channels * size, *image)), plane)
    image = shape_of(planes)[2:]
    columns = reshaped(node, planes, (batch, channels, size, image[0] * image[1]))
    result = pool(columns, depth)
    return reshaped(node, result, (batch, channels, shape_of(result)[2], *image))


def _apart(windows: Windows) -> tuple[Windows, Windows]:
    """Windows along the depth, over rows of one column, and over planes."""
    parts = (windows.kernel, windows.strides, windows.dilations, windows.low, windows.high)
    depth = [(part[0], neutral) for part, neutral in zip(parts, (1, 1, 1, 0, 0), strict=True)]
    return Windows(*depth), Windows(*(part[1:] for part in parts))


def _padded(node: Node, x: SSAValue, depth: Windows) -> SSAValue:
    low, high = depth.low[0], depth.high[0]
    if not low and not high:
        return x
    return node.emit(PadOp(x, (0, 0, low, 0, 0), (0, 0, high, 0, 0), 0))
