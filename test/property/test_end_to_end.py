"""From `graph`, or from any nests, to the bits that the core runs: every level computes the same,
bit for bit, in any lanes and under any schedules that are legal."""

from core_networks import core_networks
from drafts import Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import CORES, check_levels
from nest_graphs import nest_graphs

CORE = st.sampled_from([*CORES])
SEED = st.integers(0, 2**32 - 1)


@examples(200)
@given(core_networks(), st.sampled_from(["rtl", *CORES]))
def test_chosen_schedules(network: Network, core: str):
    check_levels(network, CORES[core])


@examples(200)
@given(core_networks(), CORE, SEED)
def test_pinned_schedules(network: Network, core: str, seed: int):
    check_levels(network, CORES[core], seed)


@examples(200)
@given(nest_graphs(), CORE, st.none() | SEED)
def test_graphs_of_nests(network: Network, core: str, seed: int | None):
    check_levels(network, CORES[core], seed)
