"""A block of self-attention: which copies are left, and that its program is exact."""

import sys
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, StringAttr, TensorType, i8
from xdsl.dialects.func import FuncOp

from nopt.dialects import graph
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.constants import attribute_of
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.parsing import ModuleParser
from nopt.hw.program.program_parts import CoreStep
from nopt.tools.compiling import compile_program, every_dialect, run_pipeline
from nopt.tools.runtime import Runtime

EXAMPLE = Path(__file__).parents[2] / "examples" / "attention"
sys.path.insert(0, str(EXAMPLE))

from attention import attention  # noqa: E402


def block(hidden: int, heads: int, length: int, batch: int, random: bool = False) -> ModuleOp:
    """The example of other sizes; with random weights if asked."""
    text = attention(hidden, heads, length, batch)
    module = ModuleParser(every_dialect(), text).parse_module()
    rng = np.random.default_rng(1)
    for op in module.walk():
        if random and isinstance(op, graph.ConstantOp):
            small = op.result.type.element_type == i8
            low, high, dtype = (-127, 127, np.int8) if small else (-9999, 9999, np.int32)
            op.value = attribute_of(rng.integers(low, high, op.array.shape, dtype), "w")
    module.verify()
    return module


def test_the_example_is_what_the_script_prints():
    assert (EXAMPLE / "attention.mlir").read_text() == attention()


# Hidden size, heads, tokens, sequences.
SIZES = [(96, 3, 32, 2), (64, 4, 16, 1), (60, 3, 21, 2), (128, 2, 37, 3)]


@pytest.mark.parametrize("size", SIZES)
def test_bit_exact(size: tuple[int, int, int, int]):
    module = block(*size, random=True)
    hidden, heads, length, batch = size
    x = np.random.default_rng(2).integers(-128, 128, (batch, length, hidden), np.int8)
    (expected,) = run_function(module, "main", [x])
    # Not all the same number, nor all at the limits.
    assert np.unique(expected).size > 100
    program = compile_program(module)
    (found,) = Runtime(program).run([x]).outputs
    np.testing.assert_array_equal(found, expected)
    if length % 16 == 0 and hidden // heads % 16 == 0:
        # Up to the softmax, and after it. Heads that end inside a block are re-laid between.
        assert sum(isinstance(step, CoreStep) for step in program.steps) == 2


@pytest.mark.parametrize("size", [(768, 12, 128, 6), (1024, 16, 128, 6)])
def test_nothing_is_copied(size: tuple[int, int, int, int]):
    """The input is given as blocks of weights, which all read; the rest is stored as it is read."""
    module = block(*size)
    run_pipeline(module, "vta{until=affine-nest-fold-constants}")
    nests = [op for op in module.walk() if isinstance(op, ForOp)]
    assert [nest.attributes.get(PLACEMENT) for nest in nests] == [StringAttr("core")] * 6
    (function,) = [op for op in module.walk() if isinstance(op, FuncOp)]
    hidden, _, length, batch = size
    (x,) = function.function_type.inputs
    assert x == TensorType(i8, [batch, length // 16, hidden // 16, 16, 16])
