"""Convolutions, matrix products and pools of `graph`."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from xdsl.interpreter import Interpreter, InterpreterFunctions, impl

from nopt.dialects.constants import Array
from nopt.dialects.graph import (
    AvgPoolOp,
    Conv2dOp,
    ConvTranspose2dOp,
    GlobalAvgPoolOp,
    MatmulOp,
    MaxPoolOp,
)
from nopt.dialects.interpreters.contraction import matmul
from nopt.dialects.interpreters.float_sums import total, total_of_windows
from nopt.dialects.interpreters.results import blocks, is_float, result, rounded_mean

_COLUMNS = 1 << 20
"""Elements of windows that are laid out for a product at once: what a cache holds."""


def _padded(image: Array, pads: tuple[int, ...], padding: Any = 0) -> Array:
    if not any(pads):
        return image
    top, left, bottom, right = pads
    border = ((0, 0), (0, 0), (top, bottom), (left, right))
    return np.pad(image, border, constant_values=padding)


def _windows(
    padded: Array,
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...] = (1, 1),
) -> Array:
    """[N, C, H, W] as a view [N, C, OH, OW, KH, KW] of its windows."""
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    windows = sliding_window_view(padded, extents, axis=(2, 3))
    (sh, sw), (dh, dw) = strides, dilations
    return windows[:, :, ::sh, ::sw, ::dh, ::dw]


def _pool_windows(op: MaxPoolOp | AvgPoolOp, image: Array, padding: Any) -> Array:
    padded = _padded(image, op.pads.get_values(), padding)
    return _windows(padded, op.kernel.get_values(), op.strides.get_values())


def _sum_of_windows(windows: Array) -> Array:
    """Sum of integers over the last two axes, in i64; a few large additions are the fastest."""
    sums = np.zeros(windows.shape[:-2], np.int64)
    for i, j in np.ndindex(*windows.shape[-2:]):
        sums += windows[..., i, j]
    return sums


def _convolution(
    image: Array,
    weight: Array,
    groups: int,
    strides: tuple[int, ...] = (1, 1),
    dilations: tuple[int, ...] = (1, 1),
) -> Array:
    """[N, C, H, W], which has its border, with weights [O, C / groups, KH, KW]."""
    outputs, inputs, *kernel = weight.shape
    windows = _windows(image, tuple(kernel), strides, dilations)
    batch, _, height, width = windows.shape[:4]
    if inputs == 1 and outputs == groups:
        return _depthwise(windows, weight[:, 0])
    # Per group, [O, I * KH * KW] times [I * KH * KW, OH * OW], so many rows of the image at a time.
    terms = inputs * kernel[0] * kernel[1]
    step = max(1, _COLUMNS // (batch * max(groups * terms, outputs) * width))
    factors = weight.reshape(1, groups, outputs // groups, terms)
    sums = np.empty((batch, outputs, height, width), _sum_type(image))
    for first in range(0, height, step):
        part = windows[:, :, first : first + step]
        columns = part.transpose(0, 1, 4, 5, 2, 3).reshape(batch, groups, terms, -1)
        found = matmul(factors, columns)
        sums[:, :, first : first + step] = found.reshape(batch, outputs, -1, width)
    return sums


def _depthwise(windows: Array, weight: Array) -> Array:
    """[N, C, OH, OW, KH, KW] times [C, KH, KW] over KH, KW."""
    if is_float(windows):
        return total_of_windows(windows, weight[:, None, None], axes=2)
    shape, kernel = windows.shape[:4], windows.shape[4:]
    factors = np.broadcast_to(weight.astype(np.int32)[:, None, None], (*shape, *kernel))
    sums = np.zeros(shape, _sum_type(windows))
    for part in blocks(shape):
        window, factor, added = windows[part], factors[part], sums[part]
        for i, j in np.ndindex(*kernel):
            added += window[..., i, j] * factor[..., i, j]
    return sums


def _sum_type(terms: Array) -> Any:
    """Floats are rounded to their own type, integers added modulo 2^32."""
    return terms.dtype if is_float(terms) else np.int32


def _spread(op: ConvTranspose2dOp, image: Array, kernel: list[int]) -> Array:
    """The image with zeros between its elements and around it, so that a convolution without
    strides and pads has the op's result."""
    batch, channels, *size = image.shape
    spread, sources, places = list[int](), list[slice](), list[slice]()
    for axis, (stride, dilation) in enumerate(
        zip(op.strides.get_values(), op.dilations.get_values(), strict=True)
    ):
        reach = (kernel[axis] - 1) * dilation
        spread.append(op.result.type.get_shape()[2 + axis] + reach)
        first = reach - op.pads.get_values()[axis]
        low = max(0, -(first // stride))
        high = min(size[axis], (spread[-1] - 1 - first) // stride + 1)
        sources.append(slice(low, high))
        places.append(slice(first + low * stride, first + high * stride, stride))
    whole = np.zeros((batch, channels, *spread), image.dtype)
    whole[:, :, *places] = image[:, :, *sources]
    return whole


class WindowFunctions(InterpreterFunctions):
    """Convolutions, matrix products and pools."""

    @impl(Conv2dOp)
    def conv2d(
        self, interpreter: Interpreter, op: Conv2dOp, args: tuple[Array, Array]
    ) -> tuple[Array]:
        image, weight = args
        padded = _padded(image, op.pads.get_values())
        strides, dilations = op.strides.get_values(), op.dilations.get_values()
        return result(op, _convolution(padded, weight, op.groups.value.data, strides, dilations))

    @impl(ConvTranspose2dOp)
    def conv_transpose2d(
        self, interpreter: Interpreter, op: ConvTranspose2dOp, args: tuple[Array, Array]
    ) -> tuple[Array]:
        image, weight = args
        groups = op.groups.value.data
        channels, outputs, *kernel = weight.shape
        # A convolution, with weights turned round, of the elements with zeros between them.
        split = weight.reshape(groups, channels // groups, outputs, *kernel)
        turned = split.swapaxes(1, 2).reshape(groups * outputs, channels // groups, *kernel)
        spread = _spread(op, image, kernel)
        turned = turned[:, :, ::-1, ::-1]
        return result(op, _convolution(spread, turned, groups, (1, 1), op.dilations.get_values()))

    @impl(MatmulOp)
    def matmul(
        self, interpreter: Interpreter, op: MatmulOp, args: tuple[Array, Array]
    ) -> tuple[Array]:
        a, b = args
        if op.transpose_a is not None:
            a = a.swapaxes(-2, -1)
        if op.transpose_b is not None:
            b = b.swapaxes(-2, -1)
        return result(op, matmul(a, b))

    @impl(MaxPoolOp)
    def max_pool(self, interpreter: Interpreter, op: MaxPoolOp, args: tuple[Array]) -> tuple[Array]:
        (image,) = args
        lowest = -np.inf if is_float(image) else np.iinfo(image.dtype).min
        windows = _pool_windows(op, image, lowest)
        largest = windows[..., 0, 0].copy()
        for i, j in np.ndindex(*windows.shape[-2:]):
            np.maximum(largest, windows[..., i, j], out=largest)
        return result(op, largest)

    @impl(AvgPoolOp)
    def avg_pool(self, interpreter: Interpreter, op: AvgPoolOp, args: tuple[Array]) -> tuple[Array]:
        (image,) = args
        windows = _pool_windows(op, image, 0)
        count: Array | int = windows.shape[-1] * windows.shape[-2]
        if op.exclude_pads is not None:
            ones = np.ones((1, 1, *image.shape[2:]), np.int64)
            count = _sum_of_windows(_pool_windows(op, ones, 0))
        if is_float(image):
            return result(op, total_of_windows(windows, divisor=count, axes=2))
        return result(op, rounded_mean(_sum_of_windows(windows), count))

    @impl(GlobalAvgPoolOp)
    def global_avg_pool(
        self, interpreter: Interpreter, op: GlobalAvgPoolOp, args: tuple[Array]
    ) -> tuple[Array]:
        (image,) = args
        count = image.shape[2] * image.shape[3]
        if is_float(image):
            return result(op, total(image, (2, 3), keep_dims=True, divisor=count))
        whole = image.sum(axis=(2, 3), dtype=np.int64, keepdims=True)
        return result(op, rounded_mean(whole, count))
