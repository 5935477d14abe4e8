"""The layer table of a program: which instructions compute which tensor, and how it lies there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Layer:
    """A part of a core step that computes one tensor."""

    name: str
    first: int
    """Its first instruction, counted from the program's."""
    count: int
    result: str
    """The symbol that holds the tensor afterwards."""
    shape: tuple[int, ...]
    """The tensor's shape in the network."""
    axis: int = -1
    """The dimension that is divided in blocks, their lanes innermost in DRAM; -1: none."""
    tensor: str = ""
    """The float tensor that it stands for, or nothing."""
    scale: tuple[float, ...] = ()
    """Float value of a step: one for all, or one for each index along `scale_axis`."""
    scale_axis: int = 0
    batch: int = 1
    """Rows of a vector: those of a core's batch lie around the lanes in DRAM."""
    rows: int = -1
    """The dimension that rows run along; -1: all are alike."""
    parts: int = 1
    """Parts of the lanes, one after the other in DRAM, each with all rows."""

    def check(self, stored: tuple[int, ...]) -> None:
        """Raise ValueError unless an array of shape `stored` holds the tensor, and it has such a
        scale."""
        rank = len(self.shape)
        for name, axis in (("axis", self.axis), ("rows", self.rows)):
            if not -1 <= axis < rank:
                raise ValueError(f"{name}: found {axis}, expected -1 to {rank - 1}")
        if not self._fits(stored):
            raise ValueError(
                f"result: found shape {list(stored)}, expected one that holds {list(self.shape)}"
            )
        if len(self.scale) > 1:
            lengths = self.shape[self.scale_axis : self.scale_axis + 1]
            if self.scale_axis < 0 or lengths != (len(self.scale),):
                raise ValueError(
                    f"scale: found {len(self.scale)} along dimension {self.scale_axis} "
                    f"of {list(self.shape)}, expected one or as many as it is long"
                )

    def _fits(self, stored: tuple[int, ...]) -> bool:
        if self.axis < 0:
            return math.prod(stored) == math.prod(self.shape)
        if self.parts > 1:
            if len(stored) < 3 or stored[-3] != self.parts:
                return False
            stored = (*stored[:-3], stored[-2], self.parts * stored[-1])
        if self.batch > 1:
            if len(stored) < 3 or stored[-2] != self.batch:
                return False
            stored = (*stored[:-2], stored[-1])
            if self.rows >= 0:
                size = self.shape[self.rows]
                if stored[self.rows : self.rows + 1] != (-(-size // self.batch),):
                    return False
                stored = (*stored[: self.rows], size, *stored[self.rows + 1 :])
        if self.axis >= len(stored) - 1:
            return False
        blocks, others = stored[self.axis] * stored[-1], [*self.shape]
        size = others.pop(self.axis)
        return size <= blocks and math.prod(stored) == blocks * math.prod(others)

    def unpacked(self, stored: Array) -> Array:
        """The tensor in its network's shape, of the array that lies in DRAM.

        Raises ValueError if the array does not hold it.
        """
        if self.axis < 0:
            return stored.reshape(self.shape)
        stored = self._of_one_row(stored)
        lanes_last = np.moveaxis(stored, -1, self.axis + 1)
        blocked = [*self.shape]
        blocked[self.axis] = stored.shape[self.axis] * stored.shape[-1]
        whole = lanes_last.reshape(blocked)
        return whole.take(range(self.shape[self.axis]), axis=self.axis)

    def _of_one_row(self, stored: Array) -> Array:
        """The same in vectors of one row."""
        if self.parts > 1:
            whole = np.swapaxes(stored, -3, -2)
            stored = whole.reshape(*whole.shape[:-2], -1)
        if self.batch == 1:
            return stored
        if self.rows < 0:
            return stored[..., 0, :]
        shape = [*stored.shape[:-2], stored.shape[-1]]
        shape[self.rows] *= self.batch
        whole = np.moveaxis(stored, -2, self.rows + 1).reshape(shape)
        return whole.take(range(self.shape[self.rows]), axis=self.rows)

    def real(self, stored: Array) -> Array:
        """The float tensor (float32) that the array in DRAM stands for."""
        scale = np.array(self.scale or (1.0,), np.float32)
        if len(scale) > 1:
            scale = scale.reshape(
                [-1 if i == self.scale_axis else 1 for i in range(len(self.shape))]
            )
        return self.unpacked(stored) * scale
