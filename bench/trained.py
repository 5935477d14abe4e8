"""Trained models beside onnxruntime: how close, how much on the core, how fast.

    python bench/trained.py MODEL.onnx [--input-shape NAME=1x3x160x320] [--fix NAME=NUMBER]
                            [--samples FILE.npz] [--json]

*import* is the signal-to-noise of the float network against onnxruntime on two samples,
*integers* that of the quantized one, in dB, of the worst output; *onnxruntime* that of its own
static quantization (QDQ, 8 bits both, the better of one scale a tensor and one a channel) with the
same samples. *on core* is the share of
multiplications there after all passes, *ratio* the limit of these layers by `accounting` to the
cycles, *host* counts host steps; *equal* says that the program
gives the bits of the interpreter. Without `--samples`, which are one array an input as for
`graph-quantize`, samples are random: smooth images, noise, integers from 0 to 255.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from accounting import costs
from onnx_sessions import onnxruntime_session
from onnxruntime import set_default_logger_severity
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

from nopt.dialects.interpreters.run import run_function
from nopt.hw.program.program_parts import HostStep
from nopt.passes.graph.partition.final_places import final_places
from nopt.passes.graph.partition.work import macs
from nopt.passes.graph.quantization.mixed_precision import worst_output
from nopt.tools.compiling import compile_program, every_dialect, run_pipeline
from nopt.tools.importer import import_model
from nopt.tools.report import Row, print_rows
from nopt.tools.runtime import Runtime

COLUMNS = {
    "answers, and work on the core": [
        "agreement",
        "onnxruntime_agreement",
        "macs",
        "import_db",
        "integers_db",
        "onnxruntime_db",
        "on_core",
        "cycles",
        "ratio",
        "host",
        "equal",
    ],
    "seconds and memory of this machine": [
        "import_s",
        "quantize_s",
        "compile_s",
        "host_s",
        "core_s",
        "peak_mb",
    ],
}

_SAMPLES = 4
_FLOATS = 2
"""How many samples the float network is compared on: its sums are exact, so it takes its time."""

Array = np.ndarray[Any, np.dtype[Any]]
Inputs = list[tuple[Array, ...]]
Feed = dict[str, Array]
_TYPES = {"tensor(float)": np.float32, "tensor(int32)": np.int32, "tensor(int64)": np.int64}


def _random(shape: tuple[int, ...], dtype: type, rng: np.random.Generator) -> np.ndarray:
    if dtype is not np.float32:
        return rng.integers(0, 256, shape).astype(dtype)
    x = rng.normal(size=shape)
    for axis in (-1, -2) if len(shape) == 4 else ():
        x = sum(np.roll(x, step, axis) for step in range(4)) / 2
    return np.asarray(x, np.float32)


class CalibrationSamples(CalibrationDataReader):
    """Samples as onnxruntime's calibration reads them."""

    def __init__(self, samples: Sequence[Feed]):
        self._rest = iter(samples)

    def get_next(self) -> Feed | None:
        return next(self._rest, None)


def _onnxruntime(
    path: Path,
    calibration: Sequence[Feed],
    feeds: Sequence[Feed],
    wanted: Sequence[Sequence[Array]],
) -> list[list[Array]] | None:
    """The outputs as onnxruntime quantizes the model, of two ways those of the less noisy; None if
    it makes a model that it cannot run."""
    opsets = {each.domain: each.version for each in onnx.load(path).opset_import}
    found: list[list[list[Array]]] = []
    with TemporaryDirectory() as folder:
        quantized = f"{folder}/model.onnx"
        # Operator sets before 13 have no scales for channels.
        for per_channel in (False, True)[: 1 + (opsets.get("", 0) >= 13)]:
            types = {"activation_type": QuantType.QInt8, "weight_type": QuantType.QInt8}
            try:
                quantize_static(
                    path,
                    quantized,
                    CalibrationSamples(calibration),
                    per_channel=per_channel,
                    **types,
                )
                session = onnxruntime_session(quantized)
            except Exception:
                # A graph that its runtime refuses; its errors have no class in common.
                continue
            found.append([session.run(None, feed) for feed in feeds])
    return max(found, key=lambda each: worst_output(wanted, each), default=None)


