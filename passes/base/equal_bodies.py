"""Bodies that do the same: a network has many, and what they become is worked out once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from xdsl.ir import Attribute, Operation, Region, SSAValue


def structure(body: Region, arguments: Iterable[SSAValue] = ()) -> Hashable:
    """What two bodies share exactly if they do the same to their blocks' arguments.

    Names and places do not count. `arguments` are values from outside that count like those of a
    block; any other is equal to itself only.
    """
    numbers = dict[SSAValue, int]()
    return _numbered(arguments, numbers), _region(body, numbers)


def _region(region: Region, numbers: dict[SSAValue, int]) -> Hashable:
    return tuple(
        (
            _numbered(block.args, numbers),
            tuple(_operation(op, numbers) for op in block.ops),
        )
        for block in region.blocks
    )


def _operation(op: Operation, numbers: dict[SSAValue, int]) -> Hashable:
    return (
        op.name,
        tuple(numbers.get(operand, operand) for operand in op.operands),
        _numbered(op.results, numbers),
        tuple(op.properties.items()),
        tuple(op.attributes.items()),
        tuple(_region(region, numbers) for region in op.regions),
    )


def _numbered(values: Iterable[SSAValue], numbers: dict[SSAValue, int]) -> Hashable:
    """Number these values in order; what identifies them is their types."""
    types: list[Attribute] = []
    for value in values:
        numbers[value] = len(numbers)
        types.append(value.type)
    return tuple(types)


def copy_of(body: Region, named: Region) -> Region:
    """A copy of a body whose arguments have the names of another's."""
    copy = body.clone()
    for argument, other in zip(copy.block.args, named.block.args, strict=True):
        argument.name_hint = other.name_hint
    return copy
