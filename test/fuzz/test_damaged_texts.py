"""Texts of every level: what is accepted reads again as printed, and computes what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from checks import CONTEXT, assert_equal, masked, parse
from kinds import Input, Kind, complaint_about
from loop_interpreter import Loops, stored
from mutations import damaged_text, pick
from numpy.random import Generator
from programs import compare, is_small, main_of, networks, random_inputs
from xdsl.context import Context
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.utils.lexer import Input as XdslInput
from xdsl.utils.mlir_lexer import MLIRToken, MLIRTokenKind

from nopt.dialects.constants import scoped_resources
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.lexing import LinearLexer
from nopt.dialects.printing import MlirTarget
from nopt.hw.program.program_file import Program
from nopt.passes.pipelines import PIPELINES
from nopt.passes.raising.raise_affine_to_nest import RaiseAffineToNestPass
from nopt.tools.compiling import run_pipeline
from nopt.tools.nopt import main as nopt

HERE = Path(__file__).parent
PASSES = PIPELINES["vta"].passes
UNTIL = {
    "graph": "attach-machine",
    "nests": "affine-nest-simplify",
    "layouts": "affine-nest-schedule",
    "kernels": "convert-affine-nest-to-tensor-intrinsic",
    "isa": "convert-tensor-intrinsic-to-isa",
}
"""The last pass before each level's text."""
WEIGHTS = {
    **{"forms": 0.3, "graph": 0.25, "nests": 0.1, "layouts": 0.1},
    **{"kernels": 0.08, "isa": 0.07, "loops": 0.1},
}
PLACE = r"\binput\.mlir:|\binstruction \d+ \(|\blayer \S+: |expected a function @main"
"""A module that lacks something has no line, nor has what only the core finds out."""
MOST_STEPS = 50_000
"""Of loops that are executed one by one."""


def test_texts(part: int):
    Kind("texts", made).check(part)


def made(rng: Generator) -> Input:
    """A golden's text, which need not be a program; or a program of one of the levels."""
    level = str(rng.choice([*WEIGHTS], p=[*WEIGHTS.values()]))
    texts = bases()[level]
    data = damaged_text(rng, texts[rng.integers(len(texts))], texts)
    return one(data, level, int(rng.integers(1 << 32)))


@pytest.mark.parametrize("level", [*UNTIL, "loops"])
def test_truncated_at_every_kind_of_token(level: str):
    """Inside and after a token of each kind that a level's texts have."""
    for data in truncations(level):
        assert not (complaint := complaint_about(one(data, level, 0))), f"{complaint}\n{data!r}"


def truncations(level: str) -> Iterator[bytes]:
    rng = np.random.default_rng(0)
    kinds: dict[MLIRTokenKind, list[tuple[str, MLIRToken]]] = {}
    for text in bases()[level]:
        lexer = LinearLexer(XdslInput(text, "text"))
        while (token := lexer.lex()).kind != MLIRTokenKind.EOF:
            kinds.setdefault(token.kind, []).append((text, token))
    for found in kinds.values():
        text, token = pick(rng, found)
        begin, end = token.span.start, token.span.end
        for cut in sorted({(begin + end + 1) // 2, end}):
            yield text[:cut].encode()


def one(data: bytes, level: str, seed: int) -> Input:
    def check(path: Path) -> None:
        match level:
            case "forms":
                check_reading(path)
            case "loops":
                check_raising(path, seed)
            case _:
                check_compiling(path, level, seed)

    return Input(data, ".mlir", check, PLACE)


@cache
def bases() -> dict[str, list[str]]:
    goldens = [
        re.sub(r"//(?! -----).*", "", path.read_text())
        for path in sorted(HERE.parent.glob("*/**/*.mlir"))
        if not re.search("invalid|errors", str(path))
    ]
    loops = (HERE.parent / "property" / "loop_kernels.mlir").read_text().split("\n\n")[1:]
    levels: dict[str, list[str]] = {level: [] for level in UNTIL}
    for network in networks():
        for level, text in lowered(network):
            levels[level].append(text)
    forms = [part for golden in goldens for part in golden.split("// -----\n")]
    return levels | {"graph": networks(), "loops": loops, "forms": forms}


def lowered(text: str) -> Iterator[tuple[str, str]]:
    """A network's text at each level."""
    with scoped_resources():
        module, done = parse(text), 0
        for level, last in UNTIL.items():
            end = PASSES.index(last) + 1
            run_pipeline(module, ",".join(PASSES[done:end]))
            done = end
            stream = StringIO()
            MlirTarget().emit(CONTEXT, module, stream)
            yield level, stream.getvalue()


def check_reading(path: Path) -> None:
    """What is printed reads as what was read."""
    options = ["--allow-unregistered-dialect"] if path.stat().st_size % 2 else []
    with own_resources():
        nopt([str(path), *options, "-o", "output"])
    printed = Path("output").rename("printed.mlir")
    with own_resources():
        nopt([str(printed), *options, "-o", "output"])
    assert printed.read_text() == Path("output").read_text(), "reads as another module"


def check_compiling(path: Path, level: str, seed: int) -> None:
    """The program gives what the level's interpreter does."""
    rest = ",".join(PASSES if level == "graph" else PASSES[PASSES.index(UNTIL[level]) + 1 :])
    with own_resources():
        nopt([str(path), "-p", rest, "-t", "vta-program", "-o", "output"])
    program = Path("output").rename("program.vta")
    with own_resources():
        module = parse(path.read_text())
        if not is_small(module):
            return
        inputs = random_inputs(main_of(module), seed)
        compare(Program.load(program), module, inputs, level)


def check_raising(path: Path, seed: int) -> None:
    """The nests give what the loops do."""
    with own_resources():
        nopt([str(path), "-p", "raise-affine-to-nest", "-o", "output"])
    Path("output").unlink()
    with own_resources():
        module = parse(path.read_text())
        if not is_small(module):
            return
        functions = [op for op in module.ops if isinstance(op, FuncOp) and op.body.blocks]
        given, wanted = [], []
        for function in functions:
            for number, argument in enumerate(function.body.block.args):
                argument.name_hint = f"a{number}"
            given.append(arrays := random_inputs(function, seed))
            try:
                wanted.append(tuple(map(masked, *(stores(function, arrays, n) for n in (77, -4)))))
            except TooLong:
                return
        RaiseAffineToNestPass().apply(Context(), module)
        for function, arrays, expected in zip(functions, given, wanted, strict=True):
            kept = [int(str(a.name_hint)[1:]) for a in function.body.block.args]
            inputs = [arrays[number] for number in kept]
            assert_equal(run_function(module, function.sym_name.data, inputs), expected, "raising")


def stores(function: FuncOp, arrays: list[np.ndarray], unwritten: int) -> list[np.ndarray]:
    """What the loops leave in the arrays that they store to."""
    changed = [array.copy() for array in arrays]
    Steps(function, changed, unwritten)
    pairs = zip(changed, function.body.block.args, strict=True)
    return [array for array, argument in pairs if argument in stored(function)]


class TooLong(Exception):
    """Too many steps to compare."""


class Steps(Loops):
    """Counts what is executed."""

    done = 0

    def step(self, op: Operation) -> None:
        self.done += 1
        if self.done > MOST_STEPS:
            raise TooLong
        super().step(op)


@contextmanager
def own_resources() -> Iterator[None]:
    """As in a process of its own."""
    with scoped_resources():
        yield
