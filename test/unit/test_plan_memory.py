"""DRAM planning: what lives at the same time never overlaps, and little is wasted."""

from hypothesis import given
from hypothesis import strategies as st

from nopt.passes.isa.program.plan_memory import Lifetime, MemoryPlan, least_bytes, plan_memory


@st.composite
def lifetimes(draw):
    first = draw(st.integers(0, 12))
    size = draw(st.sampled_from([0, 1, 63, 64, 65, 1000, 4096]))
    return Lifetime(size, first, first + draw(st.integers(0, 5)))


@given(st.lists(lifetimes(), max_size=30), st.sampled_from([1, 64, 256]))
def test_nothing_that_is_needed_is_overwritten(lives, alignment):
    plan = plan_memory(lives, alignment)
    placed = list(zip(lives, plan.addresses, strict=True))
    for i, (life, address) in enumerate(placed):
        assert address % alignment == 0 and address + life.size <= plan.size
        for other, at in placed[:i]:
            together = life.first <= other.last and other.first <= life.last
            apart = address + life.size <= at or at + other.size <= address
            assert apart or not together or not life.size or not other.size
    assert least_bytes(lives) <= plan.size
    assert plan.size <= sum(-(-life.size // alignment) * alignment for life in lives)
    assert plan_memory(lives, alignment) == plan


def test_a_chain_takes_two_places():
    """Of layers one after the other, each one's input and output."""
    chain = [Lifetime(100, step, step + 1) for step in range(20)]
    assert plan_memory(chain, 1).size == 200 == least_bytes(chain)


def test_a_residual_stays_while_it_is_needed():
    skip, *inner = [Lifetime(10, 0, 3), Lifetime(10, 1, 2), Lifetime(10, 2, 3), Lifetime(10, 3, 4)]
    plan = plan_memory([skip, *inner], 1)
    assert plan.size == 30
    assert plan.addresses[1] == plan.addresses[3]


def test_the_smallest_gap_is_taken():
    """After two buffers have gone there are two gaps; what is small leaves the large one."""
    lives = [Lifetime(size, 0, 9 if size == 50 else 1) for size in (100, 50, 30)]
    plan = plan_memory([*lives, Lifetime(25, 2, 9), Lifetime(90, 2, 9)], 1)
    assert plan.size == 180


def test_nothing_to_place():
    assert plan_memory([], 64) == MemoryPlan((), 0)
