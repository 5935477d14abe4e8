"""Programs run: again and again, mixed with the host, whatever is returned."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.universe import Universe

from nopt.dialects.interpreters.run import run_function
from nopt.dialects.parsing import ModuleParser
from nopt.hw.isa.encoding import INSTRUCTION, AluOp, Opcode, decode, encode
from nopt.hw.program.program_file import Program
from nopt.hw.program.program_parts import CoreStep, ProgramError
from nopt.hw.sim.simulator import Trap
from nopt.tools.runtime import RunError, Runtime

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from workloads import compile_program, random_inputs


def parse(text: str) -> ModuleOp:
    context = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, factory)
    module = ModuleParser(context, text).parse_module()
    module.verify()
    return module


def sides(program: Program) -> str:
    """The steps' places in order: c for core, h for host."""
    return "".join("c" if isinstance(step, CoreStep) else "h" for step in program.steps)


def check(text: str) -> Program:
    """Compile and run twice, on other inputs in between; results are the graph interpreter's."""
    module = parse(text)
    inputs = [random_inputs(module, seed) for seed in (0, 1, 0)]
    expected = [run_function(module, "main", arrays) for arrays in inputs]
    program = compile_program(module)
    runtime = Runtime(program)
    for arrays, wanted in zip(inputs, expected, strict=True):
        found = runtime.run(arrays).outputs
        assert len(found) == len(wanted)
        for array, reference in zip(found, wanted, strict=True):
            assert array.dtype == reference.dtype
            np.testing.assert_array_equal(array, reference)
    return program


DENSE = """
  %w = graph.constant dense<3> : tensor<20x10xi8>
  %p = graph.matmul %x, %w : (tensor<4x20xi8>, tensor<20x10xi8>) -> tensor<4x10xi32>
"""


def test_a_layer_between_layouts():
    program = check(f"""
func.func @main(%x: tensor<4x20xi8>) -> tensor<4x10xi8> {{ {DENSE}
  %y = graph.requantize %p shift 4 : tensor<4x10xi32> -> tensor<4x10xi8>
  func.return %y : tensor<4x10xi8>
}}""")
    assert sides(program) == "hch"


def test_wide_results_stay_on_the_host():
    """i32 sums are the host's: the core stores 8 bits. What follows can run on the core again."""
    program = check(f"""
func.func @main(%x: tensor<4x20xi8>) -> (tensor<4x10xi32>, tensor<4x4xi8>) {{ {DENSE}
  %q = graph.requantize %p shift 4 : tensor<4x10xi32> -> tensor<4x10xi8>
  %v = graph.constant dense<-7> : tensor<10x4xi8>
  %r = graph.matmul %q, %v {{placement = "core"}}
      : (tensor<4x10xi8>, tensor<10x4xi8>) -> tensor<4x4xi32>
  %y = graph.requantize %r shift 4 {{placement = "core"}} : tensor<4x4xi32> -> tensor<4x4xi8>
  func.return %p, %y : tensor<4x10xi32>, tensor<4x4xi8>
}}""")
    assert "c" in sides(program) and "h" in sides(program)


def test_a_multiplier_is_the_host_s_between_two_layers_of_the_core():
    program = check("""
func.func @main(%x: tensor<1x16x6x6xi8>) -> (tensor<1x16x6x6xi8>, tensor<1x16x6x6xi8>) {
  %w = graph.constant dense<3> : tensor<16x16x3x3xi8>
  %c = graph.conv2d %x, %w pads [1, 1, 1, 1] : (tensor<1x16x6x6xi8>, tensor<16x16x3x3xi8>)
    -> tensor<1x16x6x6xi32>
  %h = graph.requantize %c shift 5 : tensor<1x16x6x6xi32> -> tensor<1x16x6x6xi8>
  %m = graph.requantize %h multiplier 1518500250 shift 31
    : tensor<1x16x6x6xi8> -> tensor<1x16x6x6xi8>
  %d = graph.conv2d %m, %w pads [1, 1, 1, 1] : (tensor<1x16x6x6xi8>, tensor<16x16x3x3xi8>)
    -> tensor<1x16x6x6xi32>
  %y = graph.requantize %d shift 6 : tensor<1x16x6x6xi32> -> tensor<1x16x6x6xi8>
  func.return %h, %y : tensor<1x16x6x6xi8>, tensor<1x16x6x6xi8>
}""")
    assert sides(program) == "hchch"


def test_what_the_host_only_moves_stays_while_the_core_goes_on():
    """A transposed result of the core, returned when others have taken the place of that result."""
    layer = """
  %p{0} = graph.matmul %{1}, %w : (tensor<16x16xi8>, tensor<16x16xi8>) -> tensor<16x16xi32>
  %{0} = graph.requantize %p{0} shift 8 : tensor<16x16xi32> -> tensor<16x16xi8>"""
    program = check(f"""
func.func @main(%x: tensor<16x16xi8>) -> (tensor<16x16xi8>, tensor<16x16xi8>) {{
  %w = graph.constant dense<5> : tensor<16x16xi8> {layer.format("a", "x")}
  %t = graph.transpose %a permutation [1, 0] {{placement = "host"}}
    : tensor<16x16xi8> -> tensor<16x16xi8>
  %h = graph.requantize %t multiplier 1518500250 shift 31 {{placement = "host"}}
    : tensor<16x16xi8> -> tensor<16x16xi8>
  {layer.format("b", "h")} {layer.format("c", "b")} {layer.format("d", "c")}
  func.return %t, %d : tensor<16x16xi8>, tensor<16x16xi8>
}}""")
    places = [symbol.address for symbol in program.symbols if symbol.kind != "constant"]
    assert sides(program) == "chc" and len(set(places)) < len(places)


