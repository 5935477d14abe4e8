"""Blocked layouts of tensors: one dimension divided by the block, its lanes innermost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.builder import Builder
from xdsl.dialects.builtin import TensorType, UnknownLoc
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineExpr
from xdsl.rewriter import InsertPoint

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.graph import ConstantOp
from nopt.dialects.shaped import shape_of
from nopt.passes.fusion.block_parts import writes_blocks


@dataclass
class Layouts:
    """Which tensors exist in blocked form: (tensor, blocked dimension) to the blocked tensor."""

    block: int
    packed: dict[tuple[SSAValue, int], SSAValue] = field(
        default_factory=dict[tuple[SSAValue, int], SSAValue]
    )

    parts: set[tuple[Operation, int]] = field(default_factory=set[tuple[Operation, int]])
    """Nests that write whole blocks of a part of a tensor, and the dimension of the blocks."""

    def note_parts(self, nests: Sequence[ForOp]) -> None:
        """Remember who writes whole blocks, before packing and unpacking hide who wrote what."""
        for nest in nests:
            for axis in range(len(nest.result_shape)):
                if nest.into is not None and writes_blocks(nest, axis, self.block):
                    self.parts.add((nest, axis))

    def has(self, tensor: SSAValue, axis: int) -> bool:
        return (tensor, axis) in self.packed

    def get(self, tensor: SSAValue, axis: int, before: Operation) -> SSAValue:
        """`tensor` blocked along `axis`; packed just before an op that needs it first."""
        if not self.has(tensor, axis):
            shape = list(shape_of(tensor))
            extents = {f"i{i}": size for i, size in enumerate(shape)}
            extents[f"i{axis}"] = -(-shape[axis] // self.block)
            nest = NestBuilder({**extents, "lane": self.block})
            *dims, lane = nest.dims
            indices: list[AffineExpr] = [*dims]
            indices[axis] = dims[axis] * self.block + lane
            packed = nest.finish(nest.load(tensor, indices, 0))
            insert_before(packed, before, tensor.name_hint)
            self.packed[tensor, axis] = packed.result
        return self.packed[tensor, axis]

    def type_of(self, tensor: TensorType[Attribute], axis: int) -> TensorType[Attribute]:
        """The type of a tensor blocked along `axis`."""
        shape = list(tensor.get_shape())
        shape[axis] = -(-shape[axis] // self.block)
        return TensorType(tensor.element_type, [*shape, self.block])

    def unpack(self, blocked: SSAValue, shape: Sequence[int], axis: int) -> ForOp:
        """The nest that reads a blocked tensor back into `shape`."""
        nest = NestBuilder({f"i{i}": size for i, size in enumerate(shape)})
        indices: list[AffineExpr] = [*nest.dims]
        indices[axis] = nest.dims[axis] // self.block
        return nest.finish(nest.load(blocked, [*indices, nest.dims[axis] % self.block]))


def insert_before(op: ForOp | ConstantOp, before: Operation, name: str | None) -> None:
    """Insert a nest or constant, its result named; a message about it points at `before`."""
    if isinstance(op.location, UnknownLoc):
        op.location = before.location
    Builder(InsertPoint.before(before)).insert(op)
    op.results[0].name_hint = name
