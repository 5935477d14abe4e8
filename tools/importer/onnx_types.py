"""Element types of ONNX tensors, and what stands for those that the graph dialect lacks."""

from typing import Any

import numpy as np
from onnx import TensorProto, helper

from nopt.dialects.constants import Array
from nopt.tools.errors import UserError

_NUMPY: dict[int, type[np.generic]] = {
    TensorProto.FLOAT: np.float32,
    TensorProto.FLOAT16: np.float32,
    TensorProto.DOUBLE: np.float32,
    TensorProto.BOOL: np.bool_,
    TensorProto.INT8: np.int8,
    TensorProto.INT16: np.int16,
    TensorProto.INT32: np.int32,
    TensorProto.INT64: np.int64,
    TensorProto.UINT8: np.int16,
    TensorProto.UINT16: np.int32,
    TensorProto.UINT32: np.int64,
}
"""Integers of `graph` are signed, so the unsigned ones are kept in wider ones."""

_SUPPORTED = "float, float16, double, bool, int8 to int64, or uint8 to uint32"
_CONVERTED = {TensorProto.FLOAT16, TensorProto.DOUBLE}


def type_name(element: int) -> str:
    """ONNX's name of an element type, as `bfloat16`."""
    known = {number: name for name, number in TensorProto.DataType.items()}
    return known.get(element, f"number {element}").lower()


def is_converted(element: int) -> bool:
    """Whether floats of this type are rounded or widened to f32."""
    return element in _CONVERTED


def unsigned_limits(element: int) -> np.iinfo[Any] | None:
    """The limits of an unsigned type, which a wider one holds; None for any other."""
    is_unsigned = element in _NUMPY and type_name(element).startswith("uint")
    return np.iinfo(helper.tensor_dtype_to_np_dtype(element)) if is_unsigned else None


def stored_type(element: int, what: str) -> np.dtype[np.generic]:
    """The numpy type that holds tensors of an ONNX element type.

    Raises UserError, about `what`, if none does."""
    if element not in _NUMPY:
        raise UserError(f"{what} has data type {type_name(element)}, expected {_SUPPORTED}")
    return np.dtype(_NUMPY[element])


def stored(array: Array, what: str) -> Array:
    """An array in the type that holds it. Raises UserError as `stored_type`, and for NaN."""
    try:
        element = helper.np_dtype_to_tensor_dtype(array.dtype)
    except (KeyError, ValueError):
        element = TensorProto.STRING
    dtype = stored_type(element, what)
    if array.dtype.kind == "f":
        if np.isnan(array).any():
            count = int(np.isnan(array).sum())
            raise UserError(f"{what} has {count} elements that are NaN, expected numbers")
        with np.errstate(over="ignore"):
            return array.astype(dtype, copy=False)
    return array.astype(dtype, copy=False)
