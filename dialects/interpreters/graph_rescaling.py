"""Ops of `graph` between real numbers and integers, and between integers of different scale."""

import numpy as np
from xdsl.interpreter import Interpreter, InterpreterFunctions, impl

from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.graph import DequantizeOp, QuantizeOp, RequantizeOp
from nopt.dialects.interpreters.results import blocks, result


class QuantizeFunctions(InterpreterFunctions):
    """Between floats and integers, and from wide to narrow integers."""

    @impl(RequantizeOp)
    def requantize(
        self, interpreter: Interpreter, op: RequantizeOp, args: tuple[Array]
    ) -> tuple[Array]:
        dtype = numpy_type(op.result.type.element_type)
        limits, shape = np.iinfo(dtype), args[0].shape
        shifts = np.broadcast_to(op.shifts, shape)
        halves = np.broadcast_to((np.int64(1) << op.shifts) >> 1, shape)  # 2^(s-1); 0 for no shift
        factors = None if op.multipliers is None else np.broadcast_to(op.multipliers, shape)
        narrow = np.empty(shape, dtype)
        for part in blocks(shape):
            wide = args[0][part].astype(np.int64)
            if factors is not None:
                wide *= factors[part]
            wide += halves[part]
            wide >>= shifts[part]
            narrow[part] = np.clip(wide, limits.min, limits.max)
        return (narrow,)

    @impl(QuantizeOp)
    def quantize(
        self, interpreter: Interpreter, op: QuantizeOp, args: tuple[Array]
    ) -> tuple[Array]:
        limits = np.iinfo(numpy_type(op.result.type.element_type))
        with np.errstate(over="ignore", under="ignore"):
            # float64 holds the sum with the zero point exactly.
            nearest = np.rint(args[0] / op.scales).astype(np.float64)
        whole = np.nan_to_num(nearest, nan=0.0) + op.zero_point.value.data
        return result(op, np.clip(whole, limits.min, limits.max))

    @impl(DequantizeOp)
    def dequantize(
        self, interpreter: Interpreter, op: DequantizeOp, args: tuple[Array]
    ) -> tuple[Array]:
        difference = args[0].astype(np.int64) - op.zero_point.value.data
        return result(op, difference.astype(np.float32) * op.scales)
