"""Nests that no network has: reductions of reductions, of numbers, by minimum; nests of rank 0."""

import numpy as np
from checks import parse
from drafts import Network, values

NESTS = {
    "two_reductions": """
      %y = affine_nest.for (%i) = (3) reduce (%j, %k) = (4, 2) {
        %a = affine_nest.load %x[%i, %j] : tensor<3x5xi8>
        %m = affine_nest.reduce max %a : i8
        %b = affine_nest.load %x[%i, %j + %k - 1] pad 7 : tensor<3x5xi8>
        %d = arith.subi %b, %m : i8
        %e = arith.extsi %d : i8 to i32
        %s = affine_nest.reduce add %e : i32
        %n = arith.extsi %m : i8 to i32
        %v = arith.addi %s, %n : i32
        affine_nest.yield %v : i32
      } : tensor<3xi32>""",
    "least_of_all": """
      %y = affine_nest.for () = () reduce (%i, %j) = (3, 5) {
        %a = affine_nest.load %x[2 - %i, %j] : tensor<3x5xi8>
        %m = affine_nest.reduce min %a : i8
        affine_nest.yield %m : i8
      } : tensor<i8>""",
    "sum_of_a_number": """
      %y = affine_nest.for (%i) = (3) reduce (%j) = (50) {
        %a = affine_nest.load %x[%i, 1] : tensor<3x5xi8>
        %s = affine_nest.reduce add %a : i8
        affine_nest.yield %s : i8
      } : tensor<3xi8>""",
    "reduction_over_nothing": """
      %y = affine_nest.for (%i) = (3) {
        %a = affine_nest.load %x[%i, 1] : tensor<3x5xi8>
        %s = affine_nest.reduce max %a : i8
        affine_nest.yield %s : i8
      } : tensor<3xi8>""",
    "divisions": """
      %y = affine_nest.for (%i, %j) = (4, 6) {
        %a = affine_nest.load %x[(%i * 6 + %j) floordiv 7, (%i + %j) mod 7] pad 9 : tensor<3x5xi8>
        %b = affine_nest.load %x[(%i + 1) ceildiv 2, %j - %i] pad 4 : tensor<3x5xi8>
        %v = arith.maxsi %a, %b : i8
        affine_nest.yield %v : i8
      } : tensor<4x6xi8>""",
    "shifts": """
      %y = affine_nest.for (%i, %j) = (3, 5) {
        %a = affine_nest.load %x[%i, %j] : tensor<3x5xi8>
        %b = arith.extsi %a : i8 to i32
        %c = arith.constant 9 : i32
        %d = arith.shli %b, %c : i32
        %e = arith.constant 11 : i32
        %f = arith.shrsi %d, %e : i32
        %g = arith.floordivsi %f, %e : i32
        %v = arith.trunci %g : i32 to i16
        affine_nest.yield %v : i16
      } : tensor<3x5xi16>""",
}


def nest(name: str) -> Network:
    """A function of one of these nests."""
    return network(NESTS[name])


def network(body: str) -> Network:
    """A function of a nest on a random tensor."""
    result = body.rsplit(" : ", 1)[1]
    text = f"""
    func.func @main(%x: tensor<3x5xi8>) -> {result} {{{body}
      return %y : {result}
    }}"""
    return Network(parse(text), [values(np.random.default_rng(0), (3, 5), np.dtype(np.int8), 0.2)])
