"""Expansion of kernels: the same records as a loop over every iteration would give, in order."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects import affine
from xdsl.dialects.affine import Affine
from xdsl.dialects.builtin import AffineMapAttr, Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.dialects.test import Test
from xdsl.ir import Block, Operation, SSAValue

from nopt.dialects import isa
from nopt.dialects.affine_points import evaluate
from nopt.dialects.isa import Isa
from nopt.dialects.parsing import ModuleParser
from nopt.dialects.tensor_intrinsic import TensorIntrinsic
from nopt.hw.config import Config
from nopt.hw.isa.encoding import Memory, Opcode, decode_uops
from nopt.passes.isa.expand import expand
from nopt.passes.isa.instruction_streams import NO_KERNEL, ExpandError, Stream, UopKernels, Zeros

RTL = Config.load("rtl")
ZEROS = 1 << 20


def kernel(body: str, shape: str = "4x9x9x16") -> isa.KernelOp:
    """An `isa.kernel` from %x to %y, both of this shape."""
    tensor = f"tensor<{shape}xi8>"
    text = f"""
    func.func @main(%input: {tensor}) -> {tensor} {{
      %r = isa.kernel (%x = %input) to (%y) : ({tensor}) -> {tensor} {{ {body} }}
      func.return %r : {tensor}
    }}"""
    context = Context()
    for dialect in (Builtin, Func, Affine, Isa, TensorIntrinsic, Test):
        context.load_dialect(dialect)
    module: ModuleOp = ModuleParser(context, text).parse_module()
    module.verify()
    return next(op for op in module.walk() if isinstance(op, isa.KernelOp))


def run(op: isa.KernelOp) -> tuple[Stream, UopKernels, Zeros]:
    x, y = op.body.block.args
    uops, zeros = UopKernels(), Zeros(ZEROS)
    return expand(op, {x: 0, y: 1 << 16}, uops, zeros, RTL), uops, zeros


def iterations(block: Block, loops: dict[SSAValue, int]) -> Iterator[tuple[Operation, Any]]:
    """Every instruction of a block in program order, with the loops' values."""
    for op in block.ops:
        if isinstance(op, affine.ForOp):
            operands = [loops[value] for value in op.upperBoundOperands]
            bounds = op.upperBoundMap.data.results
            high = min(int(evaluate(expr, operands, operands)) for expr in bounds)
            for value in range(high):
                yield from iterations(op.body.block, {**loops, op.body.block.args[0]: value})
        elif not isinstance(op, affine.YieldOp):
            yield op, dict(loops)


def field(op: Any, loops: dict[SSAValue, int], map: AffineMapAttr) -> int:
    symbols = [loops[value] for value in op.variables]
    return min(int(evaluate(expr, [], symbols)) for expr in map.data.results)


NESTED = """
isa.load inp[0] from %x[0] rows 0 size 1 of 1 stride 1 columns 0 size 9 of 324 pitch 9
  : memref<4x9x9x16xi8>
affine.for %o = 0 to 2 {
  isa.load inp[%o * 9] from %x[%o * 81] rows 0 size 1 of 1 stride 1 columns 0 size 9 of 81 pitch 9
    : memref<4x9x9x16xi8>
  affine.for %t = 0 to 3 {
    affine.for %u = 0 to min affine_map<()[s0, s1] -> (4, s1 * -4 + s0 + 9)>()[%o, %t] {
      isa.reset acc[%t * 36 + %u * 9] outer 1 by (0) inner 9 by (1)
      isa.gemm acc[%t * 36 + %u * 9] inp[%o * 9] wgt[%o]
        outer min(2, %t + 1) by (9, 0, 0) inner 9 by (1, 1, 0) uops [2 by (0, 0, 1), 3 by (0, 1, 2)]
    }
    isa.alu add acc[%t], acc[%o + 100] outer 1 by (0, 0) inner 1 by (0, 0) uops [2 by (5, 7)]
    isa.alu shr acc[%t], 3 outer 1 by (0) inner 2 by (5)
  }
  isa.store %y[%o * 81] from out[%o] rows 2 stride 9 columns min(9, %o * -4 + 9)
    : memref<4x9x9x16xi8>
}
isa.store %y[7] from out[0] rows 1 stride 1 columns 1 : memref<4x9x9x16xi8>
"""


