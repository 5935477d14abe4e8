"""The images of the example: which are held out, and how they enter the network."""

import numpy as np

EVERY, HELD_OUT = 500, 100
"""The data set has 500 images of each digit in a row; the last 100 of them are held out."""


def to_input(images: np.ndarray) -> np.ndarray:
    """Pixels uint8 [N, 28, 28] as the network's input: float32 [N, 1, 32, 32] from 0 to 1."""
    border = (32 - images.shape[-1]) // 2
    padded = np.pad(images, ((0, 0), (border, border), (border, border)))
    return padded[:, np.newaxis].astype(np.float32) / 255
