"""`convert-affine-nest-to-tensor-intrinsic`: apply schedules; a nest becomes a kernel of tiles.

What a tile does, its tile program says (`select_program`); here it gets its place in the tile
loops, between the loads that it needs.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.ir import Block, Region
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.constants import load_resource_dialect
from nopt.dialects.tensor_intrinsic import KernelOp, ScheduleAttr
from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.base.equal_bodies import copy_of, structure
from nopt.passes.base.machine import machine_of
from nopt.passes.base.placement import is_on_core
from nopt.passes.base.places import about
from nopt.passes.core.core_nest import DESCRIPTIONS
from nopt.passes.kernel.candidates import Candidates
from nopt.passes.kernel.emission.kernel_builder import KernelBuilder
from nopt.passes.kernel.emission.kernel_inputs import KernelInputs
from nopt.passes.kernel.emission.kernel_loads import KernelLoads
from nopt.passes.kernel.emission.print_steps import StepPrinter
from nopt.passes.kernel.emission.tile_loops import TileLoops
from nopt.passes.kernel.legality import SCHEDULE, NoScheduleError, check_schedule
from nopt.passes.kernel.tile_program import TileProgram
from nopt.passes.kernel.tiling import Tiling, tiling_of


@dataclass(frozen=True)
class ConvertAffineNestToTensorIntrinsicPass(ModulePass):
    """Turn each scheduled nest into a kernel of tiles in scratchpads."""

    name = "convert-affine-nest-to-tensor-intrinsic"
    level = "tensor_intrinsic"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        config = machine_of(op)
        bodies: dict[Hashable, Region] = {}
        checked: set[Hashable] = set()
        for nest in [nest for nest in op.walk() if isinstance(nest, ForOp)]:
            schedule = nest.attributes.get(SCHEDULE)
            if isinstance(schedule, ScheduleAttr):
                with about(nest):
                    tiling = tiling_of(nest, config)
                    if (legal := (tiling.signature, schedule)) not in checked:
                        check_schedule(tiling, schedule, config)
                        checked.add(legal)
                _replace_by_kernel(nest, tiling, schedule, bodies)
            elif schedule or is_on_core(nest):
                with about(nest):
                    raise NoScheduleError(
                        f"schedule: found {schedule or 'none'}, expected "
                        "#tensor_intrinsic.schedule<…>, as affine-nest-schedule states it"
                    )
        erase_dead_code(op)


def _replace_by_kernel(
    nest: ForOp, tiling: Tiling, schedule: ScheduleAttr, bodies: dict[Hashable, Region]
) -> None:
    """Replace a nest by the kernel of its tile program under a schedule.

    `bodies` has what was built for other nests.
    """
    ((program, _),) = Candidates.of(tiling, schedule).programs
    inputs = KernelInputs(tiling, program.buffers)
    stored = MemRefType(nest.result.type.element_type, tiling.stored[0])
    sources = [tensor for tensor, _ in inputs.tensors]
    block = Block(arg_types=[*(memref for _, memref in inputs.tensors), stored])
    for argument, tensor in zip(block.args, [*sources, nest.result], strict=True):
        argument.name_hint = f"{tensor.name_hint or 'tensor'}_mem"
    body = Region(block)
    read = dict.fromkeys(load.source for load in nest.body.walk() if isinstance(load, LoadOp))
    nest_itself = tuple(nest.properties.items()), structure(nest.body, read)
    same = nest_itself, tiling.signature, schedule, block.arg_types
    if (known := bodies.get(same)) is not None:
        body = copy_of(known, body)
    else:
        seen = dict(zip(inputs.tensors, block.args[:-1], strict=True))
        loops = TileLoops(tiling, schedule, KernelBuilder(block))
        arguments = {buffer: seen[tensor] for buffer, tensor in inputs.of.items()}
        loads = KernelLoads(loops, program.buffers, arguments)
        steps = StepPrinter(loads, block.args[-1])
        _build_body(program, loads, steps, 0)
        bodies[same] = body
    kernel = KernelOp(sources, nest.result.type, body, nest.destination)
    kernel.result.name_hint = nest.result.name_hint
    kernel.attributes.update(
        {name: nest.attributes[name] for name in DESCRIPTIONS if name in nest.attributes}
    )
    kernel.location = nest.location
    Builder(InsertPoint.before(nest)).insert(inputs.constants)
    Rewriter.replace_op(nest, kernel)


def _build_body(program: TileProgram, loads: KernelLoads, steps: StepPrinter, depth: int) -> None:
    """Build everything inside the `depth` outermost loops."""
    loops = loads.loops
    loads.at_depth(depth)
    if depth == 0:
        steps.print(program.once)
    if depth == loops.parallel:
        steps.print(program.begin)
    if depth < len(loops.loops):
        loops.open(depth)
        _build_body(program, loads, steps, depth + 1)
        loops.build.close_loop()
    else:
        loads.before_last_chunk()
        steps.print(program.chunk)
    if depth == loops.parallel:
        loads.before_epilogue()
        steps.print(program.end)
