"""`attach-machine`: state on the module which core it is compiled for."""

from __future__ import annotations

from dataclasses import dataclass, fields, make_dataclass
from typing import TYPE_CHECKING

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from nopt.hw.config import Config, key_types
from nopt.passes.base.machine import ATTRIBUTE, DEFAULT, attach, machine_of

if TYPE_CHECKING:

    @dataclass(frozen=True)
    class _Options(ModulePass):
        config: str | None = None
else:
    _KEYS = {
        key: (int | float | None if kind is float else kind | None)
        for key, kind in key_types().items()
    }
    _Options = make_dataclass(
        "_Options",
        [(name, kind, None) for name, kind in {"config": str | None, **_KEYS}.items()],
        bases=(ModulePass,),
        frozen=True,
    )
    """`config`, and an option for each key of a configuration."""


@dataclass(frozen=True)
class AttachMachinePass(_Options):
    """State the core to compile for: a preset's name or a JSON file, and keys with other values;
    what is attached stays where nothing else is said."""

    name = "attach-machine"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        del given["config"]
        changes = {key: value for key, value in given.items() if value is not None}
        if self.config is not None or changes or ATTRIBUTE not in op.attributes:
            named = self.config is not None or ATTRIBUTE not in op.attributes
            config = Config.load(self.config or DEFAULT) if named else machine_of(op)
            attach(op, config.varied(changes))
