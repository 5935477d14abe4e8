"""Any lanes that are legal keep what a network computes, and the ones chosen cost the least."""

from itertools import islice, product
from math import prod

from affine_networks import Network, networks
from fuzzing import examples
from hypothesis import assume, given
from hypothesis import strategies as st
from test_affine_passes import CONVERT, CORES, apply, check
from xdsl.dialects.builtin import ModuleOp

from nopt.dialects.affine_nest import ForOp, LanesAttr
from nopt.hw.config import Config
from nopt.passes.affine.affine_nest_infer_layout import options_of, tensors_of
from nopt.passes.affine.core_nest import LANES
from nopt.passes.affine.layout_costs import Option, tables_of
from nopt.passes.machine import attach

LAYOUT = ("affine-nest-infer-layout", "affine-nest-apply-layout", "affine-nest-fold-constants")
MOST = 20_000
"""Combinations that are enumerated."""


def legal(module: ModuleOp, core: Config) -> dict[ForOp, list[Option]]:
    """What each nest may choose from."""
    nests = [nest for nest in module.walk() if isinstance(nest, ForOp)]
    return options_of(nests, core)


@examples(60)
@given(networks(floats=False), st.sampled_from(CORES), st.data())
def test_legal_pins(network: Network, core: Config, data: st.DataObject):
    attach(network.module, core)
    for name in (CONVERT, "affine-nest-fuse", "affine-nest-simplify"):
        apply(network.module, name)
    for nest, options in legal(network.module, core).items():
        option = data.draw(st.sampled_from(options))
        if option.attribute is not None and data.draw(st.booleans()):
            nest.attributes[LANES] = option.attribute
    pinned = {
        nest: nest.attributes[LANES] for nest in network.module.walk() if LANES in nest.attributes
    }
    check(network, LAYOUT[:1])
    for nest, lanes in pinned.items():
        assert nest.attributes[LANES] == lanes
    check(network, LAYOUT[1:])


@examples(60)
@given(networks(steps=2, floats=False), st.sampled_from(CORES))
def test_choice_is_the_cheapest(network: Network, core: Config):
    attach(network.module, core)
    for name in (CONVERT, "affine-nest-fuse", "affine-nest-simplify"):
        apply(network.module, name)
    options = legal(network.module, core)
    assume(prod(len(each) for each in options.values()) <= MOST)
    tables = tables_of(options, tensors_of(options), core.block_out)
    least = min(
        sum(table.at(choice) for table in tables)
        for choice in islice(product(*(range(len(each)) for each in options.values())), MOST)
    )
    apply(network.module, LAYOUT[0])
    chosen = [
        [option.attribute for option in each].index(lanes_of(nest))
        for nest, each in options.items()
    ]
    assert sum(table.at(chosen) for table in tables) == least


def lanes_of(nest: ForOp) -> LanesAttr:
    lanes = nest.attributes[LANES]
    assert isinstance(lanes, LanesAttr)
    return lanes
