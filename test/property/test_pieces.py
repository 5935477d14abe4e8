"""Tensors joined from pieces, one over another at times: written in place, read in part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checks import apply, assert_equal, run
from drafts import Draft, Network, shape_of
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from levels import TO_CORE
from xdsl.dialects import arith
from xdsl.dialects.builtin import TensorType, i8
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap

from nopt.dialects.affine_nest import Reduction
from nopt.dialects.affine_nest.builder import NestBuilder, Place
from nopt.hw.config import Config
from nopt.passes.base.machine import attach

CORE_OF_8 = Config(
    log_block_in=3,
    log_block_out=3,
    log_inp_buff_size=14,
    log_wgt_buff_size=16,
    log_acc_buff_size=16,
)
CORES = st.sampled_from([Config.load("rtl"), CORE_OF_8])


class Pieces(Draft):
    """Nests that compute pieces, copy them into a tensor, and read parts of both."""

    def __init__(self, draw: Any):
        super().__init__(draw)
        rows, columns = self.number(1, 4), 8 * self.number(1, 6)
        self.shape = [self.number(1, 3), rows, columns][-self.pick(2, 3) :]
        self.read: list[SSAValue] = []

    def box(self, shape: Sequence[int]) -> tuple[list[int], list[int]]:
        """The sizes of a part of a shape, the last one in steps of 8, and where it begins."""
        steps = [1] * (len(shape) - 1) + [8]
        sizes = [
            step * self.number(1, n // step) if n >= step else n
            for n, step in zip(shape, steps, strict=True)
        ]
        return sizes, [
            step * self.number(0, (n - size) // step)
            for n, size, step in zip(shape, sizes, steps, strict=True)
        ]

    def computed(self, shape: Sequence[int]) -> SSAValue:
        """A sum or a maximum over some channels, or something elementwise."""
        nest = NestBuilder({f"i{i}": n for i, n in enumerate(shape)}, {"k": self.pick(2, 8)})
        if self.pick(False, False, True):
            nest = NestBuilder({f"i{i}": n for i, n in enumerate(shape)})
            x = nest.load(self.argument(self.values(shape)), nest.dims)
            return self.append(nest.finish(nest.binary(arith.AddiOp, x, 3)))
        x = self.argument(self.values([*shape[:-1], nest.extents[-1]]))
        value = nest.load(x, [*nest.dims[:-2], nest.dims[-1]])
        weights = nest.load(
            self.constant(self.values([nest.extents[-1], shape[-1]])),
            [nest.dims[-1], nest.dims[-2]],
        )
        value = nest.binary(arith.AddiOp, value, weights)
        return self.append(nest.finish(nest.reduce(Reduction.MAX, value)))

    def piece(self, joined: SSAValue | None, axes: Sequence[int]) -> SSAValue:
        """What is computed, dimension `axes[i]` of the tensor its dimension i, copied there."""
        sizes, first = self.box(self.shape)
        source = self.computed([sizes[axis] for axis in axes])
        self.read.append(source)
        order = self.draw(st.permutations(range(len(sizes))))
        nest = NestBuilder({f"i{axis}": sizes[axis] for axis in order})
        dims = [nest.dims[order.index(axis)] for axis in range(len(sizes))]
        if self.pick(*[False] * 5, True):
            axis = self.number(0, len(dims) - 1)
            dims[axis] = dims[axis] * -1 + (sizes[axis] - 1)
        value = nest.load(source, [dims[axis] for axis in axes])
        places = [AffineDimExpr(order.index(a)) + low for a, low in enumerate(first)]
        map = AffineMap(len(order), 0, tuple(places))
        return self.append(nest.finish(value, place=Place(map, self.type, joined)))

    @property
    def type(self) -> TensorType[Any]:
        return TensorType(i8, self.shape)

    def reader(self, source: SSAValue) -> SSAValue:
        """A part of a tensor, or windows that may lie outside."""
        shape = shape_of(source)
        if self.pick(True, False):
            sizes, first = self.box(shape)
            nest = NestBuilder({f"i{i}": n for i, n in enumerate(sizes)})
            indices = [dim + low for dim, low in zip(nest.dims, first, strict=True)]
            value = nest.load(source, indices)
            return self.append(nest.finish(nest.binary(arith.MaxSIOp, value, 0)))
        axis, before = self.number(0, len(shape) - 1), self.number(0, 2)
        nest = NestBuilder({f"i{i}": n for i, n in enumerate(shape)}, {"k": 3})
        indices: list[AffineExpr] = [*nest.dims]
        k = indices.pop()
        indices[axis] = indices[axis] + k - before
        value = nest.load(source, indices, self.pick(0, 0, -128))
        return self.append(nest.finish(nest.reduce(Reduction.MAX, value)))


@st.composite
def joined(draw: Any) -> Network:
    draft = Pieces(draw)
    tensor: SSAValue | None = draft.argument(draft.values(draft.shape))
    axes = draft.draw(st.permutations(range(len(draft.shape))))
    for _ in range(draft.number(1, 3)):
        tensor = draft.piece(tensor, axes)
    results = [draft.reader(tensor) for _ in range(draft.number(0, 2))]
    results += [draft.reader(source) for source in draft.read if draft.pick(False, False, True)]
    if not results or draft.pick(False, True):
        results.append(tensor)
    return draft.finish(*results)


@examples(200)
@given(joined(), CORES)
def test_pieces(network: Network, core: Config):
    """Each nest of the core stores whole blocks of the tensor, which may end in several pieces."""
    attach(network.module, core)
    wanted = run(network)
    for name in ("affine-nest-fuse", "affine-nest-simplify", *TO_CORE):
        apply(network.module, name)
        assert_equal(run(network), wanted, name)
