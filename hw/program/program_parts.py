"""What a program is made of: values, symbols in DRAM, steps on host and core."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

KINDS = ("input", "output", "constant", "buffer", "uop")
LARGEST_DRAM = 1 << 32
"""Bytes that the 32-bit addresses of the core's bus reach."""

DTYPES = frozenset(np.dtype(code).name for code in "?bBhHiIlLqQefd")
"""What a value or symbol may hold, by numpy's names."""


class ProgramError(ValueError):
    """A program file that is broken, altered or of another version."""


@dataclass(frozen=True)
class Value:
    """An input or output of the whole network; `dtype` is numpy's name."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Symbol:
    """A named range of DRAM: byte address, and what lies there as a numpy array.

    `kind` is one of input, output, constant, buffer, uop.
    """

    name: str
    address: int
    shape: tuple[int, ...]
    dtype: str
    kind: str

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class HostStep:
    """Call a host function on symbols or values, by name."""

    function: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class CoreStep:
    """Run the instructions `first` to `first + count - 1` on the core."""

    first: int
    count: int
