"""Runs a program that ran before, as the few large operations that `dataflow` found in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nopt.hw.isa.encoding import Memory
from nopt.hw.sim._trace.segments import PADDING, Fetched, Flow, Product, Segment, Step, kept
from nopt.hw.sim.core_state import Core
from nopt.hw.sim.product_groups import Indices
from nopt.hw.sim.step_kernels import multiply, operate, weight_matrix


def replay(flow: Flow, core: Core) -> bool:
    """Run a flow on a core: False, and nothing has happened, if it does not fit its state."""
    if not all(_matches(core, begin, data) for begin, data in flow.uops):
        return False
    if core.check_initialised and not _is_initialised(flow, core):
        return False
    for segment in flow.segments:
        _Replay(core, segment).run()
    for begin, uops in flow.final_uops:
        core.uop[begin : begin + len(uops)] = uops
        core.written[Memory.UOP][begin : begin + len(uops)] = True
    return True


def _matches(core: Core, begin: int, data: bytes) -> bool:
    return core.memory[begin : begin + len(data)].tobytes() == data


def _is_initialised(flow: Flow, core: Core) -> bool:
    """Whether everything was written that is read: before the run, or by an earlier segment."""
    written = {memory: cells.copy() for memory, cells in core.written.items()}
    for segment in flow.segments:
        if not all(written[memory][cells].all() for memory, cells in segment.reads.items()):
            return False
        _mark_written(written, segment)
    return True


def _mark_written(written: dict[Memory, NDArray[np.bool_]], segment: Segment) -> None:
    for memory, final in segment.final.items():
        written[memory][final.cells] = True
    written[Memory.OUT][segment.stale] = False


class _Replay:
    """One segment on its way through a core."""

    def __init__(self, core: Core, segment: Segment) -> None:
        self._core, self._segment = core, segment
        self._values = np.empty((segment.values, *core.acc.shape[1:]), np.int32)
        self._inputs = self._read_inputs()

    def run(self) -> None:
        core, segment, values = self._core, self._segment, self._values
        values[0] = 0
        entries = len(core.acc)
        if len(segment.kept):
            old = segment.kept
            from_acc = int(np.searchsorted(old, entries))
            values[1 : 1 + from_acc] = core.acc[old[:from_acc]]
            values[1 + from_acc : 1 + len(old)] = core.out[old[from_acc:] - entries]
        for fetched in segment.fetched:
            self._fetch(fetched)
        for step in segment.steps:
            if isinstance(step, Product):
                self._multiply(step)
            else:
                self._operate(step)
        self._keep()  # before DRAM changes, where weights are read from
        self._store()

    def _rows(self, memory: Memory, addresses: Indices) -> NDArray[np.int8]:
        """DRAM elements as bytes (n, bytes)."""
        view = self._dram(memory, addresses)
        return view.take(addresses, axis=0, mode="clip")

    def _dram(self, memory: Memory, addresses: Indices) -> NDArray[np.int8]:
        size = self._core.element_bytes[memory]
        count = len(self._core.memory) // size
        return self._core.memory[: count * size].view(np.int8).reshape(count, size)

    def _read_inputs(self) -> NDArray[np.float32]:
        """A table of INP elements: what cells held before, padding, then from DRAM."""
        core, addresses = self._core, self._segment.inputs
        table = np.empty((len(addresses), *core.inp.shape[1:]), np.float32)
        old, padded = np.searchsorted(addresses, (PADDING, 0)).tolist()
        table[:old] = core.inp[kept(addresses[:old])]
        table[old:padded] = 0
        table[padded:] = self._rows(Memory.INP, addresses[padded:]).reshape(-1, *table.shape[1:])
        return table

    def _fetch(self, fetched: Fetched) -> None:
        kind = np.int32 if fetched.memory == Memory.ACC else np.int8
        rows = self._rows(fetched.memory, fetched.addresses).view(kind)
        part = self._values[fetched.first : fetched.first + len(rows)]
        part[:] = rows.reshape(part.shape)

    def _multiply(self, product: Product) -> None:
        rows, columns = len(product.src), len(product.wgt)
        results = self._values[product.first : product.first + rows * columns]
        sums = results.reshape(rows, columns, *results.shape[1:])
        if product.base is not None:
            sums[:] = self._values.take(product.base, axis=0)
        add = product.base is not None
        multiply(sums, self._inputs, product.src, self._weights, product.wgt, add)

    def _weights(self, addresses: Indices) -> NDArray[np.float32]:
        """Weight blocks (n, k) as the matrix (n * block_out, k * block_in)."""
        c = self._core.config
        blocks = self._rows(Memory.WGT, addresses)
        blocks = blocks.reshape(*addresses.shape, c.block_out, c.block_in)
        if addresses.min() < 0:
            old = addresses < PADDING
            blocks[addresses == PADDING] = 0
            blocks[old] = self._core.wgt[kept(addresses[old])]
        return weight_matrix(blocks).astype(np.float32)

    def _operate(self, step: Step) -> None:
        values, count = self._values, len(step.x)
        y = np.int32(step.imm or 0) if step.y is None else _part(values, step.y)
        values[step.first : step.first + count] = operate(step.op, _part(values, step.x), y)

    def _store(self) -> None:
        segment = self._segment
        addresses = segment.store_addresses
        if len(addresses):
            low = self._values.take(segment.stored, axis=0).astype(np.int8)
            view = self._dram(Memory.OUT, addresses)
            low = low.reshape(len(low), -1)
            first, last = int(addresses[0]), int(addresses[-1])
            if last - first + 1 == len(addresses):
                view[first : last + 1] = low
            else:
                view[addresses] = low

    def _keep(self) -> None:
        """Leave scratchpads as the program does."""
        core = self._core
        _mark_written(core.written, self._segment)
        for memory, final in self._segment.final.items():
            cells, values = final.cells, final.values
            if not len(cells):
                continue
            if memory == Memory.INP:
                core.inp[cells] = self._inputs.take(values, axis=0)
            elif memory == Memory.WGT:
                blocks = self._rows(Memory.WGT, values).reshape(-1, *core.wgt.shape[1:])
                blocks[values == PADDING] = 0
                core.wgt[cells] = blocks
            elif memory == Memory.ACC:
                core.acc[cells] = self._values.take(values, axis=0)
            else:
                core.out[cells] = self._values.take(values, axis=0)


def _part(values: NDArray[np.int32], which: Indices) -> NDArray[np.int32]:
    """Rows of a table; a view if they lie together."""
    first, last = int(which[0]), int(which[-1])
    if last - first + 1 == len(which) and (np.diff(which) == 1).all():
        return values[first : last + 1]
    return values.take(which, axis=0)
