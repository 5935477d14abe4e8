"""Printing of modules: as xDSL does, but large resources never are one string."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

from typing_extensions import override
from xdsl.context import Context
from xdsl.dialect_interfaces.op_asm import OpAsmDialectInterface
from xdsl.dialects.builtin import BytesAttr, DenseIntOrFPElementsAttr, ModuleOp, TensorType
from xdsl.ir import Attribute, Dialect
from xdsl.printer import Printer
from xdsl.targets.mlir import MLIRTarget as XdslTarget
from xdsl.utils.hints import isa

from nopt.dialects.blobs import Blob
from nopt.dialects.constants import load_resource_dialect

_LARGE_ELEMENTS = 1 << 12


class ModulePrinter(Printer):
    """xDSL's printer; each resource has a line of its own, and is written part by part."""

    @override
    def print_attribute(self, attribute: Attribute) -> None:
        if isa(attribute, DenseIntOrFPElementsAttr) and (one := _repeated_element(attribute)):
            one.print_without_type(self)
            self.print_string(" : ")
            attribute = attribute.type
        super().print_attribute(attribute)

    @override
    def print_metadata(self, dialects: Iterable[Dialect]) -> None:
        resources = self._used_resources(dialects)
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
            keys = self._dialect_resources.get(dialect.name)
            if interface and keys and (known := interface.build_resources(keys)):
                resources[dialect.name] = known
        return resources


def _repeated_element(attr: DenseIntOrFPElementsAttr) -> DenseIntOrFPElementsAttr | None:
    """One element of a large constant that has all equal ones; xDSL would unpack them all."""
    data, count = attr.data.data, len(attr)
    if count < _LARGE_ELEMENTS or data != data[: len(data) // count] * count:
        return None
    type = TensorType(attr.get_element_type(), [])
    return DenseIntOrFPElementsAttr(type, BytesAttr(data[: len(data) // count]))


@dataclass(frozen=True)
class MlirTarget(XdslTarget):
    """MLIR text, with the bytes of all resources that it names."""

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
        printer.print_op(module)
        printer.print_metadata(ctx.loaded_dialects)
        output.write("\n\n")
