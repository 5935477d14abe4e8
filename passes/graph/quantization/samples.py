"""Calibration data in a .npz or .npy: checked, and cut into samples.

A sample is read from the file when it is used, and forgotten then: there may be more than memory
holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute
from xdsl.utils.hints import isa

from nopt.dialects.array_names import assigned
from nopt.dialects.constants import Array, numpy_type
from nopt.hw.files.npy import ArrayFileError, read_arrays
from nopt.passes.graph.quantization.tensor_names import tensor_names

_AT_ONCE = 1 << 20
"""Elements that are checked together."""


class Sample(tuple[Array, ...]):
    """One array per input of the function."""

    place = "a sample"
    """What messages say of it."""

    @classmethod
    def at(cls, place: str, arrays: Iterable[Array]) -> Sample:
        sample = cls(arrays)
        sample.place = place
        return sample


class Samples(Sequence[Sample]):
    """Samples that are made when they are asked for: one of each column."""

    def __init__(self, path: str, columns: Sequence[_Column], numbers: range):
        self._path, self._columns, self._numbers = path, columns, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Samples: ...
    def __getitem__(self, index: int | slice) -> Sample | Samples:
        if isinstance(index, slice):
            return Samples(self._path, self._columns, self._numbers[index])
        number = self._numbers[index]
        place = f"calibration '{self._path}', sample {number}"
        return Sample.at(place, (column.at(number) for column in self._columns))


@dataclass(frozen=True)
class _Column:
    """The samples of one input."""

    array: Array
    """With the samples along the first dimension."""
    dtype: np.dtype[Any]

    def at(self, number: int) -> Array:
        return self.array[number].astype(self.dtype, copy=False)


def load_samples(path: str, function: FuncOp, limit: int | None = None) -> Samples:
    """The samples in a file, each with one array per input of the function; the first `limit`.

    A .npz holds one array per input, by name or in order; a .npy the array of the only input. An
    array has an input's shape, or more along a leading dimension: its samples. Raises ValueError
    that names file and array, found and expected."""
    block = function.body.block
    names = [tensor_names(function)[argument] for argument in block.args]
    arrays = _assign(path, _read(path), names)
    columns: list[_Column] = []
    for name, array, argument in zip(names, arrays, block.args, strict=True):
        columns.append(_cut(f"calibration '{path}', input '{name}'", array, argument.type))
    counts = {name: len(each.array) for name, each in zip(names, columns, strict=True)}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{count} of '{name}'" for name, count in counts.items())
        raise ValueError(f"calibration '{path}': {found}, expected as many samples of each input")
    return Samples(path, columns, range(min(counts.values(), default=0))[:limit])


def _read(path: str) -> dict[str, Array]:
    """The arrays of a file by name; the one of a .npy has the name ''."""
    try:
        return read_arrays(path, mapped=True)
    except OSError as error:
        raise ValueError(f"calibration '{path}': {error.strerror}") from error
    except ArrayFileError as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise ValueError(f"calibration '{path}': {reason}") from error


def _assign(path: str, arrays: Mapping[str, Array], names: Sequence[str]) -> list[Array]:
    """One array for each input; a single one may have any name."""
    if len(arrays) == len(names) == 1:
        return list(arrays.values())
    if (found := assigned(arrays, names)) is not None:
        return found
    keys = ", ".join(f"'{key}'" for key in arrays) or "none"
    expected = ", ".join(f"'{name}'" for name in names) or "none"
    raise ValueError(f"calibration '{path}': arrays {keys}, expected one per input: {expected}")


def _cut(place: str, array: Array, type: Attribute) -> _Column:
    """The samples that an array holds for an input of this type."""
    if not isa(type, TensorType[Attribute]):
        raise ValueError(f"{place}: the input has type {type}, expected a tensor")
    shape, dtype = type.get_shape(), numpy_type(type.element_type)
    if array.dtype.kind.replace("u", "i") != dtype.kind:
        raise ValueError(f"{place}: found {array.dtype}, expected {dtype}")
    if array.size == 0:
        raise ValueError(f"{place}: found shape {list(array.shape)}, expected at least one sample")
    if array.dtype.kind == "f" and not all(np.isfinite(part).all() for part in _parts(array)):
        raise ValueError(f"{place}: found NaN or infinite numbers, expected finite ones")
    if array.dtype.kind in "iu" and array.dtype != dtype:
        limits = np.iinfo(dtype)
        if array.min() < limits.min or array.max() > limits.max:
            raise ValueError(f"{place}: found numbers beyond {dtype}")
    if array.shape[1:] == shape:
        return _Column(array, dtype)
    if array.shape[1:] == shape[1:] and array.ndim and array.shape[0] % shape[0] == 0:
        return _Column(array.reshape(-1, *shape), dtype)
    expected = f"{list(shape)}, or more such along a leading dimension"
    raise ValueError(f"{place}: found shape {list(array.shape)}, expected {expected}")


def _parts(array: Array) -> Iterator[Array]:
    """An array, a bit at a time."""
    flat = array.reshape(-1)
    for start in range(0, flat.size, _AT_ONCE):
        yield flat[start : start + _AT_ONCE]
