"""Every pass over nests keeps what a network or a graph of nests computes, bit for bit, in any
order."""

import re
from itertools import chain

import numpy as np
from affine_networks import networks
from block_cores import CORES
from checks import CONTEXT, assert_same, parse
from drafts import Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import LAYOUT, TO_NESTS
from nest_graphs import nest_graphs
from xdsl.dialects.builtin import ModuleOp

from nopt.dialects import graph
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.parsing import ModuleParser
from nopt.hw.config import Config
from nopt.passes.base.machine import attach
from nopt.passes.base.placement import placement_of

CONVERT, *BEFORE = TO_NESTS
# Lanes are chosen and applied at once: those of a nest that changes in between need not be legal.
REWRITES = (*((name,) for name in BEFORE), LAYOUT[:2], *((name,) for name in LAYOUT[2:]))


ORDERS = st.lists(st.sampled_from(REWRITES), max_size=6)


def printed(module: ModuleOp) -> str:
    """The text of a module, without the keys of resources: the parser makes new ones."""
    return re.sub("dense_resource<[^>]*>", "dense_resource", str(module))


def check(network: Network, config: Config, *passes: str) -> None:
    """Run the network after each pass; read back what the last one leaves."""
    attach(network.module, config)
    assert_same(network, *passes)
    # Without the bytes of resources, which `str` leaves out.
    read = ModuleParser(CONTEXT, str(network.module)).parse_module()
    assert printed(read) == printed(network.module)
    for op in network.module.walk():
        if isinstance(op, ForOp) and "host_reason" in op.attributes:
            assert placement_of(op) == "host"


@examples(200)
@given(networks(), CORES)
def test_networks(network: Network, core: Config):
    check(network, core, CONVERT, *chain(*REWRITES))
    assert not any(isinstance(op, graph.GraphOp) for op in network.module.walk())


@examples(200)
@given(networks(steps=2), CORES, ORDERS)
def test_networks_in_any_order(network: Network, core: Config, order: list[tuple[str, ...]]):
    check(network, core, CONVERT, *chain(*order))


@examples(300)
@given(nest_graphs(), CORES)
def test_graphs_of_nests(network: Network, core: Config):
    check(network, core, *chain(*REWRITES))


@examples(300)
@given(nest_graphs(), CORES, ORDERS)
def test_graphs_of_nests_in_any_order(network: Network, core: Config, order: list[tuple[str, ...]]):
    check(network, core, *chain(*order))


PADS = """
func.func @main(%x: tensor<7xi8>) -> tensor<11xi8> {
  %p = affine_nest.for (%i) = (10) {
    %a = affine_nest.load %x[%i - 1] pad 0 : tensor<7xi8>
    affine_nest.yield %a : i8
  } : tensor<10xi8>
  %y = affine_nest.for (%i) = (11) reduce (%k) = (3) {
    %a = affine_nest.load %p[%i + %k - 1] pad -128 : tensor<10xi8>
    %m = affine_nest.reduce min %a : i8
    affine_nest.yield %m : i8
  } : tensor<11xi8>
  return %y : tensor<11xi8>
}
"""


def test_what_a_copy_pads_is_not_what_its_reader_pads():
    network = Network(parse(PADS), [np.arange(1, 8, dtype=np.int8)])
    assert_same(network, "affine-nest-fuse")