def test_an_average_over_7_by_7():
    check("""
func.func @main(%x: tensor<1x20x7x7xi8>) -> tensor<1x20x1x1xi8> {
  %y = graph.avg_pool %x kernel [7, 7] : tensor<1x20x7x7xi8> -> tensor<1x20x1x1xi8>
  func.return %y : tensor<1x20x1x1xi8>
}""")


def test_independent_layers_share_a_phase():
    """Two chains of two kernels: one step on the core, not four."""
    layer = """
  %p{0} = graph.matmul %{1}, %w : (tensor<4x16xi8>, tensor<16x16xi8>) -> tensor<4x16xi32>
  %q{0} = graph.requantize %p{0} shift 4 : tensor<4x16xi32> -> tensor<4x16xi8>"""
    layers = "".join(layer.format(*names) for names in ((0, "x"), (1, "z"), (2, "q0"), (3, "q1")))
    program = check(f"""
func.func @main(%x: tensor<4x16xi8>, %z: tensor<4x16xi8>) -> (tensor<4x16xi8>, tensor<4x16xi8>) {{
  %w = graph.constant dense<5> : tensor<16x16xi8> {layers}
  func.return %q2, %q3 : tensor<4x16xi8>, tensor<4x16xi8>
}}""")
    assert sides(program).count("c") == 1


def test_whatever_is_returned():
    """An input, a constant, one value twice, what a kernel reads and writes."""
    check(f"""
func.func @main(%x: tensor<4x20xi8>) -> (tensor<4x20xi8>, tensor<20x10xi8>, tensor<4x10xi8>,
    tensor<4x10xi8>) {{ {DENSE}
  %y = graph.requantize %p shift 4 : tensor<4x10xi32> -> tensor<4x10xi8>
  func.return %x, %w, %y, %y : tensor<4x20xi8>, tensor<20x10xi8>, tensor<4x10xi8>, tensor<4x10xi8>
}}""")


def test_nothing_for_the_core():
    program = check("""
func.func @main(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %z = graph.add %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %z : tensor<4xf32>
}""")
    assert sides(program) == "h"
    assert Runtime(program).cycles == 0


def test_nothing_at_all():
    assert (
        sides(
            check("func.func @main(%x: tensor<4xi8>) -> tensor<4xi8> { return %x : tensor<4xi8> }")
        )
        == ""
    )


def test_names_of_values_are_free():
    """Also those of the program's own symbols."""
    check("""
func.func @main(%micro_ops: tensor<4x16xi8>, %zeros: tensor<16x16xi8>) -> tensor<4x16xi8> {
  %p = graph.matmul %micro_ops, %zeros : (tensor<4x16xi8>, tensor<16x16xi8>) -> tensor<4x16xi32>
  %micro_ops_1 = graph.requantize %p shift 4 : tensor<4x16xi32> -> tensor<4x16xi8>
  func.return %micro_ops_1 : tensor<4x16xi8>
}""")


ADD = """
func.func @main(%x: tensor<4x16xi8>, %z: tensor<4x16xi8>) -> tensor<4x16xi8> {
  %s = graph.add %x, %z : (tensor<4x16xi8>, tensor<4x16xi8>) -> tensor<4x16xi32>
  %y = graph.requantize %s shift 1 : tensor<4x16xi32> -> tensor<4x16xi8>
  func.return %y : tensor<4x16xi8>
}"""


def refusal(*inputs: np.ndarray) -> str:
    with pytest.raises(RunError) as error:
        Runtime(compile_program(parse(ADD))).run(inputs)
    return str(error.value)


def test_other_inputs_are_refused():
    x = np.zeros((4, 16), np.int8)
    assert refusal(x).startswith("found 1 inputs, expected 2: int8 of shape [4, 16] for 'x'")
    assert "'z': found int32 of shape [4, 16]" in refusal(x, x.astype(np.int32))
    assert "'x': found int8 of shape [16, 4]" in refusal(x.T, x)


def test_nothing_is_broadcast_or_cast_to_fit():
    """What a program declares is so, whoever wrote it."""
    x = np.zeros((4, 16), np.int8)
    program = compile_program(parse(ADD))
    program.outputs = [replace(program.outputs[0], dtype="uint8")]
    with pytest.raises(ProgramError, match=r"output 'y': found int8 .*, expected uint8 of"):
        Runtime(program).run([x, x])
    program.symbols = [replace(symbol, shape=(1, *symbol.shape)) for symbol in program.symbols]
    with pytest.raises(ProgramError, match=r"symbol '.*': found int8 of shape \[.*, expected int8"):
        Runtime(program).run([x, x])


def test_inputs_are_not_changed():
    module = parse(ADD)
    inputs = random_inputs(module)
    kept = [array.copy() for array in inputs]
    for array in inputs:
        array.flags.writeable = False
    outputs = Runtime(compile_program(module)).run(inputs).outputs
    outputs[0][...] = 0
    assert all(map(np.array_equal, inputs, kept))


def test_strict_traps_on_what_implementations_do_differently():
    """An ALU immediate whose source is not its destination: some read the one, some the other."""
    program = compile_program(parse(ADD))
    records = decode(program.instructions, program.config)
    (shift,) = np.flatnonzero((records["opcode"] == Opcode.ALU) & (records["alu_op"] == AluOp.SHR))
    changed = np.array(records, INSTRUCTION)
    changed["src_in"][shift] = 0
    program.instructions = encode(changed, program.config)
    inputs = random_inputs(parse(ADD))
    with pytest.raises(Trap):
        Runtime(program).run(inputs)
    Runtime(program, strict=False).run(inputs)
