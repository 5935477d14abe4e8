"""Sums of products of any two loads, as text, become kernels of the core: bit-exact at any size."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from contractions import Contraction
from fuzzing import examples
from hypothesis import assume, given, note
from hypothesis import strategies as st

from nopt.dialects.constants import scoped_resources
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.parsing import ModuleParser
from nopt.hw.program.program_parts import CoreStep
from nopt.tools.compiling import compile_program, every_dialect
from nopt.tools.runtime import Runtime

MOST_POINTS = 60_000

CONTRACTIONS = {
    "matrix product": Contraction({"i": 13, "j": 19, "k": 37}, "k", ("i", "k"), ("k", "j"), 9),
    "rows by rows": Contraction({"i": 13, "j": 19, "k": 37}, "k", ("i", "k"), ("j", "k"), 9),
    "columns by rows": Contraction({"i": 13, "j": 19, "k": 37}, "k", ("k", "i"), ("j", "k"), 9),
    "columns by columns": Contraction({"i": 13, "j": 19, "k": 37}, "k", ("k", "i"), ("k", "j"), 9),
    "transposed result": Contraction({"j": 19, "i": 13, "k": 37}, "k", ("i", "k"), ("k", "j"), 9),
    "batched": Contraction(
        {"n": 5, "i": 13, "j": 19, "k": 37}, "k", ("n", "i", "k"), ("n", "k", "j"), 9
    ),
    "batch innermost": Contraction(
        {"i": 13, "j": 11, "n": 17, "k": 5}, "k", ("i", "k", "n"), ("k", "j", "n"), 8
    ),
    "two sums": Contraction(
        {"i": 13, "n": 19, "j": 7, "k": 11}, "j k", ("i", "j", "k"), ("j", "k", "n"), 9
    ),
    "two sums, in other orders": Contraction(
        {"i": 13, "n": 19, "j": 7, "k": 11}, "j k", ("j", "i", "k"), ("k", "n", "j"), 9
    ),
    "three free indices": Contraction(
        {"i": 5, "j": 3, "l": 7, "m": 11, "k": 13}, "k", ("i", "j", "k"), ("k", "l", "m"), 8
    ),
    "strided rows": Contraction({"i": 9, "j": 19, "k": 37}, "k", ("2 * i", "k"), ("k", "j"), 9),
    "strided sum": Contraction({"i": 9, "j": 19, "k": 37}, "k", ("i", "2 * k"), ("3 * k", "j"), 9),
    "dilated": Contraction(
        {"i": 9, "o": 19, "t": 3, "c": 7}, "t c", ("i + 3 * t", "c"), ("o", "t", "c"), 8
    ),
    "windowed correlation": Contraction(
        {"o": 17, "h": 9, "w": 7, "c": 5, "kh": 3, "kw": 3},
        "c kh kw",
        ("c", "h + kh - 1", "w + kw - 1"),
        ("o", "c", "kh", "kw"),
        9,
    ),
    "correlation of one channel": Contraction(
        {"h": 19, "w": 23, "kh": 5, "kw": 3}, "kh kw", ("h + kh", "w + kw"), ("kh", "kw"), 8
    ),
    "filters of a signal": Contraction({"h": 19, "o": 3, "k": 5}, "k", ("h + k",), ("o", "k"), 8),
    "outer product": Contraction({"i": 13, "j": 19}, "", ("i",), ("j",), 7),
    "matrix by vector": Contraction({"i": 29, "k": 37}, "k", ("i", "k"), ("k",), 9),
    "vector by matrix": Contraction({"i": 29, "k": 37}, "k", ("k",), ("k", "i"), 9),
    "inner products of rows": Contraction({"i": 29, "k": 37}, "k", ("i", "k"), ("i", "k"), 9),
    "inner product": Contraction({"one": 1, "k": 13, "l": 17}, "k l", ("k", "l"), ("k", "l"), 10),
    "Khatri-Rao": Contraction({"i": 7, "j": 5, "k": 19}, "", ("i", "k"), ("j", "k"), 7),
    "Khatri-Rao, summed": Contraction(
        {"i": 7, "j": 5, "k": 19, "l": 3}, "l", ("i", "k", "l"), ("j", "k", "l"), 8
    ),
    "diagonal": Contraction({"i": 21, "j": 19}, "", ("i", "j"), ("j",), 7),
    "depthwise": Contraction(
        {"c": 21, "h": 9, "w": 7, "kh": 3, "kw": 3},
        "kh kw",
        ("c", "h + kh", "w + kw"),
        ("c", "kh", "kw"),
        8,
    ),
    "grouped": Contraction(
        {"g": 3, "o": 7, "h": 11, "c": 5}, "c", ("5 * g + c", "h"), ("7 * g + o", "c"), 8
    ),
    "diagonal of a cube": Contraction({"i": 11, "j": 7, "k": 13}, "k", ("k", "i", "k"), ("k", "j")),
    "along antidiagonals": Contraction(
        {"i": 13, "j": 11, "k": 17}, "k", ("i + j", "k"), ("k", "j"), 9
    ),
}


def check(contraction: Contraction, seed: int) -> tuple[int, set[str]]:
    """Compile and run; how many steps the core does, and why others stay on the host."""
    with scoped_resources():
        a, b = contraction.arrays(np.random.default_rng(seed))
        module = ModuleParser(every_dialect(), contraction.text(b)).parse_module()
        module.verify()
        inputs = [a] if contraction.weights else [a, b]
        expected = contraction.expected(a, b)
        (interpreted,) = run_function(module, "main", inputs)
        np.testing.assert_array_equal(interpreted, expected)
        program = compile_program(module)
        (found,) = Runtime(program).run(inputs).outputs
        np.testing.assert_array_equal(found, expected)
    kernels = sum(isinstance(step, CoreStep) for step in program.steps)
    return kernels, set(re.findall('host_reason = "([^"]*)"', program.host))


@pytest.mark.parametrize("weights", [False, True], ids=["two inputs", "constant weights"])
@pytest.mark.parametrize("name", CONTRACTIONS)
def test_on_the_core(name: str, weights: bool):
    contraction = replace(CONTRACTIONS[name], weights=weights)
    assert check(contraction, seed=1) == (1, set())


@pytest.mark.parametrize(
    "contraction",
    [
        Contraction({"i": 7, "j": 5, "k": 20}, "", ("i",), ("i - 1", "j - 1", "k")),
        Contraction(
            {"h": 8, "w": 8, "c": 40, "k": 20}, "c", ("h - 1", "2 * w", "c"), ("c", "k"), 8, True
        ),
        Contraction(
            {"h": 8, "w": 8, "c": 40, "k": 20}, "c", ("h - 1", "w + 1", "c"), ("c", "k"), 8, True
        ),
    ],
    ids=lambda contraction: str(contraction.b if contraction.a == ("i",) else contraction.a),
)
def test_pads_of_other_dimensions_than_the_last_two(contraction: Contraction):
    """Loads pad these two; the host lays an input out in any case, and so that they are."""
    assert check(contraction, seed=1) == (1, {"the host lays it out with what is padded last"})


@st.composite
def contractions(draw: Any) -> Contraction:
    """Iterators in any of one to three dimensions of the operands, strided, shifted, in sums."""
    names = "ijklmn"[: draw(st.integers(1, 5))]
    extents = {name: draw(st.integers(1, 23)) for name in names}
    reduction = [name for name in names[1:] if draw(st.booleans())]

    def operand() -> tuple[str, ...]:
        used = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
        dims = draw(st.integers(1, len(used)))
        indices = [[name] for name in used[:dims]]
        for name in used[dims:]:
            indices[draw(st.integers(0, dims - 1))].append(name)
        return tuple(index(terms) for terms in indices)

    def index(terms: list[str]) -> str:
        scaled = [f"{draw(st.sampled_from((1, 1, 1, 2, 3, 16)))} * {name}" for name in terms]
        offset = draw(st.sampled_from((0, 0, 0, -1, -2, 1, 16)))
        text = " + ".join(scaled).replace("1 * ", "")
        return f"{text} {'+' if offset > 0 else '-'} {abs(offset)}" if offset else text

    found = Contraction(
        extents,
        " ".join(reduction),
        operand(),
        operand(),
        draw(st.integers(0, 12)),
        draw(st.booleans()),
    )
    # A reduction iterator that no load uses makes no sum.
    both = " ".join((*found.a, *found.b))
    assume(all(name in both for name in reduction))
    assume(found.points <= MOST_POINTS)
    return found


@examples(200)
@given(contractions(), st.integers(0, 2**32 - 1))
def test_any(contraction: Contraction, seed: int):
    """Bit-exact wherever it runs; what is not on the core says why."""
    kernels, reasons = check(contraction, seed)
    note(f"{kernels} kernels; on the host: {reasons}")
    assert kernels or reasons
