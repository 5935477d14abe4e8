"""Partitions compile, keep what is computed, and leave to the core what the core takes."""

import numpy as np
from affine_networks import Network, networks
from fuzzing import examples
from graph_networks import graphs
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import StringAttr

from nopt.dialects.graph import AvgPoolOp
from nopt.dialects.graph.base import GraphOp
from nopt.dialects.interpreters.run import run_function
from nopt.passes import get_all_passes
from nopt.passes.placement import placement_of


def apply(network: Network, *names: str) -> None:
    for name in names:
        get_all_passes()[name]()().apply(Context(), network.module)
        network.module.verify()


@examples(100)
@given(networks() | graphs(floats=False, steps=5))
def test_partitioned_networks_compile(network: Network):
    expected = run_function(network.module, "main", network.inputs)
    apply(network, "graph-partition")
    placed = {op for op in network.module.walk() if placement_of(op) == "host"}
    apply(network, "convert-graph-to-affine-nest")
    # Exactly what was placed on the host is left; all else became nests.
    assert {op for op in network.module.walk() if isinstance(op, GraphOp)} == placed
    apply(
        network,
        "affine-nest-fuse",
        "affine-nest-simplify",
        "affine-nest-infer-layout",
        "affine-nest-apply-layout",
    )
    found = run_function(network.module, "main", network.inputs)
    for array, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(array, wanted)


@examples(100)
@given(networks(), st.data())
def test_any_pin_to_the_host_compiles(network: Network, data):
    """Whatever a person places on the host, the partition makes a whole of it."""
    expected = run_function(network.module, "main", network.inputs)
    for op in network.module.walk():
        if isinstance(op, GraphOp) and data.draw(st.booleans()):
            op.attributes["placement"] = StringAttr("host")
    apply(network, "graph-partition", "convert-graph-to-affine-nest", "affine-nest-fuse")
    apply(network, "affine-nest-simplify", "affine-nest-infer-layout", "affine-nest-apply-layout")
    found = run_function(network.module, "main", network.inputs)
    for array, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(array, wanted)


@examples(100)
@given(graphs(floats=False))
def test_split_pools(network: Network):
    expected = run_function(network.module, "main", network.inputs)
    apply(network, "graph-split-pools")
    for op in network.module.walk():
        assert (
            not isinstance(op, AvgPoolOp)
            or op.exclude_pads is None
            or not any(op.pads.get_values())
        )
    for array, wanted in zip(
        run_function(network.module, "main", network.inputs), expected, strict=True
    ):
        np.testing.assert_array_equal(array, wanted)