def test_program_order_and_fields():
    op = kernel(NESTED)
    stream, uops, _ = run(op)
    expected = list(iterations(op.body.block, {}))
    assert len(stream.records) == len(expected)
    assert [isinstance(op, isa.GemmOp | isa.ResetOp | isa.AluOp) for op, _ in expected] == [
        number != NO_KERNEL for number in stream.kernels
    ]
    for (op, loops), record, number in zip(expected, stream.records, stream.kernels, strict=True):
        match op:
            case isa.LoadOp():
                assert record["opcode"] == Opcode.LOAD
                assert record["sram_base"] == field(op, loops, op.sram)
                assert record["dram_base"] == field(op, loops, op.base)
            case isa.StoreOp():
                assert record["opcode"] == Opcode.STORE and record["memory"] == Memory.OUT
                assert record["sram_base"] == field(op, loops, op.sram)
                assert record["dram_base"] == (1 << 16) // 16 + field(op, loops, op.base)
                assert record["y_size"] == field(op, loops, op.rows)
                assert record["x_size"] == field(op, loops, op.columns)
            case isa.GemmOp() | isa.ResetOp() | isa.AluOp():
                assert record["opcode"] == (
                    Opcode.ALU if isinstance(op, isa.AluOp) else Opcode.GEMM
                )
                assert record["reset"] == isinstance(op, isa.ResetOp)
                assert record["iter_out"] == field(op, loops, op.outer_size)
                assert record["iter_in"] == field(op, loops, op.inner_size)
                check_addresses(op, loops, uops.kernels[number])
            case _:
                raise AssertionError(op)


def check_addresses(op: Any, loops: dict[SSAValue, int], words: np.ndarray) -> None:
    """Micro-ops are the base addresses plus every point of the kernel, the last fastest."""
    symbols = [loops[value] for value in op.variables]
    bases = [int(evaluate(expr, [], symbols)) for expr in op.bases.data.results]
    strides = [factors.get_values() for factors in op.uop_factors.data]
    wanted = [
        [
            base + sum(i * stride[memory] for i, stride in zip(point, strides, strict=True))
            for memory, base in enumerate(bases)
        ]
        for point in np.ndindex(*op.uop_sizes.get_values())
    ]
    found = np.stack([np.asarray(column) for column in decode_uops(words, RTL)], axis=1)
    if isinstance(op, isa.AluOp) and op.immediate is not None:
        # Source and destination are the same: implementations read either.
        wanted = [[address, address] for (address,) in wanted]
    assert found[:, : len(wanted[0])].tolist() == wanted
    assert not found[:, len(wanted[0]) :].any()


def test_equal_kernels_are_one_in_order_of_first_use():
    stream, uops, _ = run(
        kernel("""
        affine.for %i = 0 to 4 {
          isa.reset acc[%i mod 2 * 8 + 8] outer 1 by (0) inner 8 by (1)
          isa.reset acc[8] outer 1 by (0) inner 4 by (2)
        }""")
    )
    assert stream.kernels.tolist() == [0, 0, 1, 0, 0, 0, 1, 0]
    assert len(uops.kernels) == 2


WINDOWS = [
    # offset, size, bound of rows; the same of columns; pitch.
    ((0, 3, 9), (0, 9, 9), 9),
    ((-1, 3, 9), (-1, 11, 9), 11),
    ((7, 4, 9), (3, 8, 9), 8),
    ((-2, 1, 9), (0, 9, 9), 9),
    ((2, 3, 9), (4, 4, 9), 10),
    ((2, 1, 9), (4, 4, 9), 10),
    ((-5, 3, 9), (0, 9, 9), 9),
    ((0, 3, 9), (9, 4, 9), 6),
    ((9, 1, 9), (0, 5, 9), 9),
]


