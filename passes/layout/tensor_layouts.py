"""Layouts of tensors: which dimensions are in blocks, in what order all lie, the lanes innermost.

    tensor<1x40x5x5xi8>  in vectors along dimension 1 is  tensor<1x3x5x5x16xi8>

A core with a batch has vectors of several rows: along a second dimension, or all alike.

    tensor<6x40x5x5xi8>  in vectors of 4 rows along 0  is  tensor<2x3x5x5x4x16xi8>

A layout is written as `order` to the nest that makes a tensor, or as `affine_nest.order` to a
function's argument; `dialects/affine_nest/orders.py` says what one is. Those that only nests on the
core ask for need no whole blocks: the last one is filled up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from xdsl.dialects.builtin import AffineMapAttr, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, BlockArgument, SSAValue
from xdsl.ir.affine import (
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
)

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.affine_nest.arguments import (
    ARGUMENT_ORDER,
    PACKS,
    argument_attributes,
    arguments_of,
    function_of,
    set_argument_attributes,
)
from nopt.dialects.affine_nest.attributes import ORDER
from nopt.dialects.affine_nest.builder import NestBuilder
from nopt.dialects.affine_nest.orders import (
    BadOrder,
    check_order,
    extent_of_part,
    factor_of_part,
)
from nopt.dialects.shaped import shape_of
from nopt.passes.base.places import about


@dataclass(frozen=True)
class Layout:
    """Where the elements of tensors lie: `map` takes their indices to places in memory.

    Each dimension is one index of it, or two if it is in blocks of `block` lanes.
    """

    map: AffineMap
    block: int
    batch: int = 1
    """Rows of a vector."""

    @classmethod
    def of_vectors(
        cls,
        rank: int,
        lanes: int,
        vector: Sequence[int],
        rows: int | None = None,
        parts: int = 1,
    ) -> Layout:
        """Vectors along the dimension `lanes`, the dimensions and its blocks in order.

        If they have several rows, these run along the dimension `rows`; all are alike without. Of
        several `parts` of the lanes, each has all rows.
        """
        dims = [AffineDimExpr(i) for i in range(rank)]
        block, batch = vector[-1], prod(vector[:-1])
        blocks = {lanes: block} | ({} if rows is None else {rows: batch})
        outer = [dim // blocks[i] if i in blocks else dim for i, dim in enumerate(dims)]
        inner: list[AffineExpr] = [dims[lanes] % block]
        if batch > 1:
            inner.insert(0, AffineConstantExpr(0) if rows is None else dims[rows] % batch)
        if parts > 1:
            size = block // parts
            inner = [dims[lanes] % block // size, *inner[:-1], dims[lanes] % size]
        return cls(AffineMap(rank, 0, (*outer, *inner)), block, batch)

    @classmethod
    def of_weights(cls, rank: int, rows: int, lanes: int, block: int) -> Layout:
        """Matrices of a block of `rows` by a block of `lanes`, the other dimensions in order."""
        dims = [AffineDimExpr(i) for i in range(rank)]
        outer = [dim // block if i in (rows, lanes) else dim for i, dim in enumerate(dims)]
        inner = (dims[rows] % block, dims[lanes] % block)
        return cls(AffineMap(rank, 0, (*outer, *inner)), block)

    @classmethod
    def written(cls, attribute: Attribute, shape: Sequence[int]) -> Layout:
        """The layout that an attribute states. Raises BadOrder if it is none for a shape."""
        if not isinstance(attribute, AffineMapAttr):
            raise BadOrder(f"order is {attribute}, expected affine_map<…>")
        return cls(attribute.data, check_order(attribute.data, shape))

    @cached_property
    def lanes(self) -> int:
        """The dimension whose lanes are innermost."""
        return min(self.map.results[-1].used_dims())

    @cached_property
    def rows(self) -> int | None:
        """The dimension whose lanes lie around the innermost ones, as those of weights do."""
        outer = self.map.results[-2] if len(self.map.results) > 1 else None
        dims = [AffineDimExpr(i) % self.block for i in range(self.map.num_dims)]
        return dims.index(outer) if outer in dims else None

    @cached_property
    def divided(self) -> frozenset[int]:
        """The dimensions that are in blocks, but for that of the lanes."""
        dims = [AffineDimExpr(i) for i in range(self.map.num_dims)]
        blocks = {i for i, dim in enumerate(dims) if dim not in self.map.results}
        return frozenset(blocks - {self.lanes})

    def type_of(self, tensor: TensorType[Attribute]) -> TensorType[Attribute]:
        """The type of a packed tensor."""
        return TensorType(tensor.element_type, self._extents(tensor.get_shape()))

    def pack(self, tensor: SSAValue) -> ForOp:
        """The copy of a tensor that lies in memory row by row in this layout; zeros fill it up."""
        *outer, block = self._extents(shape_of(tensor))
        nest = NestBuilder.of([*((f"i{i}", n) for i, n in enumerate(outer)), ("lane", block)], [])
        return nest.finish(nest.load(tensor, self._indices(nest.dims), 0))

    def unpack(self, packed: SSAValue, shape: Sequence[int]) -> ForOp:
        """The tensor of a shape that a packed one is, row by row."""
        nest = NestBuilder.of([(f"i{i}", n) for i, n in enumerate(shape)], [])
        indices = [part.replace_dims_and_symbols(nest.dims, []) for part in self.map.results]
        return nest.finish(nest.load(packed, indices))

    def _extents(self, shape: Sequence[int]) -> list[int]:
        *parts, lanes = self.map.results
        # What no dimension runs along are rows that are alike.
        outer = [extent_of_part(each, shape) if each.used_dims() else self.batch for each in parts]
        return [*outer, extent_of_part(lanes, shape) if lanes.used_dims() else self.block]

    def _indices(self, places: Sequence[AffineExpr]) -> list[AffineExpr]:
        """The indices of the element at a place in memory."""
        indices: list[AffineExpr] = [AffineExpr.constant(0)] * self.map.num_dims
        for part, place in zip(self.map.results, places, strict=True):
            for dim in part.used_dims():
                indices[dim] = indices[dim] + place * factor_of_part(part)
        return indices


def check_layouts(function: FuncOp, block: int) -> None:
    """Raise, about the nest or function, what is wrong with orders that a person wrote."""
    with about(function):
        for argument in arguments_of(function):
            layout_of(argument, block)
    for nest in function.walk():
        if isinstance(nest, ForOp):
            with about(nest):
                layout_of(nest.result, block)


def written_layout(tensor: SSAValue) -> Attribute | None:
    """What is written about a tensor's layout."""
    owner = tensor.owner
    if isinstance(owner, ForOp):
        return owner.attributes.get(ORDER)
    attributes = argument_attributes(tensor)
    return None if PACKS in attributes else attributes.get(ARGUMENT_ORDER)


def layout_of(tensor: SSAValue, block: int) -> Layout | None:
    """The layout that is written for a tensor. Raises BadOrder if that is none of the core's."""
    attribute = written_layout(tensor)
    if attribute is None:
        return None
    layout = Layout.written(attribute, shape_of(tensor))
    if layout.block != block:
        raise BadOrder(f"order {layout.map} has blocks of {layout.block} lanes, the core's {block}")
    return layout


def write_layout(tensor: SSAValue, layout: Layout) -> None:
    """Say how a tensor is to lie in memory."""
    map = AffineMapAttr(layout.map)
    if isinstance(tensor.owner, ForOp):
        tensor.owner.attributes[ORDER] = map
    elif (function := function_of(tensor)) is not None and isinstance(tensor, BlockArgument):
        attributes = {**argument_attributes(tensor), ARGUMENT_ORDER: map}
        set_argument_attributes(function, tensor.index, attributes)
