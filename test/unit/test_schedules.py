"""Which schedules are legal, and that a kernel takes the memory that a schedule was checked for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.graph import Graph
from nopt.dialects.parsing import ModuleParser
from nopt.dialects.tensor_intrinsic import LANE_RANK, AllocOp, Memory, ScheduleAttr, memory_of
from nopt.hw.config import Config
from nopt.hw.isa.encoding import Memory as Region
from nopt.hw.isa.encoding import Opcode, decode
from nopt.passes import get_all_passes
from nopt.passes.base.machine import attach
from nopt.passes.base.placement import is_on_core
from nopt.passes.isa.program.assemble import assemble
from nopt.passes.kernel import legality
from nopt.passes.kernel.candidates import Candidates
from nopt.passes.kernel.capacity import schedule_entries
from nopt.passes.kernel.last_tile import last_tile
from nopt.passes.kernel.legality import SCHEDULE, NoScheduleError, check_schedule, illegal_window
from nopt.passes.kernel.reuse import scopes_of, slots_of
from nopt.passes.kernel.tiling import Tiling, tiling_of
from nopt.passes.schedule.costed_tiles import CostedTiles
from nopt.passes.schedule.estimate import period
from nopt.passes.schedule.schedule_search import search
from nopt.passes.schedule.tuning_log import TuningLog, TuningLogError
from nopt.passes.schedule.uop_loads import uop_loads

RTL = Config.load("rtl")
TO_NESTS = (
    "convert-graph-to-affine-nest",
    "affine-nest-fuse",
    "affine-nest-simplify",
    "affine-nest-infer-layout",
    "affine-nest-pack",
    "affine-nest-insert-copies",
    "affine-nest-propagate-packs",
    "affine-nest-fold-constants",
)

CONV = """
func.func @main(%x: tensor<1x32x20x20xi8>) -> tensor<1x32x20x20xi8> {
  %w = graph.constant dense<3> : tensor<32x32x5x5xi8>
  %b = graph.constant dense<100> : tensor<32x1x1xi32>
  %c = graph.conv2d %x, %w pads [2, 2, 2, 2] : (tensor<1x32x20x20xi8>, tensor<32x32x5x5xi8>)
    -> tensor<1x32x20x20xi32>
  %s = graph.add %c, %b : (tensor<1x32x20x20xi32>, tensor<32x1x1xi32>) -> tensor<1x32x20x20xi32>
  %r = graph.requantize %s shift 9 : tensor<1x32x20x20xi32> -> tensor<1x32x20x20xi8>
  %t = graph.add %r, %x : (tensor<1x32x20x20xi8>, tensor<1x32x20x20xi8>) -> tensor<1x32x20x20xi32>
  %y = graph.requantize %t shift 0 : tensor<1x32x20x20xi32> -> tensor<1x32x20x20xi8>
  func.return %y : tensor<1x32x20x20xi8>
}
"""
POOL = """
func.func @main(%x: tensor<1x32x20x20xi8>) -> tensor<1x32x10x10xi8> {
  %y = graph.max_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1]
    : tensor<1x32x20x20xi8> -> tensor<1x32x10x10xi8>
  func.return %y : tensor<1x32x10x10xi8>
}
"""
FAR = """
func.func @main(%x: tensor<1x16x40x40xi8>) -> tensor<1x16x72x72xi8> {
  %w = graph.constant dense<3> : tensor<16x16x1x1xi8>
  %c = graph.conv2d %x, %w pads [16, 16, 16, 16] : (tensor<1x16x40x40xi8>, tensor<16x16x1x1xi8>)
    -> tensor<1x16x72x72xi32>
  %y = graph.requantize %c shift 4 : tensor<1x16x72x72xi32> -> tensor<1x16x72x72xi8>
  func.return %y : tensor<1x16x72x72xi8>
}
"""
GROUPS = """
func.func @main(%x: tensor<1x32x8x8xi8>) -> tensor<1x64x8x8xi8> {
  %w = graph.constant dense<3> : tensor<64x1x1x1xi8>
  %c = graph.conv2d %x, %w groups 32 : (tensor<1x32x8x8xi8>, tensor<64x1x1x1xi8>)
    -> tensor<1x64x8x8xi32>
  %y = graph.requantize %c shift 4 : tensor<1x64x8x8xi32> -> tensor<1x64x8x8xi8>
  func.return %y : tensor<1x64x8x8xi8>
}
"""


def apply(module: ModuleOp, *names: str) -> None:
    for name in names:
        get_all_passes()[name]()().apply(Context(), module)


# Rows of several tensors, joined, times twice 257 blocks of columns.
PRIME = """
func.func @prime(%x: tensor<17x20x512xi8>) -> tensor<20x8224xi8> {
  %w = graph.constant dense<1> : tensor<8704x8224xi8>
  %t = graph.transpose %x permutation [1, 0, 2] : tensor<17x20x512xi8> -> tensor<20x17x512xi8>
  %r = graph.reshape %t : tensor<20x17x512xi8> -> tensor<20x8704xi8>
  %a = graph.matmul %r, %w : (tensor<20x8704xi8>, tensor<8704x8224xi8>) -> tensor<20x8224xi32>
  %y = graph.requantize %a shift 13 : tensor<20x8224xi32> -> tensor<20x8224xi8>
  func.return %y : tensor<20x8224xi8>
}
"""


def core_nest(text: str) -> tuple[ModuleOp, ForOp, Tiling]:
    """The module in blocks, its nest on the core, and what tiles of that look like."""
    context = Context()
    for dialect in (Builtin, Func, Graph):
        context.load_dialect(dialect)
    module = ModuleParser(context, text).parse_module()
    apply(module, *TO_NESTS)
    (nest,) = (op for op in module.walk() if isinstance(op, ForOp) and is_on_core(op))
    return module, nest, tiling_of(nest, RTL)


def refusal(tiling: Tiling, tile: list[int], order: list[int], slots: list[int]) -> str:
    with pytest.raises(NoScheduleError) as error:
        check_schedule(tiling, ScheduleAttr.of(tile, order, slots), RTL)
    return str(error.value)


ORDER = [0, 1, 2, 3]


def test_what_is_refused_and_why():
    _, _, conv = core_nest(CONV)
    whole = [1, 2, 20, 20, 2, 5, 5]
    assert refusal(conv, whole[:-1], ORDER, [1, 1, 1]) == (
        "schedule has 6 tile sizes and 4 loops, expected 7 and 4"
    )
    assert refusal(conv, whole, ORDER[:-1], [1, 1, 1]) == (
        "schedule has 7 tile sizes and 3 loops, expected 7 and 4"
    )
    assert refusal(conv, [1, 2, 21, 20, 2, 5, 5], ORDER, [1, 1, 1]) == (
        "tile of iterator 2 is 21, expected at most 20"
    )
    # Two slots with a window of 2 x 24 x 14 inputs, and of 2 x 20 x 10 for the residual; a vector
    # for the bias.
    halves = [1, 2, 20, 10, 2, 5, 5]
    assert refusal(conv, halves, ORDER, [2, 1, 1]) == (
        f"tile {halves} needs {2 * (2 * 24 * 14 + 2 * 20 * 10) + 1} entries of inp, "
        "expected at most 2048"
    )


def test_too_much_padding_is_refused():
    _, _, far = core_nest(FAR)
    assert refusal(far, [1, 1, 18, 24, 1, 1, 1], ORDER, [1, 1, 1]) == (
        "tile [1, 1, 18, 24, 1, 1, 1]: a window reaches 16 beyond dimension 2 of its operand; "
        "loads pad at most 15"
    )
    # Wholly in padding is no reason: such a window is read from zeros.
    assert illegal_window(far, [1, 1, 8, 8, 1, 1, 1]) is None


def test_any_tile_that_can_be_loaded_is_found(monkeypatch: pytest.MonkeyPatch):
    """Be it the dearest one."""
    _, _, far = core_nest(FAR)
    only = [1, 1, 1, 1, 1, 1, 1]

    def illegal(_: Tiling, tiles: Sequence[int]) -> str | None:
        return None if [*tiles] == only else "it is not the one"

    monkeypatch.setattr("nopt.passes.schedule.schedule_search.illegal_window", illegal)
    assert [*search(far, RTL).tiles] == only
    monkeypatch.setattr(
        "nopt.passes.schedule.schedule_search.illegal_window", lambda *_: "none can"
    )
    with pytest.raises(NoScheduleError, match="can be loaded: none can"):
        search(far, RTL)


def test_blocks_of_twice_a_prime_number():
    """514 blocks of outputs, and sums over two iterators: a tile of either 2 or 257 blocks would
    load the rows again for each block, or what it multiplies for each chunk."""
    _, _, product = core_nest(PRIME)
    schedule = search(product, RTL)
    _, blocks, *_ = schedule.tiles
    assert 8 <= blocks < 257


def test_divided_iterators_are_not_tiled():
    """Two output channels of a group read one input channel: blocks of them share a window."""
    _, _, groups = core_nest(GROUPS)
    assert refusal(groups, [1, 2, 8, 8, 1, 1, 1], ORDER, [1, 1, 1]) == (
        "tile of iterator 1 is 2, expected 1: an index divides the iterator"
    )


def test_the_last_tile_has_what_others_leave():
    _, _, conv = core_nest(CONV)
    parallel = conv.extents[: conv.parallel]
    tiles = [[1, b, h, w, *conv.extents[4:]] for b in (1, 2) for h in range(1, 21) for w in (6, 20)]
    last = last_tile(conv, np.array(tiles))
    for i, tile in enumerate(tiles):
        left = [e - [*range(0, e, t)][-1] for e, t in zip(parallel, tile, strict=False)]
        assert last.vectors[i] == np.prod(left)
        assert left[last.axis[i]] == last.length[i] and max(left[: last.axis[i]], default=1) == 1


def test_strips_are_equal_parts_of_the_last_tile():
    _, _, conv = core_nest(CONV)
    extents = [*conv.extents]
    last = last_tile(conv, np.array([extents]))
    length = int(last.length[0])
    for count in range(1, length + 2):
        schedule = ScheduleAttr.of(extents, ORDER, [1, 1, 1], strips=count)
        if length % count == 0:
            check_schedule(conv, schedule, RTL)
            continue
        message = f"strips is {count}, expected a divisor of {length}, the last tile's size of iter"
        with pytest.raises(NoScheduleError, match=message):
            check_schedule(conv, schedule, RTL)


SCHEDULES = [
    (CONV, [1, 1, 10, 7, 1, 5, 5], [2, 0, 3, 1], [2, 1, 2], None),
    (CONV, [1, 1, 5, 7, 1, 5, 5], [2, 0, 3, 1], [2, 1, 2], [3, 0]),
    (CONV, [1, 1, 5, 7, 2, 5, 5], [2, 1, 3, 0], [1, 2, 2], [1, 1]),
    (CONV, [1, 2, 3, 20, 2, 2, 3], [0, 1, 2, 3], [1, 2, 1], None),
    (POOL, [1, 1, 5, 10, 3, 3], [0, 2, 1, 3], [2, 1, 2], None),
    (POOL, [1, 2, 3, 4, 2, 3], [0, 1, 2, 3], [1, 1, 1], [0, 0]),
    (GROUPS, [1, 1, 8, 3, 1, 1, 1], [0, 3, 2, 1], [3, 2, 1], None),
]


@pytest.mark.parametrize("text, tile, order, slots, scopes", SCHEDULES)
def test_a_kernel_takes_what_was_checked(
    text: str, tile: list[int], order: list[int], slots: list[int], scopes: list[int] | None
):
    module, nest, tiling = core_nest(text)
    schedule = ScheduleAttr.of(tile, order, slots, scopes)
    check_schedule(tiling, schedule, RTL)
    nest.attributes[SCHEDULE] = schedule
    apply(module, "convert-affine-nest-to-tensor-intrinsic")
    taken = dict.fromkeys(Memory, 0)
    for op in module.walk():
        if isinstance(op, AllocOp):
            memory = memory_of(op.result.type)
            assert memory is not None
            taken[memory] += int(np.prod(op.result.type.get_shape()[: -LANE_RANK[memory]]))
    assert taken == schedule_entries(tiling, schedule)


@pytest.mark.parametrize("text, tile, order, slots, scopes", SCHEDULES)
@pytest.mark.parametrize("log_bytes", range(6, 16))
def test_micro_ops_that_fit_are_loaded_once(
    text: str,
    tile: list[int],
    order: list[int],
    slots: list[int],
    scopes: list[int] | None,
    log_bytes: int,
):
    """Those that do not, again and again: so says the cost model, which counts to a few tens."""
    module, nest, tiling = core_nest(text)
    schedule = ScheduleAttr.of(tile, order, slots, scopes)
    config = replace(RTL, log_uop_buff_size=log_bytes)
    tiles = CostedTiles.of(Candidates.of(tiling, schedule), config)
    expected = uop_loads(tiles, config, slots_of(schedule), scopes_of(schedule)).different[0]
    nest.attributes[SCHEDULE] = schedule
    attach(module, config)
    apply(module, "convert-affine-nest-to-tensor-intrinsic", "convert-tensor-intrinsic-to-isa")
    records = decode(assemble(module, Context()).program.instructions, config)
    loads = records[(records["opcode"] == Opcode.LOAD) & (records["memory"] == Region.UOP)]
    if expected + 50 < config.uop_entries:
        assert len(loads) == 1
    if len(loads) == 1:
        assert abs(expected - loads["x_size"].sum()) < 50
    else:
        assert config.uop_entries < expected + 50


@pytest.mark.parametrize("ahead", [1, 2, 5])
@pytest.mark.parametrize("load", [0.0, 4.0, 10.0])
def test_loads_between_tiles_hide_behind_the_last_chunks_and_the_epilogue(ahead: int, load: float):
    """Of tiles of 3 chunks of 10 cycles and an epilogue of 100."""
    early = min(ahead, 3)
    room = early * 10.0 + 100.0 - early * load

    def cycles(others: float) -> float:
        numbers = (3, 10.0, 100.0, 3 * load, others, ahead)
        return float(period(*(np.asarray([number]) for number in numbers))[0])

    assert cycles(0.0) == cycles(min(room, 130.0 - 3 * load)) == 130.0
    for more in (1.0, 50.0):
        assert cycles(room + more) >= 130.0 + more


@pytest.mark.parametrize("ahead, cycles", [(1, 138.0), (2, 134.0), (5, 130.0)])
def test_loads_longer_than_a_chunk_hold_up_what_is_not_ahead(ahead: int, cycles: float):
    """Of 3 chunks of 10 cycles, with loads of 14 each, and an epilogue of 100."""
    numbers = (3, 10.0, 100.0, 3 * 14.0, 0.0, ahead)
    assert period(*(np.asarray([number]) for number in numbers)) == cycles


@pytest.mark.parametrize("memory", Memory)
def test_a_scratchpad_may_be_full_to_the_last_entry(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
):
    _, _, tiling = core_nest(CONV)
    tile, order, slots, _ = SCHEDULES[0][1:]
    schedule = ScheduleAttr.of(tile, order, slots)
    needed = schedule_entries(tiling, schedule)
    # A core with just so many entries.
    monkeypatch.setattr(legality, "entries", lambda config: needed)
    check_schedule(tiling, schedule, RTL)
    fewer = {**needed, memory: needed[memory] - 1}
    monkeypatch.setattr(legality, "entries", lambda config: fewer)
    message = f"needs {needed[memory]} entries of {memory}, expected at most {fewer[memory]}"
    with pytest.raises(NoScheduleError, match=message):
        check_schedule(tiling, schedule, RTL)


def test_of_two_lines_for_a_nest_the_last_counts(tmp_path: Path):
    """A line that is added, or edited at the end, is newer."""
    _, _, tiling = core_nest(CONV)
    best = search(tiling, RTL)
    assert best is not None
    scopes = best.scopes.get_values()
    other = ScheduleAttr.of(best.tiles, best.loop_order, [1, 1, 1], scopes)
    assert other != best
    for first, last in ((best, other), (other, best)):
        path = tmp_path / f"{len([*tmp_path.iterdir()])}.jsonl"
        for schedule in (first, last):
            log = TuningLog(path, RTL)
            log.add(tiling, schedule)
            log.save()
        assert len(path.read_text().splitlines()) == 2
        assert TuningLog(path, RTL).schedule(tiling) == last


@pytest.mark.parametrize("line", ["tile", "[" * 100_000, '{"nest": ' + "9" * 5_000 + "}"])
def test_a_line_that_is_no_json_is_named(line: str, tmp_path: Path):
    path = tmp_path / "log.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(TuningLogError, match=r"log\.jsonl:2: found no JSON"):
        TuningLog(path, RTL)
