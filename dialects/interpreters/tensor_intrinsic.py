"""Reference interpreter of `tensor_intrinsic`: kernels run tile by tile, each box in numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.dialects import affine
from xdsl.dialects.builtin import AffineMapAttr
from xdsl.interpreter import Interpreter, InterpreterFunctions, impl, register_impls
from xdsl.ir import Block, SSAValue

from nopt.dialects import tensor_intrinsic as ti
from nopt.dialects.affine_points import evaluate
from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.interpreters.contraction import matmul
from nopt.dialects.interpreters.unspecified import unspecified
from nopt.dialects.shaped import is_memref

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


class KernelRun:
    """One run of a kernel: the arrays behind its memrefs, the values of its loop variables."""

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
        self.loops: dict[SSAValue, int] = {}
        self._run(kernel.body.block)

    def _run(self, block: Block) -> None:
        for op in block.ops:
            match op:
                case affine.ForOp():
                    self._loop(op)
                case affine.YieldOp():
                    pass
                case ti.AllocOp():
                    type = op.result.type
                    assert is_memref(type)
                    dtype = numpy_type(type.element_type)
                    self.arrays[op.result] = unspecified(type.get_shape(), dtype)
                case ti.LoadOp():
                    self._load(op)
                case ti.StoreOp():
                    self._store(op)
                case ti.ResetOp():
                    self.arrays[op.acc][self._points(op, op.acc_map)] = 0
                case ti.GemmOp():
                    self._gemm(op)
                case ti.AluOp():
                    self._alu(op)
                case _:
                    raise ValueError(f"'{op.name}' cannot run in a kernel")

    def _loop(self, op: affine.ForOp) -> None:
        (low,) = self._at(op.lowerBoundMap, op.lowerBoundOperands)
        high = min(self._at(op.upperBoundMap, op.upperBoundOperands))
        for value in range(low, high, op.step.value.data):
            self.loops[op.body.block.args[0]] = value
            self._run(op.body.block)

    def _at(self, map: AffineMapAttr, operands: Sequence[SSAValue]) -> list[int]:
        values = [self.loops[operand] for operand in operands]
        dims, symbols = values[: map.data.num_dims], values[map.data.num_dims :]
        return [int(evaluate(expr, dims, symbols)) for expr in map.data.results]

    def _sizes(self, op: ti.BoxOp) -> list[int]:
        return [min(self._at(size, op.variables)) for size in op.sizes.data]

    def _grid(self, op: ti.BoxOp) -> list[Any]:
        """Index arrays of the op's box, that broadcast together."""
        return list(np.ogrid[tuple(slice(0, size) for size in self._sizes(op))])

    def _points(self, op: ti.BoxOp, map: AffineMapAttr) -> tuple[Any, ...]:
        """The elements of a buffer that the points of the box access."""
        grid = self._grid(op)
        loops = [self.loops[variable] for variable in op.variables]
        shape = np.broadcast_shapes(*(axis.shape for axis in grid)) if grid else ()
        return tuple(
            np.broadcast_to(evaluate(expr, grid, loops), shape) for expr in map.data.results
        )

    def _load(self, op: ti.LoadOp) -> None:
        source, buffer = self.arrays[op.source], self.arrays[op.buffer]
        (slot,) = self._at(op.slot, op.variables)
        sizes = self._sizes(op)
        offsets = self._at(op.offsets, op.variables)
        inside: Any = True
        indices: list[Any] = []
        axes = zip(self._grid(op), offsets, op.steps.get_values(), source.shape, strict=False)
        for axis, offset, step, size in axes:
            index = offset + axis * step
            inside = inside & (index >= 0) & (index < size)
            indices.append(np.clip(index, 0, size - 1))
        window = source[tuple(indices)]
        lanes = window.ndim - len(sizes)
        mask = np.broadcast_to(inside, sizes).reshape(*sizes, *[1] * lanes)
        box = tuple(slice(0, size) for size in sizes)
        buffer[(slot, *box)] = np.where(mask, window, 0)

    def _store(self, op: ti.StoreOp) -> None:
        buffer, destination = self.arrays[op.buffer], self.arrays[op.destination]
        slot, *first = self._at(op.slot, op.variables)
        sizes = self._sizes(op)
        offsets = self._at(op.offsets, op.variables)
        begins = first or [0] * len(sizes)
        box = (slice(begin, begin + size) for begin, size in zip(begins, sizes, strict=True))
        window = buffer[(slot, *box)]
        box = tuple(slice(start, start + size) for start, size in zip(offsets, sizes, strict=True))
        if destination[box].shape != window.shape:
            raise ValueError(f"tensor_intrinsic.store: box {offsets} + {sizes} leaves the tensor")
        destination[box] = window.astype(destination.dtype)

    def _gemm(self, op: ti.GemmOp) -> None:
        acc = self.arrays[op.acc]
        inp = self.arrays[op.inp][self._points(op, op.inp_map)]
        wgt = self.arrays[op.wgt][self._points(op, op.wgt_map)]
        count = int(np.prod(inp.shape[:-1]))
        rows = inp.reshape(count, -1, wgt.shape[-1])
        matrices = wgt.reshape(count, *wgt.shape[-2:]).transpose(0, 2, 1)
        products = matmul(rows, matrices).reshape(*inp.shape[:-1], acc.shape[-1])
        np.add.at(acc, self._points(op, op.acc_map), products.astype(acc.dtype))

    def _alu(self, op: ti.AluOp) -> None:
        acc = self.arrays[op.acc]
        points = self._points(op, op.acc_map)
        if op.immediate is not None:
            operand: Any = acc.dtype.type(op.immediate.value.data)
        else:
            assert op.other is not None and op.other_map is not None
            operand = self.arrays[op.other][self._points(op, op.other_map)]
        kind = op.kind.data
        with np.errstate(over="ignore"):
            acc[points] = (
                _shift(acc[points], operand)
                if kind is ti.AluKind.SHR
                else _ALU[kind](acc[points], operand)
            )


@register_impls
class TensorIntrinsicFunctions(InterpreterFunctions):
    """`tensor_intrinsic` for xDSL's interpreter; tensors are numpy arrays."""

    @impl(ti.KernelOp)
    def run_kernel(
        self, interpreter: Interpreter, op: ti.KernelOp, args: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        return (KernelRun(op, args).result,)
