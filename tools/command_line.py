"""What every command has: usage errors that exit 2, its version, completion for shells."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from nopt.tools.errors import UserError, usage_error

SHELLS = ("bash", "zsh", "tcsh")


def command(prog: str, description: str) -> argparse.ArgumentParser:
    """A parser for a command's arguments."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--version", action="version", version=f"{prog} {version('nopt')}")
    add_common(parser)
    return parser


def add_common(parser: argparse.ArgumentParser) -> None:
    """What a parser that others made lacks."""
    parser.error = usage_error
    parser.add_argument(
        "--print-completion",
        choices=SHELLS,
        action=_PrintCompletion,
        help="print what completes these arguments in a shell, and exit",
    )


class _PrintCompletion(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        try:
            import shtab
        except ImportError as error:
            message = "completion needs the shtab package: pip install 'nopt[completion]'"
            raise UserError(message) from error
        for action in parser._actions:  # pyright: ignore[reportPrivateUsage]
            if action.nargs != 0 and action.choices is None:
                # Nearly all are files.
                action.complete = shtab.FILE  # pyright: ignore[reportAttributeAccessIssue]
        print(shtab.complete(parser, str(values)))
        parser.exit()
