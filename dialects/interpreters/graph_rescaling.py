"""Ops of `graph` between real numbers and integers, and between integers of different scale."""

import numpy as np
from xdsl.interpreter import Interpreter, InterpreterFunctions, impl

from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.graph import DequantizeOp, QuantizeOp, RequantizeOp
from nopt.dialects.interpreters.results import result


class QuantizeFunctions(InterpreterFunctions):
    """Between floats and integers, and from wide to narrow integers."""

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
        return result(op, np.clip((wide + half) >> shifts, limits.min, limits.max))

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
