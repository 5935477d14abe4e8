"""What PyTorch's exporters write: a hundred modules, by TorchScript and by `torch.export`.

`test/pytorch/export.py` made the files; the results are PyTorch's own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nopt.dialects.interpreters.run import run_function
from nopt.passes.graph.quantization.mixed_precision import worst_output
from nopt.tools.compiling import compile_program, run_pipeline
from nopt.tools.importer import import_model
from nopt.tools.runtime import Runtime

FOLDER = Path(__file__).parents[1] / "pytorch/exported"
FILES = sorted(FOLDER.glob("*.onnx"))


def test_the_list_is_whole():
    names = {path.name.split(".")[0] for path in FILES}
    assert len(names) >= 100 and len(FILES) == 2 * len(names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".onnx"))
def test_exported_modules(path: Path, tmp_path: Path):
    """As floats PyTorch's results to 115 dB; as integers the program's bits are the graph's."""
    with np.load(FOLDER / f"{path.name.split('.')[0]}.npz") as arrays:
        inputs = [arrays[name] for name in arrays if name[0] == "x"]
        wanted = [arrays[name] for name in arrays if name[0] == "y"]
    module = import_model(path).module
    floats = run_function(module, "main", inputs)
    assert [each.shape for each in floats] == [each.shape for each in wanted]
    assert worst_output([wanted], [floats]) >= 115
    np.savez(tmp_path / "samples.npz", *(each[None] for each in inputs))
    run_pipeline(module, f'graph-quantize{{calibration="{tmp_path / "samples.npz"}"}}')
    integers = run_function(module, "main", inputs)
    # The default target of `graph-quantize`.
    assert worst_output([wanted], [integers]) >= 15
    results = Runtime(compile_program(module)).run(inputs).outputs
    assert all(map(np.array_equal, results, integers))
