"""The shapes and values of a network's inputs: what the file says, and the command line adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from onnx import ModelProto, TypeProto, ValueInfoProto, helper, numpy_helper

from nopt.tools.errors import UserError, nearest
from nopt.tools.importer.folding import LARGEST_BYTES
from nopt.tools.importer.onnx_types import stored_type


def fix_shapes(
    model: ModelProto, dims: Mapping[str, int], shapes: Mapping[str, Sequence[int]]
) -> None:
    """Give every input its shape, in the model itself.

    `dims` are sizes of named dimensions, `shapes` whole shapes by input. Raises UserError for a
    dimension that stays open, and for an option that fits nothing.
    """
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in stored]
    names = [value.name for value in inputs]
    for name in shapes:
        if name not in names:
            known = ", ".join(names)
            raise UserError(f"--input-shape: no input '{name}', expected one of {known}")
    used: set[str] = set()
    for value in inputs:
        used |= _fix(value, dims, shapes.get(value.name))
    for name in dims:
        if name not in used:
            hint = nearest(name, used)
            raise UserError(f"--dim: no input has a dimension named '{name}'{hint}")


def fix_values(model: ModelProto, fixed: Mapping[str, Sequence[float]]) -> None:
    """Make constants of inputs, in the model itself: one number for all elements, or one for each.

    Raises UserError for an input that there is not, and for numbers that are not as many as it has
    elements, or that its type does not hold."""
    inputs = {value.name: value for value in model.graph.input}
    for name, numbers in fixed.items():
        if name not in inputs:
            raise UserError(f"--fix: no input '{name}', expected one of {', '.join(inputs)}")
        tensor = inputs[name].type.tensor_type
        shape = [dim.dim_value for dim in tensor.shape.dim]
        counts = sorted({1, prod(shape)})
        if len(numbers) not in counts:
            raise UserError(
                f"--fix: '{name}' of shape {shape} is given {len(numbers)} numbers, "
                f"expected {' or '.join(map(str, counts))}"
            )
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if (wrong := next((n for n in numbers if not _holds(dtype, n)), None)) is not None:
            raise UserError(f"--fix: '{name}' is {wrong:g}, expected numbers of type {dtype}")
        array = np.array([int(n) if dtype.kind in "iub" else n for n in numbers]).astype(dtype)
        array = np.array(np.broadcast_to(array, prod(shape)).reshape(shape))
        model.graph.input.remove(inputs[name])
        model.graph.initializer.append(numpy_helper.from_array(array, name))


def _holds(dtype: np.dtype[Any], number: float) -> bool:
    """Whether a type has a number: any, if it is one of floats."""
    if dtype.kind == "b":
        return number in (0, 1)
    if dtype.kind not in "iu":
        return True
    limits = np.iinfo(dtype)
    return limits.min <= number <= limits.max and number == int(number)


def _fix(value: ValueInfoProto, dims: Mapping[str, int], shape: Sequence[int] | None) -> set[str]:
    """Fix one input's shape; returns the names that its dimensions have."""
    tensor = _tensor_type(value)
    names = {dim.dim_param for dim in tensor.shape.dim if dim.dim_param}
    if shape is not None:
        _check_given(value.name, tensor, shape)
        tensor.ClearField("shape")
        for size in shape:
            tensor.shape.dim.add().dim_value = size
        return names
    if not tensor.HasField("shape"):
        raise UserError(
            f"input '{value.name}' has no shape, expected one: --input-shape {value.name}=1x3x…"
        )
    for index, dim in enumerate(tensor.shape.dim):
        if dim.dim_param in dims:
            size = dims[dim.dim_param]
            dim.Clear()
            dim.dim_value = size
        if not dim.HasField("dim_value"):
            found = _shown(tensor)
            option = f"--dim {dim.dim_param}=…" if dim.dim_param else ""
            whole = f"--input-shape {value.name}={'x'.join(found)}"
            raise UserError(
                f"input '{value.name}' leaves dimension {index} open: [{', '.join(found)}], "
                f"expected a size: {option + ' or ' if option else ''}{whole} with numbers"
            )
        if dim.dim_value < 1:
            raise UserError(
                f"input '{value.name}' has dimension {index} of size {dim.dim_value}, "
                "expected at least 1"
            )
    sizes = [dim.dim_value for dim in tensor.shape.dim]
    if prod(sizes) * 8 > LARGEST_BYTES:
        raise UserError(
            f"input '{value.name}' of shape {sizes} has {prod(sizes)} elements, "
            f"expected at most {LARGEST_BYTES // 8}"
        )
    return names


def _tensor_type(value: ValueInfoProto) -> TypeProto.Tensor:
    """Raises UserError for what is no tensor, and for element types that nothing holds."""
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        found = (kind or "none").removesuffix("_type")
        raise UserError(f"input '{value.name}' has type {found}, expected a tensor")
    stored_type(value.type.tensor_type.elem_type, f"input '{value.name}'")
    return value.type.tensor_type


def _check_given(name: str, tensor: TypeProto.Tensor, shape: Sequence[int]) -> None:
    declared = tensor.shape.dim
    if tensor.HasField("shape"):
        fits = len(declared) == len(shape) and all(
            not dim.HasField("dim_value") or dim.dim_value in (size, 0, -1)
            for dim, size in zip(declared, shape, strict=True)
        )
        if not fits:
            found = "x".join(map(str, shape))
            expected = ", ".join(_shown(tensor))
            raise UserError(f"--input-shape: '{name}' is {found}, expected [{expected}]")


def _shown(tensor: TypeProto.Tensor) -> list[str]:
    return [
        str(dim.dim_value) if dim.HasField("dim_value") else dim.dim_param or "?"
        for dim in tensor.shape.dim
    ]
