"""What a family of machines says to those who explore it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeAlias

Facts: TypeAlias = dict[str, Any]
"""Of one network on one machine: `cycles`, `energy`, `bytes` and `binds` at least; `reason` alone,
if there is no program."""

OBJECTIVES = ("cycles", "energy", "edp", "area", "bytes", "seconds", "sram")
"""What can be minimised: cycles, microjoules, their product, square millimetres, DRAM bytes,
seconds on a board, bytes of on-chip memories. Of several networks the sum, or the product of
sums."""

COUNTS = {"cycles", "bytes", "sram"}
"""Those that are whole numbers."""


class Machine(Protocol):
    """A member of a family."""

    @property
    def name(self) -> str: ...

    def to_json(self) -> dict[str, Any]: ...

    def varied(self, changes: Mapping[str, Any], /) -> Machine: ...


class Taken(Protocol):
    """What a machine takes, a dataclass of numbers."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def sram(self) -> int: ...

    @property
    def area(self) -> float: ...


class Family(ABC):
    """One kind of machines, by what all of it needs. Objects have no state, so that they can be
    sent to workers."""

    pipeline: str
    """How networks are compiled or mapped by default, as after `nopt -p`."""

    @abstractmethod
    def load(self, name: str) -> Machine:
        """A machine by name or file. Raises ConfigError."""

    @abstractmethod
    def check_key(self, key: str) -> None:
        """Raises UserError for a key that cannot be swept."""

    @abstractmethod
    def check_pipeline(self, pipeline: str) -> None:
        """Raises UserError for text that is no pipeline for such machines."""

    @property
    @abstractmethod
    def taken_names(self) -> list[str]:
        """The numbers of `taken`, which a budget may limit."""

    @abstractmethod
    def taken(self, machine: Any) -> Taken:
        """What a machine takes."""

    @abstractmethod
    def least(self, paths: Sequence[str], machine: Any) -> dict[str, float]:
        """Cycles, energy and bytes that no programs for the networks can beat, together."""

    @abstractmethod
    def evaluate(
        self, paths: Sequence[str], machine: dict[str, Any], pipeline: str, check: bool
    ) -> list[Facts]:
        """What each network takes on a machine, given as its JSON object. With `check` bits are
        compared. Raises UserError for what a design cannot help."""

    @abstractmethod
    def forget(self) -> None:
        """Let go of the networks that were read."""
