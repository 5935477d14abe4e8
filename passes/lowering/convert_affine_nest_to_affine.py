"""`convert-affine-nest-to-affine`: nests as loops over memrefs, in MLIR's own dialects.

Functions take memrefs and return memrefs. Each nest allocates its result and fills it in
`affine.for` loops, after a copy of its destination if it has one; a reduction is a loop nest of its
own that carries the accumulator; a read that may be outside is guarded by an `affine.if`. Buffers
that are not returned are freed at the end. What a function took packed it packs by loops, too; an
order in which an argument is to lie on the core only is dropped. For an `mlir-opt` before version
17, print with `--print-no-properties`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects import affine, arith, memref
from xdsl.dialects.builtin import (
    AffineMapAttr,
    AffineSetAttr,
    AnyFloat,
    BytesAttr,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    FunctionType,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
    StringAttr,
    TensorType,
    UnitAttr,
)
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.ir.affine import (
    AffineConstraintExpr,
    AffineConstraintKind,
    AffineDimExpr,
    AffineExpr,
    AffineSet,
)
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint
from xdsl.traits import SymbolTable
from xdsl.utils.hints import isa

from nopt.dialects.affine_math import expr_range, substitute
from nopt.dialects.affine_nest import ForOp, LoadOp, ReduceOp, Reduction, YieldOp
from nopt.dialects.affine_nest.arguments import drop_orders
from nopt.dialects.affine_nest.combiners import COMBINE
from nopt.dialects.graph import ConstantOp
from nopt.passes.base.machine import ATTRIBUTE
from nopt.passes.base.places import about
from nopt.passes.lowering.given_arguments import give_arguments


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
                _Loops(op, self.values, new.memref).build(self.builder)
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


class _Loops:
    """The loops of one nest. What no reduction iterator reaches is computed outside reductions."""

    def __init__(self, nest: ForOp, tensors: Mapping[SSAValue, SSAValue], result: SSAValue):
        self.nest = nest
        self.tensors = tensors
        self.result = result
        self.indices: list[SSAValue] = []

    def build(self, builder: Builder) -> None:
        for name, extent in self.nest.named_parallel:
            body = _loop(builder, name, extent, []).body.block
            self.indices.append(body.args[0])
            end = affine.YieldOp.get()
            body.add_op(end)
            builder = Builder(InsertPoint.before(end))
        scalars: dict[SSAValue, SSAValue] = {}
        for op in self.nest.body.block.ops:
            match op:
                case ReduceOp():
                    scalars[op.result] = self._reduce(builder, op, scalars)
                case YieldOp():
                    places = AffineMapAttr(self.nest.places)
                    builder.insert(
                        affine.StoreOp(scalars[op.value], self.result, self.indices, places)
                    )
                case _ if not self._varies(op, scalars):
                    scalars[op.results[0]] = self._scalar(builder, op, scalars)
                case _:
                    pass

    def _varies(self, op: Operation, scalars: Mapping[SSAValue, SSAValue]) -> bool:
        """Whether the op depends on a reduction iterator, and so is computed inside reductions."""
        if isinstance(op, LoadOp):
            return any(dim >= len(self.indices) for dim in op.map.data.used_dims())
        return any(operand not in scalars for operand in op.operands)

    def _scalar(
        self, builder: Builder, op: Operation, scalars: Mapping[SSAValue, SSAValue]
    ) -> SSAValue:
        if isinstance(op, LoadOp):
            return self._load(builder, op)
        clone = builder.insert(op.clone(dict(scalars)))
        return clone.results[0]

    def _reduce(
        self, builder: Builder, op: ReduceOp, outer: Mapping[SSAValue, SSAValue]
    ) -> SSAValue:
        """Loops over the reduction iterators that carry the accumulator; its last value."""
        identity = builder.insert(arith.ConstantOp(_identity(op.kind.data, op.result.type)))
        parallel = len(self.indices)
        loops: list[affine.ForOp] = []
        accumulator: SSAValue = identity.result
        for name, extent in self.nest.named_reduction:
            loop = _loop(builder, name, extent, [accumulator])
            loops.append(loop)
            index, accumulator = loop.body.block.args
            accumulator.name_hint = "accumulator"
            self.indices.append(index)
            builder = Builder(InsertPoint.at_end(loop.body.block))
        scalars = dict(outer)
        for inner in self._computing(op.operand, outer):
            scalars[inner.results[0]] = self._scalar(builder, inner, scalars)
        combine = COMBINE[op.kind.data, isinstance(op.result.type, IntegerType)]
        result: SSAValue = builder.insert(combine(accumulator, scalars[op.operand])).results[0]
        for loop in reversed(loops):
            Builder(InsertPoint.at_end(loop.body.block)).insert(affine.YieldOp.get(result))
            result = loop.results[0]
        del self.indices[parallel:]
        return result

    def _computing(self, value: SSAValue, known: Mapping[SSAValue, SSAValue]) -> list[Operation]:
        """The ops of the body that compute a value from known ones, in order."""
        needed = {value}
        found: list[Operation] = []
        for op in reversed(list(self.nest.body.block.ops)):
            if op.results and op.results[0] in needed and op.results[0] not in known:
                found.append(op)
                needed.update(op.operands)
        return found[::-1]

    def _load(self, builder: Builder, load: LoadOp) -> SSAValue:
        map = load.map.data
        used = sorted(map.used_dims())
        dims: list[AffineExpr] = [AffineExpr.constant(0)] * map.num_dims
        for position, dim in enumerate(used):
            dims[dim] = AffineDimExpr(position)
        indices = [self.indices[dim] for dim in used]
        own = AffineMapAttr(substitute(map, dims, len(used)))
        source = self.tensors[load.source]
        read = affine.LoadOp(source, indices, own)
        read.result.name_hint = load.result.name_hint
        inside: list[AffineConstraintExpr] = []
        for expr, moved, size in zip(map.results, own.data.results, load.source_shape, strict=True):
            low, high = expr_range(expr, self.nest.ranges)
            if low < 0:
                inside.append(_not_negative(moved))
            if high >= size:
                inside.append(_not_negative(moved * -1 + (size - 1)))
        if not inside:
            return builder.insert(read).result
        assert load.pad is not None
        condition = AffineSetAttr(AffineSet(len(used), 0, tuple(inside)))
        pad = arith.ConstantOp(load.pad)
        guard = affine.IfOp.build(
            operands=[indices],
            properties={"condition": condition},
            regions=[
                Region(Block([read, affine.YieldOp.get(read)])),
                Region(Block([pad, affine.YieldOp.get(pad)])),
            ],
            result_types=[[load.result.type]],
        )
        builder.insert(guard)
        guard.results[0].name_hint = load.result.name_hint
        return guard.results[0]


def _copy(builder: Builder, source: SSAValue, target: SSAValue, shape: Sequence[int]) -> None:
    """Loops that copy every element."""
    indices: list[SSAValue] = []
    for axis, size in enumerate(shape):
        body = _loop(builder, f"i{axis}", size, []).body.block
        indices.append(body.args[0])
        end = affine.YieldOp.get()
        body.add_op(end)
        builder = Builder(InsertPoint.before(end))
    element = builder.insert(affine.LoadOp(source, indices)).result
    builder.insert(affine.StoreOp(element, target, indices))


def _not_negative(expr: AffineExpr) -> AffineConstraintExpr:
    return AffineConstraintExpr(AffineConstraintKind.ge, expr, AffineExpr.constant(0))


def _loop(builder: Builder, name: str, extent: int, carried: Sequence[SSAValue]) -> affine.ForOp:
    """A loop over [0, extent) whose body is still empty."""
    types = [value.type for value in carried]
    body = Block(arg_types=[IndexType(), *types])
    body.args[0].name_hint = name
    return builder.insert(affine.ForOp.from_region([], [], carried, types, 0, extent, Region(body)))


def _identity(kind: Reduction, type: Attribute) -> IntegerAttr | FloatAttr:
    """What a reduction of nothing gives."""
    if isinstance(type, IntegerType):
        half = 1 << (type.bitwidth - 1)
        least = {Reduction.ADD: 0, Reduction.MAX: -half, Reduction.MIN: half - 1}
        return IntegerAttr(least[kind], type)
    assert isinstance(type, AnyFloat)
    return FloatAttr({Reduction.ADD: 0.0, Reduction.MAX: -inf, Reduction.MIN: inf}[kind], type)
