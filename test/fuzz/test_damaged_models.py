"""ONNX models with damaged fields or bytes: what is imported computes what onnxruntime does."""

from __future__ import annotations

import os
import resource
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from checks import parse
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from kinds import Input, Kind
from mutations import damaged_bytes, pick
from numpy.random import Generator
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx_sessions import onnxruntime_session
from onnxruntime import SessionOptions
from programs import is_small, main_of, random_inputs
from typing_extensions import override
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter, PythonValues
from xdsl.ir import Operation

from nopt.dialects.constants import scoped_resources
from nopt.dialects.interpreters.run import run_function
from nopt.tools.nopt_import import main as nopt_import

node = helper.make_node
F, I8 = TensorProto.FLOAT, TensorProto.INT8
REFERENCE_SECONDS = 5
MOST = 1e30


def test_models(part: int):
    Kind("models", made).check(part)


def made(rng: Generator) -> Input:
    proto = ModelProto()
    proto.CopyFrom(pick(rng, models()))
    seed, in_bytes = int(rng.integers(1 << 32)), rng.random() < 0.25
    if not in_bytes:
        for _ in range(rng.geometric(0.7)):
            damage_field(rng, proto)
    data = proto.SerializeToString()

    def check(path: Path) -> None:
        nopt_import([str(path), "-o", "output"])
        with scoped_resources():
            module = parse(Path("output").read_text())
            if is_small(module):
                compare(path, module, random_inputs(main_of(module), seed))

    return Input(damaged_bytes(rng, data) if in_bytes else data, ".onnx", check)


def compare(path: Path, module: ModuleOp, inputs: list[np.ndarray]) -> None:
    """As close as sums of floats are, if onnxruntime takes the model and these inputs."""
    wanted = reference(path, inputs)
    if wanted is None:
        return
    largest = Largest()
    found = run_function(module, "main", inputs, [largest])
    if largest.magnitude > MOST:
        return  # Sums overflow in one order, and not in another.
    for array, expected in zip(found, wanted, strict=True):
        close = {"rtol": 1e-3, "atol": 1e-3 if array.dtype.kind == "f" else 1}
        np.testing.assert_allclose(np.asarray(array, float), np.asarray(expected, float), **close)


class Largest(Interpreter.Listener):
    """The largest magnitude of all numbers that a function computes."""

    magnitude = 0.0

    @override
    def did_interpret_op(self, op: Operation, results: PythonValues) -> None:
        for array in map(np.asarray, results):
            if array.size and array.dtype.kind == "f":
                largest = float(np.max(np.abs(array), initial=0, where=~np.isnan(array)))
                self.magnitude = max(self.magnitude, largest)


def reference(path: Path, inputs: list[np.ndarray]) -> list[np.ndarray] | None:
    """What onnxruntime says, in a fork of its own; None if it refuses, dies or does not end."""
    results = path.with_name("reference.npz")
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (REFERENCE_SECONDS,) * 2)
            np.savez(results, *by_onnxruntime(path, inputs))
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if status:
        return None
    with np.load(results) as found:
        return [found[name] for name in found.files]


def by_onnxruntime(path: Path, inputs: list[np.ndarray]) -> list[np.ndarray]:
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime_session(path, options)
    given = zip(session.get_inputs(), inputs, strict=True)
    return session.run(None, {value.name: array for value, array in given})


