"""What mappings take at least, from what PEs hold and from the scratchpad's tiles alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nopt.hw.array.array_cost import CostModel, HeldTiles
from nopt.hw.array.loop_orders import Order
from nopt.hw.array.problem import Dim, Numbers, Operand
from nopt.passes.mapping.factorings import Array, Indices

Kept = frozenset[int]
"""Operands that the innermost loops keep at the PEs."""


@dataclass(frozen=True)
class Least:
    """Lower bounds of energy, without what is fixed and DRAM, and of cycles, without DMA."""

    energy: Array
    cycles: Array


def kept_by(spm: Order, dram: Order) -> Kept:
    """What may stay at the PEs under loops of these orders: with one pass of the array a pass of
    the scratchpad, the order of the loops over DRAM decides."""
    groups = spm.kept if spm.groups else dram.kept
    return frozenset(x for x, count in enumerate(groups) if count)


def least(model: CostModel, held: Array, tiles: HeldTiles, kept: Kept) -> Least:
    """Bounds of all mappings that hold this and keep no other operands.

    What is not kept moves in each pass of the array, and what is, at least once a distinct tile.
    Results come and go unless they are kept.
    """
    problem, y = model.problem, model.problem.output
    trips = [extent / each for extent, each in zip(problem.extents, list(held), strict=True)]
    passes = np.prod(trips, axis=0)
    energy, moving, slowest = np.zeros_like(passes), np.zeros_like(passes), np.zeros_like(passes)
    flushes = passes
    for x, operand in enumerate(problem.operands):
        distinct = np.prod([trips[i] for i in sorted(operand.loops)], axis=0)
        if x in kept:
            energy = energy + distinct * tiles.energy[x]
            slowest = np.maximum(slowest, distinct * tiles.network[x])
        else:
            energy = energy + passes * tiles.energy[x] * (2 if x == y else 1)
            moving = np.maximum(moving, tiles.network[x])
        if x == y and x in kept:
            flushes = distinct
    energy = energy + flushes * tiles.reduction_energy
    flushing = flushes * (tiles.compute + tiles.reduction)
    if y in kept:
        cycles = passes * np.maximum(tiles.compute, moving)
        cycles = np.maximum(cycles, passes * tiles.compute + flushing)
    else:
        cycles = passes * moving + flushing
    return Least(energy, np.maximum(cycles, slowest))


def before_spatial(model: CostModel, held: Array) -> HeldTiles:
    """What PEs hold at least, whatever factors are spatial: all PEs compute, without reduction."""
    machine, operands = model.machine, model.problem.operands
    tiles = model.held(list(np.ones_like(held)), list(held))
    arriving = [least_words(operand, list(held)) for operand in operands]
    return HeldTiles(
        compute=np.ceil(tiles.compute / machine.pes),
        reduction=np.zeros(held.shape[1]),
        spm_words=tiles.spm_words,
        noc_words=arriving,
        network=tiles.network,
        energy=[
            words * machine.network.energy + spm * machine.spm_energy
            for words, spm in zip(arriving, tiles.spm_words, strict=True)
        ],
        reduction_energy=np.zeros(held.shape[1]),
    )


def least_words(operand: Operand, extents: Sequence[Numbers]) -> Numbers:
    """Words that loops of these extents touch at least, without the gaps between them that the box
    of a tile has: an index that strides over more than the others reach leaves some."""
    words: Numbers = 1.0
    for dims in operand.independent_dims:
        words = words * np.max([_least_indices(dim, extents) for dim in dims], axis=0)
    return words


def _least_indices(dim: Dim, extents: Sequence[Numbers]) -> Numbers:
    count: Numbers = 1.0
    reach: Numbers = 1.0
    for stride, i in sorted((abs(stride), i) for i, stride in enumerate(dim.strides) if stride):
        extent = extents[i]
        dense = (count == reach) & (stride <= reach)
        reach = reach + stride * (extent - 1)
        apart = np.where(stride >= reach - stride * (extent - 1), count * extent, count)
        count = np.where(dense, reach, np.maximum(apart, extent))
    return count


def undominated(columns: Sequence[Array], owner: Indices) -> Indices:
    """The positions that none of the same owner beats in all that a cost grows with.

    Those of an owner are compared with a few of its best only.
    """
    alive = np.arange(len(owner))
    for lead in range(len(columns)):
        keys = [columns[(lead + i) % len(columns)][alive] for i in reversed(range(len(columns)))]
        order = np.lexsort([*keys, owner[alive]])
        alive = alive[order]
        own = owner[alive]
        first = np.flatnonzero(np.append(True, own[1:] != own[:-1]))
        champion = np.repeat(first, np.diff(np.append(first, len(own))))
        beaten = np.ones(len(alive), bool)
        for column in columns:
            values = column[alive]
            beaten &= values >= values[champion]
        beaten[first] = False
        alive = alive[~beaten]
    return np.sort(alive).astype(np.intp)
