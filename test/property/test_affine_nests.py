"""Passes over nests of any index maps and scalars, not only those that networks have."""

from typing import Any

import numpy as np
import pytest
from affine_networks import Network, values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_affine_passes import CORES, check
from xdsl.dialects import arith
from xdsl.dialects.builtin import FunctionType, ModuleOp, i8, i32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.ir.affine import AffineExpr

from nopt.dialects.affine_math import dim_ranges, expr_range
from nopt.dialects.affine_nest import Reduction
from nopt.dialects.constants import attribute_of, scoped_resources, tensor_type
from nopt.dialects.graph import ConstantOp
from nopt.hw.config import Config
from nopt.passes.affine.nest_builder import NestBuilder
from nopt.passes.machine import attach

slow = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.fixture(autouse=True)
def _own_resources():
    with scoped_resources():
        yield


class _Draft:
    """One nest in a function, its tensors arguments or constants."""

    def __init__(self, draw: Any):
        self.draw = draw
        self.rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self.block = Block()
        self.inputs: list[np.ndarray] = []
        parallel = draw(st.lists(st.sampled_from([1, 2, 3, 5, 9, 17]), min_size=1, max_size=3))
        least = draw(st.sampled_from([0, 1, 1, 1]))
        reduction = draw(st.lists(st.sampled_from([1, 2, 3, 5, 9]), min_size=least, max_size=2))
        self.nest = NestBuilder(
            {f"p{i}": extent for i, extent in enumerate(parallel)},
            {f"r{i}": extent for i, extent in enumerate(reduction)},
        )

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def indices(self, dims: list[AffineExpr]) -> list[AffineExpr]:
        """Some of the iterators in some order; now and then other expressions of them."""
        count = min(len(dims), self.pick(1, 2, 3, 4))
        exprs: list[AffineExpr] = list(self.draw(st.permutations(dims))[:count])
        if self.pick(False, False, True):
            a, b = self.pick(*dims), self.pick(*dims)
            odd = self.pick(a + b, a * 2 + b, a // 2, a % 2, a + 3, AffineExpr.constant(1))
            exprs.insert(self.number(0, count), odd)
        return exprs

    def load(self, dims: list[AffineExpr], dtype: Any) -> SSAValue:
        """A load by some of the iterators; of a tensor just large enough, or one that pads."""
        exprs = self.indices(dims)
        ranges = dim_ranges(self.nest.extents)
        shape = [expr_range(expr, ranges)[1] + 1 for expr in exprs]
        pad: int | None = None
        if self.pick(False, False, False, True):
            at = self.pick(*range(len(shape)))
            exprs[at] = exprs[at] - 1
            pad = self.pick(0, 0, 7, -128)
        array = values(self.rng, shape, np.dtype(dtype), 0.1)
        if self.pick(True, False):
            array = array & self.pick(-1, 127)  # all values, or none below 0
            constant = ConstantOp(attribute_of(array, "c"))
            self.block.add_op(constant)
            return self.nest.load(constant.result, exprs, pad)
        self.inputs.append(array)
        argument = self.block.insert_arg(tensor_type(shape, array.dtype), len(self.block.args))
        return self.nest.load(argument, exprs, pad)

    def network(self) -> Network:
        nest = self.nest
        parallel: list[AffineExpr] = list(nest.dims[: len(nest.parallel)])
        everywhere: list[AffineExpr] = list(nest.dims)
        start = self.load(everywhere if nest.reduction else parallel, np.int8)
        value = nest.cast(start, i32)
        if nest.reduction:
            kind = self.pick(*[Reduction.ADD] * 4, Reduction.MAX, Reduction.MIN)
            if kind is Reduction.ADD and self.pick(True, True, True, False):
                other = nest.cast(self.load(everywhere, np.int8), i32)
                pair = self.pick((value, other), (other, value))
                value = nest.binary(arith.MuliOp, *pair)
            value = nest.reduce(kind, value if kind is Reduction.ADD else start)
            value = nest.cast(value, i32)
        for _ in range(self.pick(0, 1, 2)):
            step = self.pick(arith.AddiOp, arith.MaxSIOp, arith.MinSIOp)
            operand: SSAValue | int = self.pick(0, 5, -70000)
            if self.pick(True, False, False):
                operand = nest.cast(self.load(parallel, self.pick(np.int8, np.int32)), i32)
            value = nest.binary(step, value, operand)
        op = nest.finish(nest.cast(value, i8))
        self.block.add_ops([op, ReturnOp(op.result)])
        type = FunctionType.from_lists(self.block.arg_types, [op.result.type])
        return Network(ModuleOp([FuncOp("main", type, Region(self.block))]), self.inputs)


@st.composite
def nests(draw: Any) -> Network:
    """A function @main of one nest that a core may run."""
    network = _Draft(draw).network()
    network.module.verify()
    return network


@settings(slow, max_examples=120)
@given(nests(), st.sampled_from(CORES))
def test_block(network: Network, core: Config):
    attach(network.module, core)
    check(network, ("affine-nest-block", "affine-nest-fold-constants"))


@settings(slow, max_examples=120)
@given(nests(), st.sampled_from(CORES))
def test_simplify(network: Network, core: Config):
    attach(network.module, core)
    check(network, ("affine-nest-simplify", "affine-nest-block"))
