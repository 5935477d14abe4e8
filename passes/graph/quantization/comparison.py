"""How close a quantized network's tensors are to those of its float self."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.dialects.builtin import DictionaryAttr, FloatAttr, IntegerAttr, ModuleOp, StringAttr
from xdsl.ir import Operation, SSAValue

from nopt.dialects.annotations import REPRESENTS
from nopt.dialects.constants import Array, array_of
from nopt.passes.base.fidelity import Fidelity, fidelity
from nopt.passes.graph.quantization.execution import GraphRun, network_of
from nopt.passes.graph.quantization.tensor_names import tensor_names


def compare(
    float_module: ModuleOp, quantized_module: ModuleOp, inputs: Sequence[Array]
) -> list[Fidelity]:
    """The fidelity of each tensor of the float network that integers of the quantized one stand
    for, and of the outputs, in program order.

    Both are run on the same inputs; tensors are found by name, those that one of them lacks are
    left out."""
    network = network_of(float_module)
    names = tensor_names(network)
    references: dict[str, Array] = {}

    def keep(value: SSAValue, array: Array) -> None:
        if value in names:
            references[names[value]] = array

    expected = GraphRun(network).run(inputs, keep)
    rows: list[Fidelity] = []

    def check(value: SSAValue, array: Array) -> None:
        if isinstance(value.owner, Operation) and (found := represented(value.owner, array)):
            name, real = found
            reference = references.get(name)
            if reference is not None and reference.shape == real.shape:
                rows.append(fidelity(name, reference, real))

    outputs = GraphRun(network_of(quantized_module)).run(inputs, check)
    for index, (reference, found) in enumerate(zip(expected, outputs, strict=True)):
        rows.append(fidelity(f"output {index}", reference, found))
    return rows


def represented(op: Operation, integers: Array) -> tuple[str, Array] | None:
    """The name of the tensor that an op's integers stand for and the real numbers they mean;
    None if the op does not say."""
    attribute = op.attributes.get(REPRESENTS)
    if not isinstance(attribute, DictionaryAttr):
        return None
    match attribute.data:
        case {"tensor": StringAttr(data=name), "scale": FloatAttr(value=scale)}:
            return name, integers * np.float32(scale.data)
        case {"tensor": StringAttr(data=name), "scale": scales, "axis": IntegerAttr(value=axis)}:
            rank = integers.ndim
            shape = [-1 if i == axis.data else 1 for i in range(rank)]
            return name, integers * array_of(scales).reshape(shape)
        case _:
            return None
