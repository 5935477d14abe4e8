"""Small ONNX models in a folder: `models.py FOLDER`."""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

node = helper.make_node
folder = Path(sys.argv[1])


def save(name, nodes, inputs, output, weights, types=None):
    types = types or {}
    graph = helper.make_graph(
        nodes,
        name,
        [
            helper.make_tensor_value_info(n, types.get(n, TensorProto.FLOAT), shape)
            for n, shape in inputs.items()
        ],
        [helper.make_tensor_value_info(output, types.get(output, TensorProto.FLOAT), None)],
        [numpy_helper.from_array(array, n) for n, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), folder / name)


ramp = np.arange(72, dtype=np.float32).reshape(4, 2, 3, 3) / 64
save(
    "block.onnx",
    [
        node("Conv", ["image", "conv/w", "conv/b"], ["conv/y"], pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["conv/y", "g", "b", "m", "v"], ["bn_1"], epsilon=0.0),
        node("Relu", ["bn_1"], ["relu"]),
        node("GlobalAveragePool", ["relu"], ["mean"]),
        node("Shape", ["mean"], ["shape"]),
        node("Gather", ["shape", "zero"], ["batch"]),
        node("Unsqueeze", ["batch", "first"], ["rows"]),
        node("Concat", ["rows", "rest"], ["flat"], axis=0),
        node("Reshape", ["mean", "flat"], ["scores"]),
    ],
    {"image": ["batch", 2, 8, 8]},
    "scores",
    {
        "conv/w": ramp,
        "conv/b": np.array([1, 2, 3, 4], np.float32),
        "g": np.array([1, 1, 2, 2], np.float32),
        "b": np.array([0, 1, 0, 1], np.float32),
        "m": np.array([0, 0, 1, 1], np.float32),
        "v": np.array([1, 4, 1, 4], np.float32),
        "zero": np.array(0),
        "first": np.array([0]),
        "rest": np.array([-1]),
    },
)

scales = {"s": 0.5, "t": 0.25, "u": 2.0, "odd": 24.0}
zeros = {"z": np.uint8(128), "z8": np.int8(0), "low": np.uint8(118)}
constants = {n: np.array(value, np.float32) for n, value in scales.items()}
constants |= {n: np.array(value) for n, value in zeros.items()}
constants |= {"w": np.eye(4, dtype=np.int8), "bias": np.array([8, 16, 24, 32], np.int32)}
constants["st"] = np.array(0.125, np.float32)
dense = [
    node("QuantizeLinear", ["x", "s", "z"], ["q"]),
    node("DequantizeLinear", ["q", "s", "z"], ["d"]),
    node("DequantizeLinear", ["w", "t", "z8"], ["dw"]),
    node("DequantizeLinear", ["bias", "st"], ["db"]),
    node("Gemm", ["d", "dw", "db"], ["sum"]),
]
for name, scale, zero in (("shift.onnx", "u", "z"), ("multiplier.onnx", "odd", "low")):
    last = node("QuantizeLinear", ["sum", scale, zero], ["y"])
    used = {n for one in [*dense, last] for n in one.input}
    kept = {n: array for n, array in constants.items() if n in used}
    save(name, [*dense, last], {"x": [2, 4]}, "y", kept, {"y": TensorProto.UINT8})
(folder / "cut.onnx").write_bytes((folder / "block.onnx").read_bytes()[:-20])
