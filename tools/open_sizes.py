"""Options for sizes that an ONNX model leaves open: `--dim batch=1`, `--input-shape x=1x3x8x8`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from nopt.tools.errors import UsageError


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """Add both."""
    parser.add_argument(
        "--dim",
        action="append",
        default=[],
        metavar="NAME=SIZE",
        help="the size of a dimension that the model names and leaves open, as batch=1",
    )
    parser.add_argument(
        "--input-shape",
        action="append",
        default=[],
        metavar="INPUT=1x3x224x224",
        help="the shape of an input that leaves dimensions open",
    )


def sizes_of(arguments: argparse.Namespace) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Sizes by dimension, shapes by input. Raises UsageError for other text."""
    dims = {name: _size("--dim", name, text) for name, text in pairs("--dim", arguments.dim)}
    shapes = {
        name: [_size("--input-shape", name, size) for size in text.split("x") if text]
        for name, text in pairs("--input-shape", arguments.input_shape)
    }
    return dims, shapes


def pairs(option: str, texts: Sequence[str]) -> Iterable[tuple[str, str]]:
    """`NAME=VALUE` of each. Raises UsageError for other text."""
    for text in texts:
        name, equals, value = text.rpartition("=")
        if not equals or not name or not value:
            raise UsageError(f"{option}: found '{text}', expected NAME=VALUE")
        yield name, value


def _size(option: str, name: str, text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise UsageError(f"{option}: '{name}' is '{text}', expected sizes of at least 1")
    return int(text)
