"""Type rules of the `graph` dialect: from operand types and attributes to the result type.

Both the constructors (to infer) and the verifiers (to check) use them. A rule that does not hold
raises VerifyException with a message that names the operand or attribute, found and expected.
Element types are signless and read as signed; every dimension is static and at least 1.
"""

from collections.abc import Collection, Sequence
from math import prod
from typing import NoReturn, TypeAlias

import numpy as np
from xdsl.dialects.builtin import TensorType, f32, f64, i1, i8, i16, i32, i64
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.constants import numpy_type
from nopt.dialects.shaped import is_tensor

Tensor: TypeAlias = TensorType[Attribute]

NARROW_INTEGERS: tuple[Attribute, ...] = (i8, i16, i32)
"""What is multiplied or rescaled: its products with 32-bit numbers fit in 64 bits."""
INTEGERS: tuple[Attribute, ...] = (i8, i16, i32, i64)
FLOATS: tuple[Attribute, ...] = (f32, f64)
NUMBERS: tuple[Attribute, ...] = (*INTEGERS, *FLOATS)
MULTIPLIED: tuple[Attribute, ...] = (*NARROW_INTEGERS, *FLOATS)
"""What convolutions and matrix products take."""
ANY: tuple[Attribute, ...] = (i1, *NUMBERS)
"""What is moved without looking at it."""


def refuse(what: str, found: object, expected: object) -> NoReturn:
    """Raise VerifyException: what was found where, and what was expected."""
    raise VerifyException(f"{what} {found}, expected {expected}")


def check_tensor(
    what: str, type: Attribute, elements: Collection[Attribute], axes: str | None = None
) -> Tensor:
    """Check that a type is a tensor, static, of an allowed element type, and of the rank that
    `axes` (such as "NCHW") has a letter for each dimension of."""
    if not is_tensor(type):
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


def check_values(what: str, values: Sequence[int], count: int, least: int) -> None:
    """Check an attribute that lists integers: how many, and how small they may be."""
    if len(values) != count:
        refuse(what, f"has {len(values)} values", count)
    if any(value < least for value in values):
        refuse(what, f"is {list(values)}", f"values of at least {least}")


def check_axis(what: str, axis: int, rank: int) -> None:
    """Check an attribute that is the number of a dimension."""
    if not 0 <= axis < rank:
        refuse(what, f"is {axis}", f"0 to {rank - 1}")


def product_element(what: str, first: Attribute, second: Attribute) -> Attribute:
    """The element type of sums of products: i32 of integers, of floats the one they share.

    `what` is the operand that `second` is the element type of."""
    allowed = (first,) if first in FLOATS else NARROW_INTEGERS
    if second not in allowed:
        expected = f"{' or '.join(map(str, allowed))} to go with {first}"
        refuse(what, f"has element type {second}", expected)
    return first if first in FLOATS else i32


def value_range(type: Attribute) -> tuple[int, int]:
    """The smallest and the largest value of a signless integer type, read as signed."""
    info = np.iinfo(numpy_type(type))
    return int(info.min), int(info.max)


def matmul_type(lhs: Attribute, rhs: Attribute, transpose_a: bool, transpose_b: bool) -> Tensor:
    """[..., M, K] and [..., K, N] give [..., M, N]; the flags swap an operand's last two."""
    left, right = check_tensor("lhs", lhs, MULTIPLIED), check_tensor("rhs", rhs, MULTIPLIED)
    element = product_element("rhs", left.element_type, right.element_type)
    a, b = left.get_shape(), right.get_shape()
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
    return TensorType(element, (*a[:-2], rows, columns))


def binary_type(
    lhs: Attribute,
    rhs: Attribute,
    element: Attribute | None,
    elements: Collection[Attribute] = NUMBERS,
) -> Tensor:
    """Both shapes broadcast as in numpy; the element type defaults to the wider of the two."""
    tensors = [check_tensor("lhs", lhs, elements), check_tensor("rhs", rhs, elements)]
    (a, a_shape), (b, b_shape) = [(type.element_type, type.get_shape()) for type in tensors]
    if element is None:
        element = max(a, b, key=NUMBERS.index)
    if element not in elements:
        refuse("result", f"has element type {element}", " or ".join(map(str, elements)))
    for what, found in (("lhs", a), ("rhs", b)):
        allowed = INTEGERS[: INTEGERS.index(element) + 1] if element in INTEGERS else (element,)
        if found not in allowed:
            expected = f"{' or '.join(map(str, allowed))} to give {element}"
            refuse(what, f"has element type {found}", expected)
    return TensorType(element, broadcast_shape("rhs", a_shape, b_shape))


def broadcast_shape(what: str, a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that both broadcast to as in numpy; `what` is the operand that has shape `b`."""
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        refuse(what, f"has shape {list(b)}", f"one that broadcasts with {list(a)}")


def reshape_type(input: Attribute, shape: Sequence[int]) -> Tensor:
    """Any shape of as many elements."""
    type = check_tensor("input", input, ANY)
    count = prod(type.get_shape())
    result: Tensor = TensorType(type.element_type, shape)
    check_tensor("result", result, ANY)
    if prod(shape) != count:
        refuse("result", f"has {prod(shape)} elements", f"{count} as in the input")
    return result


def transpose_type(input: Attribute, permutation: Sequence[int]) -> Tensor:
    """Dimension i of the result is dimension permutation[i] of the input."""
    type = check_tensor("input", input, ANY)
    shape = type.get_shape()
    if sorted(permutation) != list(range(len(shape))):
        expected = f"each of 0 to {len(shape) - 1} once"
        refuse("permutation", f"is {list(permutation)}", expected)
    return TensorType(type.element_type, [shape[axis] for axis in permutation])
