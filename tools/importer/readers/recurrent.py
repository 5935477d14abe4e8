"""RNN, LSTM and GRU, step by step: what the input gives to the gates is one product for all steps.

The steps are unrolled: each multiplies the state by weights that all have in common. ONNX's
definitions, in its words; a sequence that has ended keeps its state and gives zeros. Weights of an
LSTM that are integers are multiplied by what is quantized as the network runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array
from nopt.dialects.graph import (
    AddOp,
    CastOp,
    ClipOp,
    CompareOp,
    Comparison,
    ConcatOp,
    MatmulOp,
    MulOp,
    SliceOp,
    SubOp,
    TransposeOp,
    WhereOp,
)
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, shape_of
from nopt.tools.importer.readers.recurrent_activations import Activate, activations_of
from nopt.tools.importer.readers.scaled_products import dynamic_product
from nopt.tools.importer.registry import MICROSOFT, reads

MOST_STEPS = 4096
"""Longer sequences would make functions of millions of operations."""

_GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}

_DYNAMIC = "DynamicQuantizeLSTM"

Product: TypeAlias = Callable[[SSAValue], SSAValue]
"""Rows times weights."""


@reads("RNN", "GRU", "LSTM")
@reads(_DYNAMIC, domain=MICROSOFT)
def recurrent(node: Node) -> list[SSAValue]:
    """Y, Y_h, and Y_c of an LSTM."""
    x = node.tensor(0)
    if len(shape_of(x)) != 3:
        node.fail(f"the input has rank {len(shape_of(x))}, expected 3")
    batch_first = bool(node.integer("layout", 0))
    if batch_first:
        x = node.emit(TransposeOp(x, [1, 0, 2]))
    directions = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}
    kind = node.text("direction", "forward")
    if kind not in directions:
        node.fail(f"attribute 'direction' is {kind!r}, expected forward, reverse or bidirectional")
    activations = activations_of(node, len(directions[kind]))
    done = [
        _Direction(node, number, x, chosen).run(backwards)
        for number, (backwards, chosen) in enumerate(
            zip(directions[kind], activations, strict=True)
        )
    ]
    y = _joined(node, [each[0] for each in done], 1)
    states = [
        _joined(node, list(each), 0) for each in zip(*(each[1:] for each in done), strict=True)
    ]
    if batch_first:
        y = node.emit(TransposeOp(y, [2, 0, 1, 3]))
        states = [node.emit(TransposeOp(state, [1, 0, 2])) for state in states]
    return [y, *states]


class _Direction:
    """One direction of a node: its weights, and its steps."""

    def __init__(self, node: Node, number: int, x: SSAValue, activations: Sequence[Activate]):
        self.node, self.number, self.activations = node, number, activations
        self.op = "LSTM" if node.op == _DYNAMIC else node.op
        self.x = x
        self.steps, self.batch, inputs = shape_of(x)
        if self.steps > MOST_STEPS:
            node.fail(f"the sequence has {self.steps} steps, expected at most {MOST_STEPS}")
        gates = _GATES[self.op]
        recurrence = self._part(2)
        self.hidden = recurrence.shape[0 if node.op == _DYNAMIC else -1]
        rows = gates * self.hidden
        bias = self._part(3) if node.has(3) else np.zeros(2 * rows, np.float32)
        if bias.shape != (2 * rows,):
            node.fail(f"B has {bias.size} numbers a direction, expected {2 * rows}")
        of_input, of_state = bias[:rows].copy(), bias[rows:].copy()
        self.is_reset_late = self.op == "GRU" and bool(node.integer("linear_before_reset", 0))
        if self.op == "GRU":
            # The last gate has its own product with the state; the reset may come behind its bias.
            split = 2 * self.hidden
            last = recurrence[split:]
            self.candidate = self._product(last, "Rh", (self.hidden, self.hidden))
            self.candidate_bias = of_state[split:].copy() if self.is_reset_late else None
            if self.is_reset_late:
                of_state[split:] = 0
            recurrence = recurrence[:split]
        if node.op == _DYNAMIC:
            self.weights = self._integer_product(1, "W", (inputs, rows))
            self.recurrence = self._integer_product(2, "R", (self.hidden, rows))
        else:
            self.weights = self._product(self._part(1), "W", (rows, inputs))
            self.recurrence = self._product(recurrence, "R", (len(recurrence), self.hidden))
        self.bias = of_input + of_state
        self.peepholes = self._part(7) if self.op == "LSTM" and node.has(7) else None
        self.limit = node.number("clip", 0.0)

    def _part(self, index: int) -> Array:
        """What an input has for this direction."""
        array = self.node.known(index, f"input {index}")
        if array.ndim < 2 or self.number >= len(array):
            self.node.fail(
                f"input {index} has shape {list(array.shape)}, expected one for each direction"
            )
        return array[self.number].astype(np.float32)

    def _product(self, array: Array, name: str, shape: tuple[int, ...]) -> Product:
        """Of rows by weights [results, inputs]."""
        self._check(array, name, shape)
        weights = self.node.array(np.ascontiguousarray(array), f"{name}.{self.number}")
        return lambda rows: self.node.emit(MatmulOp(rows, weights, transpose_b=True))

    def _integer_product(self, index: int, name: str, shape: tuple[int, ...]) -> Product:
        """Of rows by integers [inputs, results], whose scale and zero point are inputs, too."""
        node, values = self.node, self.node.builder.values
        integers, scale, zero = (
            node.known(place, f"input {place}")[self.number]
            for place in (index, 2 * index + 6, 2 * index + 7)
        )
        self._check(integers, name, shape)
        if node.builder.drops_quantization:
            floats = (integers.astype(np.float32) - zero) * scale
            return self._product(floats.T, name, shape[::-1])
        prefix = f"{node.proto.output[0]}/{name}.{self.number}"
        factor = (f"{prefix}/weights", f"{prefix}/scale", f"{prefix}/zero")
        values.update(zip(factor, (integers, scale, zero), strict=True))
        count = iter(range(MOST_STEPS + 1))

        def product(rows: SSAValue) -> SSAValue:
            own = f"{prefix}/{next(count)}"
            values[f"{own}/rows"] = rows
            result = dynamic_product(node, own, f"{own}/rows", factor)
            assert isinstance(result, SSAValue)
            return result

        return product

    def _check(self, array: Array, name: str, shape: tuple[int, ...]) -> None:
        if array.shape != shape:
            self.node.fail(f"{name} has shape {list(array.shape)}, expected {list(shape)}")

    def run(self, backwards: bool) -> tuple[SSAValue, ...]:
        """Y as [steps, 1, batch, hidden], and the last states as [1, batch, hidden]."""
        node = self.node
        rows = reshaped(node, self.x, (self.steps * self.batch, shape_of(self.x)[2]))
        given = self.weights(rows)
        if self.bias.any():
            given = node.emit(AddOp(given, node.array(self.bias, "B")))
        state = [self._initial(5), *([self._initial(6)] if self.op == "LSTM" else [])]
        order = range(self.steps)
        outputs: dict[int, SSAValue] = {}
        running = self._running()
        for step in reversed(order) if backwards else order:
            own = self._cut(given, 0, step * self.batch, self.batch)
            following = self._step(own, *state)
            output = following[0]
            if running is not None:
                goes_on = running(step)
                output = node.emit(WhereOp(goes_on, output, node.splat(0, output)))
                both = zip(following, state, strict=True)
                following = [node.emit(WhereOp(goes_on, new, old)) for new, old in both]
            state, outputs[step] = following, output
        rows = _joined(node, [outputs[step] for step in order], 0)
        y = reshaped(node, rows, (self.steps, 1, self.batch, self.hidden))
        return (y, *(reshaped(node, each, (1, self.batch, self.hidden)) for each in state))

    def _initial(self, index: int) -> SSAValue:
        node, shape = self.node, (self.batch, self.hidden)
        if not node.has(index):
            return node.array(np.zeros(shape, np.float32), "zeros")
        state = node.tensor(index)
        if bool(node.integer("layout", 0)):
            state = node.emit(TransposeOp(state, [1, 0, 2]))
        return reshaped(node, self._cut(state, 0, self.number, 1), shape)

    def _running(self) -> Callable[[int], SSAValue] | None:
        """Which sequences have a step, as booleans [batch, 1]; None if all have all steps."""
        node = self.node
        if not node.has(4):
            return None
        known = node.constant(4)
        if known is not None and (known >= self.steps).all():
            return None
        lengths = reshaped(node, node.emit(CastOp(node.tensor(4), i32)), (self.batch, 1))
        return lambda step: node.emit(
            CompareOp(Comparison.GT, lengths, node.array(np.array(step, np.int32), "step"))
        )

    # --- Steps.

    def _step(self, given: SSAValue, hidden: SSAValue, *cell: SSAValue) -> list[SSAValue]:
        """The states after a step: hidden, and the cell of an LSTM."""
        match self.op:
            case "RNN":
                total = self._add(given, self.recurrence(hidden))
                return [self.activations[0](self._clipped(total))]
            case "GRU":
                return [self._gru(given, hidden)]
            case _:
                return self._lstm(given, hidden, *cell)

    def _gru(self, given: SSAValue, hidden: SSAValue) -> SSAValue:
        f, g = self.activations
        both = 2 * self.hidden
        total = self._add(self._cut(given, 1, 0, both), self.recurrence(hidden))
        gates = f(self._clipped(total))
        update, reset = (self._cut(gates, 1, i * self.hidden, self.hidden) for i in (0, 1))
        if self.is_reset_late:
            product = self.candidate(hidden)
            if self.candidate_bias is not None and self.candidate_bias.any():
                product = self._add(product, self.node.array(self.candidate_bias, "Rbh"))
            product = self._times(reset, product)
        else:
            product = self.candidate(self._times(reset, hidden))
        candidate = g(self._clipped(self._add(self._cut(given, 1, both, self.hidden), product)))
        # (1 - z) * candidate + z * h
        difference = self.node.emit(SubOp(hidden, candidate))
        return self._add(candidate, self._times(update, difference))

    def _lstm(self, given: SSAValue, hidden: SSAValue, cell: SSAValue) -> list[SSAValue]:
        f, g, h = self.activations
        size = self.hidden
        total = self._add(given, self.recurrence(hidden))
        if self.peepholes is None:
            # Input, output and forget gate at once.
            gates = f(self._clipped(self._cut(total, 1, 0, 3 * size)))
            i, o, forget = (self._cut(gates, 1, place * size, size) for place in range(3))
            late = None
        else:
            i, late, forget = (self._cut(total, 1, place * size, size) for place in range(3))
            i, forget = (
                f(self._clipped(self._add(gate, self._peep(cell, place))))
                for gate, place in ((i, 0), (forget, 2))
            )
            o = late
        if self.node.integer("input_forget", 0):
            forget = self.node.emit(SubOp(self.node.splat(1, i), i))
        candidate = g(self._clipped(self._cut(total, 1, 3 * size, size)))
        cell = self._add(self._times(forget, cell), self._times(i, candidate))
        if late is not None:
            o = f(self._clipped(self._add(late, self._peep(cell, 1))))
        return [self._times(o, h(cell)), cell]

    def _peep(self, cell: SSAValue, place: int) -> SSAValue:
        assert self.peepholes is not None
        weights = self.peepholes[place * self.hidden : (place + 1) * self.hidden]
        return self._times(cell, self.node.array(weights, "P"))

    # --- Arithmetic.

    def _add(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self.node.emit(AddOp(a, b))

    def _times(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self.node.emit(MulOp(a, b))

    def _clipped(self, x: SSAValue) -> SSAValue:
        return self.node.emit(ClipOp(x, -self.limit, self.limit)) if self.limit > 0 else x

    def _cut(self, x: SSAValue, axis: int, start: int, count: int) -> SSAValue:
        shape = shape_of(x)
        if count == shape[axis]:
            return x
        starts = [start if i == axis else 0 for i in range(len(shape))]
        return self.node.emit(SliceOp(x, starts, [*shape[:axis], count, *shape[axis + 1 :]]))


def _joined(node: Node, parts: list[SSAValue], axis: int) -> SSAValue:
    return parts[0] if len(parts) == 1 else node.emit(ConcatOp(parts, axis))
