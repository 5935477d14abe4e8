"""Partitions compile, keep what is computed, and leave to the core what the core takes."""

from affine_networks import networks
from checks import apply, assert_equal, assert_same, run
from drafts import Network
from fuzzing import examples
from graph_networks import graphs
from hypothesis import given
from hypothesis import strategies as st
from levels import LAYOUT, TO_NESTS
from xdsl.dialects.builtin import StringAttr

from nopt.dialects.graph import AvgPoolOp
from nopt.dialects.graph.graph_op import GraphOp
from nopt.passes.base.placement import placement_of

CONVERT, *FUSE = TO_NESTS


@examples(200)
@given(networks() | graphs(floats=False, steps=5))
def test_partitioned_networks_compile(network: Network):
    wanted = run(network)
    apply(network.module, "graph-partition")
    placed = {op for op in network.module.walk() if placement_of(op) == "host"}
    apply(network.module, CONVERT)
    # Exactly what was placed on the host is left; all else became nests.
    assert {op for op in network.module.walk() if isinstance(op, GraphOp)} == placed
    apply(network.module, *FUSE, *LAYOUT)
    assert_equal(run(network), wanted, "partitioned")


@examples(200)
@given(networks(), st.data())
def test_any_pin_to_the_host_compiles(network: Network, data):
    """Whatever a person places on the host, the partition makes a whole of it."""
    for op in network.module.walk():
        if isinstance(op, GraphOp) and data.draw(st.booleans()):
            op.attributes["placement"] = StringAttr("host")
    assert_same(network, "graph-partition", CONVERT, *FUSE, *LAYOUT)


@examples(200)
@given(graphs(floats=False))
def test_split_pools(network: Network):
    assert_same(network, "graph-split-pools")
    for op in network.module.walk():
        assert (
            not isinstance(op, AvgPoolOp)
            or op.exclude_pads is None
            or not any(op.pads.get_values())
        )
