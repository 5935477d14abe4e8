# pyright: basic, reportMissingImports=false
"""Export the modules of the list by both of PyTorch's exporters, and keep what they compute.

    pip install torch onnx onnxscript
    python test/pytorch/export.py [NAME…]

writes `exported/NAME.script.onnx` (by TorchScript), `exported/NAME.export.onnx` (by
`torch.export`) and `exported/NAME.npz`: inputs `x0…` and PyTorch's own results `y0…`.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from modules import MODULES

FOLDER = Path(__file__).with_name("exported")


def _settle(module: torch.nn.Module) -> None:
    """Statistics and parameters as training leaves them: none of them 0 or 1 everywhere."""
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if tensor.dtype.is_floating_point and name.rsplit(".")[-1] in ("running_mean", "bias"):
            tensor.data.normal_(0, 0.2)
        elif name.endswith("running_var") or (tensor.dim() == 1 and name.endswith("weight")):
            tensor.data.uniform_(0.5, 1.5)


def export(name: str) -> None:
    make, shapes = MODULES[name]
    torch.manual_seed(0)
    module = make()
    _settle(module)
    module.eval()
    # Few bits, so that the file is small.
    inputs = tuple((32 * torch.randn(shape)).round() / 32 for shape in shapes)
    with torch.no_grad():
        found = module(*inputs)
    results = [found] if isinstance(found, torch.Tensor) else []
    for each in () if results else found:
        results += [each] if isinstance(each, torch.Tensor) else each
    arrays = {f"x{i}": x.numpy() for i, x in enumerate(inputs)}
    arrays |= {f"y{i}": y.numpy() for i, y in enumerate(results)}
    np.savez_compressed(FOLDER / f"{name}.npz", **arrays)
    for exporter in ("script", "export"):
        path = FOLDER / f"{name}.{exporter}.onnx"
        options = {"dynamo": exporter == "export", "external_data": False, "verbose": False}
        torch.onnx.export(module, inputs, path, **options)
        model = onnx.load(path)
        # Where in the sources a node comes from is most of a small file.
        for each in (model.graph, *model.graph.node, *model.graph.value_info):
            each.ClearField("metadata_props")
            each.ClearField("doc_string")
        onnx.save(model, path)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or MODULES:
        export(name)


if __name__ == "__main__":
    main()
