"""`raise-affine-to-nest`: what is raised computes what the loops did; nests survive the way there
and back; `mlir-opt` reads what nests are lowered to.
"""

import io
from typing import Any

import numpy as np
import pytest
from affine_networks import networks
from checks import apply, assert_equal, parse, run
from drafts import Network
from fuzzing import examples
from hypothesis import event, given
from hypothesis import strategies as st
from loop_programs import Program, programs
from nest_graphs import nest_graphs
from test_affine_lowering import BLOCK, CONVERT, FUSE, LOWER, NESTS, nest, start, tools
from xdsl.context import Context
from xdsl.dialects import affine, memref
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.interpreters.run import run_function
from nopt.dialects.interpreters.scalars import evaluate_scalar
from nopt.passes.affine.raise_affine_to_nest import RaiseAffineToNestPass


class Loops:
    """Runs loop code as it is written, one operation after another."""

    def __init__(self, function: FuncOp, arrays: list[np.ndarray]):
        self.values: dict[SSAValue, Any] = dict(zip(function.body.block.args, arrays, strict=True))
        self.block(function.body.block)

    def block(self, block: Block) -> list[Any]:
        for op in block.ops:
            if isinstance(op, affine.YieldOp):
                return [self.values[operand] for operand in op.operands]
            self.step(op)
        return []

    def at(self, op: Any) -> tuple[int, ...]:
        indices = [self.values[index] for index in op.indices]
        map = op.map.data
        return map.eval(indices[: map.num_dims], indices[map.num_dims :])

    def step(self, op: Operation) -> None:
        match op:
            case affine.ForOp():
                (first,) = op.lowerBoundMap.data.eval([], [])
                (last,) = op.upperBoundMap.data.eval([], [])
                carried = [self.values[start] for start in op.inits]
                for turn in range(first, last, op.step.value.data):
                    arguments = op.body.block.args
                    self.values |= zip(arguments, [turn, *carried], strict=True)
                    carried = self.block(op.body.block)
                self.values |= zip(op.results, carried, strict=True)
            case affine.IfOp():
                arguments = [self.values[arg] for arg in op.args]
                holds = all(c.lhs.eval(arguments, []) >= 0 for c in op.condition.data.constraints)
                region = op.then_region if holds else op.else_region
                chosen = self.block(region.block) if region.blocks else []
                self.values |= zip(op.results, chosen, strict=True)
            case affine.LoadOp():
                self.values[op.result] = self.values[op.memref][self.at(op)]
            case affine.StoreOp():
                self.values[op.memref][self.at(op)] = self.values[op.value]
            case memref.AllocOp() | memref.AllocaOp():
                self.values[op.memref] = np.full(op.memref.type.get_shape(), 77, np.int32)
            case _ if op.results:
                operands = [np.asarray(self.values[operand]) for operand in op.operands]
                self.values[op.results[0]] = evaluate_scalar(op, operands)


@examples(200)
@given(programs())
def test_programs(program: Program):
    """Raised, or refused and left as it was; never another result."""
    module = parse(program.text)
    before = str(module)
    main = next(op for op in module.ops if isinstance(op, FuncOp))
    arrays = [array.copy() for array in program.inputs]
    Loops(main, arrays)
    stored = {op.memref for op in main.walk() if isinstance(op, affine.StoreOp)}
    expected = [
        array for array, arg in zip(arrays, main.body.block.args, strict=True) if arg in stored
    ]
    try:
        RaiseAffineToNestPass().apply(Context(), module)
    except VerifyException:
        event("refused")
        assert str(module) == before
        return
    event("raised")
    module.verify()
    # Arguments that were only written are not arguments any more.
    names = [arg.name_hint for arg in main.body.block.args]
    known = [text.split(":")[0] for text in before.split("@main(")[1].split("%")[1:]]
    inputs = [program.inputs[known.index(str(name))] for name in names]
    assert_equal(run_function(module, "main", inputs), tuple(expected), "raised")


def check_round_trip(network: Network, passes: tuple[str, ...]) -> None:
    apply(network.module, *passes)
    expected = run(network)
    apply(network.module, LOWER)
    RaiseAffineToNestPass(reassociate=True).apply(Context(), network.module)
    network.module.verify()
    assert_equal(run(network), expected, "raised")


@examples(200)
@given(nest_graphs(largest=600))
def test_nests_there_and_back(network: Network):
    check_round_trip(network, ())


@examples(200)
@given(networks(steps=2, largest=600), st.sampled_from([CONVERT, FUSE, BLOCK]))
def test_networks_there_and_back(network: Network, passes: tuple[str, ...]):
    check_round_trip(network, passes)


@examples(25)
@given(networks(steps=2, largest=600, floats=False), st.sampled_from([CONVERT, FUSE, BLOCK]))
def test_networks_through_mlir(network: Network, passes: tuple[str, ...]):
    """`mlir-opt` verifies what nests are lowered to, and what it makes of it is raised."""
    mlir_opt, _ = tools()
    apply(network.module, *passes)
    expected = run(network)
    apply(network.module, LOWER)
    stream = io.StringIO()
    Printer(stream, print_properties_as_attributes=True).print_op(network.module)
    text = start([mlir_opt, "--canonicalize", "--cse"], stream.getvalue())
    module = parse(text)
    RaiseAffineToNestPass().apply(Context(), module)
    module.verify()
    assert_equal(run_function(module, "main", network.inputs), expected, "raised")


@pytest.mark.parametrize("name", NESTS)
def test_odd_nests_there_and_back(name: str):
    check_round_trip(nest(name), ())
