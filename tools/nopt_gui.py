"""`nopt-gui`: xDSL's interactive app with all dialects, passes and pipelines of this environment.

nopt-gui examples/conv/conv.mlir -p 'vta{until=affine-nest-fuse}'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xdsl.universe import Universe

from nopt.hw.files.whole_files import read_bytes
from nopt.tools.command_line import command
from nopt.tools.errors import UserError, errors_for_people
from nopt.tools.pipeline_text import build_passes

if TYPE_CHECKING:
    from xdsl.interactive.app import InputApp


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point. Exits 1 with one message if the file cannot be read or a pass is unknown."""
    with errors_for_people():
        parser = command("nopt-gui", "Choose passes and see what they make of a module.")
        parser.add_argument("input_file", nargs="?", help="path to input file")
        parser.add_argument("-p", "--passes", default="", help="passes and pipelines to begin with")
        arguments = parser.parse_args(argv)
        app_for(arguments.input_file, arguments.passes).run()


def app_for(path: str | None, passes: str = "") -> InputApp:
    """The app with a file and passes. Raises UserError if xDSL's extra `gui` is missing."""
    try:
        from xdsl.interactive.app import InputApp
    except ImportError as error:
        message = "the interactive app needs more packages: pip install 'nopt[gui]'"
        raise UserError(message) from error
    universe = Universe.get_multiverse()
    try:
        text = read_bytes(path).decode() if path else None
    except UnicodeDecodeError as error:
        raise UserError(f"not text: byte {error.start} is no UTF-8", path) from error
    return InputApp(
        tuple(universe.all_dialects.items()),
        tuple((name, factory()) for name, factory in sorted(universe.all_passes.items())),
        path,
        text,
        build_passes(passes, universe.all_passes),
    )
