"""Input lanes: along which dimension of its input the vectors that a product reads lie."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr

from nopt.dialects.affine_math import Sum, to_sum
from nopt.dialects.affine_nest import LoadOp
from nopt.passes.core.core_nest import NotOnCore, Product


@dataclass(frozen=True)
class InputLane:
    """How the channel dimension of a product's input is indexed.

    By `iterator + rest(output lane) + aligned(other parallel iterators)`, the last one in whole
    blocks: the channels of one head of an attention, say.
    """

    axis: int
    iterator: int | None
    rest: AffineExpr
    aligned: AffineExpr


def input_lanes(product: Product, output_lane: int, block: int) -> list[InputLane]:
    """The input's dimensions whose points may lie in the lanes of one input vector.

    Raises NotOnCore if there are none.
    """
    return _Choice(product, output_lane, block).lanes()


class _Choice:
    def __init__(self, product: Product, output_lane: int, block: int):
        self.product, self.output, self.block = product, output_lane, block
        self.nest = product.input.nest
        self.ranges = self.nest.ranges

    def lanes(self) -> list[InputLane]:
        """All of them, the longest first."""
        product, output_lane = self.product, self.output
        found: list[InputLane] = []
        parallel = len(self.nest.parallel_extents)
        in_weight = product.weight.map.data.used_dims()
        for axis, expr in enumerate(product.input.map.data.results):
            total = to_sum(expr, self.ranges)
            plain = [
                atom.position
                for atom, coefficient in total.terms.items()
                if isinstance(atom, AffineDimExpr)
                and atom.position >= parallel
                and coefficient == 1
            ]
            used = expr.used_dims()
            reductions = [i for i in used if i >= parallel]
            if len(reductions) > 1 or reductions != plain:
                continue
            aligned = self._aligned(total, used - set(reductions) - {output_lane})
            if aligned is None:
                continue
            if any(i not in in_weight for i in reductions):
                continue
            # Lanes run along one dimension: neither lane's iterator may move another one.
            if any(
                (used | {output_lane}) & other.used_dims()
                for index, other in enumerate(product.input.map.data.results)
                if index != axis
            ):
                continue
            iterator = plain[0] if plain else None
            own = Sum({AffineDimExpr(iterator): 1}) if iterator is not None else Sum()
            rest = total.add(own, -1).add(aligned, -1)
            if rest.range(self.ranges)[0] < 0:
                continue
            lane = InputLane(axis, iterator, rest.expr(), aligned.expr())
            if self._misses_others(product.weight, lane):
                found.append(lane)
        found = [lane for lane in found if not self._overruns(product.input, lane.axis)]
        if not found:
            raise NotOnCore("no dimension of its input is a reduction channel of its own")

        shape = product.input.source_shape

        def preference(lane: InputLane) -> tuple[int, bool, int]:
            extent = 0 if lane.iterator is None else self.nest.extents[lane.iterator]
            # A single channel is no iterator of any index, but has a dimension.
            return extent, shape[lane.axis] == 1, lane.axis

        return sorted(found, key=preference, reverse=True)

    def _misses_others(self, weight: LoadOp, lane: InputLane) -> bool:
        """Whether lanes that the iterator does not reach find no weights but zeros outside."""
        if lane.iterator is None:
            return True
        extent = self.nest.extents[lane.iterator]
        zero = lane.rest == AffineConstantExpr(0)
        if zero and extent % self.block == 0:
            return True
        for expr, size in zip(weight.map.data.results, weight.source_shape, strict=True):
            if lane.iterator not in expr.used_dims():
                continue
            total = to_sum(expr, self.ranges)
            dim = AffineDimExpr(lane.iterator)
            coefficient = total.terms.get(dim, 0)
            low, high = total.add(Sum({dim: coefficient}), -1).range(self.ranges)
            if low + coefficient * extent >= size and (zero or high < coefficient):
                return True
        return False

    def _aligned(self, total: Sum, others: Set[int]) -> Sum | None:
        """The part of an index that other parallel iterators make; None if not in whole blocks."""
        part = Sum(
            {
                atom: coefficient
                for atom, coefficient in total.terms.items()
                if atom.used_dims() & others
            }
        )
        whole = all(
            isinstance(atom, AffineDimExpr) and coefficient > 0 and coefficient % self.block == 0
            for atom, coefficient in part.terms.items()
        )
        return part if whole else None

    def _overruns(self, load: LoadOp, axis: int) -> bool:
        low, high = to_sum(load.map.data.results[axis], self.ranges).range(self.ranges)
        return low < 0 or high >= load.source_shape[axis]
