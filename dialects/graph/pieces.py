"""Ops that put tensors together and take parts of them."""

from collections.abc import Sequence

from typing_extensions import override
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, TensorType, f32, i64
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def, var_operand_def
from xdsl.utils.hints import isa

from nopt.dialects.graph import types as rules
from nopt.dialects.graph.graph_op import INTEGER, INTEGER_LIST, NUMBER, GraphOp, Value, integers
from nopt.dialects.graph.syntax import Number
from nopt.dialects.graph.types import Tensor

PADDING_IS_UNREAD = "padding_is_unread"
"""Discardable unit attribute of a concat: nobody reads, but to multiply by zero, what `graph.pad`
added to its pieces at their end. So nobody needs to write it."""


@irdl_op_definition
class ConcatOp(GraphOp, HasFolderInterface):
    """Tensors one behind the other along an axis; they are alike in all else.

    `%y = graph.concat %a, %b axis 1 : (tensor<1x64x7x7xi8>, tensor<1x32x7x7xi8>)
    -> tensor<1x96x7x7xi8>`
    """

    name = "graph.concat"

    inputs = var_operand_def()
    axis = prop_def(INTEGER)

    assembly_format = "$inputs `axis` $axis attr-dict `:` functional-type(operands, results)"

    def __init__(self, inputs: Sequence[Value], axis: int):
        types = [SSAValue.get(value).type for value in inputs]
        super().__init__(
            operands=[inputs],
            properties={"axis": IntegerAttr(axis, i64)},
            result_types=[_concat_type(types, axis)],
        )

    @override
    def result_type(self) -> Tensor:
        return _concat_type([value.type for value in self.inputs], self.axis.value.data)

    @override
    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        return tuple(self.inputs) if len(self.inputs) == 1 else None


def _concat_type(inputs: Sequence[Attribute], axis: int) -> Tensor:
    if not inputs:
        rules.refuse("inputs", "are none", "at least one")
    tensors = [
        rules.check_tensor(f"input {index}", type, rules.ANY) for index, type in enumerate(inputs)
    ]
    shapes = [list(tensor.get_shape()) for tensor in tensors]
    first = shapes[0]
    rules.check_axis("axis", axis, len(first))
    for index, (tensor, shape) in enumerate(zip(tensors, shapes, strict=True)):
        alike = first[:axis] + shape[axis : axis + 1] + first[axis + 1 :]
        if shape != alike or tensor.element_type != tensors[0].element_type:
            expected = f"one like {tensors[0]} but for axis {axis}"
            rules.refuse(f"input {index}", f"has type {tensor}", expected)
    total = sum(shape[axis] for shape in shapes)
    return TensorType(tensors[0].element_type, [*first[:axis], total, *first[axis + 1 :]])


@irdl_op_definition
class SliceOp(GraphOp, HasFolderInterface):
    """Part of a tensor: element i of the result is element starts + i * steps of the input.

    `%y = graph.slice %x starts [0, 32, 0, 0] : tensor<1x64x7x7xi8> -> tensor<1x16x7x7xi8>`
    `%y = graph.slice %x starts [0, 1] steps [1, 2] : tensor<1x8xi8> -> tensor<1x4xi8>`

    Steps are at least 1, and 1 by default; the result's shape says how many elements are taken.
    """

    name = "graph.slice"

    input = operand_def()
    starts = prop_def(INTEGER_LIST)
    steps = opt_prop_def(INTEGER_LIST)

    assembly_format = (
        "$input `starts` $starts (`steps` $steps^)? attr-dict `:` type($input) `->` type($result)"
    )

    def __init__(
        self,
        input: Value,
        starts: Sequence[int],
        shape: Sequence[int],
        steps: Sequence[int] | None = None,
    ):
        steps = [1] * len(starts) if steps is None else steps
        super().__init__(
            operands=[input],
            properties={
                "starts": integers(starts),
                "steps": integers(steps) if any(step != 1 for step in steps) else None,
            },
            result_types=[_slice_type(SSAValue.get(input).type, starts, shape, steps)],
        )

    @property
    def ranges(self) -> tuple[slice, ...]:
        """What is taken along each axis."""
        starts, counts = self.starts.get_values(), self.result.type.get_shape()
        return tuple(
            slice(start, start + (count - 1) * step + 1, step)
            for start, count, step in zip(starts, counts, self._steps(), strict=True)
        )

    def _steps(self) -> Sequence[int]:
        if self.steps is None:
            return [1] * len(self.starts.get_values())
        return self.steps.get_values()

    @override
    def result_type(self) -> Tensor:
        shape = self.result.type.get_shape()
        return _slice_type(self.input.type, self.starts.get_values(), shape, self._steps())

    @override
    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        return (self.input,) if self.input.type == self.result.type else None


def _slice_type(
    input: Attribute, starts: Sequence[int], shape: Sequence[int], steps: Sequence[int]
) -> Tensor:
    type = rules.check_tensor("input", input, rules.ANY)
    sizes = type.get_shape()
    result: Tensor = TensorType(type.element_type, shape)
    if len(shape) != len(sizes):
        rules.refuse("result", f"has rank {len(shape)}", f"{len(sizes)} as the input")
    rules.check_tensor("result", result, rules.ANY)
    rules.check_values("starts", starts, len(sizes), least=0)
    rules.check_values("steps", steps, len(sizes), least=1)
    for axis, (start, count, step) in enumerate(zip(starts, shape, steps, strict=True)):
        last = start + (count - 1) * step
        if last >= sizes[axis]:
            expected = f"at most {sizes[axis] - 1}, the last of axis {axis}"
            rules.refuse("last element", f"is {last}", expected)
    return result


