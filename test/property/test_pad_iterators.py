"""Nests with larger extents compute the same, whatever their tensors and pads hold."""

from checks import assert_equal, run
from drafts import Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from odd_nests import network
from xdsl.rewriter import Rewriter

from nopt.dialects.affine_nest import ForOp
from nopt.passes.mapping.pad_iterators import cropped, padded, padded_extents

NESTS = {
    "product": (
        """
      %y = affine_nest.for (%i, %l) = (3, 2) reduce (%j) = (5) {
        %a = affine_nest.load %x[%i, %j] : tensor<3x5xi8>
        %b = affine_nest.load %x[%l + 1, %j] : tensor<3x5xi8>
        %p = arith.muli %a, %b : i8
        %s = affine_nest.reduce add %p : i8
        affine_nest.yield %s : i8
      } : tensor<3x2xi8>""",
        {0, 1, 2},
    ),
    # The window's pad is not 0 and its index runs on inside: the weights are 0 beyond, and mask it.
    "window": (
        """
      %y = affine_nest.for (%h) = (4) reduce (%c, %k) = (2, 3) {
        %a = affine_nest.load %x[%c, %h + %k - 1] pad 7 : tensor<3x5xi8>
        %b = affine_nest.load %x[%k, 4 - %c] : tensor<3x5xi8>
        %e = arith.extsi %a : i8 to i32
        %f = arith.extsi %b : i8 to i32
        %p = arith.muli %e, %f : i32
        %s = affine_nest.reduce add %p : i32
        %d = affine_nest.load %x[0, %h] : tensor<3x5xi8>
        %g = arith.extsi %d : i8 to i32
        %v = arith.addi %s, %g : i32
        affine_nest.yield %v : i32
      } : tensor<4xi32>""",
        {0, 2},
    ),
    # Nothing is 0 beyond %k: its sum must not go on.
    "unmasked": (
        """
      %y = affine_nest.for (%i) = (3) reduce (%k) = (3) {
        %a = affine_nest.load %x[%i, %k] : tensor<3x5xi8>
        %b = affine_nest.load %x[%i, %k + 1] : tensor<3x5xi8>
        %p = arith.muli %a, %b : i8
        %s = affine_nest.reduce add %p : i8
        affine_nest.yield %s : i8
      } : tensor<3xi8>""",
        {0},
    ),
    "masked_by_seven": (
        """
      %y = affine_nest.for (%i) = (3) reduce (%k) = (5) {
        %a = affine_nest.load %x[%i, %k] pad 7 : tensor<3x5xi8>
        %b = affine_nest.load %x[2 - %i, %k - 1] pad 7 : tensor<3x5xi8>
        %p = arith.muli %a, %b : i8
        %s = affine_nest.reduce add %p : i8
        affine_nest.yield %s : i8
      } : tensor<3xi8>""",
        {0},
    ),
}


def nest_of(drawn: Network) -> ForOp:
    return next(op for op in drawn.module.walk() if isinstance(op, ForOp))


@examples(80)
@given(st.sampled_from(sorted(NESTS)), st.data())
def test_the_same_values(name: str, data: st.DataObject):
    text, may_grow = NESTS[name]
    drawn = network(text)
    expected = run(drawn)
    nest = nest_of(drawn)
    tried = padded_extents(nest, 1.0)
    assert tried[0] == nest.extents
    grown = {i for each in tried for i, n in enumerate(each) if n > nest.extents[i]}
    assert grown <= may_grow and grown
    extents = data.draw(st.sampled_from(tried[1:]))
    made = padded(nest, extents)
    Rewriter.replace_op(nest, [made, cropped(nest, made)])
    drawn.module.verify()
    assert made.extents == extents
    assert_equal(run(drawn), expected, name)
