"""From the text after `-p`, `-t`, `-f` to passes, targets, frontends; errors for people."""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, get_type_hints

from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpec, ArgSpecConvertible, ParameterListType, parse_pipeline
from xdsl.utils.exceptions import ArgSpecParseError, ParseError
from xdsl.utils.hints import isa, type_repr

from nopt.passes.pipelines import PIPELINES, Pipeline
from nopt.tools.errors import UsageError, UserError, nearest, one_line, printable

SpecT = TypeVar("SpecT", bound=ArgSpecConvertible)

_FILE = r'"[^"]*"|(?<=[=,])[^\s",={}]*[./][^\s",={}]*'
"""A quoted string, or a value with a point or a slash."""
_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"

Factories = Mapping[str, Callable[[], type[ModulePass]]]
"""Every pass by name, imported when called."""


def build_passes(text: str, factories: Factories) -> tuple[ModulePass, ...]:
    """The passes that `text` names, in order; each named pipeline replaced by its passes.

    Raises UserError for malformed text, an unknown name, an unknown option or a value of the wrong
    type.
    """
    return tuple(
        build(factories[spec.name](), spec, "pass")
        for outer in parse_specs(text)
        for spec in expand(outer, factories)
    )


def parse_specs(text: str, what: str = "pass pipeline") -> list[ArgSpec]:
    """Parse `name{option=value …},name,…`, options with `-` and `_` alike.

    Raises UserError, saying `what` the text was meant to be.
    """
    try:
        return [spec.normalize_parameter_names() for spec in parse_pipeline(_quoted(text))]
    except ArgSpecParseError as error:
        # Its text is a headline, `pass-pipeline:line:column`, the text with carets, the message.
        _, place, *_, message = str(error).strip().splitlines()
        hint = " (other text than a plain word goes in quotes)" if "Unknown" in message else ""
        at = f"column {place.rpartition(':')[2]}: {message.strip()}{hint}"
    except (ParseError, RuntimeError) as error:
        at = error.msg if isinstance(error, ParseError) else "it ends too early"
    raise UserError(f"malformed {what} '{printable(text)}': {at}")


def one_spec(text: str, what: str) -> ArgSpec:
    """Parse `name{option=value …}`. Raises UserError, saying `what` the text was meant to be."""
    specs = parse_specs(text, what)
    if len(specs) != 1:
        raise UserError(f"expected one {what}, found '{text}'")
    return specs[0]


def checked_spec(text: str, what: str, known: Iterable[str]) -> str:
    """The text, if it names one of the `known`. Raises UsageError for another."""
    name, known = one_spec(text, what).name, sorted(known)
    if name not in known:
        hint = nearest(name, known) or f"; known: {', '.join(known)}"
        raise UsageError(f"unknown {what} '{name}'{hint}")
    return text


def _quoted(text: str) -> str:
    """The text with values that look like file names in quotes, as xDSL wants them."""

    def quoted(match: re.Match[str]) -> str:
        value = match[0]
        is_plain = value.startswith('"') or re.fullmatch(_NUMBER, value)
        return value if is_plain else f'"{value}"'

    return re.sub(_FILE, quoted, text)


def expand(spec: ArgSpec, factories: Factories) -> Iterator[ArgSpec]:
    """Replace a named pipeline by its passes; a pass stands for itself."""
    if pipeline := PIPELINES.get(spec.name):
        yield from _expand_pipeline(pipeline, spec, factories)
    elif spec.name in factories:
        yield spec
    else:
        raise UserError(f"unknown pass '{spec.name}'{nearest(spec.name, [*factories, *PIPELINES])}")


def _expand_pipeline(pipeline: Pipeline, spec: ArgSpec, factories: Factories) -> Iterator[ArgSpec]:
    """`from=PASS` begins with that pass, `until=PASS` stops after it; other options go to the
    passes that have them."""
    options = dict(spec.parameters)
    specs = [s for text in pipeline.passes for s in parse_specs(text)]
    names = [s.name for s in specs]

    def place(option: str, otherwise: int, first: int = 0) -> int:
        if option not in options:
            return otherwise
        name = _text(options.pop(option))
        if name not in names:
            raise UserError(f"pipeline '{spec.name}' has no pass '{name}'{nearest(name, names)}")
        if name not in names[first:]:
            raise UserError(
                f"pipeline '{spec.name}': from '{names[first]}' until '{name}', expected the "
                "second not before the first"
            )
        return names.index(name, first)

    first = place("from", 0)
    last = place("until", len(specs) - 1, first)

    def has(name: str, option: str) -> bool:
        return option in option_types(factories[name]())

    for option in options:
        # A pass after `until` may be the one that has it: the same options fit every prefix. One
        # before `from` does not run: what it was told would be forgotten.
        if not any(has(name, option) for name in names[first:]):
            known = {o for name in names[first:] for o in option_types(factories[name]())}
            known |= {"from", "until"}
            hint = nearest(option, known) or f"; they have: {', '.join(sorted(known))}"
            raise UserError(f"no pass of pipeline '{spec.name}' has an option '{option}'{hint}")
    for s in specs[first : last + 1]:
        forwarded = {k: v for k, v in options.items() if has(s.name, k)}
        yield ArgSpec(s.name, s.parameters | forwarded)


def option_types(cls: type[ArgSpecConvertible]) -> dict[str, Any]:
    """The options of a pass or target, with the type that each expects."""
    hints = get_type_hints(cls)
    return {f.name: hints[f.name] for f in dataclasses.fields(cls) if f.init and f.name != "name"}


def build(cls: type[SpecT], spec: ArgSpec, kind: str) -> SpecT:
    """Construct a pass or target (`kind`) with the options of `spec`, or raise UserError."""
    types = option_types(cls)
    given: dict[str, ParameterListType] = {}
    for option, value in spec.parameters.items():
        if option not in types:
            near = nearest(option, types) or (
                f"; its options: {', '.join(types)}" if types else "; it has none"
            )
            raise UserError(f"{kind} '{spec.name}' has no option '{option}'{near}")
        given[option] = _as_floats(types[option], value)
        if not _accepts(types[option], given[option]):
            raise UserError(
                f"{kind} '{spec.name}': option '{option}' expects {type_repr(types[option])}, "
                f"found '{_text(value)}'"
            )
    for option in sorted(cls.required_fields() - set(spec.parameters)):
        raise UserError(
            f"{kind} '{spec.name}' needs option '{option}' of type {type_repr(types[option])}"
        )
    try:
        return cls.from_spec(ArgSpec(spec.name, given))
    except ValueError as error:
        raise UserError(f"{kind} '{spec.name}': {one_line(error)}") from error


def _as_floats(hint: Any, value: ParameterListType) -> ParameterListType:
    """What was given; whole numbers as floats where these are expected: `seconds=10`."""
    floats = tuple(float(each) if type(each) is int else each for each in value)
    return floats if not _accepts(hint, value) and _accepts(hint, floats) else value


def _accepts(hint: Any, value: ParameterListType) -> bool:
    """Whether xDSL converts `value` to `hint`: alone, as a tuple, or absent (`option` alone)."""
    if not value:
        return isa(None, hint) or isa((), hint)
    return (len(value) == 1 and isa(value[0], hint)) or isa(value, hint)


def _text(value: ParameterListType) -> str:
    return ",".join(str(v) for v in value)
