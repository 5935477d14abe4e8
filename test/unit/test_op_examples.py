"""The reference's examples: every op has one that is executed."""

import sys
from pathlib import Path

import numpy as np
import pytest

from nopt.dialects import get_all_dialects

sys.path.insert(0, str(Path(__file__).parents[2] / "docs/site"))

from op_examples import LEVELS, beginning, executed, graph_examples, level_example, lowered

DIALECTS = {name: factory() for name, factory in get_all_dialects().items()}


@pytest.mark.parametrize("op", [*DIALECTS["graph"].operations], ids=lambda op: op.name)
def test_ops_of_graphs(op):
    examples = graph_examples(op)
    assert examples and all(op.name in example for example in examples)
    for example in examples:
        *operands, (name, kind, result) = executed(example)
        assert example.startswith(f"{name} = ") and example.count("%") == len(operands) + 1
        assert "x".join([*map(str, result.shape), ""]) in kind


@pytest.mark.parametrize("dialect", LEVELS)
def test_ops_of_lower_levels(dialect: str):
    """`lowered` compares the bits of all levels."""
    assert dialect in DIALECTS and lowered()[dialect]
    for op in DIALECTS[dialect].operations:
        assert op.name in level_example(dialect, op.name)


def test_what_is_shown():
    *_, (name, kind, result) = executed("%y = graph.relu %x : tensor<2x3xi32>")
    assert (name, kind) == ("%y", "tensor<2x3xi32>")
    assert np.array_equal(result, [[0, 0, 0], [0, 100, 200]])
    assert beginning(result) == "0, 0, 0, 0, 100, 200"
    assert beginning(np.arange(9) / 2) == "0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, …"
