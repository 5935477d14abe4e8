"""Every pass over nests keeps what a network computes, bit for bit, in any order."""

import re
from itertools import chain

import numpy as np
from affine_networks import Network, networks
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.parser import Parser

from nopt.dialects import get_all_dialects, graph
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.interpreters.run import run_function
from nopt.hw.config import Config
from nopt.passes import get_all_passes
from nopt.passes.machine import attach

CONVERT = "convert-graph-to-affine-nest"
LAYOUT = ("affine-nest-infer-layout", "affine-nest-apply-layout")
"""Decided and done at once: the lanes of a nest that changes in between need not be legal."""
REWRITES = (
    ("affine-nest-fuse",),
    ("affine-nest-simplify",),
    LAYOUT,
    ("affine-nest-fold-constants",),
)


def core(log_block: int, alu_multiply: bool) -> Config:
    """A core with blocks of 2^log_block: small tensors have several."""
    return Config(
        log_block_in=log_block,
        log_block_out=log_block,
        log_inp_buff_size=11 + log_block,
        log_wgt_buff_size=10 + 2 * log_block,
        log_acc_buff_size=13 + log_block,
        alu_multiply=alu_multiply,
    )


CORES = (Config.load("rtl"), core(2, False), core(3, True))
CONTEXT = Context()
for dialect in (Arith, Builtin, Func, *(factory() for factory in get_all_dialects().values())):
    CONTEXT.load_dialect(dialect)


def printed(module: ModuleOp) -> str:
    """The text of a module, without the keys of resources: the parser makes new ones."""
    return re.sub("dense_resource<[^>]*>", "dense_resource", str(module))


def apply(module: ModuleOp, name: str) -> None:
    get_all_passes()[name]()().apply(Context(), module)
    module.verify()


def check(network: Network, passes) -> None:
    """Run the network after each pass; read back what the last one leaves."""
    expected = run_function(network.module, "main", network.inputs)
    for name in passes:
        apply(network.module, name)
        found = run_function(network.module, "main", network.inputs)
        for array, wanted in zip(found, expected, strict=True):
            assert array.dtype == wanted.dtype, name
            np.testing.assert_array_equal(array, wanted, err_msg=name)
    text = str(network.module)
    assert printed(Parser(CONTEXT, text).parse_module()) == printed(network.module)


@examples(250)
@given(networks(), st.sampled_from(CORES))
def test_pipeline(network: Network, core: Config):
    attach(network.module, core)
    check(network, (CONVERT, *chain(*REWRITES)))
    for op in network.module.walk():
        assert not isinstance(op, graph.GraphOp)
        if isinstance(op, ForOp) and "host_reason" in op.attributes:
            assert op.attributes["placement"].data == "host"  # pyright: ignore


@examples(60)
@given(networks(steps=2), st.sampled_from(CORES), st.lists(st.sampled_from(REWRITES), max_size=6))
def test_any_order(network: Network, core: Config, order: list[tuple[str, ...]]):
    attach(network.module, core)
    check(network, (CONVERT, *chain(*order)))
