"""Pipelines from Python: what `nopt FILE -p … -t vta-program` does, on a module in memory.

module = import_model("model.onnx").module
run_pipeline(module, "graph-quantize{calibration=samples.npz}")
program = compile_program(module)
(scores,) = Runtime(program).run([image]).outputs
"""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.universe import Universe

from nopt.hw.program.program_file import Program
from nopt.passes.isa.program.assemble import assemble
from nopt.tools.pipeline_text import build_passes


def every_dialect() -> Context:
    """A context that knows every dialect of this environment."""
    context = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, factory)
    return context


def run_pipeline(module: ModuleOp, pipeline: str) -> None:
    """Change the module in place by passes given as after `nopt -p`.

    Raises UserError for text that names no passes, and whatever the passes raise."""
    context = every_dialect()
    for each in build_passes(pipeline, Universe.get_multiverse().all_passes):
        each.apply(context, module)
    module.verify()


def compile_program(module: ModuleOp, pipeline: str = "vta") -> Program:
    """Run a pipeline that ends in `isa` on the module, in place, and assemble the result."""
    run_pipeline(module, pipeline)
    return assemble(module, every_dialect()).program