@irdl_op_definition
class PadOp(GraphOp, HasFolderInterface):
    """A tensor with a border of one value: `low` elements before, `high` after, for each axis.

    `%y = graph.pad %x low [0, 0, 1, 1] high [0, 0, 2, 2] value 0.0 : tensor<1x3x8x8xf32>
    -> tensor<1x3x11x11xf32>`

    The value is an integer that the element type holds, or for floats an f32, with a point.
    """

    name = "graph.pad"

    input = operand_def()
    low = prop_def(INTEGER_LIST)
    high = prop_def(INTEGER_LIST)
    value = prop_def(NUMBER)

    custom_directives = (Number,)
    assembly_format = (
        "$input `low` $low `high` $high `value` custom<Number>($value) attr-dict `:` "
        "type($input) `->` type($result)"
    )

    def __init__(
        self, input: Value, low: Sequence[int], high: Sequence[int], value: int | float = 0
    ):
        result = _pad_type(SSAValue.get(input).type, low, high)
        is_float = result.element_type in rules.FLOATS
        attr = FloatAttr(float(value), f32) if is_float else IntegerAttr(int(value), i64)
        super().__init__(
            operands=[input],
            properties={"low": integers(low), "high": integers(high), "value": attr},
            result_types=[result],
        )

    @override
    def result_type(self) -> Tensor:
        result = _pad_type(self.input.type, self.low.get_values(), self.high.get_values())
        element, value = result.element_type, self.value.value.data
        if element in rules.FLOATS:
            if not isa(self.value, FloatAttr):
                rules.refuse("value", f"is {value}", f"a float for {element}")
        else:
            least, most = rules.value_range(element)
            if isa(self.value, FloatAttr) or not least <= value <= most:
                rules.refuse("value", f"is {value}", f"{least} to {most} as {element} holds")
        return result

    @override
    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        return (self.input,) if self.input.type == self.result.type else None


def _pad_type(input: Attribute, low: Sequence[int], high: Sequence[int]) -> Tensor:
    type = rules.check_tensor("input", input, rules.NUMBERS)
    shape = type.get_shape()
    for what, border in (("low", low), ("high", high)):
        rules.check_values(what, border, len(shape), least=0)
    padded = [sum(sizes) for sizes in zip(low, shape, high, strict=True)]
    return TensorType(type.element_type, padded)


@irdl_op_definition
class BroadcastOp(GraphOp, HasFolderInterface):
    """The tensor repeated along dimensions of size 1 and new leading ones, as in numpy.

    `%y = graph.broadcast %x : tensor<64x1xf32> -> tensor<2x64x7xf32>`
    """

    name = "graph.broadcast"

    input = operand_def()

    assembly_format = "$input attr-dict `:` type($input) `->` type($result)"

    def __init__(self, input: Value, shape: Sequence[int]):
        result = _broadcast_type(SSAValue.get(input).type, tuple(shape))
        super().__init__(operands=[input], result_types=[result])

    @override
    def result_type(self) -> Tensor:
        return _broadcast_type(self.input.type, self.result.type.get_shape())

    @override
    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        return (self.input,) if self.input.type == self.result.type else None


def _broadcast_type(input: Attribute, shape: tuple[int, ...]) -> Tensor:
    type = rules.check_tensor("input", input, rules.ANY)
    result: Tensor = TensorType(type.element_type, shape)
    rules.check_tensor("result", result, rules.ANY)
    if rules.broadcast_shape("result", type.get_shape(), shape) != shape:
        expected = f"one that {list(type.get_shape())} broadcasts to"
        rules.refuse("result", f"has shape {list(shape)}", expected)
    return result


@irdl_op_definition
class GatherOp(GraphOp):
    """What integer indices choose along an axis: rows of an embedding table, for axis 0.

    `%y = graph.gather %table, %i axis 0 : (tensor<30522x384xf32>, tensor<1x128xi64>)
    -> tensor<1x128x384xf32>`

    The indices' shape takes the place of the axis. A negative index counts from the end; one out
    of range is an error at run time.
    """

    name = "graph.gather"

    input = operand_def()
    indices = operand_def()
    axis = prop_def(INTEGER)

    assembly_format = (
        "$input `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)"
    )

    def __init__(self, input: Value, indices: Value, axis: int = 0):
        result = _gather_type(SSAValue.get(input).type, SSAValue.get(indices).type, axis)
        super().__init__(
            operands=[input, indices],
            properties={"axis": IntegerAttr(axis, i64)},
            result_types=[result],
        )

    @override
    def result_type(self) -> Tensor:
        return _gather_type(self.input.type, self.indices.type, self.axis.value.data)


def _gather_type(input: Attribute, indices: Attribute, axis: int) -> Tensor:
    type = rules.check_tensor("input", input, rules.ANY)
    chosen = rules.check_tensor("indices", indices, rules.INTEGERS).get_shape()
    shape = type.get_shape()
    rules.check_axis("axis", axis, len(shape))
    return TensorType(type.element_type, [*shape[:axis], *chosen, *shape[axis + 1 :]])
