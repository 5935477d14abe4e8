"""Pages of the reference, from what the code says of itself: run by mkdocs (`make docs`)."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import mkdocs_gen_files
from xdsl.ir import Operation
from xdsl.irdl import IRDLOperation
from xdsl.utils.hints import type_repr

import nopt
from nopt.dialects import get_all_dialects
from nopt.hw.config import Config
from nopt.hw.isa.encoding import Opcode, layout, uop_layout
from nopt.passes import get_all_passes
from nopt.passes.pipelines import PIPELINES
from nopt.passes.targets import get_all_targets
from nopt.tools.pipeline_text import option_types

sys.path.insert(0, str(Path(__file__).parent))

from op_examples import LEVELS, beginning, executed, graph_examples, level_example


def page(name: str, lines: Iterator[str]) -> None:
    with mkdocs_gen_files.open(f"reference/{name}.md", "w") as file:
        file.write("\n".join(lines) + "\n")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def text_of(documented: Any) -> str:
    return inspect.cleandoc(documented.__doc__ or "")


def dialect_page(name: str, dialect: Any) -> Iterator[str]:
    """Every op: semantics, example, operands, properties, results."""
    package = __import__(f"nopt.dialects.{name}", fromlist=["_"])
    yield f"# The dialect `{name}`\n"
    yield text_of(package) + "\n"
    for op in sorted(dialect.operations, key=lambda op: op.name):
        assert issubclass(op, IRDLOperation)
        definition = op.get_irdl_definition()
        yield f"## `{op.name}`\n"
        yield text_of(op) + "\n"
        fields = [
            *(("operand", each) for each, _ in definition.operands),
            *(("property", each) for each in definition.properties),
            *(("region", each) for each, _ in definition.regions),
            *(("result", each) for each, _ in definition.results),
        ]
        yield from table(("kind", "name"), [(kind, f"`{each}`") for kind, each in fields])
        yield from examples(name, op)


def examples(dialect: str, op: type[Operation]) -> Iterator[str]:
    """What executed examples show of an op."""
    if dialect in LEVELS:
        yield "In a small convolution, executed:\n"
        yield f"```mlir\n{level_example(dialect, op.name)}\n```\n"
        return
    for text in graph_examples(op):
        yield f"Executed:\n\n```mlir\n{text}\n```\n"
        values = executed(text)
        rows = [(f"`{each}`", f"`{kind}`", beginning(array)) for each, kind, array in values]
        yield from table(("value", "type", "begins with"), rows)


def comments(cls: type) -> dict[str, str]:
    """The string below each field of a class."""
    (tree,) = ast.parse(inspect.cleandoc("\n" + inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(said))):
                    found[field.target.id] = " ".join(said.split())
    return found


def options_of(cls: Any) -> Iterator[str]:
    said, types = comments(cls), option_types(cls)
    rows: list[Sequence[str]] = []
    for field in dataclasses.fields(cls):
        if field.name in types:
            default = "required" if field.default is dataclasses.MISSING else f"`{field.default}`"
            kind = f"`{type_repr(types[field.name])}`"
            rows.append((f"`{field.name}`", kind, default, said.get(field.name, "")))
    yield from table(("option", "type", "default", "what it is"), rows)


def passes_page() -> Iterator[str]:
    yield "# Passes and pipelines\n"
    yield "As after `nopt -p`: `name{option=value}`, separated by commas.\n"
    for pipeline in PIPELINES.values():
        yield f"## `{pipeline.name}`, a pipeline\n"
        yield f"{pipeline.description} `from=PASS` and `until=PASS` take a part of it.\n"
        known = get_all_passes()
        yield from (
            f"1. [`{name}`](#{name})" if name in known else f"1. `{name}` (xDSL's)"
            for name in pipeline.passes
        )
        yield ""
    for name, factory in get_all_passes().items():
        cls = factory()
        yield f"## `{name}`\n"
        module = inspect.getmodule(cls)
        assert module is not None
        yield text_of(module) + "\n"
        yield from options_of(cls)


def targets_page() -> Iterator[str]:
    yield "# Targets\n"
    yield "As after `nopt -t`.\n"
    for name, factory in get_all_targets().items():
        cls = factory()
        yield f"## `{name}`\n"
        yield text_of(cls) + "\n"
        yield from options_of(cls)


def instructions_page() -> Iterator[str]:
    config = Config.load("rtl")
    yield "# Instructions\n"
    yield (
        "Each has 128 bits, least significant first; widths of indices follow from the machine's "
        "buffers. These are those of `rtl`. [The core by itself](../machine.md) says what they "
        "do.\n"
    )
    for opcode in Opcode:
        yield f"## {opcode.name}\n"
        yield from _fields(layout(opcode, config))
    yield "## A micro-op\n"
    yield from _fields(uop_layout(config))


def _fields(fields: Sequence[Any]) -> Iterator[str]:
    rows = [
        (
            f"`{f.name}`",
            f"{f.offset} to {f.offset + f.width - 1}",
            str(f.width),
            f"{f.low} to {f.high}",
        )
        for f in fields
    ]
    yield from table(("field", "bits", "width", "values"), rows)


def python_page() -> Iterator[str]:
    yield "# Python\n"
    yield text_of(nopt) + "\n"
    for module in ("networks", "compiled", "exploring", "graph_builder", "named_machines"):
        names = [each for each in nopt.__all__ if _home(each) == f"nopt.{module}"]
        for name in names:
            yield f"::: nopt.{module}.{name}\n"


def _home(name: str) -> str:
    return getattr(getattr(nopt, name), "__module__", "")


for dialect_name, factory in get_all_dialects().items():
    page(dialect_name, dialect_page(dialect_name, factory()))
page("passes", passes_page())
page("targets", targets_page())
page("instructions", instructions_page())
page("python", python_page())