@pytest.mark.parametrize("rows, columns, pitch", WINDOWS)
@pytest.mark.parametrize("step", [1, 2])
def test_windows_are_clipped(rows: Any, columns: Any, pitch: int, step: int):
    """Entry by entry: what the LOAD brings is the tensor's element, or zero outside."""
    first_row, row_count, row_bound = rows
    first_column, column_count, column_bound = columns
    op = kernel(f"""
        isa.load inp[5] from %x[81] rows {first_row} size {row_count} of {row_bound} stride 9
          step {step} columns {first_column} size {column_count} of {column_bound} pitch {pitch}
          : memref<4x9x9x16xi8>""")
    stream, _, zeros = run(op)
    (load,) = stream.records
    assert load["opcode"] == Opcode.LOAD and load["memory"] == Memory.INP
    assert load["sram_base"] == 5
    found = loaded(load)
    expected = np.full((row_count, pitch if row_count > 1 else column_count), -1)
    for j in range(row_count):
        for i in range(column_count):
            row, column = first_row + j * step, first_column + i
            if 0 <= row < row_bound and 0 <= column < column_bound:
                expected[j, i] = 81 + row * 9 + column
    if (expected < 0).all():
        assert zeros.nbytes == expected.size * 16
        assert (found >= ZEROS // 16).all() and (found < (ZEROS + zeros.nbytes) // 16).all()
        assert found.shape == expected.shape
    else:
        assert zeros.nbytes == 0
        np.testing.assert_array_equal(found, expected)


def loaded(load: Any) -> np.ndarray:
    """The DRAM element that each entry comes from, -1 for padding."""
    rows = load["y_pad_0"] + load["y_size"] + load["y_pad_1"]
    columns = load["x_pad_0"] + load["x_size"] + load["x_pad_1"]
    entries = np.full((rows, columns), -1)
    for y in range(load["y_size"]):
        for x in range(load["x_size"]):
            entries[load["y_pad_0"] + y, load["x_pad_0"] + x] = (
                load["dram_base"] + y * load["x_stride"] + x
            )
    return entries


def test_empty_windows_vanish():
    stream, _, _ = run(
        kernel("""
        affine.for %i = 0 to 3 {
          isa.load inp[0] from %x[0] rows 0 size min(1, %i) of 1 stride 1
            columns 0 size 9 of 9 pitch 9 : memref<4x9x9x16xi8>
          isa.store %y[%i] from out[0] rows 1 stride 1 columns min(4, %i * 2) : memref<4x9x9x16xi8>
          isa.reset acc[0] outer 1 by (0) inner min(4, %i) by (1)
        }""")
    )
    assert stream.records["opcode"].tolist() == [Opcode.LOAD, Opcode.STORE, Opcode.GEMM] * 2


def refusal(body: str, shape: str = "4x9x9x16") -> str:
    with pytest.raises(ExpandError) as error:
        run(kernel(body, shape))
    return str(error.value)


def test_what_no_load_can_do():
    window = "isa.load inp[0] from %x[0] rows {} of 9 stride 9 columns {} of 9 pitch {} : {}"
    type = "memref<4x9x9x16xi8>"
    assert refusal(window.format("-16 size 20", "0 size 9", 9, type)) == (
        "y_pad_0 of a load is 16, expected at most 15"
    )
    assert refusal(window.format("0 size 2", "0 size 9", 25, type)) == (
        "x_pad_1 of a load is 16, expected at most 15"
    )


def test_what_is_no_instruction():
    assert refusal('"test.op"() : () -> ()') == "'test.op' is not an instruction"


def test_unaligned_tensors():
    op = kernel(
        "isa.load acc[0] from %x[0] rows 0 size 1 of 1 stride 1 columns 0 size 1 of 1 pitch 1"
        " : memref<4x9x9x16xi8>"
    )
    x, y = op.body.block.args
    with pytest.raises(ExpandError, match="DRAM address 16 is not a multiple of 64"):
        expand(op, {x: 16, y: 0}, UopKernels(), Zeros(0), RTL)
