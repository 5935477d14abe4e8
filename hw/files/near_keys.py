"""Keys of JSON objects that nothing reads, said with the nearest key that is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, cast, get_args, get_origin, get_type_hints

from nopt.hw.files.schema import SchemaError


def check_keys(kind: type, data: object, place: str = "") -> None:
    """Raises SchemaError for a key that the dataclass `kind`, or one inside it, has no field for.

    What is no object where one is expected is left to `schema.read`.
    """
    _check((kind,), data, place)


def nearest(name: str, known: Collection[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, else all of them."""
    near = get_close_matches(name, known, n=1)
    return f", did you mean {near[0]}?" if near else f", expected {', '.join(known)}"


def _check(kinds: tuple[type, ...], data: object, place: str) -> None:
    """Of a value that is one of these dataclasses."""
    if not kinds or not isinstance(data, dict):
        return
    hints: dict[str, list[Any]] = {}
    for kind in kinds:
        types = get_type_hints(kind)
        for item in fields(kind):
            hints.setdefault(item.name, []).append(types[item.name])
    for key, value in cast(dict[str, Any], data).items():
        at = f"{place}.{key}" if place else key
        if key not in hints:
            raise SchemaError(f"{at}: unknown key{nearest(key, hints)}")
        inside = tuple(kind for hint in hints[key] for kind in _dataclasses(hint))
        if isinstance(value, list):
            for i, item in enumerate(cast(list[Any], value)):
                _check(inside, item, f"{at}[{i}]")
        elif isinstance(value, dict) and any(map(_is_dictionary, hints[key])):
            for name, item in cast(dict[str, Any], value).items():
                _check(inside, item, f"{at}.{name}")
        else:
            _check(inside, cast(object, value), at)


def _dataclasses(hint: Any) -> Iterator[type]:
    """Those that a value of this type may be, or hold."""
    if is_dataclass(hint):
        yield cast(type, hint)
    for inner in get_args(hint):
        yield from _dataclasses(inner)


def _is_dictionary(hint: Any) -> bool:
    return any(get_origin(kind) is dict for kind in (hint, *get_args(hint)))
