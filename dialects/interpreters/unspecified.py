"""What nobody wrote: bytes that show where they are read, as zeros would not."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from nopt.dialects.constants import Array

BYTE = 0xA5
"""Each byte of it. What a network computes of such bytes differs where these do."""


def unspecified(shape: Sequence[int], dtype: np.dtype[np.generic] | type[np.generic]) -> Array:
    """A new array that holds anything."""
    size = np.dtype(dtype).itemsize * prod(shape)
    return np.full(size, BYTE, np.uint8).view(dtype).reshape(shape)
