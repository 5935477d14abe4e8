"""`nopt-run --compare`: a program's tensors and answers beside those of its float network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.universe import Universe

from nopt.dialects.constants import element_type
from nopt.dialects.parsing import parse_file
from nopt.hw.program.program_parts import Value
from nopt.passes.base.fidelity import Compared, Fidelity, fidelity, signal_to_noise
from nopt.passes.graph.quantization.execution import GraphRun, network_of
from nopt.passes.graph.quantization.tensor_names import tensor_names
from nopt.tools.errors import UserError
from nopt.tools.pipeline_text import build_passes
from nopt.tools.runtime import Runtime

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class OutputAgreement(Compared):
    """How alike the answers of program and float network are, over all samples together."""

    cosine: float
    """The least of any sample's."""
    top1: float
    """The share of samples with the same largest element."""


class FloatNetwork:
    """A network of floats to compare with: an ONNX model, or a module of the graph dialect.

    It is cleaned first, as before quantization, so that its tensors have the names that the
    program knows. Raises UserError, OSError or ParseError for files that are none.
    """

    def __init__(self, path: str, inputs: Sequence[Value]):
        universe = Universe.get_multiverse()
        context = Context()
        for name, factory in universe.all_dialects.items():
            context.register_dialect(name, factory)
        module = _load(path, inputs, context)
        for each in build_passes("graph-clean", universe.all_passes):
            each.apply(context, module)
        network = network_of(module)
        self._path = path
        self._names = tensor_names(network)
        self._run = GraphRun(network)

    def run(
        self, inputs: Sequence[Array], references: dict[str, Array] | None = None
    ) -> tuple[Array, ...]:
        """The outputs on one sample; fills `references` with all tensors by name if given.

        Raises UserError if the network takes other inputs than these.
        """
        block = self._run.function.body.block
        expected = [str(argument.type) for argument in block.args]
        found = [
            f"tensor<{'x'.join([*map(str, a.shape), str(element_type(a.dtype))])}>" for a in inputs
        ]
        if expected != found:
            raise UserError(
                f"{self._path}: found a network of inputs {', '.join(expected)}, "
                f"expected the program's: {', '.join(found)}"
            )

        def keep(value: SSAValue, array: Array) -> None:
            if references is not None and value in self._names:
                references[self._names[value]] = array

        return self._run.run(inputs, keep)


def compare_layers(
    runtime: Runtime, network: FloatNetwork, inputs: Sequence[Array]
) -> list[Fidelity]:
    """The fidelity of each tensor that the program's stand for, on one sample, in its order."""
    references: dict[str, Array] = {}
    network.run(inputs, references)
    rows: list[Fidelity] = []

    def check(name: str, array: Array) -> None:
        reference = references.get(name)
        if reference is not None and reference.shape == array.shape:
            rows.append(fidelity(name, reference, array))

    runtime.run(inputs, check)
    return rows


def compare_outputs(
    outputs: Sequence[Value], found: Sequence[Sequence[Array]], expected: Sequence[Sequence[Array]]
) -> list[OutputAgreement]:
    """The agreement of each output; both have one list of arrays for each sample.

    Raises UserError if the networks have other outputs.
    """
    if any(len(f) != len(e) for f, e in zip(found, expected, strict=True)):
        raise UserError(
            f"found {len(expected[0])} outputs of the float network, expected {len(outputs)}"
        )
    rows: list[OutputAgreement] = []
    for value, ours, theirs in zip(
        outputs, zip(*found, strict=True), zip(*expected, strict=True), strict=True
    ):
        pairs = [
            (np.ravel(f).astype(np.float64), np.ravel(e).astype(np.float64))
            for f, e in zip(ours, theirs, strict=True)
        ]
        if any(f.shape != e.shape for f, e in pairs):
            raise UserError(
                f"output '{value.name}': found shape {list(theirs[0].shape)} of the float network, "
                f"expected {list(ours[0].shape)}"
            )
        reference, answer = np.stack([e for _, e in pairs]), np.stack([f for f, _ in pairs])
        rows.append(
            OutputAgreement(
                value.name,
                signal_to_noise(reference, answer),
                min(_cosine(f, e) for f, e in pairs),
                float(np.mean([_top(f) == _top(e) for f, e in pairs])),
            )
        )
    return rows


def _cosine(a: Array, b: Array) -> float:
    """1 for two zeros, 0 for one."""
    lengths = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if not all(lengths):
        return float(lengths[0] == lengths[1])
    return float(a @ b / (lengths[0] * lengths[1]))


def _top(array: Array) -> int:
    return int(array.argmax()) if array.size else -1


def _load(path: str, inputs: Sequence[Value], context: Context) -> ModuleOp:
    if Path(path).suffix == ".mlir":
        return parse_file(context, Path(path))
    from nopt.tools.importer import import_model

    return import_model(path, shapes=_shapes(path, inputs)).module


def _shapes(path: str, inputs: Sequence[Value]) -> dict[str, tuple[int, ...]]:
    """The program's shapes for a model's inputs, whose own may be open."""
    try:
        import onnx

        graph = onnx.load(path, load_external_data=False).graph
    except Exception:
        return {}  # The importer says what is wrong.
    stored = {tensor.name for tensor in graph.initializer}
    names = [value.name for value in graph.input if value.name not in stored]
    if len(names) != len(inputs):
        return {}
    return {name: value.shape for name, value in zip(names, inputs, strict=True)}
