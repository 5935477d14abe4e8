"""Tensors whose values are known as integers with a scale and a zero point.

What a quantized model says in three operators (dequantize, compute, quantize) is computed on the
integers wherever that is exact, so a dequantized tensor stays *coded* until someone needs its
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array, element_type
from nopt.dialects.graph import AddOp, DequantizeOp, ReshapeOp
from nopt.tools.importer.node import Node, dtype_of, shape_of


@dataclass(frozen=True)
class Coded:
    """A tensor of numbers (value - zero) * scale, or of the integers value - zero.

    `scale` and `zero` are numbers, or vectors along `axis`; `scale` is None for integers: a
    uint8 tensor is kept as i8 with zero -128. `value` is an array if it is known.
    """

    value: SSAValue | Array
    scale: float | Array | None
    zero: int | Array = 0
    axis: int | None = None
    name: str = ""
    """Of a known tensor, where it is stored."""

    @property
    def is_plain(self) -> bool:
        """Whether one scale and one zero hold for the whole tensor, so that elements may move."""
        return not self.has_scales and not np.ndim(self.zero)

    @property
    def has_scales(self) -> bool:
        """Whether the scale is a vector."""
        return isinstance(self.scale, np.ndarray) and self.scale.ndim > 0

    def with_value(self, value: SSAValue | Array) -> Coded:
        return replace(self, value=value)

    @property
    def array(self) -> Array | None:
        return self.value if isinstance(self.value, np.ndarray) else None

    def aligned(self, factor: Any) -> Array:
        """A scale or zero in a shape that broadcasts to the tensor's."""
        factor = np.asarray(factor)
        if not factor.ndim:
            return factor
        rank = len(shape_of(self.value))
        return factor.reshape([-1 if i == self.axis else 1 for i in range(rank)])

    def numbers(self) -> Array:
        """The numbers that a known tensor stands for, in float32; or the integers."""
        assert isinstance(self.value, np.ndarray)
        # numpy makes numbers of what it computes of arrays without dimensions.
        centred = np.asarray(self.value.astype(np.int64) - self.aligned(self.zero))
        if self.scale is None:
            return centred
        return np.asarray(centred.astype(np.float32) * self.aligned(self.scale).astype(np.float32))

    def tensor(self, node: Node) -> SSAValue:
        """The tensor's integers as a value of the graph."""
        if isinstance(self.value, np.ndarray):
            return node.array(self.value, self.name or "integers")
        return self.value

    def centred(self, node: Node, dtype: Any = np.int32) -> SSAValue:
        """value - zero as a tensor of an integer type that holds it."""
        value = self.tensor(node)
        if np.any(self.zero):
            minus = trailing(-self.aligned(self.zero)).astype(dtype)
            offset = node.array(minus, "bias" if minus.ndim else "zero_point")
            return node.emit(AddOp(value, offset, element_type(np.dtype(dtype))))
        return value

    def decoded(self, node: Node) -> SSAValue:
        """The numbers, as a tensor of floats; unsigned integers in a wider type."""
        if self.array is not None and self.scale is not None:
            return node.array(self.numbers(), self.name or "numbers")
        value = self.tensor(node)
        if self.scale is None:
            wide = np.int16 if dtype_of(value) == np.int8 else np.int32
            if np.any(self.zero):
                return self.centred(node, wide)
            return value
        limits = np.iinfo(dtype_of(value))
        zero = self.zero
        if np.ndim(zero) or not limits.min <= int(zero) <= limits.max:
            value, zero = self.centred(node), 0
        scale = self.scale if not np.ndim(self.scale) else np.asarray(self.scale, np.float32)
        axis = self.axis if np.ndim(self.scale) else None
        if isinstance(scale, np.ndarray):
            return node.emit(DequantizeOp(value, scale, int(zero), axis))
        return node.emit(DequantizeOp(value, float(scale), int(zero)))


def trailing(array: Array) -> Array:
    """Without leading dimensions of 1, which broadcasting adds by itself."""
    while array.ndim and array.shape[0] == 1:
        array = array[0]
    return array


def reshaped(node: Node, value: SSAValue, shape: tuple[int, ...] | list[int]) -> SSAValue:
    """The value in another shape, without an op if it has it."""
    if shape_of(value) == tuple(shape):
        return value
    return node.emit(ReshapeOp(value, shape))
