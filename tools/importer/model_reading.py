"""Reading a model file: parsed, checked by ONNX, its shapes fixed and inferred."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, ModelProto, TensorProto, helper, inliner, numpy_helper
from onnx.external_data_helper import load_external_data_for_tensor, uses_external_data

from nopt.dialects.constants import Array
from nopt.hw.files.whole_files import read_bytes
from nopt.tools.errors import UserError, one_line
from nopt.tools.importer.cutting import cut
from nopt.tools.importer.folding import LARGEST_BYTES
from nopt.tools.importer.inputs import fix_shapes, fix_values
from nopt.tools.importer.onnx_types import stored_type

_SMALL_ELEMENTS = 1024
"""Up to here a tensor may be a shape or an axis, which shape inference looks into."""

_NEWEST = onnx.defs.onnx_opset_version()


def read_model(
    path: Path,
    dims: Mapping[str, int],
    shapes: Mapping[str, Sequence[int]],
    fixed: Mapping[str, Sequence[float]],
    part: tuple[Sequence[str], Sequence[str]] = ((), ()),
) -> ModelProto:
    """The model with fixed input shapes, and constants in place of `fixed` inputs; or what of it
    lies between the tensors of a `part`.

    Weights in files of their own stay there. Raises UserError for what is no model, OSError if the
    file cannot be read.
    """
    model = parse_model(read_bytes(path))
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx") and not 1 <= opset.version <= _NEWEST:
            raise UserError(f"operator set {opset.version}, expected 1 to {_NEWEST}")
    if any(part):
        with _checked():
            inferred = onnx.shape_inference.infer_shapes(_skeleton(model)).graph
        cut(model, inferred, *part)
    for tensor in model.graph.initializer:
        check_tensor(tensor)
    fix_shapes(model, dims, shapes)
    fix_values(model, fixed)
    if model.functions:
        with _checked():
            model = inliner.inline_local_functions(model, convert_version=True)
    return model


def infer_elements(model: ModelProto) -> dict[str, int]:
    """The element types that ONNX infers for a model's tensors.

    Raises UserError for a model that ONNX's checker or shape inference refuses."""
    with _checked():
        skeleton = _skeleton(model)
        onnx.checker.check_model(skeleton)
        for value in skeleton.graph.output:
            # What files say about shapes of results may be of another batch.
            value.type.tensor_type.ClearField("shape")
        # Old definitions of pools that round up have a window more than anyone computes; a branch
        # that is not taken need not fit.
        strict = not any(
            a.name == "ceil_mode" or a.type == AttributeProto.GRAPH
            for n in model.graph.node
            for a in n.attribute
        )
        # Without data propagation, which makes whole tensors of what a hostile file asks for;
        # shapes that are computed are evaluated by `folding`.
        inferred = onnx.shape_inference.infer_shapes(
            skeleton, check_type=True, strict_mode=strict
        ).graph
    values = (*inferred.input, *inferred.value_info, *inferred.output)
    return {value.name: value.type.tensor_type.elem_type for value in values}


@contextmanager
def _checked() -> Iterator[None]:
    """Make what ONNX complains about a UserError."""
    try:
        yield
    except (
        onnx.checker.ValidationError,
        onnx.shape_inference.InferenceError,
        RuntimeError,
        ValueError,
    ) as error:
        raise UserError(one_line(ValueError(str(error)))) from error


def load_tensor(tensor: TensorProto, folder: Path) -> Array:
    """A stored tensor's elements; its bytes in the model are given up if they are many.

    Raises UserError if they are not as many as its shape says, or their file is missing, too
    short or outside the model's folder."""
    if uses_external_data(tensor):
        location = next((e.value for e in tensor.external_data if e.key == "location"), "")
        try:
            load_external_data_for_tensor(tensor, str(folder))
        except (OSError, ValueError, RuntimeError, onnx.checker.ValidationError) as error:
            reason = one_line(ValueError(str(error)))
            raise UserError(f"tensor '{tensor.name}' in file '{location}': {reason}") from error
    try:
        array = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError) as error:
        shape = list(tensor.dims)
        found = f"{len(tensor.raw_data)} bytes" if tensor.HasField("raw_data") else "elements"
        raise UserError(
            f"tensor '{tensor.name}' has {found} that do not fit its shape {shape}: "
            f"{one_line(ValueError(str(error)))}"
        ) from error
    if not _is_small(tensor):
        tensor.ClearField("raw_data")
    return array


