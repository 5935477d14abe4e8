"""A program as a graph: host steps and layers, and whose tensors each reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from nopt.hw.isa.encoding import Memory, Opcode, element_bytes
from nopt.hw.program.layer_rows import Layer
from nopt.hw.program.program_parts import HostStep, Symbol
from nopt.tools.runtime import Runtime


@dataclass
class Node:
    """An input of the network, a host step, or a layer of the core."""

    name: str
    place: str
    """`input`, `host` or `core`."""
    sources: set[int] = field(default_factory=set[int])
    """The nodes whose tensors it reads, by number."""
    depth: int = 0
    """How many steps lie before it at least."""


def nodes(runtime: Runtime) -> list[Node]:
    """Inputs, then steps and layers in the order in which they run."""
    return _Walk(runtime).found


class _Walk:
    """Who wrote what last; places in DRAM are used again."""

    def __init__(self, runtime: Runtime):
        self.runtime = runtime
        self.symbols = runtime.symbols
        self.found: list[Node] = []
        self.values: dict[str, int] = {}
        self.written: list[tuple[int, int, int]] = []
        """Ranges of DRAM and the nodes that wrote them, the latest last."""
        for value in runtime.program.inputs:
            self._add(Node(value.name, "input"), [value.name])
        for step in runtime.program.steps:
            if isinstance(step, HostStep):
                node = Node(step.function, "host")
                for name in step.inputs:
                    node.sources |= self._writer(name)
                self._add(node, step.outputs)
                continue
            for layer in runtime.layers_of(step):
                self._add(Node(layer.name, "core", {*self._read(layer)}), [layer.result])

    def _add(self, node: Node, writes: list[str] | tuple[str, ...]) -> None:
        number = len(self.found)
        node.sources.discard(number)
        node.depth = max((self.found[each].depth + 1 for each in node.sources), default=0)
        self.found.append(node)
        for name in writes:
            self.values[name] = number
            if symbol := self.symbols.get(name):
                self.written.append((symbol.address, symbol.address + symbol.nbytes, number))

    def _writer(self, name: str) -> set[int]:
        symbol = self.symbols.get(name)
        if symbol is None:
            return {self.values[name]} if name in self.values else set()
        return {*self._writers(symbol)}

    def _writers(self, symbol: Symbol) -> Iterator[int]:
        """All that wrote into a symbol's place since something filled it."""
        begin, end = symbol.address, symbol.address + symbol.nbytes
        for low, high, number in reversed(self.written):
            if low < end and begin < high:
                yield number
                if low <= begin and end <= high:
                    return

    def _read(self, layer: Layer) -> Iterator[int]:
        """The nodes that wrote what a layer's loads begin at."""
        insns = self.runtime.part(layer)
        memories = (Memory.INP, Memory.ACC, Memory.ACC_8BIT)
        loads = (insns["opcode"] == Opcode.LOAD) & np.isin(insns["memory"], memories)
        loads &= (insns["x_size"] > 0) & (insns["y_size"] > 0)
        sizes = np.array(element_bytes(self.runtime.program.config))[insns["memory"]]
        for address in np.unique((insns["dram_base"] * sizes)[loads]).tolist():
            for low, high, number in reversed(self.written):
                if low <= address < high:
                    yield number
                    break
