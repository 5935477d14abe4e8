"""Passes over nests of any index maps and scalars, not only those that networks have."""

from typing import Any

import numpy as np
from affine_networks import Network, values
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from test_affine_passes import CORES, check
from xdsl.dialects import arith
from xdsl.dialects.builtin import FunctionType, ModuleOp, i8, i16, i32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.ir.affine import AffineExpr

from nopt.dialects.affine_math import dim_ranges, expr_range
from nopt.dialects.affine_nest import Reduction
from nopt.dialects.constants import attribute_of, tensor_type
from nopt.dialects.graph import ConstantOp
from nopt.hw.config import Config
from nopt.passes.affine.nest_builder import NestBuilder
from nopt.passes.machine import attach


class _Draft:
    """Nests in a function; the tensors they load are arguments, constants, or earlier results."""

    def __init__(self, draw: Any, sizes: tuple[int, ...]):
        self.draw = draw
        self.sizes = sizes
        self.rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self.block = Block()
        self.inputs: list[np.ndarray] = []
        self.results: list[SSAValue] = []

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def odd(self, dims: list[AffineExpr]) -> AffineExpr:
        """An index that is not an iterator."""
        a, b = self.pick(*dims), self.pick(*dims)
        return self.pick(a + b, a * 2 + b, a // 2, a % 2, a + 3, b - a + 2, AffineExpr.constant(1))

    def load(self, dims: list[AffineExpr], dtype: Any = np.int8) -> SSAValue:
        """A load by some of the iterators, with or without padding."""
        if self.results and dtype is np.int8 and self.pick(True, True, False):
            return self.load_result(dims)
        count = min(len(dims), self.pick(1, 2, 3, 4))
        exprs: list[AffineExpr] = list(self.draw(st.permutations(dims))[:count])
        if self.pick(False, False, True):
            exprs.insert(self.number(0, count), self.odd(dims))
        if least := min(expr_range(expr, self.ranges)[0] for expr in exprs):
            exprs = [expr - least for expr in exprs]
        shape = [expr_range(expr, self.ranges)[1] + 1 for expr in exprs]
        pad: int | None = None
        if self.pick(False, False, False, True):
            at = self.pick(*range(len(shape)))
            if shape[at] > 1 and self.pick(True, False):
                shape[at] -= 1
            else:
                exprs[at] = exprs[at] - 1
            pad = self.pick(0, 0, 7, -128)
        return self.nest.load(self.tensor(shape, dtype), exprs, pad)

    def tensor(self, shape: list[int], dtype: Any) -> SSAValue:
        array = values(self.rng, shape, np.dtype(dtype), 0.1)
        if self.pick(True, False):
            array = array & self.pick(-1, 127)  # all values, or none below 0
            constant = ConstantOp(attribute_of(array, "c"))
            self.block.add_op(constant)
            return constant.result
        self.inputs.append(array)
        return self.block.insert_arg(tensor_type(shape, array.dtype), len(self.block.args))

    def load_result(self, dims: list[AffineExpr]) -> SSAValue:
        """A load of what an earlier nest computed: all of it, or as padding allows."""
        source = self.pick(*self.results)
        exprs: list[AffineExpr] = []
        outside = False
        for size in source.type.get_shape():
            same = [dim for dim in dims if self.nest.extents[dim.position] == size]
            expr = self.pick(*same) if same and self.pick(True, True, False) else self.odd(dims)
            low, high = expr_range(expr, self.ranges)
            outside |= low < 0 or high >= size
            exprs.append(expr)
        return self.nest.load(source, exprs, self.pick(0, 7, -128) if outside else None)

    def iterators(self, least_reductions: int, most_reductions: int) -> None:
        """Begin a nest."""
        extents = st.sampled_from(self.sizes)
        parallel = self.draw(st.lists(extents, min_size=1, max_size=3))
        reduction = self.draw(
            st.lists(extents, min_size=least_reductions, max_size=most_reductions)
        )
        self.nest = NestBuilder(
            {f"p{i}": extent for i, extent in enumerate(parallel)},
            {f"r{i}": extent for i, extent in enumerate(reduction)},
        )
        self.ranges = dim_ranges(self.nest.extents)

    def finish(self, value: SSAValue) -> None:
        op = self.nest.finish(value)
        self.block.add_op(op)
        self.results.append(op.result)

    def copy(self) -> None:
        self.iterators(0, 0)
        self.finish(self.load(list(self.nest.dims)))

    def compute(self) -> None:
        """A nest that a core may run."""
        self.iterators(self.pick(0, 1, 1, 1), 2)
        nest = self.nest
        parallel: list[AffineExpr] = list(nest.dims[: len(nest.parallel)])
        everywhere: list[AffineExpr] = list(nest.dims)
        start = self.load(everywhere if nest.reduction else parallel)
        value = nest.cast(start, i32)
        if nest.reduction:
            kind = self.pick(*[Reduction.ADD] * 4, Reduction.MAX, Reduction.MIN)
            if kind is Reduction.ADD and self.pick(True, True, True, False):
                other = nest.cast(self.load(everywhere), i32)
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
        self.finish(nest.cast(value, i8))

    def scalars(self) -> None:
        """A nest of one load and a long chain of operations with numbers, near where types end."""
        self.nest = NestBuilder({"p0": 40})
        self.ranges = dim_ranges(self.nest.extents)
        nest = self.nest
        own = self.pick(np.int8, np.int8, np.int32)
        value = nest.load(self.tensor([40], own), nest.dims)
        for _ in range(self.number(1, 8)):
            half = 1 << (value.type.bitwidth - 1)  # pyright: ignore
            near = st.integers(-200, 200) | st.integers(-half, half - 1)
            ends = st.sampled_from([-half, -half + 1, half - 1, half - 2, half // 2])
            number = min(max(self.draw(near | ends), -half), half - 1)
            match self.pick("add", "add", "max", "max", "min", "min", "shr", "shr", "sub", "cast"):
                case "add":
                    value = nest.binary(arith.AddiOp, value, number)
                case "max":
                    value = nest.binary(arith.MaxSIOp, value, number)
                case "min":
                    value = nest.binary(arith.MinSIOp, value, number)
                case "sub":
                    value = nest.binary(arith.SubiOp, value, number)
                case "shr":
                    value = nest.binary(arith.ShRSIOp, value, self.number(0, 7))
                case _:
                    value = nest.cast(value, self.pick(i8, i16, i32, i32))
        self.finish(value)

    def network(self) -> Network:
        result = self.results[-1]
        self.block.add_op(ReturnOp(result))
        type = FunctionType.from_lists(self.block.arg_types, [result.type])
        module = ModuleOp([FuncOp("main", type, Region(self.block))])
        module.verify()
        return Network(module, self.inputs)


@st.composite
def nests(draw: Any) -> Network:
    """A function @main of one nest."""
    draft = _Draft(draw, (1, 2, 3, 5, 9, 17))
    draft.compute()
    return draft.network()


@st.composite
def chains(draw: Any) -> Network:
    """A function @main of nests that read each other's results, copies among them."""
    draft = _Draft(draw, (1, 2, 3, 4, 6))
    for _ in range(draft.number(1, 3)):
        draft.pick(draft.copy, draft.compute)()
    draft.pick(draft.copy, draft.compute, draft.compute)()
    return draft.network()


@st.composite
def scalars(draw: Any) -> Network:
    """A function @main of one nest with a long chain of scalar operations."""
    draft = _Draft(draw, ())
    draft.scalars()
    return draft.network()


@examples(100)
@given(nests(), st.sampled_from(CORES))
def test_block(network: Network, core: Config):
    attach(network.module, core)
    check(
        network,
        ("affine-nest-infer-layout", "affine-nest-apply-layout", "affine-nest-fold-constants"),
    )


@examples(100)
@given(nests(), st.sampled_from(CORES))
def test_simplify(network: Network, core: Config):
    attach(network.module, core)
    check(network, ("affine-nest-simplify", "affine-nest-infer-layout", "affine-nest-apply-layout"))


@examples(200)
@given(chains())
def test_fuse(network: Network):
    check(network, ("affine-nest-fuse", "affine-nest-simplify", "affine-nest-fuse"))


@examples(300)
@given(scalars())
def test_simplify_scalars(network: Network):
    check(network, ("affine-nest-simplify",))
