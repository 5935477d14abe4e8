"""`affine-nest-split-iterators` keeps what nests compute, and leaves indices without divisions."""

import numpy as np
from checks import apply, assert_equal, parse, run
from drafts import Network, values
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st

import nopt
from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.nest_problem import problem_of

SPLIT = "affine-nest-split-iterators"


@st.composite
def grouped(draw: st.DrawFn) -> Network:
    """A convolution with groups, strides and pads."""
    groups, own, outputs = (draw(st.integers(1, 4)) for _ in range(3))
    size, kernel, stride = draw(st.integers(3, 7)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    g = nopt.GraphBuilder()
    shape = (draw(st.integers(1, 2)), groups * own, size, size)
    x = g.argument("x", shape, "i8")
    w = rng.integers(-8, 8, (groups * outputs, own, kernel, kernel), np.int8)
    pads = draw(st.integers(0, 1))
    g.result(g.conv2d(x, w, pads=pads, strides=stride, groups=groups))
    return Network(nopt.read(g), [values(rng, shape, np.dtype(np.int8), 0.2)])


def check(network: Network) -> None:
    expected = run(network)
    apply(network.module, SPLIT)
    assert_equal(run(network), expected, SPLIT)
    for op in network.module.walk():
        if isinstance(op, ForOp):
            problem_of(op)


@given(grouped())
@examples(60)
def test_groups(network: Network):
    apply(network.module, "convert-graph-to-affine-nest")
    check(network)


@given(st.sampled_from([1, 2, 3, 4, 6, 12]), st.sampled_from([1, 2, 3, 4, 6, 12]))
@examples(20)
def test_several_divisions(one: int, other: int):
    """An iterator that is divided twice, one that is not, and a destination."""
    text = f"""
    func.func @main(%x: tensor<24x12xi8>, %y: tensor<40xi8>) -> tensor<40xi8> {{
      %c = affine_nest.for (%i) = (12) reduce (%k) = (12) into %y[%i * 3 + 2] {{
        %a = affine_nest.load %x[%i floordiv {one} + %k mod {other}, %i mod {one}]
            : tensor<24x12xi8>
        %s = affine_nest.reduce add %a : i8
        affine_nest.yield %s : i8
      }} : tensor<40xi8>
      return %c : tensor<40xi8>
    }}"""
    rng = np.random.default_rng(0)
    inputs = [values(rng, shape, np.dtype(np.int8), 0.2) for shape in ((24, 12), (40,))]
    check(Network(parse(text), inputs))