@cache
def models() -> list[ModelProto]:
    """Small ones of many operators, of floats and of quantized tensors."""
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, np.float32)

    def ints(*values: int) -> np.ndarray:
        return np.array(values, np.int64)

    scale, zero = np.float32(0.05), np.int8(3)
    return [
        model(
            [
                node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
                node("BatchNormalization", ["c", "b", "b", "b", "v"], ["n"], epsilon=1e-3),
                node("Relu", ["n"], ["r"]),
                node("MaxPool", ["r"], ["m"], kernel_shape=[2, 2], pads=[0, 0, 1, 1]),
                node("AveragePool", ["m"], ["a"], kernel_shape=[2, 2], count_include_pad=1),
                node("GlobalAveragePool", ["a"], ["g"]),
                node("Flatten", ["g"], ["f"], axis=1),
                node("Gemm", ["f", "k"], ["y"], alpha=0.5, transB=1),
            ],
            {"x": (1, 3, 8, 8)},
            {"w": normal(4, 3, 3, 3), "b": normal(4), "v": abs(normal(4)), "k": normal(5, 4)},
        ),
        model(
            [
                node("MatMul", ["x", "w"], ["q"]),
                node("Reshape", ["q", "s"], ["h"]),
                node("Transpose", ["h"], ["t"], perm=[0, 2, 1, 3]),
                node("Transpose", ["t"], ["t2"], perm=[0, 1, 3, 2]),
                node("MatMul", ["t", "t2"], ["z"]),
                node("Div", ["z", "d"], ["e"]),
                node("Softmax", ["e"], ["p"], axis=-1),
                node("Split", ["p", "two"], ["l", "r"], axis=2),
                node("Concat", ["r", "l"], ["j"], axis=2),
                node("LayerNormalization", ["j", "g", "g"], ["n"], axis=-1),
                node("Erf", ["n"], ["k"]),
                node("Gelu", ["k"], ["y"]),
            ],
            {"x": (2, 4, 6)},
            {
                **{"w": normal(6, 6), "s": ints(0, 0, 2, -1), "two": ints(1, 3)},
                **{"d": np.float32(1.7), "g": normal(4)},
            },
            opset=20,
        ),
        model(
            [
                node("DequantizeLinear", ["q", "s", "z"], ["x"]),
                node("DequantizeLinear", ["w", "ws", "wz"], ["v"], axis=0),
                node("Conv", ["x", "v"], ["c"], pads=[1, 1, 1, 1]),
                node("Relu", ["c"], ["r"]),
                node("QuantizeLinear", ["r", "s", "z"], ["u"]),
                node("DequantizeLinear", ["u", "s", "z"], ["d"]),
                node("Add", ["d", "x"], ["a"]),
                node("QuantizeLinear", ["a", "s", "z"], ["y"]),
            ],
            {"q": (1, 4, 5, 5)},
            {
                **{"s": np.asarray(scale), "z": np.asarray(zero)},
                "w": rng.integers(-99, 99, (4, 4, 3, 3), np.int8),
                **{"ws": np.full(4, 0.01, np.float32), "wz": np.zeros(4, np.int8)},
            },
            element=I8,
        ),
        model(
            [
                node("Slice", ["x", "from", "to", "axes"], ["s"]),
                node("Pad", ["s", "pads", "fill"], ["p"], mode="constant"),
                node("Resize", ["p", "", "zoom"], ["u"], mode="nearest"),
                node("ReduceMean", ["u"], ["m"], axes=[2, 3], keepdims=1),
                node("Sub", ["u", "m"], ["d"]),
                node("Clip", ["d", "low", "high"], ["c"]),
                node("Gather", ["c", "which"], ["g"], axis=1),
                node("Squeeze", ["g", "axis"], ["q"]),
                node("Unsqueeze", ["q", "axis"], ["z"]),
                node("Less", ["z", "fill"], ["l"]),
                node("Where", ["l", "fill", "z"], ["h"]),
                node("Cast", ["h"], ["i"], to=TensorProto.INT32),
                node("Cast", ["i"], ["f"], to=F),
                node("Expand", ["f", "shape"], ["e"]),
                node("Pow", ["e", "exponent"], ["y"]),
            ],
            {"x": (1, 3, 4, 4)},
            {
                **{"from": ints(0, 1), "to": ints(2, 9), "axes": ints(1, 2)},
                **{"pads": ints(0, 0, 1, 0, 0, 0, 0, 1), "fill": np.float32(0.5)},
                **{"zoom": np.array([1, 1, 2, 2], np.float32), "axis": ints(0)},
                **{"low": np.float32(-1), "high": np.float32(2), "which": ints(1, 0)},
                **{"shape": ints(1, 2, 8, 10), "exponent": np.float32(2)},
            },
            opset=17,
        ),
    ]


