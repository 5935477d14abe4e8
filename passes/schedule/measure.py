"""Schedules by the exact timing model: a nest alone, lowered under each, and timed."""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue

from nopt.dialects.affine_nest import ForOp
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


def _alone(nest: ForOp, schedule: ScheduleAttr, config: Config) -> ModuleOp:
    """A module of the nest, which takes all that it reads but constants."""
    read = dict.fromkeys([*(load.source for load in nest.loads), *nest.operands])
    given = [value for value in read if not isinstance(value.owner, ConstantOp)]
    block = Block(arg_types=[value.type for value in given])
    values: dict[SSAValue, SSAValue] = dict(zip(given, block.args, strict=True))
    for value in read:
        if isinstance(value.owner, ConstantOp):
            constant = value.owner.clone()
            block.add_op(constant)
            values[value] = constant.result
    copy = nest.clone(values)
    copy.attributes[SCHEDULE] = schedule
    block.add_ops([copy, ReturnOp(copy.result)])
    types = ([value.type for value in given], [copy.result.type])
    module = ModuleOp([FuncOp("main", types, Region(block))])
    attach(module, config)
    return module
