"""From floats to integers: layers, movers, and the crossings to and from what stays float."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from xdsl.dialects.builtin import (
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    TensorType,
    f32,
    i8,
    i32,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, SSAValue

from nopt.dialects import graph
from nopt.dialects.annotations import PLACEMENT, REPRESENTS
from nopt.dialects.constants import Array, attribute_of
from nopt.passes.graph.quantization.integer_layers import (
    Layer,
    constant_of,
    has_weights,
    shape_of,
)
from nopt.passes.graph.quantization.quantization_plan import Plan
from nopt.passes.graph.quantization.scales.integer_weights import LARGEST, IntegerLayer
from nopt.passes.graph.quantization.scales.weight_rows import from_rows

LOWEST = -128


@dataclass(frozen=True)
class Integers:
    """Where a float tensor's integers are, and what they stand for."""

    value: SSAValue
    scale: float | Array | None
    """None if each element has one of its own."""
    axis: int | None = None
    """The axis along which the scale is a vector."""


class Numbers(Protocol):
    """The scales and integers that have been chosen."""

    def scale(self, value: SSAValue) -> float:
        """The scale of a tensor that has one."""
        ...

    def scales(self, value: SSAValue) -> tuple[float | Array, int | None] | None:
        """The scale of a tensor, with the axis if it is a vector; None if it is more than that."""
        ...

    def layer(self, layer: Layer) -> IntegerLayer:
        """Weights, bias and shifts of a layer."""
        ...


