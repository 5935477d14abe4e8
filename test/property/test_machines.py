"""Any machine: what it runs is right, bit for bit, and what stays on the host has a reason."""

from core_networks import core_networks
from drafts import Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import check_levels
from nest_graphs import nest_graphs
from random_machines import machines

from nopt.hw.config import Config

SEED = st.none() | st.integers(0, 2**32 - 1)


@examples(200)
@given(core_networks(), machines(), SEED)
def test_networks(network: Network, machine: Config, seed: int | None):
    check_levels(network, machine, seed)


@examples(50)
@given(nest_graphs(), machines(), SEED)
def test_graphs_of_nests(network: Network, machine: Config, seed: int | None):
    check_levels(network, machine, seed)
