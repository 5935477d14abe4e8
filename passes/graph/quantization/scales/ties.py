"""Tensors whose scales depend on each other, and the scales that are best for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.constants import Array

OCTAVE = 16
"""Candidates for a limit in each factor of two."""

_APART = 16
"""Octaves that the limits of a family may be apart. Sums are in steps of the finest scale, in which
the integers of the coarsest have to fit into 32 bits."""

Cost = Callable[[SSAValue, Array], Array]
"""What each of some limits costs a tensor: relative noise. A limit is what 127 stands for."""


@dataclass
class Group:
    """Tensors that share one scale."""

    members: list[SSAValue] = field(default_factory=list[SSAValue])
    counted: list[SSAValue] = field(default_factory=list[SSAValue])
    """Those whose noise is what the scale costs."""
    limit: float = 0.0
    """What 127 stands for; 0 as long as it is not chosen."""


class Ties:
    """Groups of tensors of one scale, and families of groups whose scales are apart by powers of
    two. The same calls in the same order give the same scales."""

    def __init__(self) -> None:
        self._parent: dict[SSAValue, SSAValue] = {}
        self._relation: dict[SSAValue, SSAValue] = {}
        self._groups: dict[SSAValue, Group] = {}
        self._passed_on: set[SSAValue] = set()

    def add(self, value: SSAValue) -> None:
        """Make a tensor known."""
        self._parent.setdefault(value, value)
        self._relation.setdefault(value, value)

    def tie(self, values: Iterable[SSAValue]) -> None:
        """These tensors share one scale."""
        first, *rest = values
        self.add(first)
        for value in rest:
            self.add(value)
            self._union(self._parent, first, value)
            self._union(self._relation, first, value)

    def pass_on(self, value: SSAValue) -> None:
        """A tensor's noise counts only as far as others, which share its scale, take it over."""
        self._passed_on.add(value)

    def relate(self, values: Iterable[SSAValue]) -> None:
        """The scales of these tensors are apart by powers of two."""
        first, *rest = values
        self.add(first)
        for value in rest:
            self.add(value)
            self._union(self._relation, first, value)

    @staticmethod
    def _find(parent: dict[SSAValue, SSAValue], value: SSAValue) -> SSAValue:
        while parent[value] is not value:
            parent[value] = parent[parent[value]]
            value = parent[value]
        return value

    def _union(self, parent: dict[SSAValue, SSAValue], a: SSAValue, b: SSAValue) -> None:
        parent[self._find(parent, b)] = self._find(parent, a)

    def __contains__(self, value: SSAValue) -> bool:
        return value in self._parent

    @property
    def values(self) -> list[SSAValue]:
        """All tensors, in the order they became known."""
        return list(self._parent)

    def family(self, value: SSAValue) -> SSAValue:
        """A tensor that is the same for all tensors related with this one."""
        return self._find(self._relation, value)

    def limit(self, value: SSAValue) -> float:
        """What 127 stands for in a tensor."""
        return self._groups[self._find(self._parent, value)].limit

    def scale(self, family: SSAValue, factor: float) -> None:
        """Multiply all limits of a family."""
        for group in self._of_family(family):
            group.limit *= factor

    def _of_family(self, family: SSAValue) -> list[Group]:
        return [group for group in self._groups.values() if self.family(group.members[0]) is family]

    def choose(self, cost: Cost, wanted: Callable[[SSAValue], float]) -> None:
        """Choose all limits: for each family the powers of two times one mantissa that cost least.

        `wanted` is about what limit a tensor would have by itself, 0 for one that is all zero."""
        for value in self.values:
            group = self._groups.setdefault(self._find(self._parent, value), Group())
            group.members.append(value)
            if value not in self._passed_on:
                group.counted.append(value)
        families: dict[SSAValue, list[Group]] = {}
        for group in self._groups.values():
            families.setdefault(self.family(group.members[0]), []).append(group)
        for groups in families.values():
            _choose(groups, cost, wanted)


def _choose(groups: list[Group], cost: Cost, wanted: Callable[[SSAValue], float]) -> None:
    """Set the limits of the groups of one family."""
    sizes = [max(wanted(value) for value in group.counted) for group in groups]
    positive = [size for size in sizes if size > 0]
    if not positive:
        for group in groups:
            group.limit = 1.0
        return
    low = int(np.floor(np.log2(min(positive)))) - 6
    high = int(np.ceil(np.log2(max(positive)))) + 2
    limits = np.exp2(np.arange(low * OCTAVE, high * OCTAVE) / OCTAVE)
    costs = np.stack([sum(cost(value, limits) for value in group.counted) for group in groups])
    by_octave = costs.reshape(len(groups), -1, OCTAVE)
    mantissa = int(by_octave.min(axis=1).sum(axis=0).argmin())
    octaves = by_octave[:, :, mantissa].argmin(axis=1)
    octaves = np.maximum(octaves, octaves.max() - _APART)
    for group, octave, size in zip(groups, octaves.tolist(), sizes, strict=True):
        if size == 0:
            octave = int(octaves.max())
        group.limit = float(limits[octave * OCTAVE + mantissa])
    if len(groups) == 1:
        _refine(groups[0], cost, sizes[0])


def _refine(group: Group, cost: Cost, wanted: float) -> None:
    """A family of one group is free: look between the candidates too."""
    limits = np.append(group.limit * np.exp2(np.linspace(-1, 1, 65) / OCTAVE), wanted)
    total = sum(cost(value, limits) for value in group.counted)
    group.limit = float(limits[int(np.argmin(total))])
