"""Type rules of the `graph` dialect: from operand types and attributes to the result type.

Both the constructors (to infer) and the verifiers (to check) use them. A rule that does not hold
raises VerifyException with a message that names the operand or attribute, found and expected.
Element types are signless and read as signed; every dimension is static and at least 1.
"""

from collections.abc import Collection, Sequence
from math import prod
from typing import NoReturn, TypeAlias

import numpy as np
from xdsl.dialects.builtin import TensorType, f32, f64, i8, i16, i32, i64
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from nopt.dialects.constants import numpy_type

Tensor: TypeAlias = TensorType[Attribute]

NARROW_INTEGERS: tuple[Attribute, ...] = (i8, i16, i32)
"""What is multiplied or rescaled: its products with 32-bit numbers fit in 64 bits."""
INTEGERS: tuple[Attribute, ...] = (i8, i16, i32, i64)
NUMBERS: tuple[Attribute, ...] = (*INTEGERS, f32, f64)


def refuse(what: str, found: object, expected: object) -> NoReturn:
    """Raise VerifyException: what was found where, and what was expected."""
    raise VerifyException(f"{what} {found}, expected {expected}")


def check_tensor(
    what: str, type: Attribute, elements: Collection[Attribute], axes: str | None = None
) -> Tensor:
    """Check that a type is a tensor, static, of an allowed element type, and of the rank that
    `axes` (such as "NCHW") has a letter for each dimension of."""
    if not isa(type, Tensor):
        refuse(what, f"has type {type}", "a tensor of known rank")
    shape = type.get_shape()
    if any(size < 1 for size in shape):
        refuse(what, f"has type {type}", "static dimensions of at least 1")
    if type.element_type not in elements:
        allowed = " or ".join(map(str, elements))
        refuse(what, f"has element type {type.element_type}", allowed)
    if axes is not None and len(shape) != len(axes):
        refuse(what, f"has rank {len(shape)}", f"{len(axes)} ({axes})")
    return type


def _narrow_shape(what: str, type: Attribute, axes: str | None = None) -> tuple[int, ...]:
    return check_tensor(what, type, NARROW_INTEGERS, axes).get_shape()


def check_values(what: str, values: Sequence[int], count: int, least: int) -> None:
    """Check an attribute that lists integers: how many, and how small they may be."""
    if len(values) != count:
        refuse(what, f"has {len(values)} values", count)
    if any(value < least for value in values):
        refuse(what, f"is {list(values)}", f"values of at least {least}")


def value_range(type: Attribute) -> tuple[int, int]:
    """The smallest and the largest value of a signless integer type, read as signed."""
    info = np.iinfo(numpy_type(type))
    return int(info.min), int(info.max)


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
    """[N, C, H, W] and [O, C / groups, KH, KW] give [N, O, OH, OW] of i32."""
    batch, channels, *size = _narrow_shape("input", input, "NCHW")
    outputs, inputs, *kernel = _narrow_shape("weight", weight, "OIHW")
    if groups < 1 or channels % groups or outputs % groups:
        divisors = f"a common divisor of {channels} input and {outputs} output channels"
        refuse("groups", f"is {groups}", divisors)
    if inputs != channels // groups:
        expected = f"{channels // groups} ({channels} in {groups} groups)"
        refuse("weight", f"has {inputs} input channels", expected)
    counts = window_counts(size, kernel, strides, pads, dilations)
    return TensorType(i32, (batch, outputs, *counts))


def matmul_type(lhs: Attribute, rhs: Attribute, transpose_a: bool, transpose_b: bool) -> Tensor:
    """[..., M, K] and [..., K, N] give [..., M, N] of i32; the flags swap an operand's last two."""
    a = _narrow_shape("lhs", lhs)
    b = _narrow_shape("rhs", rhs)
    for what, shape in (("lhs", a), ("rhs", b)):
        if len(shape) < 2:
            refuse(what, f"has rank {len(shape)}", "at least 2")
    rows, inner = reversed(a[-2:]) if transpose_a else a[-2:]
    inner_b, columns = reversed(b[-2:]) if transpose_b else b[-2:]
    if inner != inner_b:
        refuse("rhs", f"has inner dimension {inner_b}", f"{inner} as in lhs")
    if len(b) > 2 and b[:-2] != a[:-2]:
        expected = f"{list(a[:-2])} as in lhs, or none"
        refuse("rhs", f"has batch dimensions {list(b[:-2])}", expected)
    return TensorType(i32, (*a[:-2], rows, columns))


def add_type(lhs: Attribute, rhs: Attribute, element: Attribute | None) -> Tensor:
    """Both shapes broadcast as in numpy; the element type defaults to the wider of the two."""
    tensors = [check_tensor("lhs", lhs, NUMBERS), check_tensor("rhs", rhs, NUMBERS)]
    (a, a_shape), (b, b_shape) = [(type.element_type, type.get_shape()) for type in tensors]
    if element is None:
        element = max(a, b, key=NUMBERS.index)
    if element not in NUMBERS:
        refuse("result", f"has element type {element}", " or ".join(map(str, NUMBERS)))
    for what, found in (("lhs", a), ("rhs", b)):
        allowed = INTEGERS[: INTEGERS.index(element) + 1] if element in INTEGERS else (element,)
        if found not in allowed:
            expected = f"{' or '.join(map(str, allowed))} to give {element}"
            refuse(what, f"has element type {found}", expected)
    try:
        shape = np.broadcast_shapes(a_shape, b_shape)
    except ValueError:
        refuse("rhs", f"has shape {list(b_shape)}", f"one that broadcasts with {list(a_shape)}")
    return TensorType(element, shape)


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
    type = check_tensor("input", input, NARROW_INTEGERS, "NCHW")
    return TensorType(type.element_type, (*type.get_shape()[:2], 1, 1))


def reshape_type(input: Attribute, shape: Sequence[int]) -> Tensor:
    """Any shape of as many elements."""
    type = check_tensor("input", input, NUMBERS)
    count = prod(type.get_shape())
    result: Tensor = TensorType(type.element_type, shape)
    check_tensor("result", result, NUMBERS)
    if prod(shape) != count:
        refuse("result", f"has {prod(shape)} elements", f"{count} as in the input")
    return result


def transpose_type(input: Attribute, permutation: Sequence[int]) -> Tensor:
    """Dimension i of the result is dimension permutation[i] of the input."""
    type = check_tensor("input", input, NUMBERS)
    shape = type.get_shape()
    if sorted(permutation) != list(range(len(shape))):
        expected = f"each of 0 to {len(shape) - 1} once"
        refuse("permutation", f"is {list(permutation)}", expected)
    return TensorType(type.element_type, [shape[axis] for axis in permutation])
