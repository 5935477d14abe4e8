"""Remarks: what passes say about an op that is no error, such as why it was not fused.

    with remarks(print), warnings(print):
        pass_.apply(context, module)

Warnings are those that a user should see who asked for nothing.
Nobody listening, they cost nothing: what takes time to find is looked for only if `anyone_listens`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects.builtin import FileLineColLoc
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue


@dataclass(frozen=True)
class Remark:
    """What was said, and the op's place in the source as `file:line:col`, if it was read."""

    message: str
    place: str | None
    kind: str = "remark"

    def __str__(self) -> str:
        said = f"{self.kind}: {self.message}"
        return f"{self.place}: {said}" if self.place else said


Listener: TypeAlias = Callable[[Remark], object]

_LISTENER: ContextVar[Listener | None] = ContextVar("remarks", default=None)
_WARNED: ContextVar[Listener | None] = ContextVar("warnings", default=None)


@contextmanager
def remarks(listener: Listener) -> Generator[None]:
    """Give the listener what passes say inside."""
    with _heard(_LISTENER, listener):
        yield


@contextmanager
def warnings(listener: Listener) -> Generator[None]:
    """Give the listener what passes warn of inside."""
    with _heard(_WARNED, listener):
        yield


@contextmanager
def _heard(variable: ContextVar[Listener | None], listener: Listener) -> Generator[None]:
    token = variable.set(listener)
    try:
        yield
    finally:
        variable.reset(token)


def anyone_listens() -> bool:
    """Whether a remark would be heard."""
    return _LISTENER.get() is not None


def remark(op: Operation, message: str) -> None:
    """Say something about an op to whoever listens; its results are named."""
    if (listener := _LISTENER.get()) is not None:
        listener(Remark(f"{name_of(op)} {message}", _place(op)))


def warn(op: Operation, message: str) -> None:
    """Say something about an op that its user should know."""
    if (listener := _WARNED.get()) is not None:
        listener(Remark(f"{name_of(op)} {message}", _place(op), "warning"))


def name_of(what: Operation | SSAValue) -> str:
    """An op or a value as people know it: by its (first result's) name, else by the op's kind."""
    if isinstance(what, FuncOp):
        return f"'@{what.sym_name.data}'"
    if isinstance(what, Operation):
        hint = what.results[0].name_hint if what.results else None
        return f"'%{hint}'" if hint else f"'{what.name}'"
    if what.name_hint:
        return f"'%{what.name_hint}'"
    return name_of(what.owner) if isinstance(what.owner, Operation) else "an argument"


def _place(op: Operation) -> str | None:
    match op.location:
        case FileLineColLoc(filename=file, line=line, column=column):
            return f"{file.data}:{line.data}:{column.data}"
        case _:
            return None
