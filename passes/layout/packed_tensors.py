"""Which tensors of a function exist in vectors already: each is packed once."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.builder import Builder
from xdsl.dialects.builtin import UnknownLoc
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import InsertPoint

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.graph import ConstantOp
from nopt.dialects.shaped import shape_of
from nopt.passes.layout.tensor_layouts import Layout


@dataclass
class PackedTensors:
    """The tensors that exist in vectors along a dimension, their rows along another or alike."""

    vector: tuple[int, ...]
    _packed: dict[tuple[SSAValue, Layout], SSAValue] = field(
        default_factory=dict[tuple[SSAValue, Layout], SSAValue]
    )

    def layout(self, tensor: SSAValue, axis: int, rows: int | None, parts: int = 1) -> Layout:
        """Vectors of a tensor along dimensions, in so many parts."""
        return Layout.of_vectors(len(shape_of(tensor)), axis, self.vector, rows, parts)

    def get(self, tensor: SSAValue, layout: Layout, before: Operation) -> SSAValue:
        """A tensor in a layout; packed just before an op that needs it first."""
        if (found := self._packed.get((tensor, layout))) is not None:
            return found
        packed = layout.pack(tensor)
        insert_before(packed, before, tensor.name_hint)
        self._packed[tensor, layout] = packed.result
        return packed.result

    def unpack(self, nest: ForOp, old: ForOp, layout: Layout) -> SSAValue:
        """The result of a nest that stores vectors in a layout, as the `old` one had it."""
        unpacked = layout.unpack(nest.result, old.result_shape)
        insert_before(unpacked, old, old.result.name_hint)
        self._packed[unpacked.result, layout] = nest.result
        return unpacked.result


def insert_before(op: ForOp | ConstantOp, before: Operation, name: str | None) -> None:
    """Insert a nest or constant, its result named; a message about it points at `before`."""
    if isinstance(op.location, UnknownLoc):
        op.location = before.location
    Builder(InsertPoint.before(before)).insert(op)
    op.results[0].name_hint = name
