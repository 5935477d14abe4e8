"""Tiles that begin with a constant: a maximum in place of a reset and an addition."""

from itertools import product

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

import nopt
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.hw.config import Config
from nopt.hw.isa.encoding import Opcode, decode
from nopt.passes.base.placement import is_on_core
from nopt.passes.isa.convert_tensor_intrinsic_to_isa import ConvertTensorIntrinsicToIsaPass
from nopt.passes.isa.program.assemble import assemble
from nopt.passes.kernel.emission.convert_affine_nest_to_tensor_intrinsic import (
    ConvertAffineNestToTensorIntrinsicPass,
)
from nopt.passes.kernel.legality import SCHEDULE
from nopt.passes.kernel.tiling import Tiling, tiling_of
from nopt.tools.runtime import Runtime

HEADS, ROWS, COLUMNS, INNER = 3, 20, 64, 32


def scores(shift: int, added: int = 0, relu: bool = False) -> nopt.GraphBuilder:
    """Rows times columns, of which neither is constant."""
    g = nopt.GraphBuilder()
    a = g.argument("a", (HEADS, ROWS, INNER), "i8")
    b = g.argument("b", (HEADS, COLUMNS, INNER), "i8")
    y = g.matmul(a, b, transpose_b=True)
    if added:
        y = g.add(y, np.full(1, added, np.int32))
    g.result(g.requantize(g.relu(y) if relu else y, shift=shift))
    return g


def scheduled(g: nopt.GraphBuilder) -> tuple[ModuleOp, ForOp, Tiling]:
    module = nopt.lower(g, until="affine-nest-schedule")
    (nest,) = (op for op in module.walk() if isinstance(op, ForOp) and is_on_core(op))
    return module, nest, tiling_of(nest, Config.load("rtl"))


# Half of what the shift divides by rounds. A tile leaves at most 127, where nothing else limits it.
@pytest.mark.parametrize(
    ("shift", "added", "begin"),
    [(9, 0, 256), (8, 0, 128), (7, 0, None), (0, 0, None), (7, 63, 127), (7, 62, None)],
)
def test_begin_is_no_less_than_what_tiles_leave(shift: int, added: int, begin: int | None):
    assert scheduled(scores(shift, added))[2].begin == begin
    assert scheduled(scores(shift, added, relu=True))[2].begin == begin


def test_begin_is_one_step_of_the_two():
    steps = [len(scheduled(scores(shift))[2].steps) for shift in (9, 7)]
    assert steps == [3, 4]


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_results_do_not_depend_on_tiles(slots: int):
    """Of tiles that are cut short in every way, in one to three places."""
    g = scores(9)
    random = np.random.default_rng(0)
    inputs = [random.integers(-128, 128, (HEADS, size, INNER), np.int8) for size in (ROWS, COLUMNS)]
    expected = nopt.run(g, *inputs)
    for heads, rows, columns in product((1, 2), (6, 20), (1, 3)):
        module, nest, tiling = scheduled(g)
        sizes = {HEADS: heads, ROWS: rows, COLUMNS // 16: columns, INNER // 16: 1}
        tiles = [sizes[extent] for extent in tiling.extents]
        parallel = range(tiling.parallel)
        nest.attributes[SCHEDULE] = ScheduleAttr.of(tiles, [*parallel], [2, 2, slots])
        for each in (ConvertAffineNestToTensorIntrinsicPass(), ConvertTensorIntrinsicToIsaPass()):
            each.apply(Context(), module)
        program = assemble(module, Context()).program
        (found,) = Runtime(program).run(inputs).outputs
        assert np.array_equal(found, expected)
        records = decode(program.instructions, program.config)
        resets = (records["opcode"] == Opcode.GEMM) & (records["reset"] == 1)
        assert np.count_nonzero(resets) == 1
