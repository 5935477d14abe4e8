"""Tensors in DRAM: what is alive at one time does not overlap."""

from itertools import combinations

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin
from xdsl.dialects.func import Func, FuncOp, ReturnOp
from xdsl.ir import SSAValue

from nopt.dialects.graph import ConstantOp, Graph
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.parsing import ModuleParser
from nopt.passes.isa.program.phases import phases_of, tensors_read
from nopt.passes.isa.program.place_tensors import place_tensors, size_of
from nopt.tools.compiling import compile_program, every_dialect, run_pipeline
from nopt.tools.runtime import Runtime

# The host's first op reads what the core made; what its second one makes must not be put there,
# since the results of both are written when both are done, the first maybe from where it read.
TEXT = """
func.func @main(%x: tensor<64x16xi8>, %v: tensor<16x64xi8>, %w: tensor<64x16xi8>)
    -> (tensor<16x64xi8>, tensor<64x16xi8>) {
  %a = graph.matmul %x, %v : (tensor<64x16xi8>, tensor<16x64xi8>) -> tensor<64x64xi32>
  %b = graph.requantize %a shift 4 : tensor<64x64xi32> -> tensor<64x64xi8>
  %c = graph.slice %b starts [0, 0] {placement = "host"}
    : tensor<64x64xi8> -> tensor<16x16xi8>
  %d = graph.concat %c, %c, %c, %c axis 1 {placement = "host"}
    : (tensor<16x16xi8>, tensor<16x16xi8>, tensor<16x16xi8>, tensor<16x16xi8>) -> tensor<16x64xi8>
  %t = graph.concat %d, %d, %d, %d axis 0 {placement = "host"}
    : (tensor<16x64xi8>, tensor<16x64xi8>, tensor<16x64xi8>, tensor<16x64xi8>) -> tensor<64x64xi8>
  %e = graph.matmul %c, %v : (tensor<16x16xi8>, tensor<16x64xi8>) -> tensor<16x64xi32>
  %f = graph.requantize %e shift 4 : tensor<16x64xi32> -> tensor<16x64xi8>
  %g = graph.matmul %t, %w : (tensor<64x64xi8>, tensor<64x16xi8>) -> tensor<64x16xi32>
  %h = graph.requantize %g shift 4 : tensor<64x16xi32> -> tensor<64x16xi8>
  func.return %f, %h : tensor<16x64xi8>, tensor<64x16xi8>
}
"""


def test_what_the_host_reads_and_makes_in_one_go_lies_apart():
    context = Context()
    for dialect in (Builtin, Func, Graph):
        context.load_dialect(dialect)
    module = ModuleParser(context, TEXT).parse_module()
    run_pipeline(module, "vta")
    (function,) = (op for op in module.walk() if isinstance(op, FuncOp))
    *ops, end = function.body.block.ops
    assert isinstance(end, ReturnOp)
    phases = phases_of([op for op in ops if not isinstance(op, ConstantOp)])
    placement = place_tensors(phases, function.body.block.args, end.operands, 64)
    together = [phase for phase in phases if not phase.on_core and len(phase.ops) > 1]
    assert together
    for phase in together:
        touched: dict[SSAValue, None] = {}
        for op in phase.ops:
            touched |= dict.fromkeys((*tensors_read(op), *op.results))
        in_dram = [value for value in touched if value in placement.addresses]
        assert len(in_dram) > 1
        for one, other in combinations(in_dram, 2):
            first, second = placement.addresses[one], placement.addresses[other]
            assert first + size_of(one) <= second or second + size_of(other) <= first


# Both convolutions write into constants of the same text, and the first of these is read, too.
BORDERS = """
func.func @main(%x: tensor<1x16x6x6xi8>)
    -> (tensor<1x16x6x6xi8>, tensor<1x16x6x6xi8>) {
  %w = graph.constant dense<3> : tensor<16x16x3x3xi8>
  %a = graph.conv2d %x, %w pads [1, 1, 1, 1]
    : (tensor<1x16x6x6xi8>, tensor<16x16x3x3xi8>) -> tensor<1x16x6x6xi32>
  %b = graph.requantize %a shift 9 : tensor<1x16x6x6xi32> -> tensor<1x16x6x6xi8>
  %c = graph.pad %b low [0, 0, 1, 1] high [0, 0, 1, 1] value -7
    : tensor<1x16x6x6xi8> -> tensor<1x16x8x8xi8>
  %d = graph.conv2d %c, %w
    : (tensor<1x16x8x8xi8>, tensor<16x16x3x3xi8>) -> tensor<1x16x6x6xi32>
  %e = graph.requantize %d shift 9 : tensor<1x16x6x6xi32> -> tensor<1x16x6x6xi8>
  %f = graph.pad %e low [0, 0, 1, 1] high [0, 0, 1, 1] value -7
    : tensor<1x16x6x6xi8> -> tensor<1x16x8x8xi8>
  %g = graph.conv2d %f, %w
    : (tensor<1x16x8x8xi8>, tensor<16x16x3x3xi8>) -> tensor<1x16x6x6xi32>
  %h = graph.requantize %g shift 9 : tensor<1x16x6x6xi32> -> tensor<1x16x6x6xi8>
  func.return %h, %e : tensor<1x16x6x6xi8>, tensor<1x16x6x6xi8>
}
"""


def test_what_is_written_into_a_constant_has_a_place_that_begins_as_it():
    module = ModuleParser(every_dialect(), BORDERS).parse_module()
    rng = np.random.default_rng(5)
    first, second = ([rng.integers(-128, 128, (1, 16, 6, 6)).astype(np.int8)] for _ in "ab")
    wanted = [run_function(module, "main", inputs) for inputs in (first, second)]
    program = compile_program(module)
    assert [type(step).__name__ for step in program.steps] == ["HostStep", "CoreStep", "HostStep"]
    bordered = [s for s in program.symbols if s.shape == (1, 1, 8, 8, 16) and s.kind != "constant"]
    contents = dict(program.constants)
    filled = [s for s in bordered if s.address in contents]
    assert len({s.address for s in filled}) == 2
    for symbol in filled:
        assert set(np.frombuffer(contents[symbol.address], np.int8)) == {-7}
    # Run after run: what no step writes stays.
    runtime = Runtime(program)
    for inputs, outputs in (*zip((first, second), wanted, strict=True), (first, wanted[0])):
        for found, expected in zip(runtime.run(inputs).outputs, outputs, strict=True):
            np.testing.assert_array_equal(found, expected)
