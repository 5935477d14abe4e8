"""One node of an ONNX graph, as an operator's reader sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeAlias

import numpy as np
from onnx import AttributeProto, GraphProto, NodeProto, helper
from xdsl.ir import Operation, SSAValue
from xdsl.utils.hints import isa

from nopt.dialects.constants import Array, numpy_type
from nopt.dialects.graph import ConstantOp, GraphOp
from nopt.dialects.graph.types import Tensor
from nopt.tools.errors import UserError

if TYPE_CHECKING:
    from nopt.tools.importer.coded import Coded

Value: TypeAlias = "SSAValue | Array | Coded"
Results: TypeAlias = "Value | Sequence[Value]"
Reader: TypeAlias = "Callable[[Node], Results]"


class Importer(Protocol):
    """What nodes ask of the import that they are part of; `Builder` is one."""

    opsets: dict[str, int]
    elements: dict[str, int]
    values: dict[str, Value]
    consumers: dict[str, list[NodeProto]]

    drops_quantization: bool

    def defines(self, name: str) -> bool: ...
    def value(self, name: str, node: Node | None = None) -> Value: ...
    def known(self, value: Value) -> Array | None: ...
    def tensor(self, name: str, value: Value, node: Node) -> SSAValue: ...
    def constant(self, array: Array, name: str) -> SSAValue: ...
    def stored_constant(self, value: Array, name: str, node: Node) -> SSAValue: ...
    def emit(self, op: Operation) -> SSAValue: ...
    def add(self, proto: NodeProto, opsets: Mapping[str, int]) -> None: ...
    def count_conversion(self, element: int) -> None: ...
    def note(self, what: str, node: Node) -> None: ...


class Node:
    """A node with its inputs' values.

    Everything that is not as the operator's definition says is a UserError that names the node.
    """

    def __init__(self, proto: NodeProto, version: int, builder: Importer, raw: bool = False):
        """`version` is that of the operator set; `raw` lets a reader that only moves elements see
        the integers that stand for a tensor."""
        self.proto = proto
        self.version = version
        self.builder = builder
        self.raw = raw
        self.attributes: dict[str, AttributeProto] = {a.name: a for a in proto.attribute}

    @property
    def op(self) -> str:
        return self.proto.op_type

    def __str__(self) -> str:
        return describe(self.proto)

    def fail(self, message: str) -> NoReturn:
        raise UserError(f"{self}: {message}")

    # Attributes

    def has_attribute(self, name: str) -> bool:
        return name in self.attributes

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value; text is a str, lists are lists."""
        if name not in self.attributes:
            return default
        try:
            value = helper.get_attribute_value(self.attributes[name])
        except ValueError as error:
            self.fail(f"attribute '{name}': {error}")
        if isinstance(value, bytes):
            return value.decode(errors="replace")
        return value if isinstance(value, int | float | str) or value is None else _plain(value)

    def integer(self, name: str, default: int) -> int:
        return self._typed(name, default, int, "an integer")

    def number(self, name: str, default: float) -> float:
        return float(self._typed(name, default, int | float, "a number"))

    def text(self, name: str, default: str) -> str:
        return self._typed(name, default, str, "text")

    def integers(self, name: str, default: Sequence[int] | None = None) -> list[int] | None:
        value = self.attribute(name)
        if value is None:
            return None if default is None else list(default)
        if not isinstance(value, list) or not all(isinstance(item, int) for item in value):
            self.fail(f"attribute '{name}' is {value!r}, expected a list of integers")
        return value

    def _typed(self, name: str, default: Any, kind: Any, expected: str) -> Any:
        value = self.attribute(name, default)
        if not isinstance(value, kind):
            self.fail(f"attribute '{name}' is {value!r}, expected {expected}")
        return value

    # Inputs

    def has(self, index: int) -> bool:
        return index < len(self.proto.input) and bool(self.proto.input[index])

    @property
    def count(self) -> int:
        """How many inputs there are."""
        return len(self.proto.input)

    def value(self, index: int) -> Value:
        if not self.has(index):
            self.fail(f"found {self.count} inputs, expected input {index}")
        return self.builder.value(self.proto.input[index], self)

    def tensor(self, index: int) -> SSAValue:
        """An input as a tensor of the graph; constants and coded tensors become ops."""
        value = self.value(index)
        return self.builder.tensor(self.proto.input[index], value, self)

    def tensors(self) -> list[SSAValue]:
        return [self.tensor(index) for index in range(self.count)]

    def constant(self, index: int) -> Array | None:
        """An input's value, if it is known and in the type that ONNX gives it."""
        if not self.has(index):
            return None
        return self.builder.known(self.value(index))

    def known(self, index: int, what: str) -> Array:
        """The value of an input that must not depend on the network's inputs."""
        value = self.constant(index)
        if value is None:
            name = self.proto.input[index] if self.has(index) else ""
            found = f"'{name}', which depends on the network's inputs" if name else "none"
            self.fail(f"{what} is {found}, expected a constant")
        return value

    def known_integers(self, index: int, what: str) -> list[int]:
        return [int(item) for item in np.ravel(self.known(index, what))]

    def known_number(self, index: int, what: str) -> Any:
        """The only element of an input that must not depend on the network's inputs."""
        value = self.known(index, what)
        if value.size != 1:
            self.fail(f"{what} has shape {list(value.shape)}, expected one element")
        return value.reshape(-1)[0].item()

    def shape(self, index: int) -> tuple[int, ...]:
        from nopt.tools.importer.coded import Coded

        value = self.value(index)
        return shape_of(value.value) if isinstance(value, Coded) else shape_of(value)

    def axis(self, axis: int, rank: int) -> int:
        """An axis counted from the front."""
        if not -rank <= axis < rank:
            self.fail(f"axis is {axis}, expected {-rank} to {rank - 1}")
        return axis % rank

    # Results

    def emit(self, op: GraphOp | ConstantOp) -> SSAValue:
        """Add an op to the function."""
        return self.builder.emit(op)

    def splat(self, value: float, like: SSAValue) -> SSAValue:
        """A constant number of the element type of another tensor."""
        return self.builder.constant(np.array(value, dtype_of(like)), "value")

    def array(self, array: Array, name: str) -> SSAValue:
        """A constant tensor; `name` is the wanted name."""
        return self.builder.constant(array, name)


def _plain(value: Any) -> Any:
    if isinstance(value, Sequence):
        return [
            item.decode(errors="replace") if isinstance(item, bytes) else item for item in value
        ]
    return value


def graphs_of(proto: NodeProto) -> Iterator[GraphProto]:
    """The graphs that a node has as attributes."""
    for attribute in proto.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def describe(proto: NodeProto) -> str:
    """How messages name a node: `node 'conv1' (Conv)`; a nameless one by its first output."""
    kind = f"{proto.domain}.{proto.op_type}" if proto.domain else proto.op_type
    if proto.name:
        return f"node '{proto.name}' ({kind})"
    output = next((name for name in proto.output if name), "")
    return f"node of '{output}' ({kind})"


def tensor_type(value: SSAValue | Operation) -> Tensor:
    """The type of a value, all of which are tensors here."""
    type = SSAValue.get(value).type
    assert isa(type, Tensor)
    return type


def shape_of(value: SSAValue | Array) -> tuple[int, ...]:
    """The sizes of a tensor or array."""
    return value.shape if isinstance(value, np.ndarray) else tensor_type(value).get_shape()


def dtype_of(value: SSAValue) -> np.dtype[Any]:
    """The element type of a tensor, as numpy's."""
    return numpy_type(tensor_type(value).element_type)
