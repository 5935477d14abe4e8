"""Networks of any form to modules, and modules through the passes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from nopt.compiled import Array, Program
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.isa import KernelOp
from nopt.dialects.printing import MlirTarget
from nopt.graph_builder import GraphBuilder
from nopt.hw.files.npy import write_npz
from nopt.hw.files.whole_files import output_stream
from nopt.named_machines import Machine, machine
from nopt.passes.base.machine import attach
from nopt.passes.base.remarks import Remark
from nopt.passes.base.remarks import warnings as warnings_of_passes
from nopt.passes.isa.program.assemble import assemble
from nopt.tools.compiling import every_dialect, read_text, run_named
from nopt.tools.errors import UserError
from nopt.tools.importer import import_model

if TYPE_CHECKING:
    from onnx import ModelProto

Network: TypeAlias = "str | Path | ModuleOp | GraphBuilder | ModelProto"
Calibration: TypeAlias = "str | Path | Array | Sequence[Array] | Mapping[str, Array]"


def read(
    network: Network,
    *,
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    fixed: Mapping[str, Sequence[float]] | None = None,
    drop_quantization: bool = False,
) -> ModuleOp:
    """A network as a module; one that is a module already, as a copy.

    `dims` gives open dimensions of an ONNX model their sizes by name, `shapes` whole inputs,
    `fixed` makes constants of inputs, and `drop_quantization` takes a quantized model as the
    network of floats that it stands for. Raises UserError for what is no network, or has no import.
    """
    options = {"dims": dims, "shapes": shapes, "fixed": fixed}
    is_text = isinstance(network, str | Path) and Path(network).suffix != ".onnx"
    if is_text or isinstance(network, ModuleOp | GraphBuilder):
        given = {**options, "drop_quantization": drop_quantization}
        if unused := [name for name, value in given.items() if value]:
            raise UserError(f"found {unused[0]}, expected an ONNX model with it")
    match network:
        case ModuleOp():
            return network.clone()
        case GraphBuilder():
            return network.module.clone()
        case str() | Path():
            path = Path(network)
            if path.suffix == ".onnx":
                imported = import_model(path, **options, drop_quantization=drop_quantization)
                return imported.module
            return read_text(path)
        case _:
            if not hasattr(network, "SerializeToString"):
                raise UserError(
                    f"found {type(network).__name__}, expected a path, an onnx model, an xDSL "
                    "module or a GraphBuilder"
                )
            with TemporaryDirectory() as folder:
                path = Path(folder, "model.onnx")
                path.write_bytes(network.SerializeToString())
                imported = import_model(path, **options, drop_quantization=drop_quantization)
                return imported.module


def quantize(network: Network, calibration: Calibration, **options: Any) -> ModuleOp:
    """A network of floats as one of integers, by what it computes on samples.

    `calibration` is the path of a .npz or .npy, or arrays, one for each input, in order or by name,
    with samples along the first dimension. `options` are those of the pass `graph-quantize`, such
    as `target=20.0`, the least signal-to-noise in dB. Raises ValueError for samples that do not
    fit.
    """
    module = read(network)
    with _samples(calibration) as path:
        _run(module, "graph-quantize", {"calibration": str(path), **options})
    return module


def lower(
    network: Network, until: str | None = None, machine: Machine | None = None, **options: Any
) -> ModuleOp:
    """A network lowered by the pipeline `vta`, to instructions or until after a pass.

        print(nopt.lower(module, until="affine-nest-schedule"))

    Without a `machine`, that which the module states, else `rtl`. `options` are those of its
    passes. Raises UserError for an unknown pass or option, ValueError for what a pass refuses.
    """
    module = read(network)
    if machine is not None:
        attach(module, _machine(machine))
    _run(module, "vta", options if until is None else {"until": until, **options})
    return module


def compile(
    network: Network,
    *,
    calibration: Calibration | None = None,
    machine: Machine | None = None,
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    fixed: Mapping[str, Sequence[float]] | None = None,
    target: float | None = None,
    **options: Any,
) -> Program:
    """A program for a machine: the network read, quantized if there are samples, and lowered.

    `calibration` and `target` are those of `quantize`, `dims`, `shapes` and `fixed` those of
    `read`, `machine` that of `lower`; other options go to the passes of the pipeline `vta`, such as
    `tuning_log="log.jsonl"`. Warns if no product of matrices or convolution runs on the core, with
    the first reason. Raises UserError or ValueError, as these do.
    """
    module = read(network, dims=dims, shapes=shapes, fixed=fixed)
    if calibration is not None:
        module = quantize(module, calibration, target=target)
    elif target is not None:
        raise UserError("found target, expected calibration with it: samples to choose scales on")
    lowered = lower(module, machine=machine, **options)
    return Program(assemble(lowered, every_dialect()).program, module, options)


def run(network: Network, *inputs: Array) -> Array | tuple[Array, ...]:
    """What a network computes, at whatever level it is: instructions by the model of their core,
    all else by the interpreters.

    One array, or one for each output. Raises ValueError for inputs that do not fit.
    """
    module = network if isinstance(network, ModuleOp) else read(network)
    if any(isinstance(op, KernelOp) for op in module.walk()):
        return Program(assemble(module, every_dialect()).program).run(*inputs)
    outputs = run_function(module, "main", [np.asarray(each) for each in inputs])
    return outputs[0] if len(outputs) == 1 else outputs


def write(module: ModuleOp, path: str | Path, *, weights: bool = True) -> None:
    """Write a module as MLIR text that `read` and `nopt` read, all of it or nothing.

    Without `weights`, large constants are left out, for people to read. Raises OSError.
    """
    with output_stream(str(path)) as stream:
        if weights:
            MlirTarget().emit(every_dialect(), module, stream)
        else:
            stream.write(f"{module}\n")


# The parameter `machine` hides the function of that name.
_machine = machine


def _run(module: ModuleOp, name: str, options: Mapping[str, Any]) -> None:
    """Run a pass or pipeline; what it warns of becomes warnings of Python."""

    def warn(remark: Remark) -> None:
        said = f"{remark.place}: {remark.message}" if remark.place else remark.message
        warnings.warn(said, stacklevel=2)

    with warnings_of_passes(warn):
        run_named(module, name, options)


@contextmanager
def _samples(calibration: Calibration) -> Iterator[Path]:
    """Samples as a file: that of a path, or one that is there for a while."""
    if isinstance(calibration, str | Path):
        yield Path(calibration)
        return
    match calibration:
        case Mapping():
            arrays = {name: np.asarray(array) for name, array in calibration.items()}
        case np.ndarray():
            arrays = {"0": calibration}
        case _:
            arrays = {str(number): np.asarray(each) for number, each in enumerate(calibration)}
    with TemporaryDirectory() as folder:
        path = Path(folder, "samples.npz")
        with path.open("wb") as file:
            write_npz(file, arrays)
        yield path
