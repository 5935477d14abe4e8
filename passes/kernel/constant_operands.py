"""How constants of the epilogue reach the accumulators: through the ALU, or by a product."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from xdsl.dialects.builtin import i32

from nopt.dialects.constants import Array
from nopt.dialects.graph import ConstantOp
from nopt.dialects.tensor_intrinsic import AluKind, Memory
from nopt.hw.config import Config
from nopt.hw.limits import entries
from nopt.passes.core.bias_digits import matrices
from nopt.passes.core.core_nest import Step
from nopt.passes.core.vectors import block_bytes, entries_of
from nopt.passes.kernel.operands import Operand

_RESIDENT_SHARE = 8
"""A constant of the epilogue stays on chip whole if it takes at most 1/8 of its scratchpad."""


def constant_operand(operand: Operand, step: Step, vectors: int, config: Config) -> Operand:
    """An operand of the epilogue; if it is constant, how it best reaches the accumulators.

    A matrix product adds it to `vectors` output vectors in a cycle less each, but its matrices are
    longer to load, and so is the constant input.
    """
    constant = operand.load.source.owner
    if not isinstance(constant, ConstantOp) or operand.memory is not Memory.ACC:
        return operand
    blocks = prod(operand.shape)
    more = block_bytes(Memory.WGT, config) - block_bytes(Memory.ACC, config)
    more_bytes = blocks * more + block_bytes(Memory.INP, config)
    more_loads = more_bytes // config.bytes_per_cycle + 2 * config.memory_latency
    adds = (
        step.kind is AluKind.ADD
        and vectors > more_loads
        and added_matrices(operand, constant, config) is not None
    )
    memory = Memory.WGT if adds else Memory.ACC
    taken = blocks * prod(entries_of(memory, config))
    resident = taken * _RESIDENT_SHARE <= entries(config)[memory]
    return replace(operand, memory=memory, resident=resident, digits=adds)


def is_begin(operand: Operand, vectors: int, config: Config) -> bool:
    """Whether tiles had better begin with an operand: a small i32 constant that no product adds.

    That saves each of `vectors` output vectors a step, but the first tile waits for all of it.
    """
    if not operand.resident or operand.memory is not Memory.ACC:
        return False
    loaded = prod(operand.shape) * block_bytes(Memory.ACC, config) // config.bytes_per_cycle
    return operand.load.result.type == i32 and vectors > loaded


def added_matrices(operand: Operand, constant: ConstantOp, config: Config) -> Array | None:
    """The weights that add a constant tensor by a product; None if there are none, or if the rows
    of a batch are not alike."""
    parts = (config.acc_parts, config.batch, config.block_out)
    values = constant.array.reshape(*operand.shape, *parts)
    if (values != values[..., :1, :]).any():
        return None
    return matrices(values[..., 0, :].reshape(*operand.shape, config.block), config.block)
