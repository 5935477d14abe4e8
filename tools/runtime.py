"""Running a program file: core steps on the modeled core, host steps in the interpreters."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any

import numpy as np
from typing_extensions import override
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter, PythonValues
from xdsl.ir import Operation
from xdsl.universe import XDSL_UNIVERSE

from nopt.dialects import get_all_dialects
from nopt.dialects.blobs import read_text
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.parsing import ModuleParser
from nopt.hw.isa.encoding import Records
from nopt.hw.program.layer_rows import Layer
from nopt.hw.program.program_file import Program
from nopt.hw.program.program_parts import CoreStep, HostStep, ProgramError, Symbol, Value
from nopt.hw.sim.memo import Memo
from nopt.hw.sim.simulator import Simulator
from nopt.hw.timing.program_timing import Timing, time_program
from nopt.passes.graph.quantization.comparison import represented

Array = np.ndarray[Any, np.dtype[Any]]
Watch = Callable[[str, Array], None]
"""Is told the name of each tensor that the program's stand for, and the real numbers they mean."""


class RunError(ValueError):
    """Inputs that a program does not take."""


@dataclass(frozen=True)
class StepReport:
    """One step of a run: what it was and how long it took here."""

    name: str
    on_core: bool
    seconds: float


@dataclass(frozen=True)
class RunResult:
    """What a run gave: the outputs in order, and its steps."""

    outputs: tuple[Array, ...]
    steps: tuple[StepReport, ...]

    @property
    def host_seconds(self) -> float:
        return sum(step.seconds for step in self.steps if not step.on_core)

    @property
    def core_seconds(self) -> float:
        """Seconds that the simulation took; how long the core takes is `Runtime.timings`."""
        return sum(step.seconds for step in self.steps if step.on_core)


