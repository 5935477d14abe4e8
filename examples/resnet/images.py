"""The images of the example: which are held out, and how they enter the network."""

from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

EVERY, HELD_OUT = 500, 100
"""The data set has 500 images of each digit in a row; the last 100 of them are held out."""
CALIBRATION = 3
"""The first images of each digit, all of them trained on, serve to choose scales."""
FILE = Path(__file__).parent / "images.npz"


def to_input(images: Array) -> Array:
    """Pixels uint8 [N, 28, 28] as the network's input: float32 [N, 1, 32, 32] from 0 to 1."""
    border = (32 - images.shape[-1]) // 2
    padded = np.pad(images, ((0, 0), (border, border), (border, border)))
    return padded[:, np.newaxis].astype(np.float32) / 255


def held_out() -> tuple[Array, Array]:
    """The held-out images as inputs [1000, 1, 32, 32], and their labels."""
    with np.load(FILE) as arrays:
        return to_input(arrays["images"]), arrays["labels"]


def calibration() -> Array:
    """Inputs to choose scales on, [30, 1, 1, 32, 32]: one sample for each run."""
    with np.load(FILE) as arrays:
        return to_input(arrays["calibration"])[:, np.newaxis]
