"""Which tensors lie where in DRAM.

Inputs and constants come first and stay; equal constants lie in one place. What kernels make, or
host steps make for kernels, is planned by lifetimes. A kernel that writes into an existing tensor
shares its place: both are one buffer, needed from the first writer to the last reader of either.
Into a constant, it gets a place of its own that begins as the constant and stays: each run writes
the same elements, so the others always are the constant's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.ir import Attribute, Operation, SSAValue

from nopt.dialects import isa
from nopt.dialects.constants import numpy_type
from nopt.dialects.graph import ConstantOp
from nopt.dialects.shaped import is_tensor
from nopt.passes.isa.program.phases import Phase, tensors_read
from nopt.passes.isa.program.plan_memory import Lifetime, plan_memory


@dataclass
class Placement:
    """Byte address and kind (see `Symbol`) of each tensor in DRAM, in the order of first use."""

    addresses: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])
    kinds: dict[SSAValue, str] = field(default_factory=dict[SSAValue, str])
    contents: dict[int, ConstantOp] = field(default_factory=dict[int, ConstantOp])
    """What lies at an address before the first run."""
    size: int = 0


def place_tensors(
    phases: Sequence[Phase],
    arguments: Sequence[SSAValue],
    returned: Sequence[SSAValue],
    alignment: int,
) -> Placement:
    """Places for tensors that kernels read or write, and for constants that are returned."""
    kernels = [op for phase in phases for op in phase.ops if isinstance(op, isa.KernelOp)]
    used = [value for op in kernels for value in (*_in_memory(op), op.result)]
    constants = [value for value in returned if isinstance(value.owner, ConstantOp)]
    tensors = list(dict.fromkeys([*used, *constants]))
    roots = _roots(kernels)
    lives = _lifetimes(phases, returned, roots)
    outputs = {roots.get(value, value) for value in returned}
    placement = Placement()
    planned: dict[SSAValue, Lifetime] = {}
    fixed: dict[SSAValue, int] = {}
    constants_at: dict[Attribute, int] = {}
    for value in tensors:
        root = roots.get(value, value)
        content = _content(root)
        if value in arguments:
            kind = "input"
        elif isinstance(value.owner, ConstantOp):
            kind = "constant"
        else:
            kind = "output" if root in outputs else "buffer"
        placement.kinds[value] = kind
        if root in fixed:
            continue
        if kind == "input" or content is not None:
            address = -(-placement.size // alignment) * alignment
            if kind == "constant" and content is not None:
                address = constants_at.setdefault(content.value, address)
            fixed[root] = address
            placement.size = max(placement.size, address + size_of(root))
            if content is not None and size_of(root):
                placement.contents[address] = content
        elif root not in planned:
            planned[root] = Lifetime(size_of(root), *lives[root])
    base = -(-placement.size // alignment) * alignment
    plan = plan_memory(list(planned.values()), alignment)
    shared = dict(zip(planned, plan.addresses, strict=True))
    for value in tensors:
        root = roots.get(value, value)
        placement.addresses[value] = fixed[root] if root in fixed else base + shared[root]
    if planned:
        placement.size = base + plan.size
    return placement


def size_of(value: SSAValue) -> int:
    """Bytes of a tensor."""
    tensor = value.type
    assert is_tensor(tensor)
    elements = int(np.prod(tensor.get_shape(), dtype=np.int64))
    return elements * numpy_type(tensor.element_type).itemsize


def _in_memory(kernel: isa.KernelOp) -> list[SSAValue]:
    """What a kernel reads or writes over, each in a place that other kernels may read."""
    destination = kernel.destination
    if destination is None or _beginning(kernel) is not None:
        return [*kernel.inputs]
    return [*kernel.inputs, destination]


def _beginning(kernel: isa.KernelOp) -> SSAValue | None:
    """The constant that a kernel writes into."""
    destination = kernel.destination
    return destination if destination and isinstance(destination.owner, ConstantOp) else None


def _content(root: SSAValue) -> ConstantOp | None:
    """What a tensor is before the first run."""
    owner = root.owner
    if isinstance(owner, isa.KernelOp) and (beginning := _beginning(owner)) is not None:
        owner = beginning.owner
    return owner if isinstance(owner, ConstantOp) else None


def _roots(kernels: Sequence[isa.KernelOp]) -> dict[SSAValue, SSAValue]:
    """For results that are written into another tensor: the first one of that chain."""
    roots: dict[SSAValue, SSAValue] = {}
    for kernel in kernels:
        if (destination := kernel.destination) is not None and _beginning(kernel) is None:
            roots[kernel.result] = roots.get(destination, destination)
    return roots


def _lifetimes(
    phases: Sequence[Phase], returned: Sequence[SSAValue], roots: dict[SSAValue, SSAValue]
) -> dict[SSAValue, tuple[int, int]]:
    """First and last step of each buffer. A kernel is a step, and so is all that runs on the host
    in one go: its results are written when it ends, and may be views of what it read."""
    lives: dict[SSAValue, tuple[int, int]] = {}
    step = 0

    def touch(value: SSAValue) -> None:
        root = roots.get(value, value)
        lives[root] = (lives.get(root, (step, step))[0], step)

    def visit(op: Operation) -> None:
        for value in (*tensors_read(op), *op.results):
            touch(value)

    for phase in phases:
        for op in phase.ops:
            visit(op)
            step += phase.on_core
        step += not phase.on_core
    for value in returned:
        touch(value)
    return lives