class Rewriter:
    """Rewrites one function in place, op by op in program order."""

    def __init__(
        self,
        function: FuncOp,
        plan: Plan,
        numbers: Numbers,
        names: dict[SSAValue, str],
    ):
        self.block = function.body.block
        self.plan = plan
        self.scale = numbers.scale
        self.numbers = numbers
        self.names = names
        self.integers: dict[SSAValue, Integers] = {}
        self.floats: dict[SSAValue, SSAValue] = {}

    def run(self) -> None:
        """Rewrite all ops; what has become unused stays."""
        last = {layer.ops[-1]: layer for layer in self.plan.layers}
        folded = {op for layer in self.plan.layers for op in layer.ops}
        for op in list(self.block.ops):
            self.place = op
            if (layer := last.get(op)) is not None:
                self._layer(layer)
            elif op in folded or isinstance(op, graph.ConstantOp):
                continue
            elif op.results and op.results[0] in self.plan.integer:
                self._mover(op)
            else:
                for index, operand in enumerate(op.operands):
                    op.operands[index] = self._float(operand)

    def _insert(self, op: Operation, hint: str | None) -> SSAValue:
        op.location = self.place.location
        if (placement := self.place.attributes.get(PLACEMENT)) is not None:
            op.attributes[PLACEMENT] = placement
        self.block.insert_op_before(op, self.place)
        op.results[0].name_hint = hint
        return op.results[0]

    def _constant(self, array: Array, name: str) -> SSAValue:
        op = graph.ConstantOp(attribute_of(array, name))
        self.block.insert_op_before(op, self.place)
        op.result.name_hint = name
        return op.result

    def _represent(self, value: SSAValue, integers: Integers) -> None:
        """Record where a tensor's integers are, in the text too."""
        self.integers[value] = integers
        if integers.scale is None:
            return
        if isinstance(integers.scale, np.ndarray):
            scales = attribute_of(integers.scale.astype(np.float32), "scale")
            entries: dict[str, Attribute] = {"scale": scales}
            entries["axis"] = IntegerAttr(integers.axis or 0, i64)
        else:
            entries = {"scale": FloatAttr(integers.scale, f32)}
        owner = integers.value.owner
        assert isinstance(owner, Operation)
        name = StringAttr(self.names[value])
        owner.attributes[REPRESENTS] = DictionaryAttr({"tensor": name, **entries})

    def _float(self, value: SSAValue) -> SSAValue:
        """A tensor as floats, for what the host does."""
        found = self.integers.get(value)
        if found is None or value not in self.plan.integer:
            return value
        if value not in self.floats:
            assert found.scale is not None
            op = graph.DequantizeOp(found.value, found.scale, axis=found.axis)
            self.floats[value] = self._insert_crossing(op, value, "float")
        return self.floats[value]

    def _integer(self, value: SSAValue) -> SSAValue:
        """A tensor as integers, for what the core does."""
        if value not in self.integers:
            if (array := constant_of(value)) is not None:
                scale = self.scale(value)
                whole = np.clip(np.rint(array / scale), LOWEST, LARGEST).astype(np.int8)
                constant = self._constant(whole, value.name_hint or "constant")
                self.integers[value] = Integers(constant, scale)
            else:
                scale, axis = self.numbers.scales(value) or (self.scale(value), None)
                op = graph.QuantizeOp(value, i8, scale, axis=axis)
                integers = self._insert_crossing(op, value, "i8")
                self._represent(value, Integers(integers, scale, axis))
        return self.integers[value].value

    def _insert_crossing(self, op: Operation, value: SSAValue, kind: str) -> SSAValue:
        self.block.insert_op_before(op, self.place)
        op.location = self.place.location
        op.results[0].name_hint = f"{value.name_hint or 'value'}.{kind}"
        return op.results[0]

    def _mover(self, op: Operation) -> None:
        """The same op on integers; its bounds and pads become integers."""
        result, scale = op.results[0], self.scale(op.results[0])
        operands = [self._integer(operand) for operand in op.operands]
        if isinstance(op, graph.ClipOp):
            low, high = _integer_bounds(op, scale)
            new: Operation = graph.ClipOp(operands[0], low, high)
        else:
            properties = dict(op.properties)
            if isinstance(op, graph.PadOp):
                border = int(_whole(op.value.value.data, scale))
                properties["value"] = IntegerAttr(border, i64)
            type = TensorType(i8, shape_of(result))
            new = op.__class__.create(operands=operands, result_types=[type], properties=properties)
        new.attributes.update(op.attributes)
        self._represent(result, self._scaled_integers(result, self._insert(new, result.name_hint)))

    def _scaled_integers(self, tensor: SSAValue, value: SSAValue) -> Integers:
        scale, axis = self.numbers.scales(tensor) or (None, None)
        return Integers(value, scale, axis)

    def _layer(self, layer: Layer) -> None:
        scale = None if layer.result in self.plan.exits else self.scale(layer.result)
        if isinstance(layer.root, graph.AddOp):
            assert scale is not None
            total, total_scale = self._sum(layer.root.operands, scale)
            self._finish(layer, total, _power(scale / total_scale), Integers(total, scale))
            return
        numbers = self.numbers.layer(layer)
        value = self._contraction(layer, numbers)
        if scale is None:
            integers = Integers(value, numbers.scales, layer.axis)
            self._finish(layer, value, numbers.shift, integers)
        elif layer.skip is None:
            integers = self._scaled_integers(layer.result, value)
            self._finish(layer, value, numbers.shift, integers, numbers.multiplier)
        else:
            value = self._requantize(value, i32, numbers.shift, layer.axis, "acc")
            common = float(numbers.scales[0])
            skip = self._scaled(layer.skip, common)
            value = self._insert(graph.AddOp(value, skip, i32), "acc")
            self._finish(layer, value, _power(scale / common), Integers(value, scale))

    def _contraction(self, layer: Layer, numbers: IntegerLayer) -> SSAValue:
        """The accumulator with its bias."""
        root = layer.root
        operands = [self._integer(root.operands[0])]
        if has_weights(root):
            weights = from_rows(root, numbers.weights)
            operands.append(self._constant(weights, root.operands[1].name_hint or "weights"))
        else:
            operands.append(self._integer(root.operands[1]))
        type = TensorType(i32, shape_of(root.results[0]))
        op = root.__class__.create(
            operands=operands, result_types=[type], properties=dict(root.properties)
        )
        value = self._insert(op, "acc")
        if numbers.bias.any():
            rank = len(shape_of(root.results[0]))
            bias = numbers.bias.reshape(-1, *[1] * (rank - 1 - layer.axis))
            constant = self._constant(bias, f"{layer.result.name_hint or 'layer'}.bias")
            value = self._insert(graph.AddOp(value, constant), "acc")
        return value

    def _sum(self, operands: Sequence[SSAValue], scale: float) -> tuple[SSAValue, float]:
        """The sum of two integer tensors, in steps of the smallest of the three scales."""
        common = min(scale, *(self.scale(operand) for operand in operands))
        a, b = (self._scaled(operand, common) for operand in operands)
        return self._insert(graph.AddOp(a, b, i32), "acc"), common

    def _scaled(self, value: SSAValue, scale: float) -> SSAValue:
        """A tensor's integers in steps of a scale that is finer by a power of two."""
        integers = self._integer(value)
        power = _power(self.scale(value) / scale)
        if power == 0:
            return integers
        factor = self._constant(np.array(1 << power, np.int32), "factor")
        return self._insert(graph.MulOp(integers, factor), "acc")

    def _requantize(
        self, value: SSAValue, element: Attribute, shift: int | Array, axis: int, hint: str | None
    ) -> SSAValue:
        if isinstance(shift, int):
            return self._insert(graph.RequantizeOp(value, element, shift), hint)
        return self._insert(graph.RequantizeOp(value, element, shift, axis=axis), hint)

    def _finish(
        self,
        layer: Layer,
        value: SSAValue,
        shift: int | Array,
        integers: Integers,
        multiplier: int | None = None,
    ) -> None:
        """Activation and the last shift."""
        activation, hint = layer.activation, layer.result.name_hint
        bounds = (LOWEST, LARGEST)
        if isinstance(activation, graph.ClipOp):
            assert isinstance(integers.scale, float)
            bounds = _integer_bounds(activation, integers.scale)
        if isinstance(activation, graph.ReluOp) or bounds[0] == 0:
            value = self._insert(graph.ReluOp(value), "acc")
            bounds = (LOWEST, bounds[1])
        if multiplier is not None:
            assert isinstance(shift, int)
            value = self._insert(graph.RequantizeOp(value, i8, shift, multiplier), hint)
        else:
            value = self._requantize(value, i8, shift, layer.axis, hint)
        if bounds != (LOWEST, LARGEST):
            value = self._insert(graph.ClipOp(value, *bounds), hint)
        self._represent(layer.result, Integers(value, integers.scale, integers.axis))


def _power(ratio: float) -> int:
    """The exponent of a power of two."""
    power = int(np.rint(np.log2(ratio)))
    assert 2.0**power == ratio, f"{ratio} is no power of two"
    return power


def _whole(number: float, scale: float) -> int:
    return int(np.clip(np.rint(number / scale), LOWEST, LARGEST))


def _integer_bounds(op: graph.ClipOp, scale: float) -> tuple[int, int]:
    low, high = op.bounds
    return _whole(low, scale), _whole(high, scale)
