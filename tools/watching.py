"""What `nopt` shows of a module between passes: printed, as differences, or as files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from nopt.hw.files.whole_files import own_output_stream
from nopt.tools.errors import UserError, nearest

if TYPE_CHECKING:
    from nopt.dialects.printing import MlirTarget

ALL = "all"


def add_arguments(group: argparse._ArgumentGroup) -> None:  # pyright: ignore[reportPrivateUsage]
    """The options of what is shown."""
    for when in ("before", "after"):
        group.add_argument(
            f"--print-ir-{when}",
            action="append",
            default=[],
            metavar="PASS[,PASS…]",
            help=f"print the module to stderr {when} these passes, or {when} '{ALL}'",
        )
    group.add_argument(
        "--print-ir-changed",
        action="store_true",
        help="print to stderr what each pass changed, as a difference of lines",
    )
    group.add_argument(
        "--dump-ir",
        metavar="DIR",
        help="write the module that is read, and that after each pass, to files of this folder",
    )
    group.add_argument(
        "--elide-resources",
        action="store_true",
        help="leave out the bytes of weights wherever a module is printed",
    )


@dataclass(frozen=True)
class Watcher:
    """Shows a module between passes, in the syntax of a target."""

    context: Context
    target: MlirTarget
    before: frozenset[str]
    after: frozenset[str]
    shows_changes: bool
    folder: Path | None
    _last: list[str]
    """The lines of the module as it was last shown, to compare with."""
    _chunks: list[None]
    """How many modules of a split input there were."""

    @staticmethod
    def of(
        arguments: argparse.Namespace,
        passes: Sequence[ModulePass],
        context: Context,
        target: Callable[[], MlirTarget],
    ) -> Watcher | None:
        """None if nothing is to be shown. Raises UserError for a pass that does not run."""
        names = [each.name for each in passes]
        before = _chosen(arguments.print_ir_before, names)
        after = _chosen(arguments.print_ir_after, names)
        folder = Path(arguments.dump_ir) if arguments.dump_ir else None
        if not (before or after or arguments.print_ir_changed or folder):
            return None
        return Watcher(context, target(), before, after, arguments.print_ir_changed, folder, [], [])

    def between(
        self, index: int, done: ModulePass | None, module: ModuleOp, coming: ModulePass | None
    ) -> None:
        """Show what is wanted behind pass `done`, the one of that index, and before `coming`."""
        if done is None:
            self._chunks.append(None)
        if done is not None and done.name in self.after:
            self._print(f"after {done.name}", module)
        if self.shows_changes:
            self._show_change(done, module)
        if self.folder is not None:
            # The modules of a split input have folders of their own, from the second on.
            folder = self.folder / f"chunk-{len(self._chunks)}" if self._chunks[1:] else self.folder
            self._write(folder / f"{index:02}-{done.name if done else 'input'}.mlir", module)
        if coming is not None and coming.name in self.before:
            self._print(f"before {coming.name}", module)

    def _print(self, when: str, module: ModuleOp) -> None:
        print(f"// -----// IR Dump {when} //----- //", file=sys.stderr)
        self.target.emit(self.context, module, sys.stderr)

    def _show_change(self, done: ModulePass | None, module: ModuleOp) -> None:
        text = StringIO()
        # Weights as text would hide what changed.
        replace(self.target, elide_resources=True).emit(self.context, module, text)
        lines = text.getvalue().rstrip().splitlines()
        before, self._last[:] = [*self._last], lines
        if done is None:
            return
        change = [*unified_diff(before, lines, "before", f"after {done.name}", lineterm="")]
        unchanged = "" if change else " (no change)"
        print(f"// -----// IR Dump after {done.name}{unchanged} //----- //", file=sys.stderr)
        print(*change, sep="\n", end="\n" if change else "", file=sys.stderr)

    def _write(self, path: Path, module: ModuleOp) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with own_output_stream(str(path)) as stream:
            self.target.emit(self.context, module, stream)


def _chosen(texts: Iterable[str], names: Sequence[str]) -> frozenset[str]:
    """The passes that options name, separated by commas."""
    chosen = [name.strip() for text in texts for name in text.split(",")]
    for name in chosen:
        if name not in names and name != ALL:
            hint = nearest(name, names) or f"; these run: {', '.join(names) or 'none'}"
            raise UserError(f"no pass '{name}' runs{hint}")
    return frozenset(names if ALL in chosen else chosen)
