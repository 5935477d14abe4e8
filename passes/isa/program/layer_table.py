"""What the program file says about each kernel: where its instructions are, and its result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import (
    DenseArrayBase,
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
)
from xdsl.ir import Attribute, Operation
from xdsl.utils.hints import isa as is_a

from nopt.dialects.annotations import LAYOUT, REPRESENTS
from nopt.dialects.constants import array_of
from nopt.dialects.shaped import shape_of
from nopt.hw.program.layer_rows import Layer


def layer_of(op: Operation, name: str, first: int, count: int) -> Layer:
    """The entry of a kernel whose result is the symbol `name`; attributes may be missing."""
    layout, represents = _entries(op, LAYOUT), _entries(op, REPRESENTS)
    stored = shape = shape_of(op.results[0])
    axis = rows = -1
    batch = parts = 1
    sizes, divided, along = (layout.get(key) for key in ("shape", "axis", "rows"))
    if isinstance(divided, IntegerAttr) and is_a(sizes, DenseArrayBase[IntegerType]):
        axis, shape = divided.value.data, tuple(sizes.get_values())
        if isinstance(along, IntegerAttr):
            batch, rows = stored[-2], along.value.data
        if isinstance(several := layout.get("parts"), IntegerAttr):
            parts = several.value.data
    tensor, along = represents.get("tensor"), represents.get("axis")
    return Layer(
        name=name,
        first=first,
        count=count,
        result=name,
        shape=shape,
        axis=axis,
        tensor=tensor.data if isinstance(tensor, StringAttr) else "",
        scale=_scale(represents.get("scale")),
        scale_axis=along.value.data if isinstance(along, IntegerAttr) else 0,
        batch=batch,
        rows=rows,
        parts=parts,
    )


def spans(rows: NDArray[np.int64], counts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First record and number of records of each layer, inserted ones before what needed them.

    `rows` says which record before insertion each one is, `counts` how many a layer had.
    """
    place = np.flatnonzero(rows >= 0)
    begin = done = 0
    for count in counts:
        done += count
        end = int(place[done - 1]) + 1 if count else begin
        yield begin, end - begin
        begin = end


def _entries(op: Operation, name: str) -> dict[str, Attribute]:
    attribute = op.attributes.get(name)
    return dict(attribute.data) if isinstance(attribute, DictionaryAttr) else {}


def _scale(attribute: Attribute | None) -> tuple[float, ...]:
    match attribute:
        case None:
            return ()
        case FloatAttr(value=number):
            return (float(number.data),)
        case other:
            return tuple(map(float, array_of(other).reshape(-1)))
