"""Many small operations to few large ones: level by level, what is independent and alike merges.

Products with the same weights become rows of one product, those with the same rows columns of one;
ALU rounds of the same operation become one vector step. Values are numbered anew, so that results
of an operation lie together, and where the next one needs them in order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nopt.hw.isa.encoding import AluOp, Memory
from nopt.hw.sim._trace.renaming import Chain, Renaming, Round
from nopt.hw.sim._trace.segments import PADDING, ZERO, Fetched, Final, Product, Segment, Step, kept
from nopt.hw.sim.product_groups import Group, Indices, grouped


def merge(renaming: Renaming, acc_entries: int) -> Segment:
    """The segment that a renaming went through."""
    addresses, values = _last_stores(renaming.stores)
    old = _old_values(renaming)
    numbering = _Numbering(renaming.count)
    numbering.give(np.array([ZERO]))
    numbering.give(old)
    fetched: list[Fetched] = []
    for memory in (Memory.ACC, Memory.ACC_8BIT):
        if loads := [load for load in renaming.fetched if load[0] == memory]:
            results = [np.arange(first, first + len(places)) for _, places, first in loads]
            first = numbering.give(np.concatenate(results))
            fetched.append(Fetched(memory, np.concatenate([load[1] for load in loads]), first))
    steps: list[Product | Step] = []
    for level in range(1, 1 + max((node.level for node in renaming.nodes), default=0)):
        nodes = [node for node in renaming.nodes if node.level == level]
        steps += _products([node for node in nodes if isinstance(node, Chain)], numbering)
        steps += _rounds([node for node in nodes if isinstance(node, Round)], numbering)
    final = _final(renaming, numbering.new)
    inputs, wgt = _used(steps, final)
    final[Memory.INP] = Final(
        final[Memory.INP].cells, np.searchsorted(inputs, final[Memory.INP].values)
    )
    from_acc = np.searchsorted(old, 1 + acc_entries)
    return Segment(
        inputs=inputs,
        kept=old - 1,
        fetched=fetched,
        steps=[_in_table(step, inputs) for step in steps],
        values=numbering.count,
        stored=numbering.new[values],
        store_addresses=addresses,
        final=final,
        stale=_stale(renaming),
        reads={
            Memory.INP: kept(inputs[inputs < PADDING]),
            Memory.WGT: kept(wgt[wgt < PADDING]),
            Memory.ACC: old[:from_acc] - 1,
            Memory.OUT: old[from_acc:] - 1 - acc_entries,
        },
    )


class _Numbering:
    """From preliminary numbers of values to those of the segment."""

    def __init__(self, most: int) -> None:
        self.new = np.zeros(most, np.int64)
        self.count = 0

    def give(self, values: Indices) -> int:
        """The next numbers, for values in this order: the first one."""
        first = self.count
        self.count += values.size
        self.new[values] = np.arange(first, self.count).reshape(values.shape)
        return first


def _products(chains: Sequence[Chain], numbering: _Numbering) -> list[Product]:
    groups = grouped(
        Group(
            np.concatenate(chain.src, axis=1),
            np.concatenate(chain.wgt, axis=1),
            (chain.base, chain.results),
        )
        for chain in chains
    )
    products: list[Product] = []
    for src, wgt, (base, results) in groups:
        base = numbering.new[base] if (base != ZERO).any() else None
        products.append(Product(src, wgt, base, numbering.give(results)))
    return products


def _rounds(rounds: Sequence[Round], numbering: _Numbering) -> list[Step]:
    by_key: dict[tuple[AluOp, int | None], list[Round]] = {}
    for each in rounds:
        by_key.setdefault(each.key, []).append(each)
    steps: list[Step] = []
    for (op, imm), alike in by_key.items():
        x = numbering.new[np.concatenate([each.x for each in alike])]
        order = np.argsort(x, kind="stable")
        y = [each.y for each in alike if each.y is not None]
        second = numbering.new[np.concatenate(y)[order]] if y else None
        results = np.concatenate([each.results for each in alike])[order]
        steps.append(Step(op, imm, x[order], second, numbering.give(results)))
    return steps


def _old_values(renaming: Renaming) -> Indices:
    """What ACC and OUT held before, as far as anything reads it; ascending."""
    reads = [np.zeros(0, np.int64), *(values for _, values in renaming.stores)]
    for node in renaming.nodes:
        if isinstance(node, Chain):
            reads.append(node.base.ravel())
        else:
            reads += [node.x] if node.y is None else [node.x, node.y]
    values = np.concatenate(reads)
    return np.unique(values[(values != ZERO) & (values < renaming.first)])


def _final(renaming: Renaming, new: Indices) -> dict[Memory, Final]:
    final: dict[Memory, Final] = {}
    for memory, cells in renaming.cells.items():
        changed = np.flatnonzero(cells != renaming.before[memory])
        values = cells[changed]
        is_value = memory in (Memory.ACC, Memory.OUT)
        final[memory] = Final(changed, new[values] if is_value else values)
    return final


def _stale(renaming: Renaming) -> Indices:
    acc, out = renaming.cells[Memory.ACC], renaming.cells[Memory.OUT]
    return np.flatnonzero((acc != renaming.before[Memory.ACC]) & (acc != out))


def _used(steps: Sequence[Product | Step], final: dict[Memory, Final]) -> tuple[Indices, Indices]:
    """INP elements that anything needs, and WGT elements that products use; ascending."""
    products = [step for step in steps if isinstance(step, Product)]
    inputs = [final[Memory.INP].values, *(np.unique(product.src) for product in products)]
    weights = [np.zeros(0, np.int64), *(np.unique(product.wgt) for product in products)]
    return np.unique(np.concatenate(inputs)), np.unique(np.concatenate(weights))


def _in_table(step: Product | Step, inputs: Indices) -> Product | Step:
    if isinstance(step, Step):
        return step
    return Product(np.searchsorted(inputs, step.src), step.wgt, step.base, step.first)


def _last_stores(stores: list[tuple[Indices, Indices]]) -> tuple[Indices, Indices]:
    """Addresses, ascending, and the value that is stored last at each."""
    if not stores:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    addresses, values = (np.concatenate([part[i] for part in stores])[::-1] for i in (0, 1))
    addresses, first = np.unique(addresses, return_index=True)
    return addresses, values[first]
