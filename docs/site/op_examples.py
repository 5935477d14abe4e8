"""An example of every op, executed: its text, and what the values in it begin with.

Ops of `graph` have theirs in their docstrings; those of the levels below are cut out of one small
convolution, lowered, which computes the same bits at each level.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.parser import Parser

import nopt
from nopt.tools.compiling import every_dialect

Array: TypeAlias = NDArray[np.generic]

LEVELS = {
    "affine_nest": "convert-graph-to-affine-nest",
    "tensor_intrinsic": "convert-affine-nest-to-tensor-intrinsic",
    "isa": "convert-tensor-intrinsic-to-isa",
}
"""The pass behind which a module has a dialect's ops."""

_EXAMPLE = re.compile(r"`(%\w+ = graph\.[^`]+)`")
_MOST_LINES = 40


def graph_examples(op: type[Operation]) -> list[str]:
    """The lines of syntax in an op's docstring."""
    return [" ".join(text.split()) for text in _EXAMPLE.findall(inspect.cleandoc(op.__doc__ or ""))]


def executed(example: str) -> Iterator[tuple[str, str, Array]]:
    """Name, type and elements of each operand, and last of the result.

    Operands count around: -3, -2, … 3, these by hundreds as i32 and halved as f32."""
    head, types = example.rsplit(" : ", 1)
    result, rest = head.split(" = ", 1)
    names = list(dict.fromkeys(re.findall(r"%\w+", rest)))
    operands, returned = types.split(" -> ") if "->" in types else (types, types)
    kinds = re.findall(r"tensor<[^>]*>", operands)[: len(names)]
    signature = ", ".join(f"{name}: {kind}" for name, kind in zip(names, kinds, strict=True))
    text = f"""
        func.func @main({signature}) -> {returned} {{
            {example}
            return {result} : {returned}
        }}"""
    module = Parser(every_dialect(), text).parse_module()
    module.verify()
    values = [_counting(kind, 3 * number) for number, kind in enumerate(kinds)]
    found = nopt.run(module, *values)
    assert isinstance(found, np.ndarray)
    yield from zip(names, kinds, values, strict=True)
    yield result, returned, found


def _counting(kind: str, start: int = 0) -> Array:
    *sizes, element = kind.removeprefix("tensor<").removesuffix(">").split("x")
    shape = [int(size) for size in sizes]
    steps = (np.arange(np.prod(shape, dtype=int)) + start) % 7 - 3
    dtype = {"i1": "bool", "f32": "float32"}.get(element, element.replace("i", "int"))
    numbers = {"i1": steps % 2, "i32": steps * 100, "f32": steps / 2}.get(element, steps)
    return numbers.astype(dtype).reshape(shape)


@cache
def lowered() -> dict[str, ModuleOp]:
    """The convolution at each level. Raises AssertionError if one computes other bits."""
    g = nopt.GraphBuilder()
    x = g.argument("x", (1, 16, 6, 6), "i8")
    weights = np.arange(32 * 16 * 9).reshape(32, 16, 3, 3) % 13 - 6
    conv = g.conv2d(x, weights.astype(np.int8), pads=1, name="conv")
    g.result(g.requantize(g.relu(conv), shift=7))
    image = _counting("tensor<1x16x6x6xi8>")
    expected = nopt.run(g, image)
    modules = {name: nopt.lower(g, until=until) for name, until in LEVELS.items()}
    for module in modules.values():
        assert np.array_equal(nopt.run(module, image), expected)
    return modules


def level_example(dialect: str, name: str) -> str:
    """The first op of that name in the lowered convolution; a long one to where it gets long."""
    op = next(op for op in lowered()[dialect].walk() if op.name == name)
    lines = str(op).splitlines()
    return "\n".join([*lines[:_MOST_LINES], *(["…"] if len(lines) > _MOST_LINES else [])])


def beginning(array: Array) -> str:
    """The first elements in row-major order, short."""
    flat = array.reshape(-1)
    shown = ", ".join(f"{x:.4g}" if array.dtype.kind == "f" else str(x) for x in flat[:8].tolist())
    return shown + (", …" if flat.size > 8 else "")
