"""Strides, pads and dilations of operators with windows, whichever way a node gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from nopt.tools.importer.coded import reshaped
from nopt.tools.importer.node import Node, shape_of


@dataclass(frozen=True)
class Windows:
    """Windows over an image, (vertical, horizontal); `low` and `high` are the pads."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]

    @property
    def pads(self) -> tuple[int, ...]:
        """(top, left, bottom, right)."""
        return (*self.low, *self.high)

    def extent(self, axis: int) -> int:
        """Elements from a window's first to its last."""
        return self.dilations[axis] * (self.kernel[axis] - 1) + 1


def windows_of(node: Node, size: Sequence[int], kernel: Sequence[int]) -> Windows:
    """The windows of a node over an image of this size (height and width, or just a width)."""
    rank = len(size)
    strides = _values(node, "strides", rank)
    dilations = _values(node, "dilations", rank)
    pads = node.integers("pads", [0] * 2 * rank) or [0] * 2 * rank
    if len(pads) != 2 * rank:
        node.fail(f"attribute 'pads' has {len(pads)} values, expected {2 * rank}")
    if any(pad < 0 for pad in pads):
        node.fail(f"attribute 'pads' is {pads}, expected values of at least 0")
    low, high = pads[:rank], pads[rank:]
    match node.text("auto_pad", "NOTSET"):
        case "NOTSET":
            pass
        case "VALID":
            low, high = [0] * rank, [0] * rank
        case "SAME_UPPER" | "SAME_LOWER" as kind:
            for axis in range(rank):
                count = -(-size[axis] // strides[axis])
                extent = dilations[axis] * (kernel[axis] - 1) + 1
                total = max(0, (count - 1) * strides[axis] + extent - size[axis])
                small, large = total // 2, total - total // 2
                low[axis], high[axis] = (small, large) if kind == "SAME_UPPER" else (large, small)
        case other:
            expected = "NOTSET, VALID, SAME_UPPER or SAME_LOWER"
            node.fail(f"attribute 'auto_pad' is '{other}', expected {expected}")
    return Windows(tuple(kernel), tuple(strides), tuple(dilations), tuple(low), tuple(high))


def flat(windows: Windows) -> Windows:
    """The windows of a row of an image, as windows of the image."""
    if len(windows.kernel) == 2:
        return windows
    return Windows(
        (1, *windows.kernel),
        (1, *windows.strides),
        (1, *windows.dilations),
        (0, *windows.low),
        (0, *windows.high),
    )


def image(node: Node, value: SSAValue) -> SSAValue:
    """The value as [N, C, H, W]; H is 1 if it has a width only."""
    shape = shape_of(value)
    if len(shape) == 3:
        return reshaped(node, value, (*shape[:2], 1, shape[2]))
    return value


def unimage(node: Node, value: SSAValue, rank: int) -> SSAValue:
    """Back from [N, C, 1, W] to the rank that the input has."""
    shape = shape_of(value)
    return reshaped(node, value, (*shape[:2], shape[3])) if rank == 3 else value


def check_rank(node: Node, rank: int) -> None:
    """Refuse what is no image or row of one."""
    if rank not in (3, 4):
        node.fail(f"the input has rank {rank}, expected 3 or 4 (one or two spatial dimensions)")


def _values(node: Node, name: str, rank: int) -> list[int]:
    values = node.integers(name, [1] * rank) or [1] * rank
    if len(values) != rank:
        node.fail(f"attribute '{name}' has {len(values)} values, expected {rank}")
    if any(value < 1 for value in values):
        node.fail(f"attribute '{name}' is {values}, expected values of at least 1")
    return values
