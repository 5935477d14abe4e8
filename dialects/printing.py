"""Printing of modules: as xDSL does, but every float reads back, and no resource is one string."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO

from typing_extensions import override
from xdsl.context import Context
from xdsl.dialect_interfaces.op_asm import OpAsmDialectInterface
from xdsl.dialects.builtin import (
    AnyFloat,
    BytesAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    ModuleOp,
    TensorType,
)
from xdsl.ir import Attribute, Dialect, Operation
from xdsl.targets.mlir import MLIRTarget as XdslTarget
from xdsl.utils.hints import isa

from nopt.dialects import floats
from nopt.dialects.blobs import Blob
from nopt.dialects.constants import load_resource_dialect
from nopt.dialects.xdsl_internals import OpenPrinter

_ACCESSES = ("affine.load", "affine.store")
_LISTED_FLOATS = 100
"""The largest number of different elements that are listed; more are one hexadecimal string."""


class ModulePrinter(OpenPrinter):
    """xDSL's printer; each resource has a line of its own, and is written part by part.

    Floats are printed by their bits: xDSL 0.75 takes `[0.0, -0.0]` for twice the same element, and
    loses what a NaN holds.
    """

    @override
    def print_op(self, op: Operation) -> None:
        """What xDSL's syntax of accesses would leave out, generic syntax says."""
        generic = self.print_generic_format
        self.print_generic_format = generic or (op.name in _ACCESSES and bool(op.attributes))
        super().print_op(op)
        self.print_generic_format = generic

    @override
    def print_attribute(self, attribute: Attribute) -> None:
        if isa(attribute, DenseIntOrFPElementsAttr):
            element = attribute.get_element_type()
            if isinstance(element, AnyFloat):
                self._print_dense_floats(attribute, element)
                attribute = attribute.type
            elif (one := _repeated_element(attribute)) is not None:
                one.print_without_type(self)
                self.print_string(" : ")
                attribute = attribute.type
        elif isa(attribute, DenseArrayBase) and isinstance(attribute.elt_type, AnyFloat):
            self._print_float_array(attribute.data.data, attribute.elt_type)
            return
        super().print_attribute(attribute)

    def _print_dense_floats(self, attr: DenseIntOrFPElementsAttr, element: AnyFloat) -> None:
        """`dense<[1.0, 2.0]> : `, without the type that follows."""
        data, count = attr.data.data, len(attr)
        elements = _elements(data, element) if _repeated_element(attr) is None else []
        self.print_string("dense<")
        if not elements and count:
            self._print_element(data[: len(data) // count], element)
        elif count > _LISTED_FLOATS:
            self.print_string(f'"0x{data.hex().upper()}"')
        elif count:
            shape = attr.get_shape() if attr.shape_is_complete else (count,)
            self._print_list(elements, element, shape)
        self.print_string("> : ")

    def _print_list(self, elements: Sequence[bytes], type: AnyFloat, shape: Sequence[int]) -> None:
        if not shape:
            self._print_element(elements[0], type)
            return
        step = len(elements) // shape[0]
        parts = [elements[at : at + step] for at in range(0, len(elements), step)]
        with self.in_square_brackets():
            self.print_list(parts, lambda part: self._print_list(part, type, shape[1:]))

    def _print_float_array(self, data: bytes, type: AnyFloat) -> None:
        """`array<f32: 1.0, 2.0>`"""
        self.print_string(f"array<{type}{': ' if data else ''}")
        self.print_list(_elements(data, type), lambda raw: self._print_element(raw, type))
        self.print_string(">")

    def _print_element(self, raw: bytes, type: AnyFloat) -> None:
        value = type.unpack(raw, 1)[0]
        if math.isfinite(value):
            self.print_float(value, type)
        else:
            self.print_string(floats.hexadecimal(int.from_bytes(raw, "little"), type))

    @override
    def print_float(self, value: float, type: AnyFloat) -> None:
        if not math.isfinite(value):
            self.print_string(floats.hexadecimal(floats.to_bits(value, type), type))
        elif floats.has_bits(type):
            super().print_float(value, type)
        else:
            self.print_string(floats.number_text(value))

    elides_resources = False
    """Whether the bytes of resources are left out, for people to read."""

    @override
    def print_metadata(self, dialects: Iterable[Dialect]) -> None:
        resources = {} if self.elides_resources else self._used_resources(dialects)
        if not resources:
            return
        self.print_string("\n\n{-#\n  dialect_resources: {")
        for i, (dialect, blobs) in enumerate(sorted(resources.items())):
            self.print_string(f"{',' if i else ''}\n    {dialect}: {{")
            for j, (key, blob) in enumerate(sorted(blobs.items())):
                self.print_string(f'{"," if j else ""}\n      {key}: "')
                for piece in blob.pieces() if isinstance(blob, Blob) else [blob]:
                    self.print_string(piece)
                self.print_string('"')
            self.print_string("\n    }")
        self.print_string("\n  }\n#-}")

    def _used_resources(self, dialects: Iterable[Dialect]) -> dict[str, dict[str, str]]:
        """The resources that were named in what was printed, by dialect."""
        resources: dict[str, dict[str, str]] = {}
        for dialect in dialects:
            interface = dialect.get_interface(OpAsmDialectInterface)
            keys = self.named_resources.get(dialect.name)
            if interface and keys and (known := interface.build_resources(keys)):
                resources[dialect.name] = known
        return resources


def _elements(data: bytes, type: AnyFloat) -> list[bytes]:
    return [data[at : at + type.size] for at in range(0, len(data), type.size)]


def _repeated_element(attr: DenseIntOrFPElementsAttr) -> DenseIntOrFPElementsAttr | None:
    """One element of a constant that has all equal ones; xDSL would unpack them all."""
    data, count = attr.data.data, len(attr)
    if not count or data != data[: len(data) // count] * count:
        return None
    type = TensorType(attr.get_element_type(), [])
    return DenseIntOrFPElementsAttr(type, BytesAttr(data[: len(data) // count]))


@dataclass(frozen=True)
class MlirTarget(XdslTarget):
    """MLIR text, with the bytes of all resources that it names."""

    elide_resources: bool = False
    """Leave these bytes out: for people, not to be read back."""

    @override
    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        load_resource_dialect(ctx)
        if self.syntax_highlight:
            super().emit(ctx, module, output)
            return
        printer = ModulePrinter(
            stream=output,
            print_generic_format=self.print_generic_format,
            print_properties_as_attributes=self.print_properties_as_attributes,
            print_debuginfo=self.print_debuginfo,
        )
        printer.elides_resources = self.elide_resources
        printer.print_op(module)
        printer.print_metadata(ctx.loaded_dialects)
        output.write("\n\n")
