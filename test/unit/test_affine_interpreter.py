"""The reference interpreter of nests: large grids in chunks, sums that no float holds, refusals."""

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerType, i8, i32, i64
from xdsl.ir import Block, SSAValue

from nopt.dialects.affine_nest import Reduction
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.constants import tensor_type
from nopt.dialects.interpreters import affine_nest
from nopt.dialects.interpreters.affine_nest import evaluate_nest
from nopt.dialects.interpreters.contraction import contract


def matmul_nest(rows: int, inner: int, columns: int):
    """A nest that multiplies two matrices and adds a vector, and the values it loads."""
    block = Block(
        arg_types=[
            tensor_type((rows, inner), np.dtype(np.int8)),
            tensor_type((inner, columns), np.dtype(np.int8)),
            tensor_type((rows,), np.dtype(np.int32)),
        ]
    )
    nest = NestBuilder({"m": rows, "n": columns}, {"k": inner})
    m, n, k = nest.dims
    a = nest.cast(nest.load(block.args[0], [m, k]), i32)
    b = nest.cast(nest.load(block.args[1], [k, n]), i32)
    total = nest.reduce(Reduction.ADD, nest.binary(arith.MuliOp, a, b))
    return nest.finish(nest.binary(arith.AddiOp, total, nest.load(block.args[2], [m]))), block.args


@pytest.mark.parametrize("points", [1, 7, 64, 1 << 20])
def test_chunks_are_whole_rows_of_the_first_iterator(points: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(affine_nest, "_CHUNK_POINTS", points)
    nest, arguments = matmul_nest(11, 5, 3)
    rng = np.random.default_rng(0)
    a = rng.integers(-128, 128, (11, 5), dtype=np.int8)
    b = rng.integers(-128, 128, (5, 3), dtype=np.int8)
    c = rng.integers(-(2**31), 2**31, 11, dtype=np.int64).astype(np.int32)
    found = evaluate_nest(nest, dict(zip(arguments, (a, b, c), strict=True)))
    wanted = a.astype(np.int64) @ b.astype(np.int64) + c[:, None]
    np.testing.assert_array_equal(found, wanted.astype(np.int32))


def test_unknown_operation_is_named():
    block = Block(arg_types=[tensor_type((3,), np.dtype(np.int8))])
    nest = NestBuilder({"i": 3})
    x = nest.load(block.args[0], nest.dims)
    two = nest.constant(2, i8)
    op = nest.finish(nest.add(arith.AddUIExtendedOp(x, two)))
    with pytest.raises(
        ValueError, match=r"'arith\.addui_extended' is not supported in a nest's body"
    ):
        evaluate_nest(op, {block.args[0]: np.zeros(3, np.int8)})


@pytest.mark.parametrize("width", [1, 3, 8, 24])
def test_reductions_wrap_in_their_width_and_go_by_sign(width: int):
    type = IntegerType(width)
    numbers = np.asarray([5, -3, 9, 12, 7, -8], np.int8)
    block = Block(arg_types=[tensor_type(numbers.shape, numbers.dtype)])
    lying = [signed(int(number), width) for number in numbers]
    for kind, wanted in (
        (Reduction.ADD, sum(lying)),
        (Reduction.MAX, max(lying)),
        (Reduction.MIN, min(lying)),
        (None, sum(number * number for number in lying)),
    ):
        nest = NestBuilder({}, {"i": len(numbers)})
        x: SSAValue = nest.load(block.args[0], nest.dims)
        if width < 8:
            x = nest.add(arith.TruncIOp(x, type))
        elif width > 8:
            x = nest.add(arith.ExtSIOp(x, type))
        if kind is None:
            x = nest.add(arith.MuliOp(x, x))
        total = nest.reduce(kind or Reduction.ADD, x)
        wide = total if width == 64 else nest.add(arith.ExtSIOp(total, i64))
        found = evaluate_nest(nest.finish(wide), {block.args[0]: numbers})
        assert int(found) == signed(wanted, width)


def signed(number: int, width: int) -> int:
    """A number modulo 2^width, as two's complement."""
    bits = number & ((1 << width) - 1)
    return bits - (1 << width) if bits >> (width - 1) else bits


def test_no_load():
    nest = NestBuilder({"i": 3}, {"k": 4})
    one = nest.constant(1, i64)
    op = nest.finish(nest.reduce(Reduction.ADD, one))
    np.testing.assert_array_equal(evaluate_nest(op, {}), np.full(3, 4, np.int64))


@settings(max_examples=100)
@given(st.data())
def test_contract_is_exact_modulo_2_to_64(data: st.DataObject):
    """Whatever axes the operands have, and however large their elements are."""
    extents = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    axes = range(len(extents))
    reduced = tuple(i for i in axes if data.draw(st.booleans()))
    arrays: list[np.ndarray] = []
    for dtype in (np.int8, np.int64):
        shape = [extents[i] if data.draw(st.booleans()) else 1 for i in axes]
        limits = np.iinfo(dtype)
        bits = data.draw(st.integers(1, 64 if dtype is np.int64 else 8))
        low, high = max(limits.min, -(1 << (bits - 1))), min(limits.max, (1 << (bits - 1)) - 1)
        numbers = st.lists(st.integers(low, high), min_size=prod(shape), max_size=prod(shape))
        arrays.append(np.array(data.draw(numbers), dtype).reshape(shape))
    a, b = arrays
    found = contract(a, b, reduced, extents)
    wanted = dict.fromkeys(product(*(range(1 if i in reduced else extents[i]) for i in axes)), 0)
    for point in product(*map(range, extents)):
        own = [tuple(p % size for p, size in zip(point, x.shape, strict=True)) for x in (a, b)]
        result = tuple(0 if i in reduced else point[i] for i in axes)
        wanted[result] += int(a[own[0]]) * int(b[own[1]])
    full = np.broadcast_to(found, [1 if i in reduced else extents[i] for i in axes])
    for index, value in wanted.items():
        assert (int(full[index]) - value) % (1 << 64) == 0
