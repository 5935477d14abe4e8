"""What `nopt --list-passes`, `--list-pipelines` and `--list-targets` print."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import signature
from typing import Any

from xdsl.utils.arg_spec import ArgSpecConvertible
from xdsl.utils.hints import type_repr

from nopt.passes.pipelines import Pipeline
from nopt.tools.pipeline_text import option_types

INDENT = "    "


def listing(factories: Mapping[str, Callable[..., Any]]) -> str:
    """Every pass or target by name: its summary, then its options with type and default.

    A factory returns the class. Of xDSL's old function-style targets, and of what needs a package
    that is not installed, there is no more to say than the name.
    """
    return "\n".join(line for name in sorted(factories) for line in _entry(name, factories[name]))


def pipeline_listing(pipelines: Iterable[Pipeline]) -> str:
    """Every pipeline by name: its summary and its passes."""
    return "\n".join(f"{p.name}: {p.description}\n{INDENT}{','.join(p.passes)}" for p in pipelines)


def _entry(name: str, factory: Callable[..., Any]) -> Iterator[str]:
    if signature(factory).parameters:
        yield name
        return
    try:
        cls: type[ArgSpecConvertible] = factory()
    except ImportError as error:
        yield f"{name}: (not available: {error})"
        return
    # A docstring that a class inherits, or that @dataclass made up, says nothing about it.
    doc = (cls.__dict__.get("__doc__") or "").strip()
    summary = "" if doc.startswith(f"{cls.__name__}(") else doc.split("\n\n")[0]
    yield f"{name}: {' '.join(summary.split())}".rstrip(": ")
    types = option_types(cls)
    for field in dataclasses.fields(cls):
        if field.name in types:
            yield f"{INDENT}{field.name}: {type_repr(types[field.name])}{_default(field)}"


def _default(field: dataclasses.Field[object]) -> str:
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return " (required)"
    return f" = {str(value).lower() if isinstance(value, bool) else value}"