class Runtime:
    """A program ready to run, any number of times.

        runtime = Runtime(Program.load("model.vta"))
        (y,) = runtime.run([x]).outputs
        print(runtime.cycles)

    `strict` also traps on what VTA implementations do differently.
    """

    def __init__(self, program: Program, strict: bool = True):
        self.program = program
        self.strict = strict
        self.memory = program.memory()
        self._memo = Memo(program.config)
        self.symbols = {symbol.name: symbol for symbol in program.symbols}

    @cached_property
    def host(self) -> ModuleOp:
        """The host functions. Raises ParseError if they are not in order."""
        context = Context()
        for name, factory in {**XDSL_UNIVERSE.all_dialects, **get_all_dialects()}.items():
            context.register_dialect(name, factory)
        read = read_text(BytesIO(self.program.host.encode()))
        module = ModuleParser(context, read.text, "host.txt", read.blobs).parse_module()
        module.verify()
        return module

    @cached_property
    def timings(self) -> tuple[Timing, ...]:
        """The core's timing for each core step; it does not depend on data."""
        config = self.program.config
        return tuple(time_program(self.part(step), config) for step in self.core_steps)

    @property
    def core_steps(self) -> tuple[CoreStep, ...]:
        """The steps that run on the core, in order."""
        return tuple(step for step in self.program.steps if isinstance(step, CoreStep))

    def layers_of(self, step: CoreStep) -> list[Layer]:
        """The layers that a core step computes."""
        end = step.first + step.count
        return [layer for layer in self.program.layers if step.first <= layer.first < end]

    def part(self, step: CoreStep | Layer) -> Records:
        """The instructions of a step or layer, decoded."""
        return self._records[step.first : step.first + step.count]

    @cached_property
    def _records(self) -> Records:
        return self.program.records()

    @property
    def host_cycles(self) -> list[tuple[int, str]]:
        """Host steps, each by the core's cycles before it, in which the core then waits."""
        found: list[tuple[int, str]] = []
        cycles = iter(timing.cycles for timing in self.timings)
        done = 0
        for step in self.program.steps:
            if isinstance(step, HostStep):
                found.append((done, step.function))
            else:
                done += next(cycles)
        return found

    @property
    def cycles(self) -> int:
        """Cycles of all core steps together."""
        return sum(timing.cycles for timing in self.timings)

    def run(self, inputs: Sequence[Array], watch: Watch | None = None) -> RunResult:
        """Run on one set of inputs, in the program's order.

        `watch` sees each tensor that is known to stand for one of a float network as soon as it is
        there. Raises RunError for inputs of another number, shape or type, ProgramError if
        the host's functions do not give what steps write, Trap if the core stops.
        """
        self._check(inputs)
        values: dict[str, Array] = {}
        for declared, array in zip(self.program.inputs, inputs, strict=True):
            self._write(values, declared.name, array)
        simulator = Simulator(self.program.config, self.memory, strict=self.strict, memo=self._memo)
        reports: list[StepReport] = []
        for step in self.program.steps:
            start = time.perf_counter()
            match step:
                case CoreStep() if watch is not None:
                    self._run_layers(simulator, step, watch)
                    name = f"{step.count} instructions"
                case CoreStep():
                    words = self.program.instructions[step.first : step.first + step.count]
                    simulator.run(words)
                    name = f"{step.count} instructions"
                case HostStep():
                    self._run_host(step, values, watch)
                    name = step.function
            seconds = time.perf_counter() - start
            reports.append(StepReport(name, isinstance(step, CoreStep), seconds))
        outputs = [self._read(values, value.name).copy() for value in self.program.outputs]
        for declared, array in zip(self.program.outputs, outputs, strict=True):
            if difference := _difference(array, declared):
                raise ProgramError(f"output '{declared.name}': {difference}")
        return RunResult(tuple(outputs), tuple(reports))

    def _run_layers(self, simulator: Simulator, step: CoreStep, watch: Watch) -> None:
        """Layer by layer: another may use the place of a result afterwards."""
        done = step.first
        for layer in self.layers_of(step):
            done = layer.first + layer.count
            simulator.execute(self.part(layer))
            if layer.tensor:
                watch(layer.tensor, layer.real(self._view(self.symbols[layer.result])))
        simulator.execute(self._records[done : step.first + step.count])

    def _run_host(self, step: HostStep, values: dict[str, Array], watch: Watch | None) -> None:
        arguments = [self._read(values, name) for name in step.inputs]
        listeners = [_HostWatch(watch)] if watch is not None else []
        results = run_function(self.host, step.function, arguments, listeners)
        if len(results) != len(step.outputs):
            found, expected = len(results), len(step.outputs)
            raise ProgramError(f"host step {step.function}: {found} results, expected {expected}")
        for name, array in zip(step.outputs, results, strict=True):
            self._write(values, name, array)

    def _check(self, inputs: Sequence[Array]) -> None:
        declared = self.program.inputs
        if len(inputs) != len(declared):
            names = ", ".join(_describe(value) for value in declared)
            raise RunError(f"found {len(inputs)} inputs, expected {len(declared)}: {names}")
        for value, array in zip(declared, inputs, strict=True):
            if difference := _difference(array, value):
                raise RunError(f"input '{value.name}': {difference}")

    def _write(self, values: dict[str, Array], name: str, array: Array) -> None:
        if (symbol := self.symbols.get(name)) is not None:
            if difference := _difference(array, symbol):
                raise ProgramError(f"symbol '{name}': {difference}")
            self._view(symbol)[...] = array
        else:
            # What the host only moved still lies where the core may write next.
            values[name] = array.copy() if np.may_share_memory(array, self.memory) else array

    def _read(self, values: dict[str, Array], name: str) -> Array:
        symbol = self.symbols.get(name)
        return values[name] if symbol is None else self._view(symbol)

    def _view(self, symbol: Symbol) -> Array:
        """A symbol's place in DRAM as an array."""
        place = self.memory[symbol.address : symbol.address + symbol.nbytes]
        return place.view(symbol.dtype).reshape(symbol.shape)


class _HostWatch(Interpreter.Listener):
    """Passes on what operations on the host compute, where they say which tensor it stands for."""

    def __init__(self, watch: Watch):
        self._watch = watch

    @override
    def did_interpret_op(self, op: Operation, results: PythonValues) -> None:
        if results and (found := represented(op, results[0])) is not None:
            self._watch(*found)


def _describe(value: Value) -> str:
    return f"{value.dtype} of shape {list(value.shape)} for '{value.name}'"


def _difference(array: Array, declared: Value | Symbol) -> str | None:
    """What to say of an array that is not what is declared."""
    if array.shape == declared.shape and array.dtype == np.dtype(declared.dtype):
        return None
    found = f"{array.dtype} of shape {list(array.shape)}"
    return f"found {found}, expected {declared.dtype} of shape {list(declared.shape)}"
