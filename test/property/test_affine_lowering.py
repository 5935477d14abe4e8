"""`convert-affine-nest-to-affine` keeps what nests compute: run by xDSL, and by MLIR if there."""

import numpy as np
import pytest
from affine_networks import networks
from affine_runs import check, check_by_mlir
from checks import parse, run
from drafts import Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import STAGES
from nest_graphs import nest_graphs
from odd_nests import NESTS, nest


@examples(200)
@given(networks(steps=2, largest=60), st.sampled_from(STAGES[:2]))
def test_networks_by_xdsl(network: Network, passes: tuple[str, ...]):
    check(network, passes)


@examples(200)
@given(nest_graphs(steps=2, largest=60))
def test_graphs_of_nests_by_xdsl(network: Network):
    check(network)


@pytest.mark.parametrize("name", NESTS)
def test_nests_by_xdsl(name: str):
    check(nest(name))


def test_large_and_equal_constants():
    """A resource becomes a global; equal constants share one."""
    text = """
    func.func @main() -> (tensor<40xi8>, tensor<40xi8>) {
      %a = graph.constant dense_resource<w> : tensor<40xi8>
      %b = graph.constant dense_resource<w> : tensor<40xi8>
      return %a, %b : tensor<40xi8>, tensor<40xi8>
    }
    {-# dialect_resources: { builtin: { w: "0x01000000BYTES" } } #-}
    """
    module = parse(text.replace("BYTES", bytes(range(40)).hex()))
    check(Network(module, []))
    assert [op.name for op in module.ops] == ["memref.global", "func.func"]


def test_arguments_given_packed():
    """The memref is the tensor that a caller has; loops pack it."""
    text = """
    func.func @main(%x: tensor<3x4x2xi8> {
        affine_nest.order = affine_map<(d0, d1) -> (d1 floordiv 2, d0, d1 mod 2)>,
        affine_nest.packs = tensor<4x6xi8>}) -> tensor<4xi8> {
      %y = affine_nest.for (%i) = (4) {
        %a = affine_nest.load %x[2, %i, 1] : tensor<3x4x2xi8>
        affine_nest.yield %a : i8
      } : tensor<4xi8>
      return %y : tensor<4xi8>
    }"""
    x = np.arange(24, dtype=np.int8).reshape(4, 6)
    network = Network(parse(text), [x])
    np.testing.assert_array_equal(run(network)[0], x[:, 5])
    check(network)


@examples(30)
@given(networks(steps=2, largest=2000, floats=False), st.sampled_from(STAGES))
def test_networks_by_mlir(network: Network, passes: tuple[str, ...]):
    check_by_mlir(network, passes)


@pytest.mark.parametrize("name", NESTS)
def test_nests_by_mlir(name: str):
    check_by_mlir(nest(name))
