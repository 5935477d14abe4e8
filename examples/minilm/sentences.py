"""The example's sentences, and what the network takes in for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from package import vocabulary
from wordpiece import batch

Array = np.ndarray[Any, np.dtype[Any]]

FILE = Path(__file__).parent / "sentences.txt"


def read() -> dict[str, list[str]]:
    """The three lists: sentences, queries and calibration."""
    lists: dict[str, list[str]] = {}
    current: list[str] = []
    for line in FILE.read_text().splitlines():
        if line.startswith("["):
            current = lists[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            current.append(line)
    return lists


def inputs(texts: Sequence[str], length: int) -> dict[str, Array]:
    """The network's inputs by name, int64 [N, length]."""
    return batch(texts, vocabulary(), length)


def calibration(length: int) -> dict[str, Array]:
    """Samples to choose scales on, int64 [64, 1, length] by name: each sentence alone, and followed
    by as many others as fill the length."""
    texts = read()["calibration"]
    some = -(-length // 10)
    joined = [
        " ".join(texts[(first + i) % len(texts)] for i in range(some))
        for first in range(len(texts))
    ]
    arrays = inputs([*texts, *joined], length)
    return {name: array[:, np.newaxis] for name, array in arrays.items()}