def measure(
    path: Path,
    shapes: Mapping[str, Sequence[int]],
    fixed: Mapping[str, Sequence[float]],
    calibration: Sequence[tuple[Array, ...]],
    held_out: Sequence[tuple[Array, ...]],
) -> tuple[Row, list[list[Array]], list[list[Array]], list[list[Array]] | None]:
    """A row, and outputs for what is held out: of floats, of integers, and of onnxruntime's."""
    start = time.process_time()
    module = import_model(path, shapes=shapes, fixed=fixed).module
    import_s = time.process_time() - start
    session = onnxruntime_session(path)
    types = {each.name: _TYPES[each.type] for each in session.get_inputs() if each.name in fixed}
    known = {name: np.array(fixed[name][0], dtype) for name, dtype in types.items()}
    names = [each.name for each in session.get_inputs() if each.name not in fixed]

    def feeds(samples: Sequence[tuple[Array, ...]]) -> list[Feed]:
        return [{**dict(zip(names, each, strict=True)), **known} for each in samples]

    wanted = [session.run(None, feed) for feed in feeds(held_out)]
    floats = [run_function(module, "main", list(each)) for each in held_out[:_FLOATS]]
    with TemporaryDirectory() as folder:
        stacked = [np.stack(column) for column in zip(*calibration, strict=True)]
        np.savez(f"{folder}/samples.npz", *stacked)
        start = time.process_time()
        run_pipeline(module, f'graph-quantize{{calibration="{folder}/samples.npz"}}')
        quantize_s = time.process_time() - start
    integers = [run_function(module, "main", list(each)) for each in held_out]
    placed = module.clone()
    run_pipeline(placed, "vta{until=graph-partition}")
    where = final_places(every_dialect(), placed)
    total = sum(map(macs, where))
    on_core = sum(macs(op) for op, place in where.items() if place.on_core)
    limit = sum(layer.limit for layer in costs(module) if layer.quantized)
    start = time.process_time()
    program = compile_program(module)
    compile_s = time.process_time() - start
    runtime = Runtime(program)
    result = runtime.run(list(held_out[0]))
    others = _onnxruntime(path, feeds(calibration), feeds(held_out), wanted)
    row: Row = {
        "name": path.stem,
        "macs": total,
        "import_db": worst_output(wanted[:_FLOATS], floats),
        "integers_db": worst_output(wanted, integers),
        "onnxruntime_db": "-" if others is None else worst_output(wanted, others),
        "on_core": on_core / max(total, 1),
        "cycles": runtime.cycles,
        "ratio": limit / max(runtime.cycles, 1),
        "host": sum(isinstance(step, HostStep) for step in program.steps),
        "equal": all(map(np.array_equal, result.outputs, integers[0])),
        "import_s": import_s,
        "quantize_s": quantize_s,
        "compile_s": compile_s,
        "host_s": result.host_seconds,
        "core_s": result.core_seconds,
        # Linux counts in KiB.
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
    }
    return row, wanted, integers, others


def _samples(arguments: argparse.Namespace, shapes: Mapping[str, Sequence[int]]) -> Inputs:
    """Those of a file, or random ones."""
    if arguments.samples:
        with np.load(arguments.samples) as arrays:
            return [*zip(*arrays.values(), strict=True)]
    rng = np.random.default_rng(0)
    session = onnxruntime_session(arguments.model)
    fixed = {name for name, _ in arguments.fix}
    inputs = [each for each in session.get_inputs() if each.name not in fixed]
    return [
        tuple(
            _random(tuple(shapes.get(each.name, each.shape)), _TYPES[each.type], rng)
            for each in inputs
        )
        for _ in range(_SAMPLES)
    ]


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.rpartition("=")
    if not name:
        raise argparse.ArgumentTypeError(f"found '{text}', expected NAME=VALUE")
    return name, value


def main() -> None:
    parser = argparse.ArgumentParser(description="A trained model beside onnxruntime.")
    parser.add_argument("model", type=Path, metavar="MODEL.onnx")
    parser.add_argument("--input-shape", action="append", default=[], type=_pair)
    parser.add_argument("--fix", action="append", default=[], type=_pair)
    parser.add_argument("--samples", metavar="FILE.npz")
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    arguments = parser.parse_args()
    set_default_logger_severity(4)
    shapes = {name: tuple(map(int, size.split("x"))) for name, size in arguments.input_shape}
    fixed = {name: [float(number)] for name, number in arguments.fix}
    samples = _samples(arguments, shapes)
    row, *_ = measure(arguments.model, shapes, fixed, samples, samples)
    for title, names in COLUMNS.items():
        shown = {name: row[name] for name in ["name", *names] if name in row}
        print_rows(title, [shown], arguments.json)


if __name__ == "__main__":
    main()
