"""In which forms nests make and read a tensor, and what it costs to bring one form to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from xdsl.ir import BlockArgument, SSAValue

from nopt.dialects.shaped import shape_of
from nopt.passes.layout.tensor_layouts import Layout, layout_of

CYCLES_A_BYTE = 4
"""What a byte costs that is read and written once more between two layouts, on the host."""


@dataclass(frozen=True)
class Plain:
    """A tensor is read, or made, in the order of its dimensions."""


@dataclass(frozen=True)
class Blocked:
    """A tensor is read, or made, in vectors along one dimension.

    In any order of vectors, if it has those of `whole` dimensions in order; the others may be in
    blocks, too: iterators that index them are divided. Rows of a core with a batch run along
    dimension `rows`, or are alike. Lanes may lie in `parts`, each with all rows.
    """

    axis: int
    divisible: frozenset[int] = frozenset()
    rows: int | None = None
    parts: int = 1


@dataclass(frozen=True)
class AsRead:
    """A tensor is read in vectors of its own order, of `bytes` in all, that nobody stores."""

    bytes: int


@dataclass(frozen=True)
class Weights:
    """A tensor is read as blocks of weights, of `bytes` in all.

    Its producer stores it so if its lanes run along `axis`, and nobody else reads it. If each is of
    a block of `rows` of the tensor, the tensor can lie in memory as such blocks.
    """

    bytes: int
    axis: int | None
    rows: int | None = None


Form = Plain | Blocked | AsRead | Weights

PLAIN = Plain()


def tensor_cycles(
    tensor: SSAValue, made: Form, reads: Sequence[Form], vector: tuple[int, ...]
) -> int:
    """What it costs to bring a tensor from the form it is made in to those it is read in."""
    if (layout := layout_of(tensor, vector[-1])) is not None:
        return _bytes_in(layout, tensor, made, reads, vector) * CYCLES_A_BYTE
    bytes = _copied_bytes(shape_of(tensor), made, reads, vector)
    layouts = _layouts_for_all(tensor, reads, vector)
    others = (_bytes_in(layout, tensor, made, reads, vector) for layout in layouts)
    return min([bytes, *others]) * CYCLES_A_BYTE


def cheapest_layout(
    tensor: SSAValue, made: Form, reads: Sequence[Form], vector: tuple[int, ...]
) -> Layout | None:
    """The layout of a tensor that takes the fewest copies, if it takes fewer than several do."""
    least, best = _copied_bytes(shape_of(tensor), made, reads, vector), None
    for layout in _layouts_for_all(tensor, reads, vector):
        bytes = _bytes_in(layout, tensor, made, reads, vector)
        if bytes < least:
            least, best = bytes, layout
    return best


def _layouts_for_all(
    tensor: SSAValue, reads: Sequence[Form], vector: tuple[int, ...]
) -> Iterator[Layout]:
    """The layouts that serve all who read a tensor, if some read vectors and others weights.

    Matrices of weights are vectors of one row."""
    *batch, block = vector
    if batch or PLAIN in reads or not any(isinstance(form, Blocked) for form in reads):
        return
    for form in dict.fromkeys(reads):
        if isinstance(form, Weights) and form.axis is not None and form.rows is not None:
            layout = Layout.of_weights(len(shape_of(tensor)), form.rows, form.axis, block)
            if all(_serves(layout, read) for read in reads):
                yield layout


def _serves(layout: Layout, form: Form) -> bool:
    """Whether a tensor in a layout is read without a copy."""
    match form:
        case Blocked():
            return form.axis == layout.lanes and layout.divided <= form.divisible
        case Weights():
            return form.rows is not None and (form.axis, form.rows) == (layout.lanes, layout.rows)
        case _:
            return False


def _bytes_in(
    layout: Layout, tensor: SSAValue, made: Form, reads: Sequence[Form], vector: tuple[int, ...]
) -> int:
    """What is copied if a tensor is in a layout: who calls a function gives arguments so."""
    shape = shape_of(tensor)
    as_made = isinstance(made, Blocked) and _serves(layout, made)
    copied = 0 if as_made or isinstance(tensor, BlockArgument) else prod(shape)
    others = [form for form in reads if not _serves(layout, form)]
    return copied + sum(_size(form, shape, vector) for form in _kinds(others))


def _copied_bytes(
    shape: tuple[int, ...], made: Form, reads: Sequence[Form], vector: tuple[int, ...]
) -> int:
    """What is copied if each form that is not as the tensor is made is a copy."""
    *batch, block = vector
    blocked = replace(made, divisible=frozenset()) if isinstance(made, Blocked) else None
    axis = None if blocked is None else blocked.axis
    # Whole blocks along the last dimension are plain order, too, of vectors of one row.
    is_whole = shape and shape[-1] % block == 0 and not batch
    plain = len(shape) - 1 if is_whole else None
    is_plain = made == PLAIN or axis == plain
    wants_plain = False
    copied = 0
    for form in _kinds(reads):
        match form:
            case Blocked(axis=wanted) if wanted == plain:
                wants_plain |= axis != wanted
            case Blocked():
                alike = replace(form, divisible=frozenset()) == blocked
                copied += 0 if alike else _size(form, shape, vector)
            case AsRead():
                copied += form.bytes
            case Weights():
                alone = form.axis is not None and axis == form.axis and len(reads) == 1
                copied += 0 if alone and not batch else form.bytes
            case Plain():
                wants_plain = True
    if not is_plain and (copied or wants_plain):
        copied += prod(shape)
    return copied


def _kinds(reads: Sequence[Form]) -> list[Form]:
    """Forms without those that one copy serves."""
    forms = (
        replace(form, divisible=frozenset()) if isinstance(form, Blocked) else form
        for form in reads
    )
    return [*dict.fromkeys(forms)]


def _size(form: Form, shape: tuple[int, ...], vector: tuple[int, ...]) -> int:
    """Bytes of a copy in a form."""
    match form:
        case Plain():
            return prod(shape)
        case Blocked(axis=axis, rows=rows):
            block, batch = vector[-1], prod(vector[:-1])
            bytes = prod(shape) // shape[axis] * -(-shape[axis] // block) * block
            if rows is None:
                return bytes * batch
            return bytes // shape[rows] * -(-shape[rows] // batch) * batch
        case AsRead(bytes=bytes) | Weights(bytes=bytes):
            return bytes
