"""MiniLM-L6 as an ONNX model: `python examples/minilm/minilm.py -o minilm.onnx [--length 64]`.

all-MiniLM-L6-v2 turns a sentence into a vector whose direction is what it means: six BERT layers
(hidden 384, 12 heads, feed-forward 1536), the mean over the sentence's tokens, scaled to length 1.
Inputs: input_ids, attention_mask, token_type_ids, int64 [1, length]. Output: embedding [1, 384].
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from package import weights

Array = np.ndarray[Any, np.dtype[Any]]

LAYERS = 6
HIDDEN = 384
HEADS = 12
HEAD = HIDDEN // HEADS
PLACES = 512
EPSILON = 1e-12
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class _Graph:
    """Nodes and constants under construction; a method returns the name of its result."""

    def __init__(self, tensors: Mapping[str, Array]):
        self.tensors = tensors
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, Array] = {}

    def node(self, kind: str, *inputs: str, name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def constant(self, name: str, value: Any, dtype: Any = np.float32) -> str:
        self.constants[name] = np.asarray(value, dtype)
        return name

    def weight(self, name: str, transposed: bool = False) -> str:
        tensor = self.tensors[name]
        return self.constant(name, np.ascontiguousarray(tensor.T) if transposed else tensor)

    def dense(self, x: str, source: str, name: str) -> str:
        product = self.node(
            "MatMul", x, self.weight(f"{source}.weight", True), name=f"{name}.product"
        )
        return self.node("Add", product, self.weight(f"{source}.bias"), name=name)

    def norm(self, x: str, source: str, name: str) -> str:
        parts = (self.weight(f"{source}.{part}") for part in ("weight", "bias"))
        return self.node("LayerNormalization", x, *parts, name=name, axis=-1, epsilon=EPSILON)

    def gelu(self, x: str, name: str) -> str:
        """x / 2 (1 + erf(x / sqrt 2)), written out as exporters do."""
        scaled = self.node("Div", x, self.constant("sqrt2", np.sqrt(2)), name=f"{name}.scaled")
        erf = self.node("Erf", scaled, name=f"{name}.erf")
        one = self.node("Add", erf, self.constant("one", 1), name=f"{name}.plus")
        product = self.node("Mul", x, one, name=f"{name}.times")
        return self.node("Mul", product, self.constant("half", 0.5), name=name)

    def heads(self, x: str, order: list[int], length: int, name: str) -> str:
        """[1, length, 384] as [1, 12, length, 32], or with the last two the other way around."""
        shape = self.constant("heads", [1, length, HEADS, HEAD], np.int64)
        split = self.node("Reshape", x, shape, name=f"{name}.split")
        return self.node("Transpose", split, name=f"{name}.heads", perm=order)

    def attention(self, x: str, mask: str, source: str, length: int, name: str) -> str:
        query, key, value = (
            self.heads(
                self.dense(x, f"{source}.self.{part}", f"{name}.{part}"),
                [0, 2, 3, 1] if part == "key" else [0, 2, 1, 3],
                length,
                f"{name}.{part}",
            )
            for part in ("query", "key", "value")
        )
        score = self.node("MatMul", query, key, name=f"{name}.scores")
        root = self.constant("root", np.sqrt(HEAD))
        score = self.node("Div", score, root, name=f"{name}.scaled")
        score = self.node("Add", score, mask, name=f"{name}.masked")
        share = self.node("Softmax", score, name=f"{name}.softmax", axis=-1)
        mixed = self.node("MatMul", share, value, name=f"{name}.mixed")
        mixed = self.node("Transpose", mixed, name=f"{name}.order", perm=[0, 2, 1, 3])
        flat = self.constant("flat", [1, length, HIDDEN], np.int64)
        mixed = self.node("Reshape", mixed, flat, name=f"{name}.joined")
        return self.dense(mixed, f"{source}.output.dense", f"{name}.output")

    def embeddings(self, length: int) -> str:
        """Word, place and segment vectors of every token, summed and normalised."""
        source = "embeddings"
        words = self.node(
            "Gather", self.weight(f"{source}.word_embeddings.weight"), "input_ids", name="words"
        )
        kinds = self.weight(f"{source}.token_type_embeddings.weight")
        kinds = self.node("Gather", kinds, "token_type_ids", name="kinds")
        places = self.tensors[f"{source}.position_embeddings.weight"][np.newaxis, :length]
        total = self.node("Add", words, kinds, name="words_kinds")
        total = self.node("Add", total, self.constant("places", places), name="embedded")
        return self.norm(total, f"{source}.LayerNorm", "embeddings.norm")

    def mask(self) -> tuple[str, str]:
        """What is added to scores (0, or -10000 to what is padding), and weights for the mean."""
        real = self.node("Cast", "attention_mask", name="real", to=TensorProto.FLOAT)
        wide = self.constant("wide_axes", [1, 2], np.int64)
        wide = self.node("Unsqueeze", real, wide, name="real.wide")
        padding = self.node("Sub", self.constant("one", 1), wide, name="padding")
        low = self.constant("low", -10000)
        tall = self.constant("tall_axes", [2], np.int64)
        return (
            self.node("Mul", padding, low, name="mask"),
            self.node("Unsqueeze", real, tall, name="real.tall"),
        )

    def pool(self, x: str, real: str) -> str:
        """The mean over real tokens, scaled to length 1."""
        over = self.constant("token_axis", [1], np.int64)
        kept = self.node("Mul", x, real, name="kept")
        total = self.node("ReduceSum", kept, over, name="total", keepdims=0)
        count = self.node("ReduceSum", real, over, name="count", keepdims=0)
        mean = self.node("Div", total, count, name="mean")
        size = self.node("ReduceL2", mean, name="size", axes=[1], keepdims=1)
        return self.node("Div", mean, size, name="embedding")


def build(length: int) -> onnx.ModelProto:
    """The model for sentences of up to `length` tokens, 3 to 512; raises ValueError for others."""
    if not 3 <= length <= PLACES:
        raise ValueError(f"found {length} tokens a sentence, expected 3 to {PLACES}")
    g = _Graph(weights())
    mask, real = g.mask()
    x = g.embeddings(length)
    for layer in range(LAYERS):
        source, name = f"encoder.layer.{layer}", f"layer{layer}"
        y = g.attention(x, mask, f"{source}.attention", length, f"{name}.attention")
        y = g.node("Add", y, x, name=f"{name}.attention.sum")
        x = g.norm(y, f"{source}.attention.output.LayerNorm", f"{name}.attention.norm")
        y = g.gelu(g.dense(x, f"{source}.intermediate.dense", f"{name}.wide"), f"{name}.gelu")
        y = g.dense(y, f"{source}.output.dense", f"{name}.narrow")
        y = g.node("Add", y, x, name=f"{name}.sum")
        x = g.norm(y, f"{source}.output.LayerNorm", f"{name}.norm")
    g.pool(x, real)
    graph = helper.make_graph(
        g.nodes,
        "minilm",
        [helper.make_tensor_value_info(name, TensorProto.INT64, [1, length]) for name in INPUTS],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, HIDDEN])],
        [numpy_helper.from_array(array, name) for name, array in g.constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--length", type=int, default=128, help="tokens a sentence (default 128)")
    parser.add_argument("-o", "--output", default="build/minilm.onnx")
    arguments = parser.parse_args()
    try:
        model = build(arguments.length)
    except ValueError as error:
        parser.error(str(error))
    onnx.save(model, arguments.output)


if __name__ == "__main__":
    main()