def model(
    nodes: list[onnx.NodeProto],
    inputs: dict[str, tuple[int, ...]],
    weights: dict[str, Any],
    opset: int = 17,
    element: int = F,
) -> ModelProto:
    graph = helper.make_graph(
        nodes,
        "fuzz",
        [helper.make_tensor_value_info(name, element, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info("y", element, None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


# Fields.

Place = tuple[Message, FieldDescriptor]

_INTEGERS = (
    *(-(1 << 63), -(1 << 31), -129, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 16, 17, 22, 23),
    *(99, 255, 1 << 16, (1 << 31) - 1, 1 << 31, 1 << 33, 1 << 40, (1 << 62) + 1, (1 << 63) - 1),
)
_FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.6, 1e-30, 1e30, float("nan"), float("inf"), -float("inf"))


def damage_field(rng: Generator, proto: ModelProto) -> None:
    """One field, at any depth, has another value, is not there, or is there more than once."""
    places = list(_places(proto))
    message, field = pick(rng, places)
    alike = [place for place in places if place[1].full_name == field.full_name]
    value = getattr(message, field.name)
    if not field.is_repeated:
        if rng.random() < 0.15:
            message.ClearField(field.name)
        elif field.message_type is not None:
            other, _ = pick(rng, alike)
            copy = type(value)()
            copy.CopyFrom(getattr(other, field.name))
            value.CopyFrom(copy)
        else:
            _set(lambda new: setattr(message, field.name, new), _odd(rng, field, value, alike))
        return
    at = int(rng.integers(len(value)))
    match rng.integers(5):
        case 0:
            del value[at]
        case 1 if field.message_type is not None:
            value.add().CopyFrom(value[at])
        case 1:
            value.append(value[at])
        case 2 if field.message_type is not None:
            other, _ = pick(rng, alike)
            value[at].CopyFrom(pick(rng, list(getattr(other, field.name))))
        case 3 if field.message_type is not None:
            kept = [value[place] for place in rng.permutation(len(value))]
            copies = [type(each)() for each in kept]
            for copy, each in zip(copies, kept, strict=True):
                copy.CopyFrom(each)
            del value[:]
            value.extend(copies)
        case _ if field.message_type is None:
            _set(lambda new: value.__setitem__(at, new), _odd(rng, field, value[at], alike))
        case _:
            damage_field(rng, value[at]) if value[at].ListFields() else value[at].Clear()


def _places(message: Message) -> Iterator[Place]:
    """Fields that are set. The many numbers of a field are one place."""
    for field, value in message.ListFields():
        yield message, field
        if field.message_type is not None:
            for inner in value if field.is_repeated else [value]:
                yield from _places(inner)


def _odd(rng: Generator, field: FieldDescriptor, old: Any, alike: list[Place]) -> Any:
    """Another value of a field's type, mostly one that another field of its kind has."""
    match old:
        case int():
            return pick(rng, (*_INTEGERS, old - 1, old + 1, -old))
        case float():
            return pick(rng, _FLOATS)
        case bytes():
            floats = struct.pack("<f", pick(rng, _FLOATS))
            return pick(rng, (b"", floats, old[:-1], old + old, damaged_bytes(rng, old or b"x")))
        case _:
            found = getattr(pick(rng, alike)[0], field.name)
            other = found if isinstance(found, str) else pick(rng, list(found))
            odd = ("", "\0", "x", "y", "é", "ai.onnx", "com.microsoft", "/../x")
            return other if rng.random() < 0.7 else pick(rng, odd)


def _set(put: Any, value: Any) -> None:
    """What the field's type cannot hold is not put."""
    try:
        put(value)
    except (ValueError, TypeError):
        put(type(value)())
