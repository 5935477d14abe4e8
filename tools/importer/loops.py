"""`Loop` and `Scan` whose turns are known: the body once for each, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.graph import ConcatOp
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.inner_graphs import Imports, InnerGraphs
from nopt.tools.importer.node import Node, Value, shape_of
from nopt.tools.importer.readers.movement import take

LOOPS = (("", "Loop"), ("", "Scan"))
"""Domain and operator."""

MOST_TURNS = 4096
"""More would make functions of millions of operations."""


class Unrolled:
    """One node's turns: `opsets` are those of the model."""

    def __init__(self, node: Node, builder: Imports, opsets: Mapping[str, int]):
        self.node, self.builder = node, builder
        self.inner = InnerGraphs(node, builder, opsets)
        (self.body,) = (each.g for each in node.proto.attribute if each.name == "body")
        self.prefix = next(name for name in node.proto.output if name)

    def results(self) -> list[Value] | None:
        """The node's outputs; None if something in the body is not supported, which is noted."""
        return self._scan() if self.node.op == "Scan" else self._loop()

    def _loop(self) -> list[Value] | None:
        node = self.node
        limit = node.constant(0) if node.has(0) else np.array(MOST_TURNS + 1)
        if limit is None:
            return self._refused(f"its trip count '{node.proto.input[0]}'")
        goes_on = np.array(True)
        if node.has(1) and (goes_on := node.constant(1)) is None:
            return self._refused(f"its condition '{node.proto.input[1]}'")
        assert goes_on is not None
        carried = [node.value(index) for index in range(2, node.count)]
        gathered: list[list[Value]] = []
        turn = 0
        while turn < int(limit.reshape(())) and bool(goes_on.reshape(())):
            if turn == MOST_TURNS:
                node.fail(f"has more than {MOST_TURNS} turns, expected at most as many")
            given: list[Value] = [np.array(turn, np.int64), goes_on, *carried]
            if (found := self._turn(turn, given)) is None:
                return None
            condition = self.builder.known(found[0])
            if condition is None:
                return self._refused("the condition of its next turn")
            goes_on, carried = condition, found[1 : 1 + len(carried)]
            gathered.append(found[1 + len(carried) :])
            turn += 1
        if not gathered and len(node.proto.output) > len(carried):
            node.fail("has no turn, expected one at least for what it gathers")
        columns = zip(*gathered, strict=True)
        return [*carried, *(self._stacked(list(column), 0, False) for column in columns)]

    def _scan(self) -> list[Value] | None:
        node = self.node
        if node.version < 9:
            node.fail(f"is of operator set {node.version}, expected 9 or newer")
        count = node.integer("num_scan_inputs", 0)
        states = node.count - count
        outputs = len(node.proto.output) - states
        axes = node.integers("scan_input_axes", [0] * count) or []
        turned = node.integers("scan_input_directions", [0] * count) or []
        carried = [node.value(index) for index in range(states)]
        scanned = [node.tensor(states + index) for index in range(count)]
        axes = [node.axis(a, len(shape_of(x))) for a, x in zip(axes, scanned, strict=True)]
        lengths = {shape_of(x)[axis] for x, axis in zip(scanned, axes, strict=True)}
        if len(lengths) != 1 or max(lengths) > MOST_TURNS:
            node.fail(f"scans {sorted(lengths)} elements, expected at most {MOST_TURNS} of each")
        (length,) = lengths
        gathered: list[list[Value]] = []
        for turn in range(length):
            slices: list[Value] = [
                self._slice(x, axis, length - 1 - turn if back else turn)
                for x, axis, back in zip(scanned, axes, turned, strict=True)
            ]
            if (found := self._turn(turn, [*carried, *slices])) is None:
                return None
            carried = found[:states]
            gathered.append(found[states:])
        along = node.integers("scan_output_axes", [0] * outputs) or []
        back = node.integers("scan_output_directions", [0] * outputs) or []
        columns = zip(zip(*gathered, strict=True), along, back, strict=True)
        return [*carried, *(self._stacked(list(c), axis, bool(b)) for c, axis, b in columns)]

    def _refused(self, what: str) -> None:
        reason = f"{what} depends on the network's inputs"
        self.builder.unsupported.append(f"{self.node}: {reason}")
        self.builder.unknown.update(self.node.proto.output)

    def _turn(self, turn: int, given: Sequence[Value]) -> list[Value] | None:
        """What the body gives for these inputs."""
        results = self.inner.add(self.body, f"{self.prefix}/{turn}", given)
        if results is None:
            self.builder.unknown.update(self.node.proto.output)
        return results

    def _slice(self, x: SSAValue, axis: int, index: int) -> SSAValue:
        shape = shape_of(x)
        ranges = [range(extent) for extent in shape]
        ranges[axis] = range(index, index + 1)
        part = take(self.node, x, ranges)
        assert isinstance(part, SSAValue)
        return reshaped(self.node, part, (*shape[:axis], *shape[axis + 1 :]))

    def _stacked(self, parts: list[Value], axis: int, backwards: bool) -> Value:
        """What every turn gives, along a new axis."""
        parts = parts[::-1] if backwards else parts
        known = [self.builder.known(part) for part in parts]
        if all(each is not None for each in known):
            return np.stack([each for each in known if each is not None], axis)
        tensors = [self.builder.tensor(self.prefix, part, self.node) for part in parts]
        shape = shape_of(tensors[0])
        axis %= len(shape) + 1
        apart = (*shape[:axis], 1, *shape[axis:])
        rows = [reshaped(self.node, each, apart) for each in tensors]
        return rows[0] if len(rows) == 1 else self.node.emit(ConcatOp(rows, axis))
