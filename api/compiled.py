"""A program for a core: run, timed, saved and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from nopt.dialects.array_names import identifier
from nopt.hw.config import Config
from nopt.hw.files.whole_files import output_stream
from nopt.hw.program import program_file
from nopt.hw.program.program_parts import CoreStep, Value
from nopt.tools.profile import energy_row, layer_rows
from nopt.tools.report import format_value
from nopt.tools.runtime import RunError, Runtime

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class LayerTime:
    """Where the cycles of one layer go; they add up to `cycles`."""

    name: str
    cycles: int
    gemm: int
    """In which the core multiplies blocks."""
    reset: int
    """In which it sets accumulators to 0."""
    alu: int
    load: int
    """In which the compute module loads accumulators and micro-ops."""
    wait_load: int
    wait_store: int
    other: int
    macs: int
    """Multiplications of the array in these steps, padding included."""
    read: int
    """Bytes from DRAM."""
    written: int
    microjoules: float


@dataclass(frozen=True)
class Time:
    """What a program takes on its machine; it does not depend on data."""

    cycles: int
    utilisation: float
    """The share of cycles in which the array multiplies."""
    dram_bytes: int
    """To and from DRAM, instructions and micro-ops included."""
    macs: int
    microjoules: float
    layers: tuple[LayerTime, ...]

    def __str__(self) -> str:
        return (
            f"{self.cycles:,} cycles, {100 * self.utilisation:.1f} % of them multiplying, "
            f"{self.dram_bytes:,} bytes of DRAM traffic, {self.microjoules:,.1f} microjoules"
        )

    def _repr_html_(self) -> str:
        names = [item.name for item in fields(LayerTime)]
        rows = [{name: getattr(each, name) for name in names} for each in self.layers]
        return f"<p>{escape(str(self))}</p>{_table(rows)}"


class Program:
    """A compiled network: its instructions, constants and host functions.

    Made by `nopt.compile` or `nopt.load`.
    """

    def __init__(
        self,
        file: program_file.Program,
        network: ModuleOp | None = None,
        options: Mapping[str, Any] | None = None,
    ):
        self.file = file
        """The parts: instructions, micro-ops, symbols, steps, layers."""
        self._network = network
        """What it was compiled from, with these options of the pipeline `vta`."""
        self._options = options or {}

    @property
    def machine(self) -> Config:
        """The core that it is for."""
        return self.file.config

    @property
    def inputs(self) -> tuple[Value, ...]:
        """Name, shape and numpy type of each input."""
        return tuple(self.file.inputs)

    @property
    def outputs(self) -> tuple[Value, ...]:
        """Name, shape and numpy type of each output."""
        return tuple(self.file.outputs)

    @property
    def host_steps(self) -> int:
        """How often the host computes in between."""
        return sum(not isinstance(step, CoreStep) for step in self.file.steps)

    def run(self, *arrays: Array, **named: Array) -> Array | tuple[Array, ...]:
        """The outputs for inputs in order or by name: one array, or one for each.

        The core's steps run on its model, bit for bit, the host's in the interpreters. Raises
        RunError for inputs of another number, shape or type, Trap if the core stops.
        """
        result = self._runtime.run(self._in_order(arrays, named)).outputs
        return result[0] if len(result) == 1 else result

    def time(self) -> Time:
        """Cycles, traffic and energy, of all and of each layer."""
        runtime = self._runtime
        names = [item.name for item in fields(LayerTime)]
        layers = [LayerTime(**{name: row[name] for name in names}) for row in layer_rows(runtime)]
        steps = sum(timing.gemm_steps for timing in runtime.timings)
        return Time(
            runtime.cycles,
            steps / runtime.cycles if runtime.cycles else 0.0,
            sum(sum(timing.dram_bytes.values()) for timing in runtime.timings),
            sum(timing.macs for timing in runtime.timings),
            energy_row(runtime)["microjoules"],
            tuple(layers),
        )

    def save(self, path: str | Path) -> None:
        """Write a program file, as `nopt -t vta-program` does. Raises OSError."""
        self.file.save(Path(path))

    def report(self, path: str | Path) -> None:
        """Write one HTML page with all that it takes, as `nopt-report` does.

        What `nopt.compile` made shows each layer at each level, too. Raises UserError without
        plotly (`pip install 'nopt[report]'`), OSError.
        """
        from nopt.tools.report_page.page import report_page

        page = report_page(self._runtime, Path(path).stem, self._network, options=self._options)
        with output_stream(str(path)) as stream:
            stream.write(page)

    def __repr__(self) -> str:
        def said(values: Sequence[Value]) -> str:
            return ", ".join(f"{each.name}: {each.dtype}{list(each.shape)}" for each in values)

        return (
            f"<nopt.Program ({said(self.inputs)}) -> ({said(self.outputs)}) for "
            f"{self.machine.name}: {len(self.file.instructions):,} instructions, "
            f"{self.host_steps} host steps>"
        )

    def _repr_html_(self) -> str:
        values = [
            {"name": each.name, "is": what, "type": each.dtype, "shape": list(each.shape)}
            for what, group in (("input", self.inputs), ("output", self.outputs))
            for each in group
        ]
        return f"<p>{escape(repr(self))}</p>{_table(values)}"

    @cached_property
    def _runtime(self) -> Runtime:
        return Runtime(self.file)

    def _in_order(self, arrays: Sequence[Array], named: Mapping[str, Array]) -> list[Array]:
        names = [each.name for each in self.inputs]
        named = {
            name if name in names else identifier(name): array for name, array in named.items()
        }
        found = dict(zip(names, arrays, strict=False))
        if unknown := [name for name in named if name not in names]:
            raise RunError(f"found input '{unknown[0]}', expected {', '.join(names)}")
        if twice := [name for name in named if name in found]:
            raise RunError(f"input '{twice[0]}' is given twice")
        found |= named
        if len(arrays) > len(names) or len(found) < len(names):
            count = len(arrays) + len(named)
            raise RunError(f"found {count} inputs, expected {len(names)}: {', '.join(names)}")
        return [np.asarray(found[name]) for name in names]


def load(path: str | Path) -> Program:
    """A program from its file. Raises ProgramError if it is damaged or of another version."""
    return Program(program_file.Program.load(Path(path)))


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a table of HTML."""
    if not rows:
        return ""
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in rows[0])
    body = "".join(
        "<tr>"
        + "".join(f"<td>{escape(format_value(name, value))}</td>" for name, value in row.items())
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
