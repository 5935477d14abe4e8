"""Type rules of ops with windows: convolutions and pools of [N, C, H, W]."""

from collections.abc import Collection, Sequence

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute

from nopt.dialects.graph.types import (
    MULTIPLIED,
    Tensor,
    check_tensor,
    check_values,
    product_element,
    refuse,
)


def window_counts(
    size: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
    dilations: Sequence[int] = (1, 1),
) -> tuple[int, int]:
    """How many windows fit below each other and side by side: for each axis
    floor((size + pads - dilation * (kernel - 1) - 1) / stride) + 1.

    All are (vertical, horizontal), `pads` is (top, left, bottom, right)."""
    check_values("strides", strides, 2, least=1)
    check_values("pads", pads, 4, least=0)
    check_values("dilations", dilations, 2, least=1)
    counts: list[int] = []
    for axis, name in enumerate(("height", "width")):
        padded = size[axis] + pads[axis] + pads[axis + 2]
        extent = dilations[axis] * (kernel[axis] - 1) + 1
        if padded < extent:
            refuse(f"padded input {name}", f"is {padded}", f"at least the kernel's {extent}")
        counts.append((padded - extent) // strides[axis] + 1)
    return counts[0], counts[1]


def conv2d_type(
    input: Attribute,
    weight: Attribute,
    strides: Sequence[int],
    pads: Sequence[int],
    dilations: Sequence[int],
    groups: int,
) -> Tensor:
    """[N, C, H, W] and [O, C / groups, KH, KW] give [N, O, OH, OW]."""
    image = check_tensor("input", input, MULTIPLIED, "NCHW")
    weights = check_tensor("weight", weight, MULTIPLIED, "OIHW")
    element = product_element("weight", image.element_type, weights.element_type)
    batch, channels, *size = image.get_shape()
    outputs, inputs, *kernel = weights.get_shape()
    if groups < 1 or channels % groups or outputs % groups:
        divisors = f"a common divisor of {channels} input and {outputs} output channels"
        refuse("groups", f"is {groups}", divisors)
    if inputs != channels // groups:
        expected = f"{channels // groups} ({channels} in {groups} groups)"
        refuse("weight", f"has {inputs} input channels", expected)
    counts = window_counts(size, kernel, strides, pads, dilations)
    return TensorType(element, (batch, outputs, *counts))


def conv_transpose2d_type(
    input: Attribute,
    weight: Attribute,
    strides: Sequence[int],
    pads: Sequence[int],
    output_pads: Sequence[int],
    dilations: Sequence[int],
    groups: int,
) -> Tensor:
    """[N, C, H, W] and [C, O / groups, KH, KW] give [N, O, OH, OW]; for each axis OH =
    (H - 1) * stride + dilation * (KH - 1) + 1 - pads + output pad."""
    image = check_tensor("input", input, MULTIPLIED, "NCHW")
    weights = check_tensor("weight", weight, MULTIPLIED, "IOHW")
    element = product_element("weight", image.element_type, weights.element_type)
    batch, channels, *size = image.get_shape()
    inputs, outputs, *kernel = weights.get_shape()
    if groups < 1 or channels % groups:
        refuse("groups", f"is {groups}", f"a divisor of {channels} input channels")
    if inputs != channels:
        refuse("weight", f"has {inputs} input channels", f"{channels} as in the input")
    check_values("strides", strides, 2, least=1)
    check_values("pads", pads, 4, least=0)
    check_values("output_pads", output_pads, 2, least=0)
    check_values("dilations", dilations, 2, least=1)
    counts: list[int] = []
    for axis, name in enumerate(("height", "width")):
        full = (size[axis] - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1
        count = full - pads[axis] - pads[axis + 2] + output_pads[axis]
        if count < 1:
            refuse(f"result {name}", f"is {count}", "at least 1")
        counts.append(count)
    return TensorType(element, (batch, outputs * groups, *counts))


def pool_type(
    input: Attribute,
    elements: Collection[Attribute],
    kernel: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
) -> Tensor:
    """[N, C, H, W] gives [N, C, OH, OW]; every window holds at least one element of the input."""
    type = check_tensor("input", input, elements, "NCHW")
    batch, channels, *size = type.get_shape()
    check_values("kernel", kernel, 2, least=1)
    counts = window_counts(size, kernel, strides, pads)
    if any(pad >= extent for pad, extent in zip(pads, (*kernel, *kernel), strict=True)):
        refuse("pads", f"is {list(pads)}", f"less than the kernel {list(kernel)} on each side")
    return TensorType(type.element_type, (batch, channels, *counts))


def global_pool_type(input: Attribute) -> Tensor:
    """[N, C, H, W] gives [N, C, 1, 1]."""
    type = check_tensor("input", input, MULTIPLIED, "NCHW")
    return TensorType(type.element_type, (*type.get_shape()[:2], 1, 1))
