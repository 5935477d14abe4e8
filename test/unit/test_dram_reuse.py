"""Tensors that share a place in DRAM: no module reads too late or writes too early.

The simulator runs instructions in an order that hides such races, so order is proven: by tokens
alone, for any speed of the modules, and by the cycles of the timing model.
"""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, i8, i32

from nopt.dialects import graph
from nopt.dialects.constants import scoped_resources
from nopt.dialects.interpreters.run import run_function
from nopt.hw.isa.encoding import Module, Opcode, element_bytes, module_of, records
from nopt.hw.program.program_file import Program
from nopt.hw.program.program_parts import CoreStep
from nopt.hw.timing.program_timing import time_program
from nopt.tools.runtime import Runtime

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from workloads import Network, compile_program, random_inputs


def chain() -> ModuleOp:
    """Layers of several tiles, one after the other."""
    network = Network("chain", 1, 32, 24, 24)
    x = network.input
    for kernel in (3, 1, 3, 1, 3, 1):
        x = network.conv(x, 32, kernel, pad=kernel // 2)
    return network.finish(x)


def residual() -> ModuleOp:
    """Two blocks with a skip connection: three tensors at a time."""
    network = Network("blocks", 1, 32, 20, 20)
    x = network.conv(network.input, 32, 1)
    for _ in range(2):
        y = network.conv(x, 32, 3, pad=1)
        y = network.conv(y, 32, 3, pad=1, relu=False)
        y = network.add(graph.AddOp(y, x, i32), "sum")
        y = network.add(graph.ReluOp(y), "relu")
        x = network.add(graph.RequantizeOp(y, i8, 0), "y")
    return network.finish(x)


def joined() -> ModuleOp:
    """Layers that write into parts of one tensor, as in DenseNet."""
    network = Network("joined", 1, 32, 12, 12)
    x = network.conv(network.input, 32, 1)
    for _ in range(3):
        y = network.conv(network.conv(x, 32, 1), 16, 3, pad=1)
        x = network.add(graph.ConcatOp([x, y], 1), "joined")
    return network.finish(network.conv(x, 32, 1))


@pytest.fixture(params=[chain, residual, joined], ids=lambda build: build.__name__)
def network(request):
    with scoped_resources():
        module = request.param()
        inputs = random_inputs(module)
        expected = run_function(module, "main", inputs)
        yield compile_program(module), inputs, expected


def core_steps(program: Program):
    insns = program.records()
    for step in program.steps:
        if isinstance(step, CoreStep):
            yield insns[step.first : step.first + step.count]


def accesses(insns, program: Program):
    """What each LOAD and STORE touches: number, whether it writes, first and last byte + 1."""
    sizes = element_bytes(program.config)
    for number, insn in enumerate(records(insns)):
        if insn.opcode in (Opcode.LOAD, Opcode.STORE) and insn.x_size and insn.y_size:
            size = sizes[insn.memory]
            for y in range(insn.y_size):
                begin = (insn.dram_base + y * insn.x_stride) * size
                yield number, insn.opcode == Opcode.STORE, begin, begin + insn.x_size * size


def conflicts(insns, program: Program):
    """Pairs of instructions that touch the same bytes, one of them writing, in program order."""
    writer = np.full(program.dram_bytes, -1)
    readers = {module: np.full(program.dram_bytes, -1) for module in Module}
    modules = module_of(insns)
    for number, writes, begin, end in accesses(insns, program):
        place = slice(begin, end)
        earlier = [writer, *readers.values()] if writes else [writer]
        for last in np.unique(np.concatenate([who[place] for who in earlier])):
            if last >= 0:
                yield int(last), number
        target = writer if writes else readers[Module(int(modules[number]))]
        target[place] = number


def known_before(insns):
    """For each instruction, the last one of each module that is finished when it begins."""
    modules = module_of(insns).tolist()
    clock = {module: [-1, -1, -1] for module in Module}
    queues: dict[tuple[int, int], list[list[int]]] = {}
    before = []
    for number, (insn, module) in enumerate(zip(records(insns), modules, strict=True)):
        known = clock[Module(module)]
        for pops, side in ((insn.pop_prev, -1), (insn.pop_next, 1)):
            if pops:
                pushed = queues[module + side, module].pop(0)
                known[:] = map(max, known, pushed)
        before.append(list(known))
        known[module] = number
        for pushes, side in ((insn.push_prev, -1), (insn.push_next, 1)):
            if pushes:
                queues.setdefault((module, module + side), []).append(list(known))
    return before


def test_places_are_shared(network):
    program, _, _ = network
    buffers = [symbol for symbol in program.symbols if symbol.kind in ("buffer", "output")]
    shared = [
        (a.name, b.name)
        for a, b in combinations(buffers, 2)
        if a.address < b.address + b.nbytes and b.address < a.address + a.nbytes
    ]
    assert len(shared) >= 3
    kinds = program.dram_by_kind()
    used = kinds.get("buffer", 0) + kinds.get("output", 0)
    assert used < sum(symbol.nbytes for symbol in buffers)


def test_tokens_order_every_conflict(network):
    program, _, _ = network
    for insns in core_steps(program):
        before, modules = known_before(insns), module_of(insns).tolist()
        pairs = list(conflicts(insns, program))
        stores = set(np.flatnonzero(insns["opcode"] == Opcode.STORE).tolist())
        after_read = [pair for pair in pairs if pair[0] not in stores and pair[1] in stores]
        assert after_read and len(pairs) > len(after_read)
        for first, second in pairs:
            assert before[second][modules[first]] >= first


def test_cycles_respect_every_conflict(network):
    program, _, _ = network
    for insns in core_steps(program):
        timing = time_program(insns, program.config)
        for first, second in conflicts(insns, program):
            assert timing.end[first] <= timing.begin[second]


def test_results_are_exact_again_and_again(network):
    program, inputs, expected = network
    runtime = Runtime(program)
    for _ in range(3):
        (found,) = runtime.run(inputs).outputs
        np.testing.assert_array_equal(found, expected[0])


def test_equal_constants_lie_in_one_place():
    """Two layers of one matrix, written out or a resource."""
    with scoped_resources():
        for small in (True, False):
            network = Network("twice", 16, 16)
            x, w = network.input, np.ones((16, 16), np.int8)
            if not small:
                w = network.random.integers(-9, 9, (16, 16), np.int8)
            for _ in range(2):
                x = network.add(graph.MatmulOp(x, network.constant(w, "w")), "product")
                x = network.add(graph.RequantizeOp(x, i8, 4), "y")
            program = compile_program(network.finish(x))
            weights = [symbol for symbol in program.symbols if symbol.shape[-2:] == (16, 16)]
            places = {symbol.address for symbol in weights if symbol.kind == "constant"}
            assert len(places) == 1
