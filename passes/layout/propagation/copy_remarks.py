"""Remarks about the copies that are left once layouts are applied: whom for, how large, and why."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from nopt.dialects.affine_nest import ForOp, LoadOp
from nopt.dialects.annotations import PLACEMENT
from nopt.dialects.constants import numpy_type
from nopt.dialects.graph import ConstantOp
from nopt.hw.config import Config
from nopt.passes.base.placement import is_on_core
from nopt.passes.base.remarks import name_of, remark
from nopt.passes.layout.propagation.pack_results import copied, order_refusal


def remark_copies(module: ModuleOp, config: Config) -> None:
    """Say of each copy that the host will make why it is left.

    Of copies of copies the last one speaks. Constants are copied when compiling, so they say
    nothing."""
    for nest in [op for op in module.walk() if isinstance(op, ForOp)]:
        readers = [use.operation for use in nest.result.uses]
        if _moved(nest) is None or not readers or all(map(_copies, readers)):
            continue
        loads = [*_chain(nest)]
        if not isinstance(loads[-1].source.owner, ConstantOp):
            size = prod(nest.result_shape) * numpy_type(nest.result.type.element_type).itemsize
            remark(nest, f"is copied {_why(nest, loads, readers, config)} ({size:,} bytes)")


def _why(nest: ForOp, loads: list[LoadOp], readers: list[Operation], config: Config) -> str:
    for reader in readers:
        if not isinstance(reader, LoadOp | ForOp):
            return f"out of blocks: '{reader.name}' reads plain order"
    origin = loads[-1].source
    if not isinstance(origin.owner, ForOp) or not is_on_core(origin.owner):
        name = "it" if name_of(origin) == name_of(nest) else name_of(origin)
        return f"into blocks: {name} comes in plain order"
    reader = readers[0].nest if isinstance(readers[0], LoadOp) else readers[0]
    return f"for {name_of(reader)}: {_obstacle(nest, loads, config)}"


def _obstacle(nest: ForOp, loads: list[LoadOp], config: Config) -> str:
    """Why the nest of the core that makes what is copied does not store it as it is wanted."""
    if (found := copied(nest)) is not None:
        producer, map = found
        if (reason := order_refusal(map, nest, producer, config)) is not None:
            return reason
    for load in loads:
        if load.reads_outside():
            return f"{load.map.data} pads {name_of(load.source)}"
    for load in loads:
        if not load.source.has_one_use():
            return f"{name_of(load.source)} has other readers, too"
    return f"{name_of(loads[-1].source)} is computed in parts"


def _chain(nest: ForOp) -> Iterator[LoadOp]:
    """The load of a copy, and those of the copies that it reads."""
    load = _moved(nest)
    while load is not None:
        yield load
        load = _moved(load.source.owner) if isinstance(load.source.owner, ForOp) else None


def _moved(nest: ForOp) -> LoadOp | None:
    """The load of a copy that the host makes."""
    return None if PLACEMENT in nest.attributes else nest.copied


def _copies(reader: Operation) -> bool:
    """Whether a reader is a load of a nest that only moves elements."""
    return (
        isinstance(reader, LoadOp)
        and isinstance(reader.nest, ForOp)
        and _moved(reader.nest) is reader
    )
