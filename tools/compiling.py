"""Pipelines from Python: what `nopt FILE -p … -t vta-program` does, on a module in memory.

module = import_model("model.onnx").module
run_pipeline(module, "graph-quantize{calibration=samples.npz}")
program = compile_program(module)
(scores,) = Runtime(program).run([image]).outputs
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.arg_spec import ArgSpec

from nopt.hw.files.whole_files import open_input
from nopt.hw.program.program_file import Program
from nopt.passes.isa.program.assemble import assemble
from nopt.tools.mlir_frontend import MlirFrontend
from nopt.tools.pipeline_text import build, build_passes, expand


def every_dialect() -> Context:
    """A context that knows every dialect of this environment."""
    context = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, factory)
    return context


def read_text(path: str | Path) -> ModuleOp:
    """A module from the text of a file. Raises UserError, ParseError or VerifyException with the
    place, OSError if it cannot be read."""
    with open_input(path) as stream:
        module = MlirFrontend().parse(every_dialect(), stream, str(path))
    module.verify()
    return module


def run_pipeline(module: ModuleOp, pipeline: str) -> None:
    """Change the module in place by passes given as after `nopt -p`.

    Raises UserError for text that names no passes, and whatever the passes raise."""
    _apply(module, build_passes(pipeline, Universe.get_multiverse().all_passes))


def run_named(module: ModuleOp, name: str, options: Mapping[str, Any]) -> None:
    """The same for one pass or pipeline, whose options are values instead of text."""
    _apply(module, passes_of(name, options))


def passes_of(name: str, options: Mapping[str, Any]) -> list[ModulePass]:
    """The passes of a pipeline, or one alone. An option that is None keeps its default.

    Raises UserError for options that none has."""
    factories = Universe.get_multiverse().all_passes
    given = {option: _values(each) for option, each in options.items() if each is not None}
    spec = ArgSpec(name, given)
    specs = expand(spec.normalize_parameter_names(), factories)
    return [build(factories[each.name](), each, "pass") for each in specs]


def _values(value: Any) -> tuple[Any, ...]:
    """An option's values, as a driver reads them from text."""
    match value:
        case np.ndarray() | np.generic():
            return _values(value.tolist())
        case list() | tuple():
            return tuple(each for item in cast(Sequence[Any], value) for each in _values(item))
        case Path():
            return (str(value),)
        case _:
            return (value,)


def _apply(module: ModuleOp, passes: Iterable[ModulePass]) -> None:
    context = every_dialect()
    for each in passes:
        each.apply(context, module)
    module.verify()


def compile_program(module: ModuleOp, pipeline: str = "vta") -> Program:
    """Run a pipeline that ends in `isa` on the module, in place, and assemble the result."""
    run_pipeline(module, pipeline)
    return assemble(module, every_dialect()).program
