"""Reductions of `graph`, and what normalizes by them."""

import numpy as np
from xdsl.interpreter import Interpreter, InterpreterFunctions, impl

from nopt.dialects.constants import Array
from nopt.dialects.graph import LayerNormOp, LrnOp, ReduceOp, SoftmaxOp, Statistic
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
                wide = x.dtype if is_float(x) else np.int64
                total = np.asarray(x.sum(axis=axes, dtype=wide, keepdims=keep_dims))
                if kind == Statistic.SUM:
                    return result(op, total)
                return result(op, rounded_mean(total, x.size // total.size))

    @impl(SoftmaxOp)
    def softmax(self, interpreter: Interpreter, op: SoftmaxOp, args: tuple[Array]) -> tuple[Array]:
        (x,) = args
        axis = op.axis.value.data
        powers = np.exp(x - x.max(axis=axis, keepdims=True))
        return result(op, powers / powers.sum(axis=axis, keepdims=True))

    @impl(LayerNormOp)
    def layer_norm(
        self, interpreter: Interpreter, op: LayerNormOp, args: tuple[Array, Array, Array]
    ) -> tuple[Array]:
        x, scale, bias = args
        axes = tuple(range(op.axis.value.data, x.ndim))
        centred = x - x.mean(axis=axes, keepdims=True)
        variance = np.square(centred).mean(axis=axes, keepdims=True)
        deviation = np.sqrt(variance + x.dtype.type(op.epsilon.value.data))
        return result(op, centred / deviation * scale + bias)

    @impl(LrnOp)
    def lrn(self, interpreter: Interpreter, op: LrnOp, args: tuple[Array]) -> tuple[Array]:
        (x,) = args
        alpha, beta, bias = (attr.value.data for attr in (op.alpha, op.beta, op.bias))
        size = op.size.value.data
        squares = np.square(x)
        total = np.zeros_like(x)
        channels = x.shape[1]
        for shift in range(-((size - 1) // 2), size // 2 + 1):
            first, last = max(0, -shift), min(channels, channels - shift)
            if first < last:
                total[:, first:last] += squares[:, first + shift : last + shift]
        scale = x.dtype.type
        return result(op, x / np.power(scale(bias) + scale(alpha / size) * total, scale(beta)))
