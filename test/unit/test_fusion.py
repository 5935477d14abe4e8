"""Fusion of whole networks: as many nests as layers, and no copies between them."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from nopt.dialects.constants import scoped_resources
from nopt.tools.compiling import run_pipeline
from nopt.tools.importer import import_model

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from fusion import counts
from light_models import light_input, light_model

SIZE = 64
"""Height and width of the images."""


@pytest.mark.parametrize("name", ["resnet50", "shufflenet", "densenet121"])
def test_a_nest_for_each_layer_and_no_copies(name: str, tmp_path: Path):
    """Channel shuffles and concatenations cost nothing."""
    with scoped_resources():
        model = light_model(name, size=SIZE)
        onnx.save(model, tmp_path / "model.onnx")
        np.savez(
            tmp_path / "samples.npz", **{model.graph.input[0].name: light_input(1, SIZE)[None]}
        )
        module = import_model(tmp_path / "model.onnx").module
        samples = f'calibration="{tmp_path / "samples.npz"}"'
        run_pipeline(module, f"graph-quantize{{{samples} target=0.0}}")
        row = counts(module)
    assert row["between"] == row["copies_fused"] == 0
    assert row["fused"] == row["core"]
    # ShuffleNet's means are of groups of channels, a nest each, so that no order costs anything.
    if name != "shufflenet":
        assert row["core"] == row["layers"]
