"""Nests as problems for arrays of PEs: their own access maps say what a tile touches."""

import pytest
from array_problems import DATA, layer
from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin
from xdsl.dialects.func import Func
from xdsl.parser import Parser
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.affine_nest import AffineNest, ForOp
from nopt.dialects.affine_nest.nest_problem import problem_of
from nopt.hw.array.array_machine import ArrayMachine
from nopt.passes.mapping.mapping_search import MappingSearch


def nest(iterators: str, x: str, w: str, result: str) -> ForOp:
    """The only nest of a function: a sum of products of two loads, each `map] : shape`."""
    (x_map, x_shape), (w_map, w_shape) = x.split(" : "), w.split(" : ")
    text = f"""
func.func @main(%x: tensor<{x_shape}xi32>, %w: tensor<{w_shape}xi32>) -> tensor<{result}xi32> {{
  %r = affine_nest.for {iterators} {{
    %a = affine_nest.load %x[{x_map} : tensor<{x_shape}xi32>
    %b = affine_nest.load %w[{w_map} : tensor<{w_shape}xi32>
    %p = arith.muli %a, %b : i32
    %s = affine_nest.reduce add %p : i32
    affine_nest.yield %s : i32
  }} : tensor<{result}xi32>
  return %r : tensor<{result}xi32>
}}"""
    context = Context()
    for dialect in (Builtin, Func, Arith, AffineNest):
        context.load_dialect(dialect)
    module = Parser(context, text).parse_module()
    module.verify()
    return next(op for op in module.walk() if isinstance(op, ForOp))


def test_a_layer_is_what_is_published():
    found = problem_of(
        nest(
            "(%n, %m, %h, %v) = (4, 512, 7, 7) reduce (%c, %i, %j) = (512, 3, 3)",
            "%n, %c, %h + %i - 1, %v + %j - 1] pad 0 : 4x512x7x7",
            "%m, %c, %i, %j] : 512x512x3x3",
            "4x512x7x7",
        )
    )
    assert found.loops == ("n", "m", "h", "v", "c", "i", "j")
    assert [each.name for each in found.operands] == ["out", "x", "w"]
    published = layer("conv5_2")
    turn = [published.loops.index(name) for name in ("N", "M", "Ox", "Oy", "C", "Fx", "Fy")]
    assert found.extents == tuple(published.extents[i] for i in turn)
    for ours, theirs in zip(found.operands, published.operands, strict=True):
        assert [(dim.size, dim.strides) for dim in ours.dims] == [
            (dim.size, tuple(dim.strides[i] for i in turn)) for dim in theirs.dims
        ]
    best = MappingSearch(ArrayMachine.load("pe256"), found).run().estimates[0]
    assert best.edp == pytest.approx(DATA["layers"]["conv5_2"]["optimum"]["edp"], rel=1e-9)


@pytest.mark.parametrize(
    ("iterators", "x", "w", "result", "footprint"),
    [
        # Strided and dilated, by channel, in groups, a product, a flipped window.
        (
            "(%c, %h) = (8, 4) reduce (%k) = (3)",
            "%c, %h * 2 + %k * 3] : 8x13",
            "%c, %k] : 8x3",
            "8x4",
            (32, 104, 24),
        ),
        (
            "(%g, %o, %h) = (2, 4, 5) reduce (%i) = (3)",
            "%g, %i, %h] : 2x3x5",
            "%g, %o, %i] : 2x4x3",
            "2x4x5",
            (40, 30, 24),
        ),
        (
            "(%m, %n) = (6, 7) reduce (%k) = (5)",
            "%m, %k] : 6x5",
            "%k, %n] : 5x7",
            "6x7",
            (42, 30, 35),
        ),
        ("(%h) = (5) reduce (%k) = (3)", "%h - %k + 2] : 7", "%k] : 3", "5", (5, 7, 3)),
        # Groups and the channels in them are digits of one index.
        (
            "(%g, %o) = (2, 3) reduce (%i) = (4)",
            "%g * 4 + %i] : 8",
            "%g * 3 + %o, %i] : 6x4",
            "2x3",
            (6, 8, 24),
        ),
    ],
)
def test_footprints(iterators, x, w, result, footprint):
    problem = problem_of(nest(iterators, x, w, result))
    found = tuple(each.footprint(problem.extents) for each in problem.operands)
    assert found == footprint
    assert all(each.footprint([1] * len(problem.loops)) == 1 for each in problem.operands)


def test_an_index_that_divides():
    with pytest.raises(VerifyException, match=r"^operand x: index 0 is .*expected a sum of"):
        problem_of(nest("(%m) = (4) reduce (%k) = (2)", "%m floordiv 3] : 2", "%k] : 2", "4"))


def test_digits_of_an_index():
    """A tile of two groups with one channel of each touches two words, not all in between."""
    found = problem_of(
        nest(
            "(%g, %o) = (2, 3) reduce (%i) = (4)",
            "%g * 4 + %i] : 8",
            "%g * 3 + %o, %i] : 6x4",
            "2x3",
        )
    )
    assert [operand.footprint((2, 1, 1)) for operand in found.operands] == [2, 2, 2]
    assert [operand.footprint((1, 3, 2)) for operand in found.operands] == [3, 2, 6]
    # Windows are not: they overlap, or leave gaps.
    for x in ("%h * 2 + %k] : 11", "%h * 4 + %k] : 19"):
        (_, window, _) = problem_of(
            nest("(%h) = (5) reduce (%k) = (3)", x, "%k] : 3", "5")
        ).operands
        assert len(window.dims) == 1
