"""What the ops of `graph` compute, in numpy: the reference that every later level must equal."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from xdsl.interpreter import Interpreter, InterpreterFunctions, impl, register_impls

from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.graph import (
    AddOp,
    AvgPoolOp,
    ClipOp,
    ConstantOp,
    Conv2dOp,
    GlobalAvgPoolOp,
    GraphOp,
    MatmulOp,
    MaxPoolOp,
    ReluOp,
    RequantizeOp,
    ReshapeOp,
    TransposeOp,
)
from nopt.dialects.interpreters.contraction import matmul


def _result(op: GraphOp, value: Array) -> tuple[Array]:
    """The value in the result's element type; integers keep their low bits."""
    return (np.asarray(value).astype(numpy_type(op.result.type.element_type), copy=False),)


def _windows(
    image: Array,
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    pads: tuple[int, ...],
    dilations: tuple[int, ...] = (1, 1),
    padding: Any = 0,
) -> Array:
    """[N, C, H, W] as a view [N, C, OH, OW, KH, KW] of its windows."""
    top, left, bottom, right = pads
    border = ((0, 0), (0, 0), (top, bottom), (left, right))
    padded = np.pad(image, border, constant_values=padding)
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    windows = sliding_window_view(padded, extents, axis=(2, 3))
    (sh, sw), (dh, dw) = strides, dilations
    return windows[:, :, ::sh, ::sw, ::dh, ::dw]


def _pool_windows(op: MaxPoolOp | AvgPoolOp, image: Array, padding: Any) -> Array:
    return _windows(
        image,
        op.kernel.get_values(),
        op.strides.get_values(),
        op.pads.get_values(),
        padding=padding,
    )


def _mean(windows: Array, axes: tuple[int, ...], keepdims: bool = False) -> Array:
    """The mean over some axes, rounded half up, in i64."""
    total = windows.sum(axis=axes, dtype=np.int64, keepdims=keepdims)
    count = windows.size // total.size
    return (2 * total + count) // (2 * count)


@register_impls
class GraphFunctions(InterpreterFunctions):
    """Interprets `graph`; a tensor value is a numpy array of its element type."""

    @impl(ConstantOp)
    def constant(self, interpreter: Interpreter, op: ConstantOp, args: tuple[()]) -> tuple[Array]:
        return (op.array,)

    @impl(Conv2dOp)
    def conv2d(
        self, interpreter: Interpreter, op: Conv2dOp, args: tuple[Array, Array]
    ) -> tuple[Array]:
        image, weight = args
        outputs, inputs, *kernel = weight.shape
        windows = _windows(
            image,
            tuple(kernel),
            op.strides.get_values(),
            op.pads.get_values(),
            op.dilations.get_values(),
        )
        batch, _, height, width = windows.shape[:4]
        groups = op.groups.value.data
        # Per group, [O, I * KH * KW] times [I * KH * KW, OH * OW].
        terms = inputs * kernel[0] * kernel[1]
        columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(batch, groups, terms, -1)
        sums = matmul(weight.reshape(1, groups, outputs // groups, terms), columns)
        return _result(op, sums.reshape(batch, outputs, height, width))

    @impl(MatmulOp)
    def matmul(
        self, interpreter: Interpreter, op: MatmulOp, args: tuple[Array, Array]
    ) -> tuple[Array]:
        a, b = args
        if op.transpose_a is not None:
            a = a.swapaxes(-2, -1)
        if op.transpose_b is not None:
            b = b.swapaxes(-2, -1)
        return _result(op, matmul(a, b))

    @impl(AddOp)
    def add(self, interpreter: Interpreter, op: AddOp, args: tuple[Array, Array]) -> tuple[Array]:
        (a,), (b,) = (_result(op, arg) for arg in args)
        with np.errstate(over="ignore"):  # numpy warns about rank 0 only, which wraps as the rest
            return _result(op, a + b)

    @impl(ReluOp)
    def relu(self, interpreter: Interpreter, op: ReluOp, args: tuple[Array]) -> tuple[Array]:
        return _result(op, np.maximum(args[0], 0))

    @impl(ClipOp)
    def clip(self, interpreter: Interpreter, op: ClipOp, args: tuple[Array]) -> tuple[Array]:
        return _result(op, np.clip(args[0], *op.bounds))

    @impl(MaxPoolOp)
    def max_pool(self, interpreter: Interpreter, op: MaxPoolOp, args: tuple[Array]) -> tuple[Array]:
        (image,) = args
        is_float = np.issubdtype(image.dtype, np.floating)
        lowest = -np.inf if is_float else np.iinfo(image.dtype).min
        return _result(op, _pool_windows(op, image, lowest).max(axis=(4, 5)))

    @impl(AvgPoolOp)
    def avg_pool(self, interpreter: Interpreter, op: AvgPoolOp, args: tuple[Array]) -> tuple[Array]:
        return _result(op, _mean(_pool_windows(op, args[0], 0), (4, 5)))

    @impl(GlobalAvgPoolOp)
    def global_avg_pool(
        self, interpreter: Interpreter, op: GlobalAvgPoolOp, args: tuple[Array]
    ) -> tuple[Array]:
        return _result(op, _mean(args[0], (2, 3), keepdims=True))

    @impl(ReshapeOp)
    def reshape(self, interpreter: Interpreter, op: ReshapeOp, args: tuple[Array]) -> tuple[Array]:
        return (args[0].reshape(op.result.type.get_shape()),)

    @impl(TransposeOp)
    def transpose(
        self, interpreter: Interpreter, op: TransposeOp, args: tuple[Array]
    ) -> tuple[Array]:
        return (args[0].transpose(op.permutation.get_values()),)

    @impl(RequantizeOp)
    def requantize(
        self, interpreter: Interpreter, op: RequantizeOp, args: tuple[Array]
    ) -> tuple[Array]:
        wide = args[0].astype(np.int64)
        if (multipliers := op.multipliers) is not None:
            wide = wide * multipliers
        shifts = op.shifts
        half = (np.int64(1) << shifts) >> 1  # 2^(s-1), and 0 for no shift
        limits = np.iinfo(numpy_type(op.result.type.element_type))
        return _result(op, np.clip((wide + half) >> shifts, limits.min, limits.max))
