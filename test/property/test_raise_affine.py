"""`raise-affine-to-nest`: what is raised computes what the loops did; nests survive the way there
and back; `mlir-opt` reads what nests are lowered to.
"""

import io
import subprocess

import pytest
from affine_networks import networks
from checks import apply, assert_equal, parse, run
from drafts import Network
from fuzzing import examples
from hypothesis import assume, event, given
from hypothesis import strategies as st
from levels import LOWER, STAGES
from loop_interpreter import Loops, stored
from loop_programs import Program, programs
from mlir_tools import start, tools
from nest_graphs import nest_graphs
from odd_nests import NESTS, nest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.interpreters.run import run_function
from nopt.passes.raising.raise_affine_to_nest import RaiseAffineToNestPass


def main_of(module: ModuleOp) -> FuncOp:
    return next(op for op in module.ops if isinstance(op, FuncOp))


def check_program(program: Program, text: str) -> None:
    """Raised, or refused and left as it was; never another result. `text` is the program's, too."""
    arrays = [array.copy() for array in program.inputs]
    Loops(main_of(parse(program.text)), arrays)
    module = parse(text)
    before, results = str(module), stored(main_of(module))
    arguments = main_of(module).body.block.args
    expected = [array for array, arg in zip(arrays, arguments, strict=True) if arg in results]
    known = [arg.name_hint for arg in arguments]
    try:
        RaiseAffineToNestPass().apply(Context(), module)
    except VerifyException:
        event("refused")
        assert str(module) == before
        return
    event("raised")
    module.verify()
    # Arguments that were only written are not arguments any more.
    kept = [known.index(arg.name_hint) for arg in main_of(module).body.block.args]
    inputs = [program.inputs[position] for position in kept]
    assert_equal(run_function(module, "main", inputs), tuple(expected), "raised")


@examples(200)
@given(programs())
def test_programs(program: Program):
    check_program(program, program.text)


REWRITES = (
    "affine-loop-tile{tile-size=2}",
    "affine-loop-tile{tile-size=2},affine-loop-normalize",
    "affine-loop-unroll{unroll-factor=2}",
    "affine-loop-unroll{unroll-factor=3},affine-scalrep,canonicalize,cse",
    "affine-loop-unroll-jam{unroll-jam-factor=2}",
    "affine-loop-coalescing,canonicalize",
    "affine-loop-fusion",
    "affine-parallelize{parallel-reductions=true}",
    "affine-scalrep",
    "lower-affine",
)


@examples(40)
@given(programs(), st.sampled_from(REWRITES))
def test_programs_through_mlir(program: Program, passes: str):
    """What `mlir-opt` makes of loops is the same program."""
    mlir_opt, _ = tools()
    options = ["--mlir-print-op-generic", f"--pass-pipeline=builtin.module(func.func({passes}))"]
    done = subprocess.run([mlir_opt, *options], input=program.text, capture_output=True, text=True)
    assume(done.returncode == 0)
    check_program(program, done.stdout)


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
@given(networks(steps=2, largest=600), st.sampled_from(STAGES))
def test_networks_there_and_back(network: Network, passes: tuple[str, ...]):
    check_round_trip(network, passes)


@examples(25)
@given(networks(steps=2, largest=600, floats=False), st.sampled_from(STAGES))
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


def test_a_bound_of_many_cases():
    """Seven loops that each decide between two values: 128 bounds."""
    loops = "".join(f"affine.for %i{k} = 0 to 2 {{\n" for k in range(7))
    sums = "".join(
        f"""%c{k} = arith.cmpi eq, %i{k}, %zero : index
        %d{k} = arith.select %c{k}, %zero, %one : index
        %s{k + 1} = arith.addi %s{k}, %d{k} : index\n"""
        for k in range(7)
    )
    text = f"""
    func.func @main(%x: memref<8xi32>, %v: i32) {{
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      {loops}
      %s0 = arith.constant 0 : index
      {sums}
      scf.for %i = %zero to %s7 step %one {{
        memref.store %v, %x[%i] : memref<8xi32>
      }}
      {"}" * 7}
      return
    }}"""
    with pytest.raises(VerifyException, match="index or bound of more than 64 cases"):
        RaiseAffineToNestPass().apply(Context(), parse(text))
