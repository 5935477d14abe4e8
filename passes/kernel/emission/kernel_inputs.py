"""The tensors that a kernel reads: those of its nest, and constants of its own."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Attribute, SSAValue

from nopt.dialects.constants import attribute_of
from nopt.dialects.graph import ConstantOp
from nopt.dialects.kernel import memref_of
from nopt.dialects.tensor_intrinsic import Memory
from nopt.passes.core.bias_digits import input_vector
from nopt.passes.core.vectors import entries_of, lanes_of, weights_in_entries
from nopt.passes.kernel.constant_operands import added_matrices
from nopt.passes.kernel.operands import Operand
from nopt.passes.kernel.tile_program import Buffer, Buffers
from nopt.passes.kernel.tiling import Tiling

Input: TypeAlias = tuple[SSAValue, MemRefType[Attribute]]
"""A tensor, and the memref that the kernel's body sees of it."""


class KernelInputs:
    """What is loaded to each buffer."""

    def __init__(self, tiling: Tiling, buffers: Buffers) -> None:
        self.constants: list[ConstantOp] = []
        self.tensors: list[Input] = []
        self.of: dict[Buffer, Input] = {}
        self.config = tiling.config
        block = self.config.block
        for operand, window in buffers.windows.items():
            self.of[window] = self._operand(operand)
        if buffers.ones is not None:
            self.of[buffers.ones] = self._input(input_vector(block), "digits")
        if buffers.diagonals is not None:
            scales = np.array(tiling.diagonals, np.int8)[:, None, None]
            name = "identity" if tiling.diagonals == (1,) else "diagonal"
            identity = np.eye(block, dtype=np.int8)
            self.of[buffers.diagonals] = self._weights(scales * identity, name)
        if buffers.inside is not None and buffers.pad is not None and tiling.padded is not None:
            shape = [tiling.operands[0].shape[axis] for axis in tiling.padded.axes]
            mask = np.zeros((*shape, block), np.int8)
            mask[..., 0] = -1
            self.of[buffers.inside] = self._input(mask, "inside")
            weights = np.zeros((block, block), np.int8)
            weights[:, 0] = tiling.padded.pad
            self.of[buffers.pad] = self._weights(weights, "pad")

    def _operand(self, operand: Operand) -> Input:
        tensor = operand.load.source
        if operand.digits:
            # The matrices that add a constant tensor.
            constant = tensor.owner
            assert isinstance(constant, ConstantOp)
            weights = added_matrices(operand, constant, self.config)
            assert weights is not None
            return self._weights(weights, tensor.name_hint or "bias")
        if operand.offset:
            constant = tensor.owner
            assert isinstance(constant, ConstantOp)
            moved = (constant.array + operand.offset).astype(np.int32)
            entries = moved.reshape(operand.shape_in_entries(self.config))
            return self._constant(entries, tensor.name_hint or "begin")
        element = operand.load.source_type.element_type
        found = (tensor, MemRefType(element, operand.shape_in_entries(self.config)))
        if found not in self.tensors:
            self.tensors.append(found)
        return found

    def _input(self, blocks: np.ndarray, name: str) -> Input:
        """Constant blocks of inputs [..., lanes], alike in all rows of a batch."""
        config = self.config
        parts = blocks.reshape(*blocks.shape[:-1], config.inp_parts, 1, config.block_in)
        rows = np.repeat(parts, config.batch, axis=-2)
        lanes = (*entries_of(Memory.INP, config), *lanes_of(Memory.INP, config))
        return self._constant(rows.reshape(*blocks.shape[:-1], *lanes), name)

    def _weights(self, blocks: np.ndarray, name: str) -> Input:
        """Constant blocks of weights [..., outputs, inputs]."""
        return self._constant(weights_in_entries(blocks, self.config), name)

    def _constant(self, array: np.ndarray, name: str) -> Input:
        op = ConstantOp(attribute_of(array, name))
        op.result.name_hint = name
        self.constants.append(op)
        self.tensors.append((op.result, memref_of(op.result.type)))
        return self.tensors[-1]
