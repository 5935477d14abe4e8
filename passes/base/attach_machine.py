"""`attach-machine`: state on the module which core it is compiled for."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from nopt.hw.config import Config
from nopt.passes.base.machine import ATTRIBUTE, DEFAULT, attach


@dataclass(frozen=True)
class AttachMachinePass(ModulePass):
    """State the core to compile for: a preset's name or a JSON file; what is attached stays."""

    name = "attach-machine"

    config: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.config is not None or ATTRIBUTE not in op.attributes:
            attach(op, Config.load(self.config or DEFAULT))
