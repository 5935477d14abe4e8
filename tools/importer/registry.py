"""Which function reads which operator."""

from __future__ import annotations

from collections.abc import Callable

from nopt.tools.importer.node import Reader

STANDARD = ""
MICROSOFT = "com.microsoft"

READERS: dict[tuple[str, str], Reader] = {}
"""By domain and operator: what an operator computes, in ops of `graph`."""

MOVERS: set[tuple[str, str]] = set()
"""Those that only move or compare elements of their first input: they read coded tensors."""

CODED: dict[tuple[str, str], Callable[..., object]] = {}
"""By domain and operator: readers for coded inputs. None from them means no exact integer form."""

QUANTIZERS: set[tuple[str, str]] = set()
"""Operators whose readers make or take coded tensors themselves."""


def reads(*ops: str, domain: str = STANDARD, moves: bool = False, quantizes: bool = False):
    """Register a reader of operators."""

    def register(reader: Reader) -> Reader:
        for op in ops:
            READERS[domain, op] = reader
            if moves:
                MOVERS.add((domain, op))
            if quantizes:
                QUANTIZERS.add((domain, op))
        return reader

    return register


def reads_coded(*ops: str, domain: str = STANDARD):
    """Register a reader of operators with coded inputs."""

    def register(reader: Callable[..., object]) -> Callable[..., object]:
        for op in ops:
            CODED[domain, op] = reader
        return reader

    return register
