"""`convert-affine-nest-to-affine`: nests as loops over memrefs, in MLIR's own dialects.

Functions take memrefs and return memrefs. Each nest allocates its result and fills it in
`affine.for` loops, after a copy of its destination if it has one; a reduction is a loop nest of its
own that carries the accumulator; a read that may be outside is guarded by an `affine.if`. Buffers
that are not returned are freed at the end. What a function took packed it packs by loops, too; an
order in which an argument is to lie on the core only is dropped. For an `mlir-opt` before version
17, print with `--print-no-properties`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects import affine, memref
from xdsl.dialects.builtin import (
    BytesAttr,
    DenseIntOrFPElementsAttr,
    FunctionType,
    MemRefType,
    ModuleOp,
    StringAttr,
    TensorType,
    UnitAttr,
)
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint
from xdsl.traits import SymbolTable
from xdsl.utils.hints import isa

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.arguments import drop_orders
from nopt.dialects.graph import ConstantOp
from nopt.passes.base.machine import ATTRIBUTE
from nopt.passes.base.places import about
from nopt.passes.lowering.given_arguments import give_arguments
from nopt.passes.lowering.mapped_loops import MappedLoops, is_mapped
from nopt.passes.lowering.nest_loops import NestLoops, enter_loop


@dataclass(frozen=True)
class ConvertAffineNestToAffinePass(ModulePass):
    """Turn nests into affine loops over memrefs, functions of tensors into functions of memrefs."""

    name = "convert-affine-nest-to-affine"
    level = "affine_nest"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        give_arguments(op)
        globals = _Globals(op)
        for function in [function for function in op.walk() if isinstance(function, FuncOp)]:
            _convert_function(function, globals)
        op.attributes.pop(ATTRIBUTE, None)  # Other tools do not know it.


def _memref_type(type: Attribute) -> Attribute:
    """The memref for a tensor; other types stay."""
    return MemRefType(type.element_type, type.shape) if isa(type, TensorType[Attribute]) else type


@dataclass
class _Globals:
    """Constants of the module, each stored once."""

    module: ModuleOp
    names: dict[Attribute, str] = field(default_factory=dict[Attribute, str])

    def name(self, constant: ConstantOp) -> str:
        if constant.value not in self.names:
            self.names[constant.value] = self._add(constant)
        return self.names[constant.value]

    def _add(self, constant: ConstantOp) -> str:
        wanted = name = constant.result.name_hint or "constant"
        suffix = 0
        while SymbolTable.lookup_symbol(self.module, name) is not None:
            suffix += 1
            name = f"{wanted}_{suffix}"
        tensor = constant.result.type
        value: Attribute = constant.value
        if not isinstance(value, DenseIntOrFPElementsAttr):
            value = DenseIntOrFPElementsAttr(tensor, BytesAttr(constant.array.tobytes()))  # pyright: ignore
        type = _memref_type(tensor)
        op = memref.GlobalOp.get(StringAttr(name), type, value, constant=UnitAttr())
        function = constant.parent_op()
        assert function is not None
        Builder(InsertPoint.before(function)).insert(op)
        return name


def _convert_function(function: FuncOp, globals: _Globals) -> None:
    inputs, outputs = function.function_type.inputs, function.function_type.outputs
    function.function_type = FunctionType.from_lists(
        [_memref_type(type) for type in inputs], [_memref_type(type) for type in outputs]
    )
    drop_orders(function)
    if function.is_declaration:
        return
    with about(function):
        if len(function.body.blocks) != 1:
            raise ValueError(f"expected a body of one block, found {len(function.body.blocks)}")
    old = function.body.block
    new = Block(arg_types=function.function_type.inputs)
    values: dict[SSAValue, SSAValue] = {}
    for before, after in zip(old.args, new.args, strict=True):
        after.name_hint = before.name_hint
        values[before] = after
    body = _Body(Builder(InsertPoint.at_end(new)), values, globals)
    for op in old.ops:
        with about(op):
            body.add(op)
    function.body.detach_block(old)
    function.body.add_block(new)
    old.erase(safe_erase=False)


@dataclass
class _Body:
    """The converted body of a function so far."""

    builder: Builder
    values: dict[SSAValue, SSAValue]
    globals: _Globals
    buffers: list[SSAValue] = field(default_factory=list[SSAValue])

    def add(self, op: Operation) -> None:
        """Append the converted op. Raises ValueError for an op on tensors that has no loops."""
        match op:
            case ForOp():
                new = memref.AllocOp.get(op.yielded.type, shape=op.result_shape)
                self.builder.insert(new)
                self.buffers.append(new.memref)
                if op.destination is not None:
                    _copy(self.builder, self.values[op.destination], new.memref, op.result_shape)
                kind = MappedLoops if is_mapped(op) else NestLoops
                kind(op, self.values, new.memref).build(self.builder)
            case ConstantOp():
                name = self.globals.name(op)
                new = memref.GetGlobalOp(name, _memref_type(op.result.type))
                self.builder.insert(new)
            case ReturnOp():
                results = [self.values[operand] for operand in op.operands]
                for buffer in self.buffers:
                    if buffer not in results:
                        self.builder.insert(memref.DeallocOp.get(buffer))
                new = self.builder.insert(ReturnOp(*results))
            case CallOp():
                operands = [self.values[operand] for operand in op.operands]
                types = [_memref_type(type) for type in op.result_types]
                new = self.builder.insert(CallOp(op.callee, operands, types))
            case _:
                if any(isa(v.type, TensorType[Attribute]) for v in (*op.operands, *op.results)):
                    raise ValueError("has no loops; convert it to a nest first")
                new = self.builder.insert(op.clone(self.values))
        for before, after in zip(op.results, new.results, strict=True):
            after.name_hint = before.name_hint
            self.values[before] = after


def _copy(builder: Builder, source: SSAValue, target: SSAValue, shape: Sequence[int]) -> None:
    """Loops that copy every element."""
    indices: list[SSAValue] = []
    for axis, size in enumerate(shape):
        builder, index = enter_loop(builder, f"i{axis}", size)
        indices.append(index)
    element = builder.insert(affine.LoadOp(source, indices)).result
    builder.insert(affine.StoreOp(element, target, indices))
