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
from nopt.dialects.interpreters.results import is_float, result, rounded_mean


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
    """Sum over the last two axes, of integers in i64; a few large additions are the fastest."""
    height, width = windows.shape[-2:]
    dtype = windows.dtype if is_float(windows) else np.int64
    total = np.zeros(windows.shape[:-2], dtype)
    for i, j in np.ndindex(height, width):
        total += windows[..., i, j]
    return total


class WindowFunctions(InterpreterFunctions):
    """Convolutions, matrix products and pools."""

    @impl(Conv2dOp)
    def conv2d(
        self, interpreter: Interpreter, op: Conv2dOp, args: tuple[Array, Array]
    ) -> tuple[Array]:
        image, weight = args
        outputs, inputs, *kernel = weight.shape
        windows = _windows(
            _padded(image, op.pads.get_values()),
            tuple(kernel),
            op.strides.get_values(),
            op.dilations.get_values(),
        )
        batch, _, height, width = windows.shape[:4]
        groups = op.groups.value.data
        if inputs == 1 and outputs == groups:
            return result(op, _depthwise(windows, weight[:, 0]))
        # Per group, [O, I * KH * KW] times [I * KH * KW, OH * OW].
        terms = inputs * kernel[0] * kernel[1]
        columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(batch, groups, terms, -1)
        sums = matmul(weight.reshape(1, groups, outputs // groups, terms), columns)
        return result(op, sums.reshape(batch, outputs, height, width))

    @impl(ConvTranspose2dOp)
    def conv_transpose2d(
        self, interpreter: Interpreter, op: ConvTranspose2dOp, args: tuple[Array, Array]
    ) -> tuple[Array]:
        image, weight = args
        batch, channels, height, width = image.shape
        _, outputs, *kernel = weight.shape
        groups = op.groups.value.data
        # Per group, [O * KH * KW, I] times [I, H * W]: what each input adds to each window.
        rows = weight.reshape(1, groups, channels // groups, -1).swapaxes(2, 3)
        terms = matmul(rows, image.reshape(batch, groups, channels // groups, -1))
        terms = terms.reshape(batch, groups * outputs, *kernel, height, width)
        (sh, sw), (dh, dw) = op.strides.get_values(), op.dilations.get_values()
        top, left, bottom, right = op.pads.get_values()
        result_height, result_width = op.result.type.get_shape()[2:]
        below, beside = op.output_pads.get_values()
        full = np.zeros(
            (
                batch,
                groups * outputs,
                result_height + top + max(bottom, below),
                result_width + left + max(right, beside),
            ),
            terms.dtype,
        )
        for i, j in np.ndindex(*kernel):
            first, start = i * dh, j * dw
            last, end = first + (height - 1) * sh + 1, start + (width - 1) * sw + 1
            full[:, :, first:last:sh, start:end:sw] += terms[:, :, i, j]
        inside = full[:, :, top : top + result_height, left : left + result_width]
        return result(op, inside)

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
        return result(op, rounded_mean(_sum_of_windows(windows), count))

    @impl(GlobalAvgPoolOp)
    def global_avg_pool(
        self, interpreter: Interpreter, op: GlobalAvgPoolOp, args: tuple[Array]
    ) -> tuple[Array]:
        (image,) = args
        dtype = image.dtype if is_float(image) else np.int64
        total = image.sum(axis=(2, 3), dtype=dtype, keepdims=True)
        return result(op, rounded_mean(total, image.shape[2] * image.shape[3]))


def _depthwise(windows: Array, weight: Array) -> Array:
    """[N, C, OH, OW, KH, KW] times [C, KH, KW] over KH, KW; integers in i64."""
    dtype = np.result_type(windows, weight) if is_float(windows) else np.int64
    total = np.zeros(windows.shape[:4], dtype)
    for i, j in np.ndindex(*windows.shape[4:]):
        total += windows[..., i, j] * weight[:, i, j, None, None].astype(dtype)
    return total
