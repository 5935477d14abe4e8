"""JSON data read as dataclasses: what a field may hold is its type, stated once."""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

_PLAIN = {int: "an integer", float: "a number", str: "text", bool: "true or false"}
_MOST = 1 << 63
_SHOWN = 60
"""Characters of a wrong value that a message shows."""


class SchemaError(ValueError):
    """Data that is not of the expected form; the message names the place, found and expected."""


def read(kind: type[T], data: object, place: str = "", strict: bool = True) -> T:
    """The data as a `kind`: int, float, str, bool, lists, tuples and dictionaries of them, or a
    dataclass with such fields.

    Keys that a dataclass does not have are refused if `strict`, else left out. Of a union, the
    first dataclass that has all keys is meant. Raises SchemaError.
    """
    return cast(T, _read(kind, data, place, strict))


def _read(kind: Any, data: object, place: str, strict: bool) -> object:
    if kind is Any or kind is object:
        return data
    if kind in _PLAIN:
        return _plain(kind, data, place)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _read(_member(arguments, data), data, place, strict)
    if origin in (list, tuple):
        items = _expect(list, data, place, "a list")
        parts = [_read(arguments[0], v, f"{place}[{i}]", strict) for i, v in enumerate(items)]
        return parts if origin is list else tuple(parts)
    if origin is dict:
        entries = _expect(dict, data, place, "an object")
        return {k: _read(arguments[1], v, _inside(place, k), strict) for k, v in entries.items()}
    if kind is types.NoneType:
        return _expect(types.NoneType, data, place, "null")
    assert is_dataclass(kind), kind
    return _dataclass(cast(type, kind), _expect(dict, data, place, "an object"), place, strict)


def _plain(kind: type, data: object, place: str) -> object:
    if kind is float and type(data) is int:
        data = float(data) if abs(data) < _MOST else data
    value = _expect(kind, data, place, _PLAIN[kind])
    if kind is int and not -_MOST <= value < _MOST:
        raise SchemaError(f"{place}: found {_shown(value)}, expected an integer of 64 bits")
    return value


def _dataclass(kind: type, data: dict[str, object], place: str, strict: bool) -> object:
    hints = get_type_hints(kind)
    values: dict[str, object] = {}
    for item in fields(kind):
        if item.name in data:
            at = _inside(place, item.name)
            values[item.name] = _read(hints[item.name], data[item.name], at, strict)
        elif item.default is MISSING and item.default_factory is MISSING:
            raise SchemaError(f"{_inside(place, item.name)}: found none, expected it")
    for key in data:
        if strict and key not in hints:
            raise SchemaError(f"{_inside(place, key)}: unknown, expected {', '.join(hints)}")
    return kind(**values)


def _member(kinds: tuple[Any, ...], data: object) -> Any:
    """The member of a union that data is meant to be; the last if it is like none."""
    if data is None and types.NoneType in kinds:
        return types.NoneType
    kinds = tuple(kind for kind in kinds if kind is not types.NoneType)
    for kind in kinds:
        names = {item.name for item in fields(kind)} if is_dataclass(kind) else set[str]()
        if isinstance(data, dict) and names >= cast(dict[str, object], data).keys():
            return kind
    return kinds[-1]


def _expect(kind: type, data: object, place: str, what: str) -> Any:
    # JSON's true is no number.
    if type(data) is not kind:
        raise SchemaError(f"{place or 'the whole'}: found {_shown(data)}, expected {what}")
    return data


def _shown(data: object) -> str:
    text = repr(data)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _inside(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
