"""What random networks are drawn with: a function @main under construction, and its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from fuzzing import begin_example
from hypothesis import strategies as st
from xdsl.dialects.builtin import FunctionType, ModuleOp, i8, i32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region, SSAValue

from nopt.dialects import graph
from nopt.dialects.constants import attribute_of, numpy_type, tensor_type


class Network:
    """A module whose function @main is the network, and what to call it with."""

    def __init__(self, module: ModuleOp, inputs: list[np.ndarray]):
        self.module = module
        self.inputs = inputs
        self.text = str(module)

    def __repr__(self) -> str:
        """The network as drawn, whatever became of the module."""
        return self.text


class Draft:
    """A network under construction: ops are drawn, and appended to a block."""

    def __init__(self, draw: Any):
        begin_example()
        self.draw = draw
        self.rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self.extreme = draw(st.sampled_from([0.0, 0.1, 1.0]))
        self.block = Block()
        self.inputs: list[np.ndarray] = []

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def values(self, shape: Sequence[int], dtype: Any = np.int8) -> np.ndarray:
        return values(self.rng, shape, np.dtype(dtype), self.extreme)

    def argument(self, array: np.ndarray) -> SSAValue:
        """An argument of @main, and what to call it with."""
        self.inputs.append(array)
        value = self.block.insert_arg(tensor_type(array.shape, array.dtype), len(self.block.args))
        value.name_hint = f"x{len(self.inputs)}"
        return value

    def constant(self, array: np.ndarray) -> SSAValue:
        return self.append(graph.ConstantOp(attribute_of(array, "c")))

    def append(self, op: Operation) -> SSAValue:
        """The result of an op that is now the last one."""
        self.block.add_op(op)
        op.verify()
        return op.results[0]

    def by_channel(self, y: SSAValue, *more: str) -> SSAValue:
        """A random epilogue of i32 sums [N, C, H, W], up to 8 bits; `more` steps may be drawn, too:
        `skip` adds an argument."""
        channels = shape_of(y)[1]
        for step in self.draw(st.lists(st.sampled_from(("bias", "relu", "clip", "cut", *more)))):
            match step:
                case "bias":
                    shape = self.pick((channels, 1, 1), (1, 1, 1))
                    bias = self.rng.integers(-999, 999, shape, np.int32)
                    op = graph.AddOp(y, self.constant(bias))
                case "relu":
                    op = graph.ReluOp(y)
                case "clip":
                    op = graph.ClipOp(y, -500, 400)
                case "skip":
                    op = graph.AddOp(self.argument(self.values(shape_of(y))), y, i32)
                case _:
                    shifts = self.rng.integers(0, 9, channels)
                    op = graph.RequantizeOp(y, i32, shifts, axis=1)
            y = self.append(op)
        y = self.append(graph.RequantizeOp(y, i8, 5))
        return self.append(graph.ReluOp(y)) if self.pick(True, False) else y

    def finish(self, *results: SSAValue) -> Network:
        self.block.add_op(ReturnOp(*results))
        type = FunctionType.from_lists(self.block.arg_types, [r.type for r in results])
        module = ModuleOp([FuncOp("main", type, Region(self.block))])
        module.verify()
        return Network(module, self.inputs)


def values(rng: np.random.Generator, shape: Any, dtype: Any, extreme: float) -> np.ndarray:
    """Integers over the whole range, some at its ends; small exact numbers for floats; bits."""
    if dtype == np.bool_:
        return rng.random(shape) < 0.5
    if np.issubdtype(dtype, np.floating):
        return rng.integers(-9, 9, shape).astype(dtype)
    limits = np.iinfo(dtype)
    whole = rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    ends = rng.choice(np.array([limits.min, limits.max, -1, 0], dtype), shape)
    return np.where(rng.random(shape) < extreme, ends, whole)


def shape_of(value: SSAValue) -> tuple[int, ...]:
    return value.type.get_shape()  # pyright: ignore


def dtype_of(value: SSAValue) -> np.dtype[Any]:
    return numpy_type(value.type.element_type)  # pyright: ignore


def is_integer(value: SSAValue) -> bool:
    return np.issubdtype(dtype_of(value), np.integer)
