"""Reference interpreter of `tensor_intrinsic`: kernels run tile by tile, each box in numpy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any, TypeAlias

import numpy as np
from xdsl.dialects import affine
from xdsl.dialects.builtin import AffineMapAttr
from xdsl.interpreter import Interpreter, InterpreterFunctions, impl, register_impls
from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr

from nopt.dialects import tensor_intrinsic as ti
from nopt.dialects.affine_points import evaluate, function_of
from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.interpreters.contraction import matmul
from nopt.dialects.interpreters.unspecified import unspecified
from nopt.dialects.shaped import is_memref

Step: TypeAlias = Callable[[], None]

_ALU = {
    ti.AluKind.ADD: np.add,
    ti.AluKind.MAX: np.maximum,
    ti.AluKind.MIN: np.minimum,
    ti.AluKind.MUL: np.multiply,
}


def _shift(values: Array, amount: Any) -> Array:
    """Arithmetic shift right, left where the amount is negative."""
    amount = np.asarray(amount)
    right = np.right_shift(values, np.maximum(amount, 0))
    return np.where(amount >= 0, right, np.left_shift(values, np.maximum(-amount, 0)))


@lru_cache(maxsize=1024)
def _grid(sizes: tuple[int, ...]) -> list[Any]:
    """Index arrays of a box, that broadcast together."""
    return list(np.ogrid[tuple(slice(0, size) for size in sizes)])


class KernelRun:
    """One run of a kernel: the arrays behind its memrefs, the values of its loop variables.

    What does not change from one turn of the loops to the next is looked up once: each op becomes
    a step, a function that the turns call.
    """

    def __init__(self, kernel: ti.KernelOp, operands: Sequence[Array]):
        result_type = kernel.result.type
        inputs = operands[: len(kernel.inputs)]
        if kernel.destination is not None:
            self.result = operands[-1].copy()
        else:
            dtype = numpy_type(result_type.element_type)
            self.result = unspecified(result_type.get_shape(), dtype)
        arguments = kernel.body.block.args
        self.arrays: dict[SSAValue, Array] = {}
        for argument, array in zip(arguments, [*inputs, self.result], strict=True):
            assert is_memref(argument.type)
            self.arrays[argument] = array.reshape(argument.type.get_shape())
        self.numbers: dict[SSAValue, int] = {}
        """Which loop a variable is of."""
        self.loops: list[int] = []
        for step in self._steps(kernel.body.block):
            step()

    def _steps(self, block: Block) -> list[Step]:
        return [self._step(op) for op in block.ops if not isinstance(op, affine.YieldOp)]

    def _step(self, op: Operation) -> Step:
        match op:
            case affine.ForOp():
                return self._loop(op)
            case ti.AllocOp():
                return self._alloc(op)
            case ti.LoadOp():
                return self._load(op)
            case ti.StoreOp():
                return self._store(op)
            case ti.ResetOp():
                return self._reset(op)
            case ti.GemmOp():
                return self._gemm(op)
            case ti.AluOp():
                return self._alu(op)
            case _:
                raise ValueError(f"'{op.name}' cannot run in a kernel")

    def _loop(self, op: affine.ForOp) -> Step:
        first = self._at(op.lowerBoundMap, op.lowerBoundOperands)
        ends = self._at(op.upperBoundMap, op.upperBoundOperands)
        by, number = op.step.value.data, len(self.loops)
        self.loops.append(0)
        self.numbers[op.body.block.args[0]] = number
        body = self._steps(op.body.block)

        def run() -> None:
            (low,) = first()
            for value in range(low, min(ends()), by):
                self.loops[number] = value
                for step in body:
                    step()

        return run

    def _at(self, map: AffineMapAttr, operands: Sequence[SSAValue]) -> Callable[[], list[int]]:
        """A map's results under the loops' current values."""
        results = map.data.results
        if all(isinstance(expr, AffineConstantExpr) for expr in results):
            constants = [int(evaluate(expr, ())) for expr in results]
            return lambda: constants
        functions = [function_of(expr) for expr in results]
        numbers = [self.numbers[operand] for operand in operands]
        dims, symbols = numbers[: map.data.num_dims], numbers[map.data.num_dims :]

        def at() -> list[int]:
            values = [self.loops[i] for i in dims], [self.loops[i] for i in symbols]
            return [int(function(*values)) for function in functions]

        return at

    def _sizes(self, op: ti.BoxOp) -> Callable[[], tuple[int, ...]]:
        sizes = [self._at(size, op.variables) for size in op.sizes.data]
        return lambda: tuple(min(size()) for size in sizes)

    def _points(self, op: ti.BoxOp, map: AffineMapAttr) -> Callable[[], tuple[Any, ...]]:
        """The elements of a buffer that the points of the box access, to index it with."""
        sizes = self._sizes(op)
        functions = [function_of(expr) for expr in map.data.results]
        numbers = [self.numbers[variable] for variable in op.variables]

        def points() -> tuple[Any, ...]:
            box = sizes()
            loops = [self.loops[i] for i in numbers]
            first, *others = (function(_grid(box), loops) for function in functions)
            # One index of the box's whole shape: what depends on few dimensions is as often there.
            return np.broadcast_to(first, box), *others

        return points

    def _alloc(self, op: ti.AllocOp) -> Step:
        type = op.result.type
        assert is_memref(type)
        shape, dtype = type.get_shape(), numpy_type(type.element_type)

        def alloc() -> None:
            self.arrays[op.result] = unspecified(shape, dtype)

        return alloc

    def _load(self, op: ti.LoadOp) -> Step:
        source, buffer = op.source, op.buffer
        slot, offsets = (self._at(map, op.variables) for map in (op.slot, op.offsets))
        sizes, steps = self._sizes(op), op.steps.get_values()

        def load() -> None:
            tensor, window = self.arrays[source], self.arrays[buffer][slot()[0]]
            box = sizes()
            filled = window[tuple(map(slice, box))]
            if filled.shape[: len(box)] != box:
                raise ValueError(f"tensor_intrinsic.load: box {list(box)} leaves the buffer")
            filled[...] = 0
            inside: list[slice] = []
            read: list[slice] = []
            for offset, count, by, size in zip(offsets(), box, steps, tensor.shape, strict=False):
                first = max(0, -(offset // by))
                end = min(count, (size - 1 - offset) // by + 1)
                if end <= first:
                    return
                inside.append(slice(first, end))
                read.append(slice(offset + first * by, offset + (end - 1) * by + 1, by))
            filled[tuple(inside)] = tensor[tuple(read)]

        return load

    def _store(self, op: ti.StoreOp) -> Step:
        source, target = op.buffer, op.destination
        places, offsets = (self._at(map, op.variables) for map in (op.slot, op.offsets))
        sizes = self._sizes(op)

        def store() -> None:
            destination = self.arrays[target]
            (slot, *first), starts, box = places(), offsets(), sizes()
            begins = first or [0] * len(box)
            window = self.arrays[source][(slot, *_slices(begins, box))]
            written = _slices(starts, box)
            if destination[written].shape != window.shape:
                raise ValueError(
                    f"tensor_intrinsic.store: box {starts} + {list(box)} leaves the tensor"
                )
            destination[written] = window.astype(destination.dtype)

        return store

    def _reset(self, op: ti.ResetOp) -> Step:
        acc, points = op.acc, self._points(op, op.acc_map)

        def reset() -> None:
            self.arrays[acc][points()] = 0

        return reset

    def _gemm(self, op: ti.GemmOp) -> Step:
        values = op.acc, op.inp, op.wgt
        maps = op.acc_map, op.inp_map, op.wgt_map
        acc_points, inp_points, wgt_points = (self._points(op, map) for map in maps)

        def gemm() -> None:
            acc, inp, wgt = (self.arrays[value] for value in values)
            inp, wgt = inp[inp_points()], wgt[wgt_points()]
            count = prod(inp.shape[:-1])
            rows = inp.reshape(count, -1, wgt.shape[-1])
            matrices = wgt.reshape(count, *wgt.shape[-2:]).transpose(0, 2, 1)
            products = matmul(rows, matrices).reshape(*inp.shape[:-1], acc.shape[-1])
            np.add.at(acc, acc_points(), products.astype(acc.dtype))

        return gemm

    def _alu(self, op: ti.AluOp) -> Step:
        value, acc_points = op.acc, self._points(op, op.acc_map)
        operand = self._operand(op)
        compute = _shift if op.kind.data is ti.AluKind.SHR else _ALU[op.kind.data]

        def alu() -> None:
            acc, points = self.arrays[value], acc_points()
            with np.errstate(over="ignore"):
                acc[points] = compute(acc[points], operand())

        return alu

    def _operand(self, op: ti.AluOp) -> Callable[[], Any]:
        """The second one: an immediate, of the accumulators' type, or other accumulators."""
        if op.immediate is not None:
            immediate = op.immediate.value.data
            acc = op.acc
            return lambda: self.arrays[acc].dtype.type(immediate)
        assert op.other is not None and op.other_map is not None
        other, points = op.other, self._points(op, op.other_map)
        return lambda: self.arrays[other][points()]


def _slices(begins: Sequence[int], sizes: Sequence[int]) -> tuple[slice, ...]:
    return tuple(slice(begin, begin + size) for begin, size in zip(begins, sizes, strict=True))


@register_impls
class TensorIntrinsicFunctions(InterpreterFunctions):
    """`tensor_intrinsic` for xDSL's interpreter; tensors are numpy arrays."""

    @impl(ti.KernelOp)
    def run_kernel(
        self, interpreter: Interpreter, op: ti.KernelOp, args: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        return (KernelRun(op, args).result,)
