"""The whole networks that are measured: where each comes from, and what it is calibrated on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from light_models import LIGHT_MODELS, light_input, light_model

Array = np.ndarray[Any, np.dtype[Any]]
EXAMPLES = Path(__file__).parents[1] / "examples"
sys.path += [str(EXAMPLES / "minilm"), str(EXAMPLES / "resnet")]

import images  # noqa: E402
import minilm  # noqa: E402
import sentences  # noqa: E402

MINILM_LENGTH = 128
IMAGES = 4
"""Images to calibrate the networks of random weights on."""


@dataclass(frozen=True)
class Samples:
    """Arrays for each input, by name: many to calibrate on, [N, 1, …], and one set to run."""

    calibration: dict[str, Array]
    run: list[Array]


@dataclass(frozen=True)
class Workload:
    """A float network and samples for it, made when they are asked for."""

    name: str
    model: Callable[[], onnx.ModelProto]
    samples: Callable[[onnx.ModelProto], Samples]


def _image_samples(model: onnx.ModelProto) -> Samples:
    found = [light_input(seed) for seed in range(1, IMAGES + 2)]
    return Samples({model.graph.input[0].name: np.stack(found[:-1])}, [found[-1]])


def _resnet() -> onnx.ModelProto:
    return onnx.load(EXAMPLES / "resnet" / "resnet.onnx")


def _resnet_samples(_: onnx.ModelProto) -> Samples:
    held_out, _ = images.held_out()
    return Samples({"image": images.calibration()}, [held_out[:1]])


def _minilm_samples(_: onnx.ModelProto) -> Samples:
    arrays = sentences.inputs(sentences.read()["sentences"][:1], MINILM_LENGTH)
    run = [arrays[name] for name in minilm.INPUTS]
    return Samples(sentences.calibration(MINILM_LENGTH), run)


NETWORKS = {
    workload.name: workload
    for workload in (
        *(Workload(n, lambda n=n: light_model(n), _image_samples) for n in LIGHT_MODELS),
        Workload("resnet_mnist", _resnet, _resnet_samples),
        Workload("minilm", lambda: minilm.build(MINILM_LENGTH), _minilm_samples),
    )
}
