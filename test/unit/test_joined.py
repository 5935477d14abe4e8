"""Networks that join tensors run on the core from the first layer to the last, without copies."""

import sys
from pathlib import Path

import numpy as np
import pytest

from nopt.dialects import isa
from nopt.dialects.interpreters.run import run_function
from nopt.hw.program.program_parts import CoreStep, HostStep
from nopt.tools.runtime import Runtime

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from joined import BLOCKS
from workloads import compile_program, random_inputs


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("inception", 9),
        ("dense block", 15),
        ("dense block, all anew", 15),
        ("fire", 8),
        # One of them brings the joined channels together again, for a convolution in groups.
        ("shuffle", 10),
        ("shuffle, odd groups", 10),
    ],
)
def test_one_kernel_a_layer(name: str, layers: int):
    module = BLOCKS[name]()
    inputs = random_inputs(module)
    expected = run_function(module, "main", inputs)
    program = compile_program(module)
    found = Runtime(program).run(inputs).outputs
    np.testing.assert_array_equal(found[0], expected[0])
    assert sum(isinstance(op, isa.KernelOp) for op in module.walk()) == layers
    # The host packs the input and unpacks the output.
    assert [type(step) for step in program.steps] == [HostStep, CoreStep, HostStep]
