"""Typical kernels are raised to few nests, however `mlir-opt` rewrites their loops; some are
refused with the reason.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from checks import CONTEXT, parse
from loop_interpreter import Loops, stored
from mlir_tools import start, tools
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.interpreters.run import run_function
from nopt.passes.raising.raise_affine_to_nest import RaiseAffineToNestPass

TEXT = Path(__file__).with_name("loop_kernels.mlir").read_text()

RAISED = {
    **dict.fromkeys(("gemm", "conv", "depthwise", "transposed_conv", "polynomial"), 1),
    **dict.fromkeys(("maxpool", "avgpool", "lower_product", "stencil", "transpose"), 1),
    **dict.fromkeys(("atax", "mvt", "syrk", "trmm", "doitgen"), 2),
    **dict.fromkeys(("jacobi_turn", "chain", "concat"), 2),
    **{"two_products": 3, "gesummv": 3, "gemver": 4, "covariance": 5},
}
"""How many nests there are for each kernel."""

MORE = {("doitgen", "normal"), ("doitgen", "in scalars")}
"""Where a temporary is not filled by one nest, and one more makes it."""

REFUSED = ("jacobi", "seidel", "lu", "trisolv")

REWRITES = {
    "tiled": "affine-loop-tile{tile-size=5}",
    "normal": "affine-loop-tile{tile-size=4},affine-loop-normalize",
    "unrolled": "affine-loop-unroll{unroll-factor=4}",
    "in scalars": "affine-loop-unroll{unroll-factor=4},affine-scalrep,canonicalize,cse",
    "jammed": "affine-loop-unroll-jam{unroll-jam-factor=2}",
    "parallel": "affine-loop-tile{tile-size=5},affine-parallelize{parallel-reductions=true}",
    "scf": "lower-affine",
}


@cache
def functions(passes: str) -> dict[str, FuncOp]:
    """The kernels by name, after passes of `mlir-opt`."""
    text = TEXT
    if passes:
        mlir_opt, _ = tools()
        text = start([mlir_opt, f"--pass-pipeline=builtin.module(func.func({passes}))"], TEXT)
    return {op.sym_name.data: op for op in parse(text).ops if isinstance(op, FuncOp)}


@cache
def inputs(name: str) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    arguments = functions("")[name].function_type.inputs
    return [rng.integers(-9, 9, type.get_shape(), np.int32) for type in arguments]  # pyright: ignore


@cache
def results(name: str) -> list[np.ndarray]:
    arrays = [array.copy() for array in inputs(name)]
    Loops(functions("")[name], arrays)
    return arrays


def check(name: str, rewrite: str) -> None:
    passes = REWRITES.get(rewrite, "")
    function = functions(passes)[name].clone()
    for number, argument in enumerate(function.body.block.args):
        argument.name_hint = f"a{number}"
    wanted = [
        array
        for array, argument in zip(results(name), function.body.block.args, strict=True)
        if argument in stored(function)
    ]
    module = ModuleOp([function])
    RaiseAffineToNestPass().apply(CONTEXT, module)
    module.verify()
    nests = sum(isinstance(op, ForOp) for op in module.walk())
    assert nests == RAISED[name] + ((name, rewrite) in MORE)
    kept = [int(str(argument.name_hint)[1:]) for argument in function.body.block.args]
    found = run_function(module, name, [inputs(name)[number] for number in kept])
    for array, expected in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("name", RAISED)
def test_raised(name: str):
    check(name, "")


@pytest.mark.parametrize("rewrite", REWRITES)
def test_rewritten(rewrite: str):
    for name in RAISED:
        check(name, rewrite)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str):
    module = ModuleOp([functions("")[name].clone()])
    before = str(module)
    with pytest.raises(VerifyException, match="a dependence that the loops carry"):
        RaiseAffineToNestPass().apply(CONTEXT, module)
    assert str(module) == before
