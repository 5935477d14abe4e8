"""Schedules by the exact timing model: a nest alone, lowered under each, and timed."""

from __future__ import annotations

from typing import TypeGuard

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region, SSAValue

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.attributes import IN_READER
from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.graph import ConstantOp
from nopt.dialects.tensor_intrinsic import ScheduleAttr
from nopt.hw.config import Config
from nopt.hw.isa.encoding import decode
from nopt.hw.timing.energy import energy
from nopt.hw.timing.program_timing import time_program
from nopt.passes.base.machine import attach
from nopt.passes.isa.convert_tensor_intrinsic_to_isa import ConvertTensorIntrinsicToIsaPass
from nopt.passes.isa.program.assemble import assemble
from nopt.passes.kernel.emission.convert_affine_nest_to_tensor_intrinsic import (
    ConvertAffineNestToTensorIntrinsicPass,
)
from nopt.passes.kernel.legality import SCHEDULE


def measured(nest: ForOp, schedule: ScheduleAttr, config: Config) -> tuple[int, float]:
    """Cycles and picojoules of a nest in blocks under a schedule, all else idle."""
    module = _alone(nest, schedule, config)
    context = Context()
    ConvertAffineNestToTensorIntrinsicPass().apply(context, module)
    ConvertTensorIntrinsicToIsaPass().apply(context, module)
    program = assemble(module, context).program
    records = decode(program.instructions, config)
    return time_program(records, config).cycles, sum(energy(records, config).values())


def _read(nest: ForOp) -> list[SSAValue]:
    return [*dict.fromkeys([*(load.source for load in nest.loads), *nest.operands])]


def _is_constant(value: SSAValue) -> bool:
    return isinstance(value.owner, ConstantOp)


def _is_inside(op: Operation | Block) -> TypeGuard[ForOp]:
    """Whether an op is computed by the kernel that reads it."""
    return isinstance(op, ForOp) and op.attributes.get(PLACEMENT) == StringAttr(IN_READER)


def _alone(nest: ForOp, schedule: ScheduleAttr, config: Config) -> ModuleOp:
    """A module of the nest, which takes all that it reads but constants, and what its own kernel
    computes."""
    inner = [value.owner for value in _read(nest) if _is_inside(value.owner)]
    values = dict.fromkeys(value for each in (*inner, nest) for value in _read(each))
    given = [value for value in values if not _is_inside(value.owner) and not _is_constant(value)]
    block = Block(arg_types=[value.type for value in given])
    copies: dict[SSAValue, SSAValue] = dict(zip(given, block.args, strict=True))
    for op in (*(value.owner for value in values if _is_constant(value)), *inner, nest):
        assert isinstance(op, Operation)
        block.add_op(op.clone(copies))
    copy = block.last_op
    assert isinstance(copy, ForOp)
    copy.attributes[SCHEDULE] = schedule
    block.add_op(ReturnOp(copy.result))
    types = ([value.type for value in given], [copy.result.type])
    module = ModuleOp([FuncOp("main", types, Region(block))])
    attach(module, config)
    return module
