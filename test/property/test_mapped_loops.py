"""The loops of a mapped nest compute what the nest does, whatever the mapping."""

from math import prod

import pytest
from affine_runs import check, check_by_mlir
from drafts import Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from odd_nests import NESTS, network
from xdsl.context import Context

from nopt.dialects.affine_nest import ForOp, LevelAttr, MappingAttr
from nopt.dialects.affine_nest.attributes import MAPPING
from nopt.dialects.affine_nest.nest_problem import problem_of
from nopt.passes.base.remarks import remarks
from nopt.passes.mapping.affine_nest_estimate import AffineNestEstimatePass
from nopt.passes.mapping.affine_nest_map import AffineNestMapPass
from nopt.passes.mapping.factorings import divisors

ENDLESS = "pe256+pes=65536+rf=1048576+spm=1073741824"
MAPPED = (
    "two_reductions",
    "least_of_all",
    "sum_of_a_number",
    "shifts",
    "strided_padded",
    "grouped_into",
    "digits",
    "scaled",
    "scaled_products",
)
PRODUCTS = ("strided_padded", "scaled_products")
MORE = {
    "strided_padded": """
      %y = affine_nest.for (%c, %h) = (2, 4) reduce (%k) = (6) {
        %a = affine_nest.load %x[%c, %h * 2 + %k - 3] pad 3 : tensor<3x5xi8>
        %b = affine_nest.load %x[%c, 4 - %h] : tensor<3x5xi8>
        %p = arith.muli %a, %b : i8
        %s = affine_nest.reduce add %p : i8
        affine_nest.yield %s : i8
      } : tensor<2x4xi8>""",
    "grouped_into": """
      %y = affine_nest.for (%g, %o) = (2, 4) reduce (%i, %k) = (2, 2) into [%o, %g] {
        %a = affine_nest.load %x[%g + %i, %o + %k - 1] pad 0 : tensor<3x5xi8>
        %s = affine_nest.reduce max %a : i8
        affine_nest.yield %s : i8
      } : tensor<4x2xi8>""",
    "digits": """
      %y = affine_nest.for (%g, %o) = (2, 2) reduce (%i) = (4) into [%g * 2 + %o] {
        %a = affine_nest.load %x[%g + %o, %i] : tensor<3x5xi8>
        %s = affine_nest.reduce add %a : i8
        affine_nest.yield %s : i8
      } : tensor<4xi8>""",
    "scaled_products": """
      %y = affine_nest.for (%i, %l) = (3, 2) reduce (%j) = (4) {
        %a = affine_nest.load %x[%i, %j] : tensor<3x5xi8>
        %b = affine_nest.load %x[%l, %j + 1] : tensor<3x5xi8>
        %p = arith.muli %a, %b : i8
        %s = affine_nest.reduce add %p : i8
        %d = affine_nest.load %x[%l, %i] : tensor<3x5xi8>
        %v = arith.addi %s, %d : i8
        affine_nest.yield %v : i8
      } : tensor<3x2xi8>""",
    "scaled": """
      %y = affine_nest.for (%i) = (3) reduce (%j) = (4) {
        %a = affine_nest.load %x[%i, %j] : tensor<3x5xi8>
        %e = arith.extsi %a : i8 to i32
        %s = affine_nest.reduce add %e : i32
        %b = affine_nest.load %x[0, %i] : tensor<3x5xi8>
        %c = arith.extsi %b : i8 to i32
        %v = arith.muli %s, %c : i32
        affine_nest.yield %v : i32
      } : tensor<3xi32>""",
}


def mapped(draw: st.DrawFn, drawn: Network) -> Network:
    """The network with a mapping of each nest, drawn."""
    for op in drawn.module.walk():
        if isinstance(op, ForOp):
            problem = problem_of(op)
            rest = dict(zip(problem.loops, problem.extents, strict=True))
            levels: list[LevelAttr] = []
            for level in ("dram", "spm", "spatial", "rf"):
                factors = {
                    loop: n if level == "rf" else draw(st.sampled_from(divisors(n)))
                    for loop, n in rest.items()
                }
                rest = {loop: n // factors[loop] for loop, n in rest.items()}
                several = [loop for loop, factor in factors.items() if factor > 1]
                order = draw(st.permutations(several))
                levels.append(LevelAttr.of(level, {loop: factors[loop] for loop in order}))
            assert prod(rest.values()) == 1
            op.attributes[MAPPING] = MappingAttr.of(ENDLESS, levels, [])
    drawn.module.verify()
    return drawn


def named(name: str) -> Network:
    return network({**NESTS, **MORE}[name])


@examples(100)
@given(st.data(), st.sampled_from(MAPPED))
def test_by_xdsl(data: st.DataObject, name: str):
    check(data.draw(st.composite(mapped)(named(name))))


@pytest.mark.parametrize("name", MAPPED)
@examples(2)
@given(st.data())
def test_by_mlir(name: str, data: st.DataObject):
    check_by_mlir(data.draw(st.composite(mapped)(named(name))))


@examples(40)
@given(
    st.sampled_from(PRODUCTS),
    st.sampled_from(["edp", "energy", "cycles", "pareto"]),
    st.sampled_from([(), ("x",), ("all",)]),
    st.sampled_from([1, 4, 64]),
    st.sampled_from([8, 24, 512]),
    st.sampled_from([0.0, 0.5]),
)
def test_by_search(name: str, objective: str, pack: tuple[str, ...], pes: int, rf: int, pad: float):
    """`affine-nest-map` writes a mapping that fits and computes the same, and
    `affine-nest-estimate` says of it what the search did."""
    drawn = named(name)
    options = {"machine": f"pe256+pes={pes}+rf={rf}", "objective": objective, "pack": pack}
    options["pad"] = pad
    said: list[str] = []
    with remarks(lambda remark: said.append(remark.message)):
        AffineNestMapPass(**options).apply(Context(), drawn.module)
        found = list(said)
        AffineNestEstimatePass().apply(Context(), drawn.module)
    drawn.module.verify()
    taken = said[len(found)].split(" takes ")[1]
    assert any(taken in each for each in found)
    check(drawn)
