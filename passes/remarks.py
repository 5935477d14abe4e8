"""Remarks: what passes say about an op that is no error, such as why it was not fused.

    with remarks(print):
        pass_.apply(context, module)

Nobody listening, they cost nothing: what takes time to find is looked for only if `anyone_listens`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects.builtin import FileLineColLoc
from xdsl.ir import Operation


@dataclass(frozen=True)
class Remark:
    """What was said, and the op's place in the source as `file:line:col`, if it was read."""

    message: str
    place: str | None

    def __str__(self) -> str:
        return f"{self.place}: remark: {self.message}" if self.place else f"remark: {self.message}"


Listener: TypeAlias = Callable[[Remark], object]

_LISTENER: ContextVar[Listener | None] = ContextVar("remarks", default=None)


@contextmanager
def remarks(listener: Listener) -> Generator[None]:
    """Give the listener what passes say inside."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def anyone_listens() -> bool:
    """Whether a remark would be heard."""
    return _LISTENER.get() is not None


def remark(op: Operation, message: str) -> None:
    """Say something about an op to whoever listens; its results are named."""
    if (listener := _LISTENER.get()) is not None:
        listener(Remark(f"{name_of(op)} {message}", _place(op)))


def name_of(op: Operation) -> str:
    """An op as people know it: by its first result, else by its kind."""
    hint = op.results[0].name_hint if op.results else None
    return f"'%{hint}'" if hint else f"'{op.name}'"


def _place(op: Operation) -> str | None:
    match op.location:
        case FileLineColLoc(filename=file, line=line, column=column):
            return f"{file.data}:{line.data}:{column.data}"
        case _:
            return None
