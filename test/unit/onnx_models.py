"""Small ONNX models for tests, made in place."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnx_sessions import onnxruntime_session

from nopt.dialects.interpreters.run import run_function
from nopt.tools.importer import Imported, import_model

Array = np.ndarray[Any, np.dtype[Any]]
Shape = Sequence[int | str | None] | None


def model(
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Shape],
    outputs: Sequence[str] = ("y",),
    weights: Mapping[str, Array] | None = None,
    opset: int = 17,
    elements: Mapping[str, int] | None = None,
) -> ModelProto:
    """A model of float inputs and outputs, where `elements` has no other type for a name."""
    types = elements or {}

    def value(name: str, shape: Shape) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, types.get(name, TensorProto.FLOAT), shape)

    graph = helper.make_graph(
        list(nodes),
        "test",
        [value(name, shape) for name, shape in inputs.items()],
        [value(name, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def imported(proto: ModelProto, folder: Path, **options: Any) -> Imported:
    """The import of a model that is written to a file first."""
    path = folder / "model.onnx"
    path.write_bytes(proto.SerializeToString())
    return import_model(path, **options)


def run(proto: ModelProto, inputs: Sequence[Array], folder: Path, **options: Any) -> list[Array]:
    """The results of the imported model."""
    module = imported(proto, folder, **options).module
    return list(run_function(module, "main", [as_stored(array) for array in inputs]))


def as_stored(array: Array) -> Array:
    """An input in the type that the imported function takes."""
    stored = {"u1": np.int16, "u2": np.int32, "u4": np.int64, "f2": np.float32, "f8": np.float32}
    return array.astype(stored.get(array.dtype.str[1:], array.dtype))


def randoms(shapes: Mapping[str, Sequence[int]], seed: int = 0) -> dict[str, Array]:
    """Normally distributed float32 arrays."""
    generator = np.random.default_rng(seed)
    return {n: generator.standard_normal(s, np.float32) for n, s in shapes.items()}


def expected(proto: ModelProto, inputs: Mapping[str, Array]) -> list[Array]:
    """onnxruntime's results."""
    results = onnxruntime_session(proto.SerializeToString()).run(None, dict(inputs))
    return [np.asarray(result) for result in results]


def check(
    op: str,
    given: Mapping[str, Array],
    known: Mapping[str, Array],
    folder: Path,
    order: str = "",
    *,
    opset: int = 18,
    outputs: Sequence[str] = ("y",),
    tolerance: float = 1e-6,
    domain: str = "",
    **attributes: Any,
) -> None:
    """One node against onnxruntime: some of its inputs the network is given, others are stored.

    `order` are the inputs' names, of a letter each; an output named `places` is of int64."""
    names = [name.strip() for name in order] or [*given, *known]
    node = helper.make_node(op, names, list(outputs), domain=domain, **attributes)
    types = {n: helper.np_dtype_to_tensor_dtype(a.dtype) for n, a in given.items()}
    types |= {"places": TensorProto.INT64}
    shapes = {name: array.shape for name, array in given.items()}
    proto = model([node], shapes, [name for name in outputs if name], known, opset, types)
    if domain not in ("", "com.microsoft"):
        proto.opset_import.append(helper.make_opsetid(domain, 1))
    wanted = expected(proto, given)
    found = run(proto, list(given.values()), folder)
    for one, other in zip(found, wanted, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
