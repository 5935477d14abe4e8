"""Clean-up keeps what a graph computes: integers bit for bit, floats but for rounding."""

from affine_networks import Network
from fuzzing import examples
from graph_networks import graphs, is_close
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination

from nopt.dialects import get_all_dialects
from nopt.dialects.interpreters.run import run_function
from nopt.passes import get_all_passes
from nopt.passes.pipelines import PIPELINES

CONTEXT = Context()
for dialect in (Arith, Builtin, Func, *(factory() for factory in get_all_dialects().values())):
    CONTEXT.load_dialect(dialect)


def check(network: Network, *passes) -> None:
    expected = run_function(network.module, "main", network.inputs)
    for each in passes:
        each.apply(CONTEXT, network.module)
        network.module.verify()
        for op in network.module.walk():
            assert all(use.operation.parent for value in op.results for use in value.uses)
        found = run_function(network.module, "main", network.inputs)
        for array, wanted in zip(found, expected, strict=True):
            assert array.dtype == wanted.dtype
            assert array.shape == wanted.shape
            assert is_close(array, wanted), f"{each.name}\n{network.module}\n{array}\n{wanted}"


def is_stable(module: ModuleOp) -> bool:
    before = str(module)
    CanonicalizePass().apply(CONTEXT, module)
    return str(module) == before


@examples(120)
@given(graphs(floats=False))
def test_canonicalize_integers(network: Network):
    check(network, CanonicalizePass())
    assert is_stable(network.module)


@examples(120)
@given(graphs())
def test_canonicalize_floats(network: Network):
    check(network, CanonicalizePass())
    assert is_stable(network.module)


CLEAN = [name for name in PIPELINES["graph-clean"].passes if name.startswith("graph-")]


@examples(120)
@given(graphs(), st.sampled_from(CLEAN))
def test_each_pass(network: Network, name: str):
    check(network, get_all_passes()[name]()())


def clean() -> list[ModulePass]:
    others = {"canonicalize": CanonicalizePass, "cse": CommonSubexpressionElimination}
    return [
        (others.get(name) or get_all_passes()[name]())() for name in PIPELINES["graph-clean"].passes
    ]


@examples(120)
@given(graphs())
def test_pipeline(network: Network):
    check(network, *clean())


@examples(120)
@given(graphs())
def test_clean_graphs_stay(network: Network):
    for each in clean():
        each.apply(CONTEXT, network.module)
    before = str(network.module)
    for each in clean():
        each.apply(CONTEXT, network.module)
    assert str(network.module) == before
