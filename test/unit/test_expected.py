"""What the bench expects of layers: the cycles that no schedule can beat, and orders compared."""

import sys
from pathlib import Path

import pytest
from xdsl.universe import Universe

from nopt.tools.pipeline_text import build_passes

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from expected import expectations
from schedule import LAYER_SOURCES, order_agreement
from search import measure
from workloads import registered_context

FLOORS = {
    # Vectors of the result times: reset, products, bias, shift, two clips.
    "C4": 28 * 28 * 8 * (1 + 4 + 4),
    "GEMM 256": 256 * 16 * (1 + 16 + 4),
    # Weights at 8 bytes a cycle.
    "dense 512-1008": 32 * 63 * 256 // 8,
    # Four phases brought in two cycles each, six comparisons of two.
    "max pool 3x3 s2 p1": 9 * 9 * 2 * (4 * 2 + 6 * 2),
}


@pytest.mark.parametrize("name", FLOORS)
def test_floor(name: str):
    module = LAYER_SOURCES[name]().module
    context, universe = registered_context(), Universe.get_multiverse()
    for each in build_passes("vta{until=affine-nest-schedule}", universe.all_passes):
        each.apply(context, module)
    (expected,) = expectations(module)
    assert expected.weights <= 1
    # The maximum pads with what is no zero: that is brought and added, too.
    assert FLOORS[name] <= expected.floor <= expected.alone + expected.end


def test_order_agreement():
    assert order_agreement([1, 2, 3], [10, 20, 30]) == (1, 0)
    # One pair of five that differ is swapped; the others stay.
    assert order_agreement([100, 110, 200, 200], [1, 0, 3, 2]) == pytest.approx((0.6, 0.1))


def test_what_a_search_compares():
    """C10 has a tile for each of its orders, and a schedule of seven iterators."""
    (row,) = measure("C10")
    assert row["candidates"] >= row["orders"] > 1
    assert len(row["tile"].split(",")) == 7
