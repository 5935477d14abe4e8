"""Reductions of `graph`, and what normalizes by them."""

from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from xdsl.interpreter import Interpreter, InterpreterFunctions, impl

from nopt.dialects.constants import Array
from nopt.dialects.graph import LayerNormOp, LrnOp, ReduceOp, SoftmaxOp, Statistic
from nopt.dialects.interpreters.float_sums import total, total_of_windows
from nopt.dialects.interpreters.results import is_float, result, rounded_mean


class StatisticsFunctions(InterpreterFunctions):
    """Ops over axes: reductions, softmax, normalizations."""

    @impl(ReduceOp)
    def reduce(self, interpreter: Interpreter, op: ReduceOp, args: tuple[Array]) -> tuple[Array]:
        (x,) = args
        axes, keep_dims = tuple(op.axes.get_values()), op.keep_dims is not None
        match op.kind.data:
            case Statistic.MIN:
                return result(op, x.min(axis=axes, keepdims=keep_dims))
            case Statistic.MAX:
                return result(op, x.max(axis=axes, keepdims=keep_dims))
            case kind:
                count = prod(x.shape[axis] for axis in axes) if kind == Statistic.MEAN else 1
                if is_float(x):
                    return result(op, total(x, axes, keep_dims=keep_dims, divisor=count))
                whole = np.asarray(x.sum(axis=axes, dtype=np.int64, keepdims=keep_dims))
                return result(op, rounded_mean(whole, count) if count > 1 else whole)

    @impl(SoftmaxOp)
    def softmax(self, interpreter: Interpreter, op: SoftmaxOp, args: tuple[Array]) -> tuple[Array]:
        (x,) = args
        axis = op.axis.value.data
        powers = np.exp(np.asarray(x - x.max(axis=axis, keepdims=True), order="C"))
        return result(op, powers / total(powers, [axis], keep_dims=True))

    @impl(LayerNormOp)
    def layer_norm(
        self, interpreter: Interpreter, op: LayerNormOp, args: tuple[Array, Array, Array]
    ) -> tuple[Array]:
        x, scale, bias = args
        axes = tuple(range(op.axis.value.data, x.ndim))
        count = prod(x.shape[axis] for axis in axes)
        centred = x - total(x, axes, keep_dims=True, divisor=count)
        variance = total(np.square(centred), axes, keep_dims=True, divisor=count)
        deviation = np.sqrt(variance + x.dtype.type(op.epsilon.value.data))
        return result(op, centred / deviation * scale + bias)

    @impl(LrnOp)
    def lrn(self, interpreter: Interpreter, op: LrnOp, args: tuple[Array]) -> tuple[Array]:
        (x,) = args
        alpha, beta, bias = (attr.value.data for attr in (op.alpha, op.beta, op.bias))
        size = op.size.value.data
        border = ((0, 0), ((size - 1) // 2, size // 2), (0, 0), (0, 0))
        windows = sliding_window_view(np.pad(np.square(x), border), size, axis=1)
        squares = total_of_windows(windows)
        scale = x.dtype.type
        base = scale(bias) + scale(alpha / size) * squares
        return result(op, x / np.power(base, scale(beta)))