def parse_model(data: bytes) -> ModelProto:
    if not data:
        raise UserError("the file is empty, expected an ONNX model")
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise UserError("not an ONNX model, or one that is cut off") from error
    if not model.ir_version or not model.HasField("graph") or not model.opset_import:
        missing = "no version" if not model.ir_version else "no operator set"
        found = "no graph" if not model.HasField("graph") else missing
        raise UserError(f"not an ONNX model: it has {found}")
    if any(isinstance(text, bytes) for text in _names(model)):
        raise UserError("not an ONNX model: a name in it is not text")
    if not model.graph.output:
        raise UserError("the model has no outputs, expected at least one")
    return model


def _names(model: ModelProto) -> Iterator[object]:
    """All names that the import uses; protobuf gives those that are no UTF-8 as bytes."""
    graph = model.graph
    yield from (opset.domain for opset in model.opset_import)
    for part in (graph.input, graph.output, graph.initializer, graph.node):
        yield from (item.name for item in part)
    for value in graph.input:
        yield from (dim.dim_param for dim in value.type.tensor_type.shape.dim)
    for node in graph.node:
        yield from (node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)


def check_tensor(tensor: TensorProto) -> None:
    """Raises UserError for a stored tensor of a type or size that nothing holds."""
    what = f"tensor '{tensor.name}'"
    dtype = stored_type(tensor.data_type, what)
    shape = list(tensor.dims)
    if any(size < 0 for size in shape):
        raise UserError(f"{what} has shape {shape}, expected no negative dimensions")
    if (count := prod(shape) * dtype.itemsize) > LARGEST_BYTES:
        raise UserError(f"{what} has {count} bytes, expected at most {LARGEST_BYTES}")
    has_bytes = tensor.HasField("raw_data")
    expected = prod(shape) * np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type)).itemsize
    if has_bytes and (found := len(tensor.raw_data)) != expected:
        raise UserError(f"{what} of shape {shape} has {found} bytes, expected {expected}")


def _skeleton(model: ModelProto) -> ModelProto:
    """The model without its large weights: they are declared as inputs."""
    graph = model.graph
    small = [t for t in graph.initializer if _is_small(t)]
    large = [t for t in graph.initializer if not _is_small(t)]
    declared = {value.name for value in graph.input}
    skeleton = ModelProto()
    # Since version 4, initializers need not be inputs; older files are held to the same.
    skeleton.ir_version = max(model.ir_version, 4)
    skeleton.opset_import.extend(model.opset_import)
    skeleton.graph.name = graph.name or "main"
    skeleton.graph.node.extend(graph.node)
    skeleton.graph.input.extend(graph.input)
    skeleton.graph.input.extend(
        helper.make_tensor_value_info(t.name, t.data_type, list(t.dims))
        for t in large
        if t.name not in declared
    )
    skeleton.graph.initializer.extend(small)
    for value in graph.output:
        if not value.type.HasField("tensor_type"):
            kind = (value.type.WhichOneof("value") or "none").removesuffix("_type")
            raise UserError(f"output '{value.name}' has type {kind}, expected a tensor")
        element = value.type.tensor_type.elem_type
        skeleton.graph.output.append(helper.make_tensor_value_info(value.name, element, []))
    return skeleton


def _is_small(tensor: TensorProto) -> bool:
    return prod(tensor.dims) <= _SMALL_ELEMENTS and not uses_external_data(tensor)
