"""Attributes that people and passes write on ops of several levels: one name each, one rule.

    graph.relu %x {placement = "host", represents = {tensor = "y", scale = 5.0e-01 : f32}}

They are discardable: what an op computes does not depend on them. `verify_annotations` checks them
wherever an op of ours has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from xdsl.dialects.builtin import (
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DenseResourceAttr,
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    i64,
)
from xdsl.ir import Attribute, Operation
from xdsl.utils.exceptions import VerifyException

PLACEMENT = "placement"
"""Where an op runs: "core" or "host"; a nest also "reader"."""

HOST_REASON = "host_reason"
"""Why a pass placed an op on the host."""

REPRESENTS = "represents"
"""Of what computes a result: the tensor of the float model that it stands for, the scale by which,
and the axis of a scale for each channel."""

LAYOUT = "layout"
"""Of what computes a result in blocks: its shape before, and the axis that lanes run along; that of
rows, too, on a core with a batch, or -1 if these are alike."""

Rule: TypeAlias = Callable[[Attribute], str | None]
"""What is expected instead of an attribute; None if nothing is wrong with it."""


def one_of(*words: str) -> Rule:
    """A string, one of those."""
    expected = " or ".join(f'"{word}"' for word in words)
    return lambda found: None if isinstance(found, StringAttr) and found.data in words else expected


def of_kind(kind: type[Attribute], expected: str) -> Rule:
    """An attribute of a class, which checks itself."""
    return lambda found: None if isinstance(found, kind) else expected


def verify_annotations(op: Operation, rules: Mapping[str, Rule]) -> None:
    """Raises VerifyException for an attribute of a name that breaks the name's rule."""
    for name, found in op.attributes.items():
        rule = rules.get(name)
        if rule is not None and (expected := rule(found)) is not None:
            raise VerifyException(f"{name} is {found}, expected {expected}")


def _represents(found: Attribute) -> str | None:
    match found:
        case DictionaryAttr(data={"tensor": StringAttr(), **rest}) if _is_scale(rest):
            return None
        case _:
            return "{tensor = a name, scale = a float or one for each channel, then axis = theirs}"


def _is_scale(entries: Mapping[str, Attribute]) -> bool:
    match entries:
        case {"scale": DenseIntOrFPElementsAttr() | DenseResourceAttr(), "axis": IntegerAttr()}:
            return len(entries) == 2
        case {"scale": FloatAttr()}:
            return len(entries) == 1
        case _:
            return not entries


def _layout(found: Attribute) -> str | None:
    match found:
        case DictionaryAttr(
            data={"axis": IntegerAttr() as axis, "shape": DenseArrayBase() as shape, **rest}
        ) if axis.value.data in range(len(shape)) and {*rest} <= {"rows", "parts"}:
            rows, parts = rest.get("rows", axis), rest.get("parts", IntegerAttr(1, i64))
            if not isinstance(rows, IntegerAttr) or not isinstance(parts, IntegerAttr):
                pass
            elif rows.value.data in range(-1, len(shape)) and parts.value.data > 0:
                return None
        case _:
            pass
    return (
        "{axis = one of the shape's, shape = array<i64: …>}, perhaps rows = another one or -1 "
        "and parts = how many the lanes have"
    )


RULES: Mapping[str, Rule] = {
    PLACEMENT: one_of("core", "host"),
    HOST_REASON: of_kind(StringAttr, "a string"),
    REPRESENTS: _represents,
    LAYOUT: _layout,
}
