"""Tensors as the core sees them: row-major memory, in vectors of whole blocks of lanes.

A tensor whose last dimension divides by the block holds vectors as it is: `[h, b * 16 + lane]` of a
`tensor<128x768xi8>` is `[h, b, lane]` of a `tensor<128x48x16xi8>`, the same byte. Nests index
tensors of the network; what reads their indices for the core asks here for those of the vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np
from xdsl.dialects.builtin import i8
from xdsl.ir.affine import AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import simplify, to_sum
from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.affine_points import Ranges
from nopt.dialects.constants import Array
from nopt.dialects.tensor_intrinsic import Memory
from nopt.hw.config import Config


def entries_of(memory: Memory, config: Config) -> tuple[int, ...]:
    """How many entries of a scratchpad a block takes, as a dimension; none if it is one."""
    parts = {
        Memory.INP: config.inp_parts,
        Memory.WGT: config.inp_parts * config.acc_parts,
        Memory.ACC: config.acc_parts,
    }[memory]
    return (parts,) if parts > 1 else ()


def memory_of(load: LoadOp) -> Memory:
    """The scratchpad that what is loaded goes to, if it does not play weights."""
    return Memory.INP if load.result.type == i8 else Memory.ACC


def lane_parts(memory: Memory, config: Config) -> int:
    """In how many parts the innermost lanes of a tensor lie for a scratchpad, each with all that
    runs around them: rows of a batch, or the outputs of weights."""
    parts = config.acc_parts if memory is Memory.ACC else config.inp_parts
    return parts if memory is Memory.WGT or config.batch > 1 else 1


def lanes_of(memory: Memory, config: Config) -> tuple[int, ...]:
    """The lanes of an entry of a scratchpad, the rows of a batch one after the other."""
    match memory:
        case Memory.INP:
            return (config.batch * config.block_in,)
        case Memory.WGT:
            return (config.block_out, config.block_in)
        case Memory.ACC:
            return (config.batch * config.block_out,)


def block_bytes(memory: Memory, config: Config) -> int:
    """Bytes of a block in DRAM, on its way to or from a scratchpad."""
    lanes = prod(lanes_of(memory, config)) * prod(entries_of(memory, config))
    return 4 * lanes if memory is Memory.ACC else lanes


def weights_in_entries(blocks: Array, config: Config) -> Array:
    """Weights [..., block of outputs, block of inputs] as entries of their scratchpad."""
    if config.inp_parts > 1:
        *outer, outputs, _ = blocks.shape
        parts = blocks.reshape(*outer, outputs, config.inp_parts, config.block_in)
        return np.ascontiguousarray(np.moveaxis(parts, -2, -3))
    # Parts of the outputs lie one after the other anyway.
    return blocks.reshape(*blocks.shape[:-2], *entries_of(Memory.WGT, config), -1, config.block_in)


@dataclass(frozen=True)
class Vectors:
    """A tensor with dimensions divided, of the same bytes, and indices into it."""

    indices: tuple[AffineExpr, ...]
    shape: tuple[int, ...]

    def innermost(self, count: int) -> Vectors:
        """The last dimensions alone."""
        return Vectors(self.indices[-count:], self.shape[-count:])


def weight_lanes(
    outputs: AffineExpr, inputs: AffineExpr, ranges: Ranges, config: Config
) -> Vectors:
    """The innermost dimensions of weights, given the iterators that run over lanes."""
    block = config.block
    return in_parts(Vectors((outputs, inputs), (block, block)), Memory.WGT, ranges, config)


def in_parts(lanes: Vectors, memory: Memory, ranges: Ranges, config: Config) -> Vectors:
    """The innermost dimensions of a tensor whose vectors, or weights, have the dimensions `lanes`.

    They lie in `lane_parts`; those of weights as `weights_in_entries` has them.
    """
    if (parts := lane_parts(memory, config)) == 1:
        return lanes
    *outer, inner = lanes.indices
    *around, block = lanes.shape
    size = block // parts
    part, lane = (simplify(each, ranges) for each in (inner // size, inner % size))
    return Vectors((part, *outer, lane), (parts, *around, size))


def in_vectors(vectors: Vectors, ranges: Ranges, lanes: Sequence[int]) -> Vectors:
    """The same with dimensions of `lanes` innermost, divided from others where they divide.

    Matrices of weights have two, and so have vectors of a core that has a batch. What does not
    divide stays as it is.
    """
    indices, shape = [*vectors.indices], [*vectors.shape]
    inner: list[tuple[AffineExpr, int]] = []
    while len(inner) < len(lanes) and indices:
        index, size = indices.pop(), shape.pop()
        block = lanes[-1 - len(inner)]
        if block == 1 and size > 1:
            # Blocks of one lane are anywhere.
            indices.append(index)
            shape.append(size)
            index, size = AffineExpr.constant(0), 1
        if size == 1 and simplify(index, ranges) == AffineExpr.constant(0):
            if block > 1:
                continue
            index = AffineExpr.constant(0)
        if size > block and size % block == 0:
            indices.append(simplify(index // block, ranges))
            shape.append(size // block)
            index, size = simplify(index % block, ranges), block
        inner.insert(0, (index, size))
    return Vectors(
        (*indices, *(index for index, _ in inner)), (*shape, *(size for _, size in inner))
    )


def stored_box(nest: ForOp, config: Config) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The result's shape with a dimension for each parallel iterator; where its first point goes.

    None if no dividing of dimensions makes what is written a box in the order of the iterators, but
    for parts of vectors, which lie as STORE writes them.
    """
    ranges, extents, lanes = nest.ranges, nest.parallel_extents, config.vector
    vectors = _written_vectors(nest, config) if extents[-len(lanes) :] == lanes else None
    if vectors is None:
        return None
    shape: list[int] = []
    first: list[int] = []

    def pass_units(until: int) -> bool:
        """Iterators of one point move nothing: a dimension of one for each before another."""
        units = extents[len(shape) : until]
        shape.extend(units)
        first.extend([0] * len(units))
        return len(shape) == until and all(extent == 1 for extent in units)

    for index, size in zip(vectors.indices, vectors.shape, strict=True):
        total = to_sum(index, ranges)
        digits = sorted(total.terms.items(), key=lambda term: term[1], reverse=True)
        if not digits:
            if extents[len(shape) : len(shape) + 1] == (1,):
                shape.append(size)
                first.append(total.constant)
            elif size > 1:
                return None
            continue
        iterators = [atom.position for atom, _ in digits if isinstance(atom, AffineDimExpr)]
        factors = [factor for _, factor in digits]
        steps = [extents[i] for i in iterators[1:]]
        # Digits of one number: each factor is what the smaller digits together count to.
        pairs = zip(pairwise(factors), steps, strict=True)
        whole = all(high == low * step for (high, low), step in pairs)
        top = factors[0]
        if len(iterators) < len(digits) or not whole or factors[-1] != 1:
            return None
        if size % top or total.constant % top:
            return None
        for i, extent in zip(iterators, (size // top, *steps), strict=True):
            if not pass_units(i):
                return None
            shape.append(extent)
            first.append(0 if i != iterators[0] else total.constant // top)
    inner = len(lanes)
    if not pass_units(len(extents)) or len(shape) < inner or any(first[-inner:]):
        return None
    if tuple(shape[-inner:]) != extents[-inner:]:
        return None
    return tuple(shape), tuple(first)


def _written_vectors(nest: ForOp, config: Config) -> Vectors | None:
    """The result by vectors, and where a nest writes them; parts of a vector taken together.

    None if it writes parts otherwise than STORE does.
    """
    ranges, extents, lanes = nest.ranges, nest.parallel_extents, config.vector
    dims = tuple(AffineDimExpr(i) for i in range(len(extents)))
    own = Vectors(dims, extents).innermost(len(lanes))
    parts = in_parts(own, Memory.ACC, ranges, config)
    vectors = in_vectors(Vectors(nest.places.results, nest.result_shape), ranges, parts.shape)
    if parts == own:
        return vectors
    inner = len(parts.shape)
    if vectors.innermost(inner) != parts:
        return None
    return Vectors((*vectors.indices[:-inner], *own.indices), (*vectors.shape[:-inner], *own.shape))
