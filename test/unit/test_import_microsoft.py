"""What onnxruntime's optimizer fuses into operators of its own: its answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_models import Array, check, expected, model, run

RNG = np.random.default_rng(6)
MS: dict[str, Any] = {"domain": "com.microsoft", "tolerance": 3e-5}


def floats(*shape: int) -> Array:
    return RNG.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("Relu", []),
        ("Tanh", []),
        ("Sigmoid", []),
        ("LeakyRelu", [0.2]),
        ("Clip", [-0.5, 0.7]),
        ("HardSigmoid", [0.3, 0.4]),
    ],
)
def test_fused_conv(name: str, params: list[float], tmp_path: Path):
    options: dict[str, Any] = {"activation": name, "pads": [1, 1, 1, 1], **MS}
    if params:
        options["activation_params"] = params
    known = {"w": floats(4, 3, 3, 3), "b": floats(4)}
    check("FusedConv", {"x": floats(1, 3, 6, 7)}, known, tmp_path, **options)
    given = {"x": floats(1, 3, 6, 7), "z": floats(1, 4, 6, 7)}
    check("FusedConv", given, known, tmp_path, "xwbz", **options)


def test_fused_gemm(tmp_path: Path):
    known = {"w": floats(5, 8), "b": floats(5)}
    given = {"x": floats(3, 8)}
    check("FusedGemm", given, known, tmp_path, transB=1, activation="Relu", **MS)
    alpha = {"activation": "LeakyRelu", "activation_alpha": 0.3}
    check("FusedGemm", given, known, tmp_path, transB=1, **alpha, **MS)


def test_products(tmp_path: Path):
    given = {"x": floats(2, 4, 3), "v": floats(2, 4, 5)}
    check("TransposeMatMul", given, {}, tmp_path, transA=1, alpha=0.5, **MS)


def test_elementwise_and_norms(tmp_path: Path):
    given = {"x": floats(2, 5, 8)}
    check("QuickGelu", given, {}, tmp_path, alpha=1.5, **MS)
    known = {"g": floats(8), "b": floats(8)}
    outputs = {"outputs": ("y", "", "", "t")}
    both = {**given, "s": floats(2, 5, 8)}
    check("SkipSimplifiedLayerNormalization", both, known, tmp_path, "xsgb", **outputs, **MS)


@pytest.mark.parametrize("segments", [False, True])
def test_embeddings(segments: bool, tmp_path: Path):
    ids = RNG.integers(0, 10, (2, 6)).astype(np.int32)
    kinds = RNG.integers(0, 2, (2, 6)).astype(np.int32)
    known = {"w": floats(10, 8), "p": floats(12, 8), "t": floats(2, 8)}
    known |= {"g": floats(8), "b": floats(8)}
    if not segments:
        del known["t"]
    given = {"i": ids, "s": kinds} if segments else {"i": ids}
    order = "iswptgb" if segments else "i wp gb"
    # The second output, of a mask, is left out.
    inputs = [name.strip() for name in order]
    node = helper.make_node("EmbedLayerNormalization", inputs, ["y", "m"], domain=MS["domain"])
    types = dict.fromkeys(given, TensorProto.INT32)
    shapes = {name: array.shape for name, array in given.items()}
    proto = model([node], shapes, ["y"], known, elements=types)
    (found,) = run(proto, list(given.values()), tmp_path)
    np.testing.assert_allclose(found, expected(proto, given)[0], atol=3e-5)


def test_integer_products(tmp_path: Path):
    b = RNG.integers(0, 255, (8, 5)).astype(np.uint8)
    scale, zero = np.array([0.02], np.float32), np.array([120], np.uint8)
    known = {"b": b, "s": scale, "z": zero, "c": floats(5)}
    given = {"x": floats(3, 8)}
    check("DynamicQuantizeMatMul", given, known, tmp_path, "xbszc", **MS)
    check("DynamicQuantizeMatMul", given, {"b": b, "s": scale}, tmp_path, **MS)
    a = RNG.integers(0, 255, (3, 8)).astype(np.uint8)
    known = {"b": b, "r": np.array([0.03], np.float32), "s": scale, "y": np.array([7], np.uint8)}
    known |= {"z": zero, "c": floats(5)}
    integers = {"outputs": ("o",), **MS}
    check("MatMulIntegerToFloat", {"a": a}, known, tmp_path, "abrsyzc", **integers)


@pytest.mark.parametrize("unidirectional", [0, 1])
def test_attention(unidirectional: int, tmp_path: Path):
    known = {"w": floats(8, 24), "b": floats(24)}
    mask = np.array([[1, 1, 1, 1, 0], [1, 1, 1, 0, 0]], np.int32)
    options: dict[str, Any] = {"num_heads": 2, "unidirectional": unidirectional, **MS}
    check("Attention", {"x": floats(2, 5, 8)}, known, tmp_path, **options)
    check("Attention", {"x": floats(2, 5, 8)}, {**known, "m": mask}, tmp_path, **options)


@pytest.mark.parametrize("bias", [False, True])
def test_multi_head_attention(bias: bool, tmp_path: Path):
    given = {"q": floats(2, 5, 8), "k": floats(2, 7, 8), "v": floats(2, 7, 12)}
    known = {"b": floats(28)} if bias else {}
    check("MultiHeadAttention", given, known, tmp_path, num_heads=4, **MS)
    mask = np.array([[1] * 6 + [0], [1] * 3 + [0] * 4], np.int32)
    order = "qkvbm" if bias else "qkv m"
    check("MultiHeadAttention", given, {**known, "m": mask}, tmp_path, order, num_heads=4, **MS)
