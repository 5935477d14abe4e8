"""Einstein sums: of each pair of operands a matrix product, with transposes around it."""

from __future__ import annotations

from math import prod

import numpy as np
from xdsl.ir import SSAValue

from nopt.dialects.graph import MatmulOp, ReduceOp, Statistic, TransposeOp, WhereOp
from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, shape_of
from nopt.tools.importer.registry import reads

_ELLIPSIS = "..."


@reads("Einsum")
def einsum(node: Node) -> SSAValue:
    operands = [node.tensor(index) for index in range(len(node.proto.input))]
    terms, result = _terms(node, [len(shape_of(operand)) for operand in operands])
    for at, term in enumerate(terms):
        operands[at], terms[at] = _diagonal(node, operands[at], term)
    sizes: dict[str, int] = {}
    for term, operand in zip(terms, operands, strict=True):
        for index, size in zip(term, shape_of(operand), strict=True):
            if sizes.setdefault(index, size) != size:
                node.fail(f"index '{index}' is {sizes[index]} and {size} long, expected one length")
    x, term = operands[0], terms[0]
    for at in range(1, len(operands)):
        needed = {*result, *(index for other in terms[at + 1 :] for index in other)}
        x, term = _product(node, (x, term), (operands[at], terms[at]), needed, sizes)
    x, term = _summed(node, x, term, {*result})
    return _ordered(node, x, term, result)


def _terms(node: Node, ranks: list[int]) -> tuple[list[str], str]:
    """The indices of each operand and of the result, a letter each."""
    equation = node.text("equation", "").replace(" ", "")
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        node.fail(f"equation '{equation}' has {len(terms)} operands, expected {len(ranks)}")
    # What an ellipsis stands for gets digits, which are no letters of an equation.
    hidden = [
        rank - len(term.replace(_ELLIPSIS, "")) if _ELLIPSIS in term else 0
        for term, rank in zip(terms, ranks, strict=True)
    ]
    batch = "0123456789"[: max(hidden)]
    for place, (term, count) in enumerate(zip(terms, hidden, strict=True)):
        terms[place] = term.replace(_ELLIPSIS, batch[len(batch) - max(count, 0) :])
        if (expected := len(terms[place])) != ranks[place]:
            node.fail(f"operand {place} '{term}' has rank {ranks[place]}, expected {expected}")
    if not arrow:
        letters = sorted({*"".join(terms)} - {*batch})
        result = _ELLIPSIS + "".join(i for i in letters if "".join(terms).count(i) == 1)
    result = result.replace(_ELLIPSIS, batch)
    unknown = {*result} - {*"".join(terms)}
    if unknown or len({*result}) != len(result):
        node.fail(f"the result '{result}' has indices that no operand has, or one twice")
    return terms, result


def _diagonal(node: Node, x: SSAValue, term: str) -> tuple[SSAValue, str]:
    """The elements at which an index that stands twice is the same both times."""
    for index in dict.fromkeys(term):
        while term.count(index) > 1:
            first, last = term.index(index), term.rindex(index)
            size, other = shape_of(x)[first], shape_of(x)[last]
            if size != other:
                node.fail(f"index '{index}' is {size} and {other} long, expected one length")
            ones = [size if axis in (first, last) else 1 for axis in range(len(term))]
            same = node.array(np.eye(size, dtype=bool).reshape(ones), "diagonal")
            x = node.emit(WhereOp(same, x, node.splat(0, x)))
            x = node.emit(ReduceOp(Statistic.SUM, x, [last]))
            term = term[:last] + term[last + 1 :]
    return x, term


def _product(
    node: Node,
    left: tuple[SSAValue, str],
    right: tuple[SSAValue, str],
    needed: set[str],
    sizes: dict[str, int],
) -> tuple[SSAValue, str]:
    """The product of two operands, summed over what only they have; its indices."""
    (a, of_a), (b, of_b) = (
        _summed(node, x, term, needed | {*other})
        for (x, term), (_, other) in ((left, right), (right, left))
    )
    both = [index for index in of_a if index in of_b]
    batch = [index for index in both if index in needed]
    inner = [index for index in both if index not in needed]
    rows = [index for index in of_a if index not in both]
    columns = [index for index in of_b if index not in both]

    def matrix(x: SSAValue, term: str, *parts: list[str]) -> SSAValue:
        x = _ordered(node, x, term, "".join(map("".join, (batch, *parts))))
        shape = [sizes[index] for index in batch]
        return reshaped(node, x, [*shape, *(prod(sizes[i] for i in part) for part in parts)])

    product = node.emit(MatmulOp(matrix(a, of_a, rows, inner), matrix(b, of_b, inner, columns)))
    term = "".join([*batch, *rows, *columns])
    return reshaped(node, product, [sizes[index] for index in term]), term


def _summed(node: Node, x: SSAValue, term: str, needed: set[str]) -> tuple[SSAValue, str]:
    """Summed over the indices that nothing needs."""
    axes = [axis for axis, index in enumerate(term) if index not in needed]
    if not axes:
        return x, term
    kept = "".join(index for index in term if index in needed)
    return node.emit(ReduceOp(Statistic.SUM, x, axes)), kept


def _ordered(node: Node, x: SSAValue, term: str, wanted: str) -> SSAValue:
    if term == wanted:
        return x
    return node.emit(TransposeOp(x, [term.index(index) for index in wanted]))
