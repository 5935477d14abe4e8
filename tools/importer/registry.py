"""Which function reads which operator."""

from __future__ import annotations

from collections.abc import Callable

from nopt.tools.importer.node import Node, Reader

STANDARD = ""
MICROSOFT = "com.microsoft"

READERS: dict[tuple[str, str], Reader] = {}
"""By domain and operator: what an operator computes, in ops of `graph`."""

MOVERS: dict[tuple[str, str], Callable[[Node], bool]] = {}
"""Those that only move or compare elements of their first input, if the node says so: they read
coded tensors."""

CODED: dict[tuple[str, str], Callable[..., object]] = {}
"""By domain and operator: readers for coded inputs. None from them means no exact integer form."""

QUANTIZERS: set[tuple[str, str]] = set()
"""Operators whose readers make or take coded tensors themselves."""

DROPPED: dict[tuple[str, str], Reader] = {}
"""What some of these are in the network of floats that a quantized model stands for."""


def reads(
    *ops: str,
    domain: str = STANDARD,
    moves: bool | Callable[[Node], bool] = False,
    quantizes: bool = False,
):
    """Register a reader of operators."""

    def register(reader: Reader) -> Reader:
        for op in ops:
            READERS[domain, op] = reader
            if moves:
                MOVERS[domain, op] = moves if callable(moves) else lambda _: True
            if quantizes:
                QUANTIZERS.add((domain, op))
        return reader

    return register


def reads_dropped(*ops: str, domain: str = STANDARD):
    """Register a reader of operators for imports without their quantization."""

    def register(reader: Reader) -> Reader:
        for op in ops:
            DROPPED[domain, op] = reader
        return reader

    return register


def only_moves(node: Node, key: tuple[str, str]) -> bool:
    """Whether a node only moves or compares elements of its first input."""
    return key in MOVERS and MOVERS[key](node)


def reads_coded(*ops: str, domain: str = STANDARD):
    """Register a reader of operators with coded inputs."""

    def register(reader: Callable[..., object]) -> Callable[..., object]:
        for op in ops:
            CODED[domain, op] = reader
        return reader

    return register
