"""`arith` on whole arrays: each scalar operation of a nest's body, for all its points at once.

Integers are two's complement of their type's width; numpy's types of that width wrap the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, IntegerAttr
from xdsl.ir import Operation

from nopt.dialects.constants import Array, numpy_type


def _floor_divide(a: Array, b: Array) -> Array:
    return np.floor_divide(a, b)


_BINARY: dict[type[Operation], Callable[[Any, Any], Array]] = {
    arith.AddiOp: np.add,
    arith.SubiOp: np.subtract,
    arith.MuliOp: np.multiply,
    arith.ShRSIOp: np.right_shift,
    arith.ShLIOp: np.left_shift,
    arith.MinSIOp: np.minimum,
    arith.MaxSIOp: np.maximum,
    arith.AndIOp: np.bitwise_and,
    arith.OrIOp: np.bitwise_or,
    arith.XOrIOp: np.bitwise_xor,
    arith.FloorDivSIOp: _floor_divide,
    arith.AddfOp: np.add,
    arith.SubfOp: np.subtract,
    arith.MulfOp: np.multiply,
    arith.DivfOp: np.divide,
    arith.MinimumfOp: np.minimum,
    arith.MaximumfOp: np.maximum,
}


_PREDICATES: tuple[Callable[[Any, Any], Array], ...] = (
    *(np.equal, np.not_equal),
    *(np.less, np.less_equal, np.greater, np.greater_equal),
)
"""Of `arith.cmpi`, by number: equal or not, then signed comparisons."""


def evaluate_scalar(op: Operation, operands: list[Array]) -> Array:
    """The values of a one-result `arith` operation for arrays of its operands, broadcast together.

    Raises ValueError naming an operation that has no meaning here.
    """
    if isinstance(op, arith.ConstantOp):
        number = op.value
        assert isinstance(number, IntegerAttr | FloatAttr)
        return np.asarray(number.value.data, numpy_type(op.result.type))
    if isinstance(op, arith.ExtSIOp | arith.TruncIOp):
        return operands[0].astype(numpy_type(op.result.type))
    if isinstance(op, arith.SelectOp):
        return np.where(*operands)
    if isinstance(op, arith.CmpiOp) and (number := op.predicate.value.data) < len(_PREDICATES):
        return _PREDICATES[number](*operands)
    if (function := _BINARY.get(type(op))) is not None:
        # Narrow types wrap silently, as the machine does.
        with np.errstate(over="ignore"):
            return function(*operands)
    raise ValueError(f"'{op.name}' is not supported in a nest's body")
