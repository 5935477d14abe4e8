"""Whole models: the light image networks, and transformer encoders as exporters write them."""

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper
from onnx_models import Array, imported, model, randoms
from onnx_sessions import onnxruntime_session
from onnxruntime import set_default_logger_severity
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.universe import XDSL_UNIVERSE

from nopt.dialects.constants import scoped_resources
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.parsing import parse_file
from nopt.tools.importer import import_model
from nopt.tools.nopt_import import main
from nopt.tools.universe import NOPT_UNIVERSE

node = helper.make_node
set_default_logger_severity(4)
LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"


def _light_models() -> Any:
    path = Path(__file__).parents[2] / "bench/light_models.py"
    spec = importlib.util.spec_from_file_location("light_models", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["light_models"] = module
    spec.loader.exec_module(module)
    return module


def _reference(proto: ModelProto, inputs: dict[str, Array]) -> list[Array]:
    session = onnxruntime_session(proto.SerializeToString())
    return [np.asarray(result) for result in session.run(None, inputs)]


# What a network is made of: convolutions, pools, matrix products, joins.
STRUCTURES = {
    "densenet121": {"conv2d": 121, "mul": 242, "concat": 58, "avg_pool": 3, "global_avg_pool": 1},
    "inception_v1": {"conv2d": 57, "max_pool": 13, "lrn": 2, "concat": 9, "matmul": 1},
    "inception_v2": {"conv2d": 69, "mul": 138, "avg_pool": 8, "concat": 10, "matmul": 1},
    "resnet50": {"conv2d": 53, "mul": 53, "relu": 49, "matmul": 1, "softmax": 1},
    "shufflenet": {"conv2d": 49, "transpose": 16, "avg_pool": 4, "concat": 3, "matmul": 1},
    "squeezenet": {"conv2d": 26, "relu": 26, "concat": 8, "max_pool": 3, "global_avg_pool": 1},
    "bvlc_alexnet": {"conv2d": 5, "lrn": 2, "max_pool": 3, "matmul": 3, "softmax": 1},
    "vgg19": {"conv2d": 16, "relu": 18, "max_pool": 5, "matmul": 3, "softmax": 1},
    "zfnet512": {"conv2d": 5, "lrn": 2, "max_pool": 3, "matmul": 3, "softmax": 1},
}
LARGE = ("bvlc_alexnet", "vgg19", "zfnet512")


@pytest.mark.parametrize("name", STRUCTURES)
def test_light_models(name: str, tmp_path: Path) -> None:
    """Random weights of the small ones, against onnxruntime; the structure of all."""
    module = _light_models()
    if name in LARGE:
        found = import_model(LIGHT / f"light_{name}.onnx")
    else:
        proto = module.light_model(name)
        found = imported(proto, tmp_path)
        image = module.light_input(1)
        (expected,) = _reference(proto, {proto.graph.input[0].name: image})
        (result,) = run_function(found.module, "main", [image])
        np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-4 * expected.max())
    assert not found.notes
    ops = Counter(op.name.removeprefix("graph.") for op in found.module.walk())
    assert {op: ops[op] for op in STRUCTURES[name]} == STRUCTURES[name]


def test_same_input_same_bytes(tmp_path: Path) -> None:
    """Two imports write the same file, and its module is the one that was imported."""
    source = tmp_path / "model.onnx"
    onnx.save(_light_models().light_model("squeezenet"), source)
    texts: list[bytes] = []
    for name in ("a.mlir", "b.mlir"):
        with scoped_resources():
            main([str(source), "-o", str(tmp_path / name)])
        texts.append((tmp_path / name).read_bytes())
    assert texts[0] == texts[1]
    image = _light_models().light_input(2)
    found = run_function(import_model(source).module, "main", [image])
    with scoped_resources():
        read = run_function(_parsed(tmp_path / "a.mlir"), "main", [image])
    assert np.array_equal(found[0], read[0])


def _parsed(path: Path) -> ModuleOp:
    context = Context()
    for name, dialect in NOPT_UNIVERSE.all_dialects.items():
        context.register_dialect(name, dialect)
    for name in ("builtin", "func"):
        context.register_dialect(name, XDSL_UNIVERSE.all_dialects[name])
    return parse_file(context, path)


HIDDEN, HEADS, WORDS, LAYERS = 32, 4, 50, 2


