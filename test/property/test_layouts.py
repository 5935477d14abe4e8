"""Any lanes and orders that are legal keep what nests compute; those chosen cost the least."""

from itertools import islice, product
from math import prod

import numpy as np
from affine_networks import networks
from block_cores import CORES
from checks import apply, assert_same, parse
from drafts import Network, values
from fuzzing import examples
from hypothesis import assume, given
from hypothesis import strategies as st
from levels import LAYOUT, RTL, TO_CORE, TO_NESTS, legal_lanes
from nest_graphs import nest_graphs
from xdsl.dialects.builtin import AffineMapAttr, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir.affine import AffineDimExpr, AffineMap

from nopt.dialects.affine_nest import ForOp, LanesAttr
from nopt.dialects.affine_nest.arguments import arguments_of
from nopt.dialects.affine_nest.attributes import LANES
from nopt.dialects.shaped import shape_of
from nopt.hw.config import Config
from nopt.passes.base.machine import attach
from nopt.passes.base.placement import placement_of
from nopt.passes.layout.affine_nest_infer_layout import tensors_of
from nopt.passes.layout.choices.layout_costs import tables_of
from nopt.passes.layout.tensor_layouts import Layout, write_layout

MOST = 20_000
"""Combinations that are enumerated."""

NETWORKS = networks(floats=False) | nest_graphs()


@examples(200)
@given(NETWORKS, CORES, st.data())
def test_legal_pins(network: Network, core: Config, data: st.DataObject):
    module = network.module
    attach(module, core)
    apply(module, *TO_NESTS)
    for nest, options in legal_lanes(module, core).items():
        option = data.draw(st.sampled_from(options))
        if option.attribute is not None and data.draw(st.booleans()):
            nest.attributes[LANES] = option.attribute
    pinned = {nest: nest.attributes[LANES] for nest in module.walk() if LANES in nest.attributes}
    assert_same(network, LAYOUT[0])
    for nest, lanes in pinned.items():
        assert nest.attributes[LANES] == lanes
    assert_same(network, *LAYOUT[1:])


@examples(200)
@given(NETWORKS, CORES, st.data())
def test_pinned_orders(network: Network, core: Config, data: st.DataObject):
    """Tensors lie in memory in any order that is one."""
    module = network.module
    attach(module, core)
    apply(module, *TO_NESTS)
    (function,) = [op for op in module.walk() if isinstance(op, FuncOp)]
    results = [op.result for op in function.walk() if isinstance(op, ForOp)]
    for tensor in (*arguments_of(function), *results):
        if (order := data.draw(orders(shape_of(tensor), core.block))) is not None:
            write_layout(tensor, order)
    assert_same(network, *LAYOUT)


@st.composite
def orders(draw: st.DrawFn, shape: tuple[int, ...], block: int) -> Layout | None:
    """An order of tensors of a shape; None for row by row."""
    dims = [AffineDimExpr(i) for i in range(len(shape))]
    divisible = [dim for dim in dims if shape[dim.position] % block == 0]
    if not divisible or not draw(st.booleans()):
        return None
    lanes = draw(st.sampled_from(divisible))
    divided = {lanes, *draw(st.lists(st.sampled_from(divisible)))}
    parts = [dim for dim in dims if dim not in divided]
    parts += [part for dim in divided for part in (dim // block, dim % block)]
    others = draw(st.permutations([part for part in parts if part != lanes % block]))
    map = AffineMap(len(dims), 0, (*others, lanes % block))
    order = Layout.written(AffineMapAttr(map), shape)
    assert order.block == block
    return order


@examples(200)
@given(networks(steps=2, floats=False) | nest_graphs(steps=4), CORES)
def test_choice_is_the_cheapest(network: Network, core: Config):
    module = network.module
    attach(module, core)
    apply(module, *TO_NESTS)
    options = legal_lanes(module, core)
    assume(prod(len(each) for each in options.values()) <= MOST)
    tables = tables_of(options, tensors_of(options), core.vector)
    least = min(
        sum(table.at(choice) for table in tables)
        for choice in islice(product(*(range(len(each)) for each in options.values())), MOST)
    )
    apply(module, LAYOUT[0])
    chosen = [
        [option.attribute for option in each].index(lanes_of(nest))
        for nest, each in options.items()
    ]
    assert sum(table.at(chosen) for table in tables) == least


def lanes_of(nest: ForOp) -> LanesAttr:
    lanes = nest.attributes[LANES]
    assert isinstance(lanes, LanesAttr)
    return lanes


@examples(200)
@given(NETWORKS, CORES)
def test_propagated_packs_are_no_new_copies(network: Network, core: Config):
    module = network.module
    attach(module, core)
    apply(module, *TO_NESTS, *TO_CORE[:-1])
    before = copied_elements(module)
    apply(module, TO_CORE[-1])
    assert copied_elements(module) <= before


def copied_elements(module: ModuleOp) -> int:
    """Elements that the host moves between nests, and in and out of the core's blocks."""
    nests = [op for op in module.walk() if isinstance(op, ForOp)]
    copies = [nest for nest in nests if nest.copied and placement_of(nest) is None]
    return sum(prod(nest.parallel_extents) for nest in copies)


BEYOND = """
func.func @main(%x: tensor<4x17xi8>) -> tensor<4x3xi8> {
  %v = graph.constant dense<100> : tensor<17x512xi8>
  %w = graph.constant dense<100> : tensor<512x3xi8>
  %a = graph.matmul %x, %v : (tensor<4x17xi8>, tensor<17x512xi8>) -> tensor<4x512xi32>
  %b = graph.requantize %a multiplier 255 shift 20 : tensor<4x512xi32> -> tensor<4x512xi8>
  %c = graph.matmul %b, %w : (tensor<4x512xi8>, tensor<512x3xi8>) -> tensor<4x3xi32>
  %d = graph.requantize %c multiplier 534 shift 20 : tensor<4x3xi32> -> tensor<4x3xi8>
  %y = graph.clip %d min -10 max 100 : tensor<4x3xi8>
  return %y : tensor<4x3xi8>
}
"""


def test_lanes_that_stay_empty_do_not_add_to_what_sums_may_be():
    """The second product cannot wrap as 17 channels go into the first, but could of 32."""
    array = values(np.random.default_rng(0), (4, 17), np.dtype(np.int8), 1.0)
    network = Network(parse(BEYOND), [array])
    attach(network.module, RTL)
    assert_same(network, *TO_NESTS, *LAYOUT)
    nests = [op for op in network.module.walk() if isinstance(op, ForOp) and op.reduction_extents]
    assert [placement_of(nest) for nest in nests] == ["core", "core"]
