"""Tiles that begin with a constant: a maximum, or minimum, in place of a reset and an addition."""

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

import nopt
from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.graph import ConstantOp
from nopt.dialects.tensor_intrinsic import AluKind, ScheduleAttr
from nopt.hw.config import Config
from nopt.hw.isa.encoding import Opcode, decode
from nopt.passes.base.placement import is_on_core
from nopt.passes.isa.convert_tensor_intrinsic_to_isa import ConvertTensorIntrinsicToIsaPass
from nopt.passes.isa.program.assemble import assemble
from nopt.passes.kernel.emission.convert_affine_nest_to_tensor_intrinsic import (
    ConvertAffineNestToTensorIntrinsicPass,
)
from nopt.passes.kernel.legality import SCHEDULE, NoScheduleError
from nopt.passes.kernel.tiling import Tiling, tiling_of
from nopt.tools.runtime import Runtime


def scores(shift: int, added: int = 0, relu: bool = False) -> nopt.GraphBuilder:
    """Rows times columns of three heads, neither of them constant."""
    g = nopt.GraphBuilder()
    y = g.matmul(g.argument("a", (3, 20, 32), "i8"), g.argument("b", (3, 32, 64), "i8"))
    if added:
        y = g.add(y, np.full(1, added, np.int32))
    g.result(g.requantize(g.relu(y) if relu else y, shift=shift))
    return g


def biased(shift: int, largest: int = 20000) -> nopt.GraphBuilder:
    """So few rows that no product adds the bias."""
    g = nopt.GraphBuilder()
    random = np.random.default_rng(0)
    y = g.matmul(g.argument("a", (20, 64), "i8"), random.integers(-128, 128, (64, 96), np.int8))
    bias = random.integers(-largest, largest, 96, np.int32)
    g.result(g.requantize(g.add(y, bias), shift=shift))
    return g


def scheduled(g: nopt.GraphBuilder) -> tuple[ModuleOp, ForOp, Tiling]:
    module = nopt.lower(g, until="affine-nest-schedule")
    (nest,) = (op for op in module.walk() if isinstance(op, ForOp) and is_on_core(op))
    return module, nest, tiling_of(nest, Config.load("rtl"))


# Half of what the shift divides by rounds; a tile leaves -128 to 127. Behind a shift by 7, 32768 is
# 256: tiles leave -384 to -129 then; behind one by 4, 4096 is: they leave 128 to 383.
@pytest.mark.parametrize(
    ("shift", "added", "kind", "begin", "offset"),
    [
        (9, 0, AluKind.MAX, 256, 0),
        (8, 0, AluKind.MAX, 128, 0),
        (7, 63, AluKind.MAX, 127, 0),
        (7, 62, AluKind.MIN, 126, -32768),
        (7, 0, AluKind.MIN, 64, -32768),
        (4, 0, AluKind.MAX, 8, 4096),
    ],
)
def test_begin_is_beyond_what_tiles_leave(
    shift: int, added: int, kind: AluKind, begin: int, offset: int
):
    for relu in (False, True):
        found = scheduled(scores(shift, added, relu))[2].begin
        assert found is not None
        assert (found.kind, found.operand, found.offset) == (kind, begin, offset)


def test_nothing_to_add_begins_with_zero():
    assert scheduled(scores(0))[2].begin is None


@pytest.mark.parametrize("shift", [5, 9, 12])
@pytest.mark.parametrize("largest", [100, 20000, 1 << 18])
def test_bias_has_an_offset_that_no_byte_shows(shift: int, largest: int):
    begin = scheduled(biased(shift, largest))[2].begin
    assert begin is not None
    assert isinstance(begin.operand, LoadOp)
    assert begin.offset % (256 << shift) == 0
    constant = begin.operand.source.owner
    assert isinstance(constant, ConstantOp)
    begins, left = constant.array + begin.offset, begin.offset >> shift
    if begin.kind is AluKind.MAX:
        assert begins.min() >= left + 127
    else:
        assert begins.max() <= left - 128


def test_bias_of_sums_that_may_overflow_has_none():
    assert scheduled(biased(12, 1 << 30))[2].begin is None


@pytest.mark.parametrize("slots", [1, 2, 3])
@pytest.mark.parametrize(
    "build", [lambda: scores(9), lambda: scores(7), lambda: scores(4), lambda: biased(7)]
)
def test_results_do_not_depend_on_tiles(build: Callable[[], nopt.GraphBuilder], slots: int):
    """Of tiles that are cut short in some way, in one to three places."""
    g, random = build(), np.random.default_rng(slots)
    inputs: list[np.ndarray] = []
    for seed in range(6):
        module, nest, tiling = scheduled(g)
        tiles = [int(random.integers(1, extent, endpoint=True)) for extent in tiling.extents]
        order = [int(loop) for loop in random.permutation(tiling.parallel)]
        nest.attributes[SCHEDULE] = ScheduleAttr.of(tiles, order, [2, 2, slots])
        try:
            ConvertAffineNestToTensorIntrinsicPass().apply(Context(), module)
        except NoScheduleError:
            continue
        ConvertTensorIntrinsicToIsaPass().apply(Context(), module)
        program = assemble(module, Context()).program
        if not inputs:
            shapes = [each.shape for each in program.inputs]
            inputs = [random.integers(-128, 128, shape, np.int8) for shape in shapes]
        (found,) = Runtime(program).run(inputs).outputs
        assert np.array_equal(found, nopt.run(g, *inputs)), (seed, tiles, order)
        records = decode(program.instructions, program.config)
        resets = (records["opcode"] == Opcode.GEMM) & (records["reset"] == 1)
        assert np.count_nonzero(resets) == 1
    assert inputs
