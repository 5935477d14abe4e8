"""Simplification of long chains of scalar operations, near where types end."""

from typing import Any

import numpy as np
from checks import assert_same
from drafts import Draft, Network
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects import arith
from xdsl.dialects.builtin import i8, i16, i32, i64

from nopt.dialects.affine_nest.builder import NestBuilder


@st.composite
def scalars(draw: Any) -> Network:
    """A function @main of one nest: a load, then operations with numbers."""
    draft = Draft(draw)
    nest = NestBuilder({"p0": 40})
    array = draft.values([40], draft.pick(np.int8, np.int8, np.int32))
    make = draft.pick(draft.argument, draft.constant)
    value = nest.load(make(array & draft.pick(-1, 127)), nest.dims)
    for _ in range(draft.number(1, 8)):
        half = 1 << (value.type.bitwidth - 1)  # pyright: ignore
        near = st.integers(-200, 200) | st.integers(-half, half - 1)
        ends = st.sampled_from([-half, -half + 1, half - 1, half - 2, half // 2])
        number = min(max(draw(near | ends), -half), half - 1)
        match draft.pick("add", "add", "max", "max", "min", "min", "shr", "shr", "sub", "cast"):
            case "add":
                value = nest.binary(arith.AddiOp, value, number)
            case "max":
                value = nest.binary(arith.MaxSIOp, value, number)
            case "min":
                value = nest.binary(arith.MinSIOp, value, number)
            case "sub":
                value = nest.binary(arith.SubiOp, value, number)
            case "shr":
                most = value.type.bitwidth - 1  # pyright: ignore
                amounts = (*range(8), *range(most - 2, most + 4), -1)
                value = nest.binary(arith.ShRSIOp, value, draft.pick(*amounts))
            case _:
                value = nest.cast(value, draft.pick(i8, i16, i32, i32, i64, i64))
    return draft.finish(draft.append(nest.finish(value)))


@examples(300)
@given(scalars())
def test_simplify(network: Network):
    assert_same(network, "affine-nest-simplify")
