"""Orders: how a tensor lies in memory where that is not row by row, as a map that people can read.

    order = affine_map<(d0, d1, d2) -> (d0, d1 floordiv 16, d2 floordiv 16, d1 mod 16, d2 mod 16)>

The element at d0, d1, d2 is at that index of the memory: here matrices of 16 tokens by 16 channels.
The attribute stands on the nest that makes the tensor, or with its argument of a function as
`affine_nest.order`. Every dimension is in a map once, whole or as its blocks and its lanes; the
lanes of one are innermost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects.builtin import AffineMapAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, BlockArgument, SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
)

from nopt.dialects.affine_nest import ForOp
from nopt.dialects.packed_arguments import (
    ARGUMENT_ORDER,
    PACKS,
    argument_attributes,
    arguments_of,
    function_of,
    set_argument_attributes,
)
from nopt.dialects.shaped import shape_of
from nopt.passes.affine.nest_builder import NestBuilder
from nopt.passes.places import about

ORDER = "order"
"""Attribute of a nest: the order of its result."""


class BadOrder(ValueError):
    """A map that is no order of a tensor."""


@dataclass(frozen=True)
class Order:
    """An order of tensors whose divided dimensions are whole blocks."""

    map: AffineMap
    block: int

    @classmethod
    def of_weights(cls, rank: int, rows: int, lanes: int, block: int) -> Order:
        """Matrices of a block of `rows` by a block of `lanes`, the other dimensions in order."""
        dims = [AffineDimExpr(i) for i in range(rank)]
        outer = [dim // block if i in (rows, lanes) else dim for i, dim in enumerate(dims)]
        inner = (dims[rows] % block, dims[lanes] % block)
        return cls(AffineMap(rank, 0, (*outer, *inner)), block)

    @classmethod
    def written(cls, attribute: Attribute) -> Order:
        """An order that was checked before. Raises BadOrder for what is no map, or has no lanes."""
        map = attribute.data if isinstance(attribute, AffineMapAttr) else None
        lanes = map.results[-1] if map is not None and map.results else None
        block = lanes.rhs if isinstance(lanes, AffineBinaryOpExpr) else None
        if map is None or not isinstance(block, AffineConstantExpr):
            raise BadOrder(f"order is {attribute}, expected affine_map<…> with lanes innermost")
        return cls(map, block.value)

    @classmethod
    def checked(cls, map: AffineMap, shape: Sequence[int], block: int) -> Order:
        """An order that a person wrote. Raises BadOrder if it is none for tensors of a shape."""
        order = cls(map, block)
        dims = [AffineDimExpr(i) for i in range(len(shape))]
        parts = [part for dim in dims for part in (dim // block, dim % block)]
        rest = [part for part in map.results if part not in dims]
        whole = [part for part in map.results if part in dims]
        divided = [dim for dim in dims if dim // block in rest]
        wanted = [part for dim in divided for part in (dim // block, dim % block)]
        once = sorted(map.results, key=str) == sorted([*whole, *wanted], key=str)
        complete = len(set(whole)) == len(whole) and {*whole, *divided} == {*dims}
        if not once or not complete or not set(rest) <= set(parts) or map.num_symbols:
            raise BadOrder(
                f"order {map} is none of {len(shape)} dimensions; expected each of them once, "
                f"whole or as 'floordiv {block}' and 'mod {block}'"
            )
        if not map.results or map.results[-1] not in {dim % block for dim in divided}:
            raise BadOrder(f"order {map} ends in no lanes, expected 'mod {block}' innermost")
        for dim in divided:
            if shape[dim.position] % block:
                raise BadOrder(
                    f"order {map} divides dimension {dim.position} of {shape[dim.position]} "
                    f"elements, expected a multiple of {block}"
                )
        return order

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

    def packed(self, tensor: SSAValue) -> ForOp:
        """The copy of a tensor that lies in memory row by row in this order."""
        shape = shape_of(tensor)
        extents = [self._extent(part, shape) for part in self.map.results]
        nest = NestBuilder.of([(f"i{i}", n) for i, n in enumerate(extents)], [])
        return nest.finish(nest.load(tensor, self._indices(nest.dims)))

    def opened(self, packed: SSAValue, shape: Sequence[int]) -> ForOp:
        """The tensor that a packed one is, row by row."""
        nest = NestBuilder.of([(f"i{i}", n) for i, n in enumerate(shape)], [])
        indices = [part.replace_dims_and_symbols(nest.dims, []) for part in self.map.results]
        return nest.finish(nest.load(packed, indices))

    def _extent(self, part: AffineExpr, shape: Sequence[int]) -> int:
        (dim,) = part.used_dims()
        if part == AffineDimExpr(dim):
            return shape[dim]
        blocks = part == AffineDimExpr(dim) // self.block
        return shape[dim] // self.block if blocks else self.block

    def _indices(self, places: Sequence[AffineExpr]) -> list[AffineExpr]:
        """The indices of the element at a place in memory."""
        indices: list[AffineExpr] = [AffineExpr.constant(0)] * self.map.num_dims
        for part, place in zip(self.map.results, places, strict=True):
            (dim,) = part.used_dims()
            blocks = part == AffineDimExpr(dim) // self.block
            indices[dim] = indices[dim] + (place * self.block if blocks else place)
        return indices


def check_orders(function: FuncOp, block: int) -> None:
    """Raise, about the nest or function, what is wrong with orders that a person wrote."""
    with about(function):
        for argument in arguments_of(function):
            order_of(argument, block)
    for nest in function.walk():
        if isinstance(nest, ForOp):
            with about(nest):
                order_of(nest.result, block)


def attribute_of_order(tensor: SSAValue) -> Attribute | None:
    """What is written about a tensor's order."""
    owner = tensor.owner
    if isinstance(owner, ForOp):
        return owner.attributes.get(ORDER)
    attributes = argument_attributes(tensor)
    return None if PACKS in attributes else attributes.get(ARGUMENT_ORDER)


def order_of(tensor: SSAValue, block: int) -> Order | None:
    """The order that is written for a tensor. Raises BadOrder if that is none."""
    match attribute_of_order(tensor):
        case None:
            return None
        case AffineMapAttr(data=map):
            return Order.checked(map, shape_of(tensor), block)
        case other:
            raise BadOrder(f"order is {other}, expected affine_map<…>")


def write_order(tensor: SSAValue, order: Order) -> None:
    """Say in which order a tensor lies."""
    map = AffineMapAttr(order.map)
    if isinstance(tensor.owner, ForOp):
        tensor.owner.attributes[ORDER] = map
    elif (function := function_of(tensor)) is not None and isinstance(tensor, BlockArgument):
        attributes = {**argument_attributes(tensor), ARGUMENT_ORDER: map}
        set_argument_attributes(function, tensor.index, attributes)
