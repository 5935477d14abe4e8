"""A nest from one line: `O[n,m,x] += I[n,c,2*x+f] * W[m,c,f]` and the extents of its loops."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from nopt.hw.array.problem import Operand, Problem
from nopt.tools.compiling import every_dialect
from nopt.tools.errors import UserError

_EXTENT = re.compile(r"([A-Za-z_]\w*)=(\d+)")


def extents_of(texts: Sequence[str]) -> dict[str, int]:
    """Extents by loop from `n=4 m=512`. Raises UserError for other text."""
    extents: dict[str, int] = {}
    for text in texts:
        match = _EXTENT.fullmatch(text)
        if match is None or not int(match[2]):
            raise UserError(f"--extents: found '{text}', expected LOOP=EXTENT, as in n=4")
        extents[match[1]] = int(match[2])
    return extents


def einsum_module(text: str, extents: dict[str, int]) -> ModuleOp:
    """A function of the nest, on 16-bit integers. Raises UserError for what is no sum of
    products of this form, and for loops without extent."""
    try:
        problem = Problem.read(text, extents)
    except ValueError as error:
        raise UserError(f"--einsum: {error}") from None
    result, *inputs = problem.operands
    if len(result.dims) != len(result.loops) or any(
        sorted(dim.strides) != [*[0] * (len(problem.loops) - 1), 1] for dim in result.dims
    ):
        raise UserError(f"--einsum: found {result.name} indexed by other than one loop each")
    parallel = [dim.strides.index(1) for dim in result.dims]
    reduced = [i for i in range(len(problem.loops)) if i not in parallel]
    if not reduced:
        raise UserError("--einsum: found no sum, expected a loop that the result has not")
    if len(inputs) < 2:
        raise UserError("--einsum: found no product, expected two tensors or more")
    return Parser(every_dialect(), _text(problem, inputs, parallel, reduced)).parse_module()


def _text(
    problem: Problem, inputs: Sequence[Operand], parallel: list[int], reduced: list[int]
) -> str:
    def header(loops: Sequence[int]) -> str:
        names = ", ".join(f"%{problem.loops[i]}" for i in loops)
        return f"({names}) = ({', '.join(str(problem.extents[i]) for i in loops)})"

    types = [_type([dim.size for dim in each.dims]) for each in inputs]
    names = _distinct([f"%{each.name}" for each in inputs])
    result = _type([problem.extents[i] for i in parallel])
    arguments = ", ".join(f"{n}: {t}" for n, t in dict(zip(names, types, strict=True)).items())
    loads = [
        f"%v{i} = affine_nest.load {n}[{_index(problem, each)}] : {t}"
        for i, (n, each, t) in enumerate(zip(names, inputs, types, strict=True))
    ]
    products = [
        f"%p{i} = arith.muli %{'v0' if i == 1 else f'p{i - 1}'}, %v{i} : i16"
        for i in range(1, len(inputs))
    ]
    lines = [
        f"func.func @main({arguments}) -> {result} {{",
        f"%{problem.operands[0].name}_ = affine_nest.for {header(parallel)} reduce "
        f"{header(reduced)} {{",
        *chain(loads, products),
        f"%sum = affine_nest.reduce add %p{len(inputs) - 1} : i16",
        f"affine_nest.yield %sum : i16 }} : {result}",
        f"return %{problem.operands[0].name}_ : {result} }}",
    ]
    return "\n".join(lines)


def _type(shape: Sequence[int]) -> str:
    return f"tensor<{''.join(f'{size}x' for size in shape)}i16>"


def _index(problem: Problem, operand: Operand) -> str:
    return ", ".join(
        " + ".join(
            f"%{name} * {stride}"
            for name, stride in zip(problem.loops, dim.strides, strict=True)
            if stride
        )
        or "0"
        for dim in operand.dims
    )


def _distinct(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise UserError("--einsum: a tensor comes twice, expected each once")
    return names
