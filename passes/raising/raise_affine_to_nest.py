"""`raise-affine-to-nest`: loop code on memrefs as nests on tensors.

What C-like code is in MLIR's own dialects (`affine.for`, `affine.load`, `affine.store`, `arith` on
memrefs; as `mlir-opt` or Polygeist print it) becomes a function on tensors. Every store becomes a
nest of its own, in the order of the text. That is done only where ISL shows that every load still
gets its value from the same store at the same point of its loops; or where stores add to (or take
the maximum or minimum with) what was there, which becomes a reduction. Whatever else a function
does is refused with the place and the reason, and nothing is changed.

The function's arguments are tensors instead of memrefs. A memref argument that is stored to becomes
a result, after the function's own results, in the order of the arguments; it is an argument still
only if something of what it held before is used. Arguments must not overlap in memory, and a size
that an argument leaves open (`memref<?x8xi8>`) is as large as the indices reach.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects import affine, memref
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    FunctionType,
    MemRefType,
    ModuleOp,
    StringAttr,
    TensorType,
)
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import SymbolTable
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from nopt.dialects.constants import array_of, attribute_of, load_resource_dialect, numpy_type
from nopt.dialects.graph import ConstantOp
from nopt.passes.base.dead_code import erase_dead_code
from nopt.passes.base.places import about
from nopt.passes.raising.loops.loop_program import Program
from nopt.passes.raising.loops.loop_reading import read
from nopt.passes.raising.loops.statement_order import Schedule
from nopt.passes.raising.nests.bodies import Content, Memory
from nopt.passes.raising.nests.reloading import reloaded
from nopt.passes.raising.nests.statement_nests import StatementWriter


@dataclass(frozen=True)
class RaiseAffineToNestPass(ModulePass):
    """Turn affine loops over memrefs into nests over tensors, where exact analysis allows."""

    name = "raise-affine-to-nest"
    level = "affine_nest"

    reassociate: bool = False
    """Whether sums of floats may be taken in another order."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        load_resource_dialect(ctx)
        called = {call.callee.root_reference.data for call in op.walk() if isinstance(call, CallOp)}
        functions = [f for f in op.walk() if isinstance(f, FuncOp) and _has_memrefs(f)]
        for function in functions:
            with about(function):
                if function.sym_name.data in called:
                    raise ValueError("has memrefs and is called, expected no callers")
                _Raising(op, function, self.reassociate).run()
        _drop_globals(op)
        erase_dead_code(op)


def _has_memrefs(function: FuncOp) -> bool:
    types = [*function.function_type.inputs, *function.function_type.outputs]
    types += [result.type for op in function.walk() for result in op.results]
    return not function.is_declaration and any(isa(t, MemRefType[Attribute]) for t in types)


def _drop_globals(module: ModuleOp) -> None:
    """Remove private globals that nothing refers to any more."""
    used = {
        op.name_.root_reference.data for op in module.walk() if isinstance(op, memref.GetGlobalOp)
    }
    for op in list(module.ops):
        if not isinstance(op, memref.GlobalOp) or op.sym_visibility != StringAttr("private"):
            continue
        if op.sym_name.data not in used:
            op.detach()
            op.erase()


class _Raising:
    """One function on its way from memrefs to tensors."""

    def __init__(self, module: ModuleOp, function: FuncOp, reassociate: bool):
        self.module = module
        self.function = function
        self.reassociate = reassociate

    def run(self) -> None:
        """Replace the function's body and type. Raises before anything is changed."""
        error: Exception | None = None
        for reloads in (False, True):
            function = reloaded(self.function) if reloads else self.function
            if function is None:
                break
            program = read(function)
            for merge in (True, False):
                try:
                    return self._raise(program, merge)
                except (VerifyException, ValueError) as found:
                    error = error if reloads else found
        assert error is not None
        raise error

    def _raise(self, program: Program, merge: bool) -> None:
        schedule = Schedule(program, self.reassociate, merge)
        block = Block(arg_types=self._types(program))
        memory = self._memory(program, schedule, block)
        writer = StatementWriter(program, memory, self.reassociate)
        for statement in schedule.statements:
            with about(statement.store.op):
                writer.write(statement)
        self._finish(program, schedule, memory, block)

    def _types(self, program: Program) -> list[Attribute]:
        return [
            TensorType(arg.type.element_type, program.shapes[arg])
            if isa(arg.type, MemRefType[Attribute])
            else TensorType(arg.type, ())
            for arg in program.arguments
        ]

    def _memory(self, program: Program, schedule: Schedule, block: Block) -> Memory:
        """The memrefs as the function begins."""
        contents: dict[SSAValue, Content] = {}
        for before, after in zip(program.arguments, block.args, strict=True):
            after.name_hint = before.name_hint
            contents[before] = None if before in schedule.overwritten else after
        for buffer in program.buffers:
            contents[buffer] = None
        for op in program.function.walk():
            if isinstance(op, memref.GetGlobalOp):
                with about(op):
                    constant = self._global(program, op)
                block.add_op(constant)
                contents[op.memref] = constant.result
        return Memory(program, contents, schedule.apart, block.add_op)

    def _global(self, program: Program, op: memref.GetGlobalOp) -> ConstantOp:
        """The constant that a global is."""
        name = op.name_.root_reference.data
        source = SymbolTable.lookup_symbol(self.module, name)
        if not isinstance(source, memref.GlobalOp):
            raise ValueError(f"@{name} is not a global of the module")
        value = source.initial_value
        fixed = source.constant is not None or self._is_only_read(source)
        if not fixed or not isinstance(value, DenseIntOrFPElementsAttr):
            raise ValueError(f"@{name} is not a constant with a value")
        array = array_of(value)
        constant = ConstantOp(attribute_of(array.reshape(program.shapes[op.memref]), name))
        constant.result.name_hint = op.memref.name_hint or name
        return constant

    def _is_only_read(self, source: memref.GlobalOp) -> bool:
        """Whether nothing in the module can store to a global."""
        users = [
            use.operation
            for op in self.module.walk()
            if isinstance(op, memref.GetGlobalOp)
            and op.name_.root_reference.data == source.sym_name.data
            for use in op.memref.uses
        ]
        private = source.sym_visibility == StringAttr("private")
        return private and all(isinstance(op, affine.LoadOp | memref.LoadOp) for op in users)

    def _finish(self, program: Program, schedule: Schedule, memory: Memory, block: Block) -> None:
        """Return the results, and put the new body in the place of the old one."""
        with about(program.terminator):
            results = [self._result(block, memory, value) for value in schedule.results]
        block.add_op(ReturnOp(*results))
        for before, after in reversed(list(zip(program.arguments, block.args, strict=True))):
            if before in program.stored and not after.uses:
                block.erase_arg(after)
        types = [result.type for result in results]
        self.function.function_type = FunctionType.from_lists(block.arg_types, types)
        old = self.function.body.block
        self.function.body.detach_block(old)
        self.function.body.add_block(block)
        old.erase(safe_erase=False)

    def _result(self, block: Block, memory: Memory, value: SSAValue) -> SSAValue:
        content = memory.contents[value]
        if content is None:
            raise ValueError("returns a memref that nothing was stored to")
        if isinstance(content, SSAValue):
            return content
        array = np.full(memory.program.shapes[value], content.value.data, numpy_type(content.type))
        constant = ConstantOp(attribute_of(array, value.name_hint or "constant"))
        constant.result.name_hint = value.name_hint
        block.add_op(constant)
        return constant.result
