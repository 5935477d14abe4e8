"""ONNX models as modules of the `graph` dialect.

Reading order: `model_reading` (the file, checked and inferred), `inputs` and `cutting` (what of it
is wanted), `module_builder` (node by node to a function), `node`, `registry` and `readers` (what an
operator computes), `folding` and `fold_coded` (what is known), `coded` (integers with scales),
`functions` (operators by others), `branches`, `inner_graphs` and `loops` (graphs in nodes),
`onnx_types`, `model_listing` (what a model has, before it is imported).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from nopt.tools.errors import UserError

__all__ = ["Imported", "import_model"]


@dataclass(frozen=True)
class Imported:
    """A module with function `main`, and notes for people about it."""

    module: ModuleOp
    notes: tuple[str, ...]


def _quietly(stage: str) -> None:
    pass


def import_model(
    path: str | Path,
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    begin: Callable[[str], None] = _quietly,
    drop_quantization: bool = False,
    fixed: Mapping[str, Sequence[float]] | None = None,
    starts: Sequence[str] = (),
    ends: Sequence[str] = (),
) -> Imported:
    """Import an ONNX file.

        imported = import_model("model.onnx", dims={"batch": 1})
        (y,) = run_function(imported.module, "main", [x])

    `dims` gives named open dimensions their sizes, `shapes` whole input shapes by name; `begin`
    is called with each stage that begins. `fixed` makes constants of inputs: a number for all
    elements, or one for each. With `starts` or `ends` a part is imported, whose inputs and results
    these tensors are, by the model's own names. `drop_quantization` imports a quantized model as
    the network of floats that it stands for. Raises UserError, with the file as its place, for what
    is no model or has no import, OSError if the file cannot be read.
    """
    try:
        import onnx as _  # noqa: F401
    except ImportError as error:
        message = "ONNX files need the onnx package: pip install 'nopt[onnx]'"
        raise UserError(message) from error
    from nopt.tools.importer import readers as _readers  # noqa: F401
    from nopt.tools.importer.branches import take_branches
    from nopt.tools.importer.model_reading import infer_elements, read_model
    from nopt.tools.importer.module_builder import Builder

    path = Path(path)
    try:
        begin("reading and checking")
        model = read_model(path, dims or {}, shapes or {}, fixed or {}, (starts, ends))
        loaded = None
        while True:
            builder = Builder(model, infer_elements(model), path.parent, drop_quantization, loaded)
            begin("importing")
            if (module := builder.build()) is not None:
                break
            take_branches(model, builder.taken)
            loaded = builder.loaded
    except UserError as error:
        raise UserError(error.message, error.place or str(path)) from error
    return Imported(module, tuple(builder.notes))
