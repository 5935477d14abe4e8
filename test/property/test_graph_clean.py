"""Clean-up keeps what a graph computes: integers bit for bit, floats but for rounding."""

from checks import CONTEXT, run
from drafts import Network
from fuzzing import examples
from graph_networks import graphs, is_close
from hypothesis import given
from hypothesis import strategies as st
from levels import CLEAN
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination

from nopt.passes import get_all_passes
from nopt.passes.pipelines import PIPELINES


def check(network: Network, *passes) -> None:
    expected = run(network)
    for each in passes:
        each.apply(CONTEXT, network.module)
        network.module.verify()
        for op in network.module.walk():
            assert all(use.operation.parent for value in op.results for use in value.uses)
        found = run(network)
        for array, wanted in zip(found, expected, strict=True):
            assert array.dtype == wanted.dtype
            assert array.shape == wanted.shape
            assert is_close(array, wanted), f"{each.name}\n{network.module}\n{array}\n{wanted}"


def is_stable(module: ModuleOp) -> bool:
    before = str(module)
    CanonicalizePass().apply(CONTEXT, module)
    return str(module) == before


@examples(200)
@given(graphs(floats=False))
def test_canonicalize_integers(network: Network):
    check(network, CanonicalizePass())
    assert is_stable(network.module)


@examples(200)
@given(graphs())
def test_canonicalize_floats(network: Network):
    check(network, CanonicalizePass())
    assert is_stable(network.module)


@examples(200)
@given(graphs(), st.sampled_from(CLEAN))
def test_each_pass(network: Network, name: str):
    check(network, get_all_passes()[name]()())


def clean() -> list[ModulePass]:
    others = {"canonicalize": CanonicalizePass, "cse": CommonSubexpressionElimination}
    return [
        (others.get(name) or get_all_passes()[name]())() for name in PIPELINES["graph-clean"].passes
    ]


@examples(200)
@given(graphs())
def test_pipeline(network: Network):
    check(network, *clean())


@examples(200)
@given(graphs())
def test_clean_graphs_stay(network: Network):
    for each in clean():
        each.apply(CONTEXT, network.module)
    before = str(network.module)
    for each in clean():
        each.apply(CONTEXT, network.module)
    assert str(network.module) == before