class Encoder:
    """A BERT-like encoder in the operators that exporters write."""

    def __init__(self, fused: bool):
        """`fused` uses LayerNormalization and Gelu as single operators (operator set 20)."""
        self.fused = fused
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, Array] = {}
        self.count = 0

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        self.count += 1
        result = f"/{op}_{self.count}"
        self.nodes.append(node(op, list(inputs), [result], **attributes))
        return result

    def weight(self, name: str, *shape: int, scale: float = 0.2) -> str:
        drawn = randoms({name: shape}, len(self.weights))[name] * np.float32(scale)
        self.weights[name] = drawn + np.float32(name.endswith("gamma"))
        return name

    def constant(self, value: Any) -> str:
        name = f"constant_{len(self.weights)}"
        self.weights[name] = np.asarray(value)
        return name

    def norm(self, x: str, name: str) -> str:
        gamma, beta = (self.weight(f"{name}.{p}", HIDDEN) for p in ("gamma", "beta"))
        if self.fused:
            return self.add("LayerNormalization", x, gamma, beta, axis=-1, epsilon=1e-12)
        centred = self.add("Sub", x, self.add("ReduceMean", x, axes=[-1]))
        square = self.add("Pow", centred, self.constant(np.float32(2)))
        variance = self.add("ReduceMean", square, axes=[-1])
        moved = self.add("Add", variance, self.constant(np.float32(1e-12)))
        normal = self.add("Div", centred, self.add("Sqrt", moved))
        return self.add("Add", self.add("Mul", normal, gamma), beta)

    def gelu(self, x: str) -> str:
        if self.fused:
            return self.add("Gelu", x)
        half = self.add("Div", x, self.constant(np.float32(2**0.5)))
        one = self.add("Add", self.add("Erf", half), self.constant(np.float32(1)))
        return self.add("Mul", self.add("Mul", x, one), self.constant(np.float32(0.5)))

    def dense(self, x: str, name: str, inner: int, outer: int) -> str:
        product = self.add("MatMul", x, self.weight(f"{name}.weight", inner, outer))
        return self.add("Add", self.weight(f"{name}.bias", outer), product)

    def size(self, x: str, axis: int) -> str:
        """One size of a tensor, as the exporter asks for it: [1]."""
        one = self.add("Gather", self.add("Shape", x), self.constant(axis), axis=0)
        return self.add("Unsqueeze", one, self.constant([0]))

    def heads(self, x: str, order: list[int]) -> str:
        sizes = [self.size(x, 0), self.size(x, 1), self.constant([HEADS]), self.constant([-1])]
        split = self.add("Reshape", x, self.add("Concat", *sizes, axis=0))
        return self.add("Transpose", split, perm=order)

    def attention(self, x: str, mask: str, name: str) -> str:
        q, k, v = (self.dense(x, f"{name}.{part}", HIDDEN, HIDDEN) for part in "qkv")
        scores = self.add("MatMul", self.heads(q, [0, 2, 1, 3]), self.heads(k, [0, 2, 3, 1]))
        depth = self.constant(np.float32((HIDDEN // HEADS) ** 0.5))
        scores = self.add("Add", self.add("Div", scores, depth), mask)
        mixed = self.add("MatMul", self.add("Softmax", scores), self.heads(v, [0, 2, 1, 3]))
        joined = self.add("Transpose", mixed, perm=[0, 2, 1, 3])
        sizes = [self.size(joined, 0), self.size(joined, 1), self.constant([HIDDEN])]
        merged = self.add("Reshape", joined, self.add("Concat", *sizes, axis=0))
        return self.dense(merged, f"{name}.out", HIDDEN, HIDDEN)

    def mask(self) -> str:
        """0 where there are words, the lowest number elsewhere: expanded, inverted, chosen."""
        batch, words = self.size("mask", 0), self.size("mask", 1)
        wide = self.add(
            "Unsqueeze", self.add("Unsqueeze", "mask", self.constant([1])), self.constant([2])
        )
        shape = self.add("Concat", batch, self.constant([1]), words, words, axis=0)
        ones = self.add("ConstantOfShape", self.constant([4]), value=_one())
        shape = self.add("Mul", shape, ones)
        expanded = self.add("Expand", wide, shape)
        kept = self.add("Cast", expanded, to=TensorProto.FLOAT)
        inverted = self.add("Sub", self.constant(np.float32(1)), kept)
        chosen = self.add("Cast", inverted, to=TensorProto.BOOL)
        lowest = self.constant(np.float32(np.finfo(np.float32).min))
        return self.add("Where", chosen, lowest, inverted)

    def build(self) -> ModelProto:
        words = self.add("Gather", self.weight("words", WORDS, HIDDEN), "ids")
        count = self.add("Gather", self.add("Shape", "ids"), self.constant(1), axis=0)
        places = self.add("Range", self.constant(0), count, self.constant(1))
        place = self.add("Gather", self.weight("places", 16, HIDDEN), places)
        x = self.norm(self.add("Add", words, place), "embeddings")
        mask = self.mask()
        for layer in range(LAYERS):
            x = self.norm(self.add("Add", self.attention(x, mask, f"{layer}"), x), f"{layer}.a")
            inner = self.gelu(self.dense(x, f"{layer}.up", HIDDEN, 4 * HIDDEN))
            x = self.norm(
                self.add("Add", self.dense(inner, f"{layer}.down", 4 * HIDDEN, HIDDEN), x),
                f"{layer}.b",
            )
        first = self.add("Gather", x, self.constant(0), axis=1)
        pooled = self.add("Gemm", first, self.weight("pool", 8, HIDDEN), transB=1)
        self.nodes.append(node("Tanh", [pooled], ["y"]))
        types = {"ids": TensorProto.INT64, "mask": TensorProto.INT64}
        shape = ["batch", "words"]
        opset = 20 if self.fused else 14
        return model(self.nodes, {"ids": shape, "mask": shape}, ["y"], self.weights, opset, types)


def _one() -> TensorProto:
    return helper.make_tensor("one", TensorProto.INT64, [1], [1])


@pytest.mark.parametrize("fused", [False, True], ids=["decomposed", "fused"])
def test_encoders(fused: bool, tmp_path: Path) -> None:
    """Shapes that are computed fold away, whatever the batch and the number of words."""
    proto = Encoder(fused).build()
    generator = np.random.default_rng(0)
    for batch, words in ((1, 8), (3, 11)):
        found = imported(proto, tmp_path, dims={"batch": batch, "words": words})
        ids = generator.integers(0, WORDS, (batch, words))
        mask = np.ones((batch, words), np.int64)
        mask[:, words - 2 :] = 0
        (expected,) = _reference(proto, {"ids": ids, "mask": mask})
        (result,) = run_function(found.module, "main", [ids, mask])
        np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
        ops = Counter(op.name.removeprefix("graph.") for op in found.module.walk())
        assert ops["matmul"] == LAYERS * 8 + 1
        assert ops["softmax"] == LAYERS
        assert ops["layer_norm"] == (2 * LAYERS + 1 if fused else 0)
        # The words' gather is the only one that depends on the input.
        assert ops["gather"] == 1
        assert not found.notes


def test_names(tmp_path: Path) -> None:
    """Values have the tensors' names, made identifiers; numbers behind a last _ become points."""
    nodes = [
        node("Relu", ["input.1"], ["features/conv 1_0"]),
        node("Identity", ["features/conv 1_0"], ["copy"]),
        node("Abs", ["copy"], ["42"]),
    ]
    text = str(imported(model(nodes, {"input.1": [4]}, ["42"]), tmp_path).module)
    assert "@main(%input.1: tensor<4xf32>)" in text
    assert "%features_conv_1.0 = graph.relu %input.1" in text
    assert "%t42 = graph.unary abs %features_conv_1.0" in text
    assert "return %t42" in text


def test_outputs(tmp_path: Path) -> None:
    """Results keep their order; inputs and constants may be results."""
    nodes = [node("Relu", ["x"], ["r"]), node("Identity", ["w"], ["k"])]
    proto = model(nodes, {"x": [2], "unused": [3]}, ["k", "x", "r"], {"w": np.ones(2, np.float32)})
    found = imported(proto, tmp_path)
    x = np.array([-1, 1], np.float32)
    results = run_function(found.module, "main", [x, np.zeros(3, np.float32)])
    assert [result.tolist() for result in results] == [[1, 1], [-1, 1], [0, 1]]


def test_local_functions(tmp_path: Path) -> None:
    proto = model([node("Twice", ["x"], ["y"], domain="local")], {"x": [3]}, ["y"], opset=17)
    proto.opset_import.append(helper.make_opsetid("local", 1))
    body = [node("Add", ["a", "a"], ["b"])]
    opsets = [helper.make_opsetid("", 17)]
    proto.functions.append(helper.make_function("local", "Twice", ["a"], ["b"], body, opsets))
    (result,) = run_function(imported(proto, tmp_path).module, "main", [np.ones(3, np.float32)])
    assert result.tolist() == [2, 2, 2]
