"""Arrays of a program's inputs and outputs: .npy or .npz files, one sample or many.

An array that is longer than its input along the first dimension, or has one dimension more, holds
samples: the program runs once for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nopt.dialects.array_names import assigned, distinct
from nopt.hw.files.npy import read_arrays, write_npy, write_npz
from nopt.hw.files.whole_files import all_or_none, output_stream
from nopt.hw.program.program_parts import Value
from nopt.tools.errors import UserError

Array = np.ndarray[Any, np.dtype[Any]]


def load_inputs(paths: Sequence[str], inputs: Sequence[Value]) -> list[Array]:
    """The arrays of .npy files, one for each input, or those of one .npz.

    Those of a .npz are found by the inputs' names, those of values or of the model's tensors, or by
    order if they are named `arr_0`, `arr_1`…. What an input's type holds exactly is converted.
    Raises UserError or ArrayFileError, with the file's name, for what is neither, OSError if it
    cannot be read.
    """
    many = is_npz(paths)
    arrays = _from_npz(paths[0], inputs) if many else [_load_npy(path) for path in paths]
    if len(arrays) != len(inputs):
        return arrays
    return [_widened(array, v.dtype) for array, v in zip(arrays, inputs, strict=True)]


def samples_of(arrays: Sequence[Array], inputs: Sequence[Value]) -> list[list[Array]]:
    """Inputs for each run. Arrays that do not fit are one sample: whoever runs it will say so.

    Raises UserError if inputs have different numbers of samples.
    """
    if len(arrays) != len(inputs):
        return [list(arrays)]
    parts = [_cut(array, value.shape) for array, value in zip(arrays, inputs, strict=True)]
    if len({len(part) for part in parts}) > 1:
        counts = ", ".join(f"{len(p)} for '{v.name}'" for p, v in zip(parts, inputs, strict=True))
        raise UserError(f"found samples {counts}, expected as many for each input")
    return [list(sample) for sample in zip(*parts, strict=True)] if parts else [[]]


def collect(
    results: Sequence[Sequence[Array]], arrays: Sequence[Array], inputs: Sequence[Value]
) -> list[Array]:
    """The outputs of all runs: one after the other along the first dimension where samples were so
    in the inputs' `arrays`, else along a new one. A single run's as they are."""
    fits = len(arrays) == len(inputs)
    pairs = list(zip(arrays, inputs, strict=True)) if fits else []
    if len(results) == 1 and all(array.shape == value.shape for array, value in pairs):
        return list(results[0])
    longer = all(array.ndim == len(value.shape) for array, value in pairs)
    outputs = [list(output) for output in zip(*results, strict=True)]
    return [np.concatenate(o) if longer and o[0].ndim else np.stack(o) for o in outputs]


def save_outputs(paths: Sequence[str], arrays: Sequence[Array], outputs: Sequence[Value]) -> None:
    """Write each output to its .npy file, or all to one .npz by name; all or none of them."""
    if is_npz(paths):
        with output_stream(paths[0]) as stream:
            names = distinct([value.name for value in outputs])
            write_npz(stream.buffer, dict(zip(names, arrays, strict=True)))
        return
    with all_or_none():
        for path, array in zip(paths, arrays, strict=False):
            with output_stream(path) as stream:
                write_npy(stream.buffer, array)


def is_npz(paths: Sequence[str]) -> bool:
    """Whether the only path is that of a .npz file, which holds any number of arrays."""
    return len(paths) == 1 and paths[0].endswith(".npz")


def _cut(array: Array, shape: tuple[int, ...]) -> Sequence[Array]:
    if array.ndim == len(shape) + 1 and array.shape[1:] == shape:
        return list(array)
    many = array.ndim == len(shape) > 0 and array.shape[1:] == shape[1:] and shape[0] > 0
    if many and len(array) and len(array) % shape[0] == 0:
        return np.split(array, len(array) // shape[0])
    return [array]


def _load_npy(path: str) -> Array:
    arrays = read_arrays(path)
    if "" not in arrays:
        raise UserError(f"{path}: found a .npz file, expected a .npy file, as numpy.save writes it")
    return arrays[""]


def _from_npz(path: str, inputs: Sequence[Value]) -> list[Array]:
    names = [value.name for value in inputs]
    arrays = read_arrays(path)
    if (found := assigned(arrays, names)) is None:
        keys = ", ".join(arrays) or "nothing"
        raise UserError(f"{path}: found {keys}, expected {', '.join(names)}")
    return found


def _widened(array: Array, dtype: str) -> Array:
    """In a wider type of the same kind, which changes no number; any other is left."""
    kinds = array.dtype.kind + np.dtype(dtype).kind
    is_exact = kinds in ("ff", "ii", "ui") and np.can_cast(array.dtype, dtype)
    return array.astype(dtype) if is_exact else array
