"""Networks and their programs, that damaged inputs are made of, and what is right of them."""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache
from io import BytesIO
from math import prod
from pathlib import Path

import numpy as np
from checks import assert_equal, parse, specified
from drafts import values
from xdsl.dialects.builtin import ModuleOp, ShapedType
from xdsl.dialects.func import FuncOp

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.arguments import arguments_of, given_type
from nopt.dialects.constants import numpy_type, scoped_resources
from nopt.dialects.interpreters.run import run_function
from nopt.hw.program.program_file import Program
from nopt.tools.compiling import compile_program
from nopt.tools.errors import errors_for_people
from nopt.tools.runtime import Runtime

NETWORKS = Path(__file__).with_name("networks.mlir")
MOST_ELEMENTS = 1 << 16
"""Of a tensor, if it is to be computed here."""
MOST_POINTS = 1 << 22
"""Of a nest."""


@cache
def networks() -> list[str]:
    return NETWORKS.read_text().split("// -----\n")


@cache
def program(which: int) -> Program:
    """The program of one of the networks."""
    with scoped_resources():
        return compile_program(parse(networks()[which]))


def random_inputs(function: FuncOp, seed: int) -> list[np.ndarray]:
    """What a function may be called with. Numbers of 64 bits choose from tables."""
    rng = np.random.default_rng(seed)
    inputs: list[np.ndarray] = []
    for argument in arguments_of(function):
        type = given_type(argument)
        shape, dtype = type.get_shape(), numpy_type(type.get_element_type())
        choice = dtype == np.int64
        inputs.append(rng.integers(-2, 3, shape) if choice else values(rng, shape, dtype, 0.1))
    return inputs


def main_of(module: ModuleOp) -> FuncOp:
    return next(op for op in module.ops if isinstance(op, FuncOp) and op.sym_name.data == "main")


def is_small(module: ModuleOp) -> bool:
    """Whether it is computed here in no time."""
    for op in module.walk():
        types = [value.type for value in (*op.operands, *op.results)]
        if any(isinstance(t, ShapedType) and prod(t.get_shape()) > MOST_ELEMENTS for t in types):
            return False
        if isinstance(op, ForOp) and prod(op.extents) > MOST_POINTS:
            return False
    return True


def compare(program: Program, module: ModuleOp, inputs: list[np.ndarray], level: str) -> None:
    """The same results; where the interpreter refuses these inputs, the program does, too."""
    # What a person schedules may read what was never written; then the core traps.
    run = errors_for_people if level in ("kernels", "isa") else nullcontext
    if level == "isa":
        with run():
            Runtime(program).run(inputs)
        return
    try:
        wanted = specified(module, inputs)
    except ValueError as error:
        with errors_for_people():
            Runtime(program).run(inputs)
        raise AssertionError("runs, although the interpreter does not") from error
    with run():
        found = Runtime(program).run(inputs).outputs
    assert_equal(found, wanted, level)


def computed(text: str, inputs: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """What the interpreter says of a text's @main."""
    with scoped_resources():
        return run_function(parse(text), "main", inputs)


def npy(array: np.ndarray) -> bytes:
    stream = BytesIO()
    np.save(stream, array)
    return stream.getvalue()
