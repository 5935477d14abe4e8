"""nopt from Python: networks to programs for a core, run and timed on a model of it.

    import nopt

    program = nopt.compile("resnet50.onnx", calibration=images, machine="rtl")
    scores = program.run(image)
    print(program.time())
    program.save("resnet50.vta")

A network is the path of an ONNX or MLIR file, a model of the `onnx` package, an xDSL module in any
of our dialects, or a `GraphBuilder`. `read` makes a module of it, `quantize` integers of its
floats, and `lower` stops after any pass; `compile` does all of that, and `write` keeps a module as
text. What is wrong raises `UserError` with one message for people, or the ValueError of the pass
that found it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nopt.compiled import LayerTime, Program, Time, load
    from nopt.exploring import Explored, explore
    from nopt.graph_builder import GraphBuilder
    from nopt.hw.config import Config
    from nopt.mapped import Mapped, map_network
    from nopt.named_machines import machine, machines
    from nopt.networks import compile, lower, quantize, read, run, write
    from nopt.tools.errors import UserError

    __version__: str

__all__ = [
    "Config",
    "Explored",
    "GraphBuilder",
    "LayerTime",
    "Mapped",
    "Program",
    "Time",
    "UserError",
    "__version__",
    "compile",
    "explore",
    "load",
    "lower",
    "machine",
    "machines",
    "map_network",
    "quantize",
    "read",
    "run",
    "write",
]

# Imported when they are asked for: `nopt --version` and `import nopt.hw` pay for nothing else.
_HOMES = {
    "Config": "nopt.hw.config",
    "Explored": "nopt.exploring",
    "GraphBuilder": "nopt.graph_builder",
    "LayerTime": "nopt.compiled",
    "Mapped": "nopt.mapped",
    "Program": "nopt.compiled",
    "Time": "nopt.compiled",
    "UserError": "nopt.tools.errors",
    "compile": "nopt.networks",
    "explore": "nopt.exploring",
    "load": "nopt.compiled",
    "lower": "nopt.networks",
    "machine": "nopt.named_machines",
    "machines": "nopt.named_machines",
    "map_network": "nopt.mapped",
    "quantize": "nopt.networks",
    "read": "nopt.networks",
    "run": "nopt.networks",
    "write": "nopt.networks",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("nopt")
    if name not in _HOMES:
        raise AttributeError(f"module 'nopt' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
