"""Parts of models, from some tensors to some tensors."""

from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, helper
from onnx_models import imported, model
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from nopt.dialects.interpreters.run import run_function
from nopt.tools.errors import UserError
from nopt.tools.nopt_import import main

node = helper.make_node
W = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)


def chain() -> ModelProto:
    """Two products, a branch beside them, and an operator that nothing reads it for."""
    return model(
        [
            node("MatMul", ["x", "w"], ["a"]),
            node("Relu", ["a"], ["block/b:0"]),
            node("MatMul", ["block/b:0", "w"], ["c"]),
            node("Add", ["c", "skip"], ["y"]),
            node("NonZero", ["a"], ["z"]),
        ],
        {"x": ["batch", 8], "skip": ["batch", 8]},
        outputs=("y", "z"),
        weights={"w": W},
        elements={"z": 7},
    )


def names(module: ModuleOp) -> list[str | None]:
    (function,) = (op for op in module.walk() if isinstance(op, FuncOp))
    return [argument.name_hint for argument in function.args]


def test_up_to_a_tensor(tmp_path: Path) -> None:
    """What it does not need is not imported: neither an input nor an operator without a reader."""
    module = imported(chain(), tmp_path, dims={"batch": 3}, ends=["block/b:0"]).module
    assert names(module) == ["x"]
    x = np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)
    (found,) = run_function(module, "main", [x])
    np.testing.assert_allclose(found, np.maximum(x @ W, 0), rtol=1e-5, atol=1e-5)


def test_between_tensors(tmp_path: Path) -> None:
    module = imported(
        chain(), tmp_path, dims={"batch": 3}, starts=["block/b:0"], ends=["c", "y"]
    ).module
    assert names(module) == ["skip", "block_b.0"]
    skip, b = np.random.default_rng(2).normal(size=(2, 3, 8)).astype(np.float32)
    c, y = run_function(module, "main", [skip, b])
    np.testing.assert_allclose(c, b @ W, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(y, b @ W + skip, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ends": ["block/c:0"]}, "--to: no tensor 'block/c:0'"),
        ({"starts": ["q"]}, "--from: no tensor 'q'"),
        ({"starts": ["c"], "ends": ["a"]}, "--from: nothing that is computed reads 'c'"),
    ],
)
def test_what_is_no_part(options: dict[str, list[str]], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        imported(chain(), tmp_path, dims={"batch": 3}, **options)


def test_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(chain().SerializeToString())
    target = tmp_path / "part.mlir"
    main([str(path), "--dim", "batch=2", "--from", "a", "--to", "c", "-o", str(target)])
    assert "func.func @main(%a: tensor<2x8xf32>) -> tensor<2x8xf32>" in target.read_text()
