"""What `nopt --list-passes`, `--list-pipelines`, `--list-targets` and `--list-machines` print."""

import argparse
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import signature
from typing import Any

from xdsl.utils.arg_spec import ArgSpecConvertible
from xdsl.utils.hints import type_repr

from nopt.hw.config import Config, preset_names
from nopt.passes import get_all_passes
from nopt.passes.pipelines import PIPELINES, Pipeline
from nopt.passes.targets import get_all_targets
from nopt.tools.pipeline_text import option_types

INDENT = "    "


def add_arguments(group: argparse._ArgumentGroup) -> None:  # pyright: ignore[reportPrivateUsage]
    """The options of what can be listed."""
    for what in ("passes", "targets"):
        group.add_argument(
            f"--list-{what}",
            nargs="?",
            const="nopt",
            choices=("nopt", "all"),
            help=f"nopt's {what} with their options (all: xDSL's too)",
        )
    group.add_argument("--list-pipelines", action="store_true", help="the named pipelines")
    group.add_argument(
        "--list-machines",
        action="store_true",
        help="the machines that -p 'vta{config=NAME}' knows",
    )


def asked_for(
    arguments: argparse.Namespace,
    passes: Mapping[str, Callable[..., Any]],
    targets: Mapping[str, Callable[..., Any]],
) -> list[str]:
    """The listings that a command line asks for, of these passes and targets."""
    texts: list[str] = []
    if which := arguments.list_passes:
        # Pipelines are passes for other drivers; here they have a listing of their own.
        others = {name: passes[name] for name in passes if name not in PIPELINES}
        texts.append(listing(others if which == "all" else get_all_passes()))
    if arguments.list_pipelines:
        texts.append(pipeline_listing(PIPELINES.values()))
    if arguments.list_machines:
        texts.append(machine_listing(map(Config.load, preset_names())))
    if which := arguments.list_targets:
        texts.append(listing(targets if which == "all" else get_all_targets()))
    return texts


def listing(factories: Mapping[str, Callable[..., Any]]) -> str:
    """Every pass or target by name: its summary, then its options with type and default.

    A factory returns the class. Of xDSL's old function-style targets, and of what needs a package
    that is not installed, there is no more to say than the name.
    """
    return "\n".join(line for name in sorted(factories) for line in _entry(name, factories[name]))


def pipeline_listing(pipelines: Iterable[Pipeline]) -> str:
    """Every pipeline by name: its summary and its passes."""
    return "\n".join(f"{p.name}: {p.description}\n{INDENT}{','.join(p.passes)}" for p in pipelines)


def machine_listing(machines: Iterable[Config]) -> str:
    """Every machine by name: what it multiplies, its memories, and whether programs use it."""
    return "\n".join(line for config in machines for line in _machine(config))


def _machine(config: Config) -> Iterator[str]:
    lanes = config.alu_lanes or config.batch * config.block_out
    yield (
        f"{config.name}: a cycle multiplies [{config.batch}, {config.block_in}] by "
        f"[{config.block_in}, {config.block_out}], its ALU handles {lanes} values"
    )
    sizes = {
        "input": config.inp_entries * config.inp_bytes,
        "weights": config.wgt_entries * config.wgt_bytes,
        "accumulators": config.acc_entries * config.acc_bytes,
        "micro-ops": config.uop_entries * config.uop_bytes,
    }
    memories = ", ".join(f"{what} {size >> 10} KiB" for what, size in sizes.items())
    yield f"{INDENT}{memories}; DRAM {config.bytes_per_cycle} bytes a cycle"


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
