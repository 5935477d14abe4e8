"""`nopt`: xDSL's opt driver with named pipelines, listings, and errors for people."""

from __future__ import annotations

import argparse
import atexit
import gc
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from importlib.metadata import version
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass, PassPipeline
from xdsl.utils.arg_spec import ArgSpec
from xdsl.utils.exceptions import DiagnosticException, ParseError, ShrinkException
from xdsl.utils.frontend import Frontend
from xdsl.utils.target import Target
from xdsl.xdsl_opt_main import xDSLOptMain

from nopt.hw.files.whole_files import is_regular, open_input, output_stream
from nopt.tools import listing, watching
from nopt.tools.command_line import add_common
from nopt.tools.errors import (
    UsageError,
    UserError,
    about_op,
    errors_for_people,
    parse_error_text,
)
from nopt.tools.pipeline_text import build, build_passes, checked_spec, one_spec
from nopt.tools.progress import Stages

if TYPE_CHECKING:
    from nopt.dialects.printing import MlirTarget
    from nopt.passes.base.remarks import Remark
    from nopt.tools.mlir_frontend import MlirFrontend


class ShortParseError(ParseError):
    """A parse error whose text is place, message and one source line."""

    def __str__(self) -> str:
        return parse_error_text(self)


class ShortDiagnostic(UserError, DiagnosticException):
    """A complaint that `--verify-diagnostics` prints and then goes on."""


class NoptMain(xDSLOptMain):
    """The driver behind `nopt`. Dialects, passes and targets come from every installed universe.

    What reads and prints modules is imported when a module is read or printed.
    """

    version_format = f"nopt {version('nopt')} on xDSL {{xdsl_version}}"

    _stage = ""
    """What is being done, as the start of a message about it."""
    _stream: TextIO
    _stages: Stages

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        """xDSL's arguments; `-p` and `-t` with our checks, without lists of hundreds of names."""
        add_common(arg_parser)
        super().register_all_arguments(arg_parser)
        ours = arg_parser.add_argument_group("nopt", conflict_handler="resolve")
        ours.add_argument(
            "-p",
            "--passes",
            default="",
            help="passes and pipelines, as in 'cse,vta{until=affine-nest-fuse}' "
            "(see --list-passes, --list-pipelines)",
        )
        ours.add_argument(
            "-f",
            "--frontend",
            type=lambda text: checked_spec(text, "frontend", self.available_frontends),
            help="what reads the input; default: by the ending of its name",
        )
        ours.add_argument(
            "-t",
            "--target",
            default="mlir",
            type=lambda text: checked_spec(text, "target", self.available_targets),
            help="what to write (see --list-targets); default: mlir",
        )
        ours.add_argument(
            "--remarks",
            action="store_true",
            help="print to stderr why passes did not fuse, match or remove something",
        )
        ours.add_argument(
            "--traceback", action="store_true", help="show the Python traceback of an error"
        )
        watching.add_arguments(arg_parser.add_argument_group("watching passes"))
        listing.add_arguments(arg_parser.add_argument_group("listings, and exit"))

    def register_all_targets(self) -> None:
        """Those of every universe; MLIR text is printed without holding it in memory."""
        super().register_all_targets()
        self.available_targets["mlir"] = _mlir_target

    def register_all_frontends(self) -> None:
        """Those of every universe; MLIR text is read by a parser that remembers places."""
        super().register_all_frontends()
        self.available_frontends["mlir"] = _mlir_frontend

    def setup_pipeline(self) -> None:
        """Build the passes ourselves, for named pipelines and good errors; keep xDSL's callback."""
        from nopt.dialects.constants import forget_unused_resources

        text, self.args.passes = self.args.passes, ""
        super().setup_pipeline()
        self.args.passes = text
        between_passes = self.pipeline.callback
        assert between_passes is not None
        unverified: bool = self.args.disable_verify
        passes = build_passes(text, self.available_passes)
        watcher = self._watcher(passes)
        count = 0

        def callback(
            previous: ModulePass | None, module: ModuleOp, following: ModulePass | None
        ) -> None:
            self._stage = f"after pass '{previous.name}': " if previous else ""
            # Passes of one level trust each other; what they made is verified where it changes.
            trusted = _level(previous) is not None and _level(previous) == _level(following)
            self.args.disable_verify = unverified or (
                trusted and not self.args.print_between_passes
            )
            nonlocal count
            count = count + 1 if previous else 0
            if watcher:
                # Before it is verified: what is wrong can be seen.
                watcher.between(count, previous, module, following)
            between_passes(previous, module, following)
            if previous and not trusted:
                forget_unused_resources(module)
            self._stage = f"pass '{following.name}': " if following else ""
            if following:
                prints = self.args.time_passes or self.args.print_between_passes or watcher
                shows_its_own = prints or getattr(following, "shows_progress", False)
                self._stages.begin("" if shows_its_own else following.name)

        self.pipeline = PassPipeline(passes, callback)

    def run(self) -> None:
        """Print the listings asked for, or process the input and write the output atomically."""
        if texts := listing.asked_for(self.args, self.available_passes, self.available_targets):
            print("\n\n".join(texts))
            return
        name = self._target_spec.name
        if cls := self._target_class():
            build(cls, self._target_spec, "target")
        if self._emits_bytes():
            if self.args.output_file is None:
                raise UsageError(
                    f"target '{name}' writes bytes: give a file, -o FILE (stdout: -o -)"
                )
            if self.args.split_input_file:
                raise UsageError(
                    f"target '{name}' writes bytes, so --split-input-file cannot apply"
                )
        with Stages() as self._stages, output_stream(self.args.output_file) as self._stream:
            super().run()

    def get_input_stream(self) -> tuple[IO[bytes], str]:
        """The input file, or stdin if none or `-` is given; what has no ending is MLIR text."""
        path = self.args.input_file
        if path in (None, "-"):
            self.args.input_file = None
            stream, kind = sys.stdin.buffer, ""
        else:
            stream = open_input(path)
            kind = os.path.splitext(path)[1].removeprefix(".") if is_regular(path) else ""
        if self.args.frontend:
            return stream, one_spec(self.args.frontend, "frontend").name
        return stream, kind or "mlir"

    def prepare_input(self) -> tuple[list[tuple[IO[bytes], int]], str]:
        """The input in chunks, and its kind."""
        try:
            return super().prepare_input()
        except ValueError as error:
            known = ", ".join(f".{name}" for name in self.available_frontends)
            raise UserError(
                f"no reader for this kind of file; expected {known}, or say which with -f",
                self.get_input_name(),
            ) from error

    def prepare_output(self) -> IO[str]:
        """The stream that `run` opened."""
        return self._stream

    def parse_chunk(
        self, chunk: IO[bytes], file_extension: str, start_offset: int = 0
    ) -> ModuleOp | None:
        """Parse a chunk that starts `start_offset` lines into the file."""
        self._stage = ""
        self._stages.begin("reading")
        try:
            with self._errors_name_the_stage():
                return self._read(chunk, self.args.frontend or file_extension, start_offset + 1)
        except ParseError as error:
            raise ShortParseError(error.span, error.msg) from error

    def _read(self, chunk: IO[bytes], frontend: str, first_line: int) -> ModuleOp:
        spec = one_spec(frontend, "frontend")
        # xDSL's old function-style readers are not registered here.
        factory = cast(Callable[[], type[Frontend]], self.available_frontends[spec.name])
        reader = build(factory(), spec, "frontend")
        name = self.get_input_name()
        if factory is not _mlir_frontend:
            return reader.parse(self.ctx, chunk, name)
        mlir = cast("MlirFrontend", reader)
        if self.args.no_implicit_module:
            mlir = replace(mlir, no_implicit_module=True)
        return mlir.parse(self.ctx, chunk, name, first_line)

    def apply_passes(self, prog: ModuleOp) -> None:
        """Verify, run the passes, verify after each; of those of one level only after the last."""
        with self._errors_name_the_stage(), self._remarks():
            super().apply_passes(prog)

    def output_resulting_program(self, prog: ModuleOp) -> str:
        """The text to write; large output is written here instead."""
        self._stage = f"target '{self._target_spec.name}': "
        to_file = self.args.output_file not in (None, "-")
        self._stages.begin(f"writing {self._target_spec.name}" if to_file else "")
        with self._errors_name_the_stage():
            if self._emits_bytes():
                target = cast(Any, self._target_class()).from_spec(self._target_spec)
                self._stream.flush()
                target.emit_bytes(self.ctx, prog, self._stream.buffer)
                return ""
            if self._target_spec.name == "mlir":
                self._mlir().emit(self.ctx, prog, self._stream)
                return ""
            return super().output_resulting_program(prog)

    def _watcher(self, passes: Sequence[ModulePass]) -> watching.Watcher | None:
        return watching.Watcher.of(self.args, passes, self.ctx, lambda: self._mlir(False))

    def _mlir(self, highlight: bool = True) -> MlirTarget:
        """Modules as text, as the options ask for it."""
        return _mlir_target()(
            print_generic_format=self.args.print_op_generic,
            print_properties_as_attributes=self.args.print_no_properties,
            print_debuginfo=self.args.print_debuginfo,
            syntax_highlight=self.args.syntax_highlight and highlight,
            elide_resources=self.args.elide_resources,
        )

    @contextmanager
    def _remarks(self) -> Iterator[None]:
        """What passes warn of goes to stderr, each line once; remarks, too, if asked for."""
        from nopt.passes.base.remarks import remarks, warnings

        said = set[str]()

        def say(remark: Remark) -> None:
            if (line := str(remark)) not in said:
                said.add(line)
                print(line, file=sys.stderr)

        with warnings(say), remarks(say) if self.args.remarks else nullcontext():
            yield

    @contextmanager
    def _errors_name_the_stage(self) -> Iterator[None]:
        """Turn exceptions into one message that names pass or target, and operation and place."""
        try:
            yield
        except (UserError, ParseError, ShrinkException):
            raise
        except Exception as error:
            about = about_op(error, self._stage, self.get_input_name())
            kind = ShortDiagnostic if isinstance(error, DiagnosticException) else UserError
            raise kind(about.message, about.place) from error

    @property
    def _target_spec(self) -> ArgSpec:
        return one_spec(self.args.target, "target")

    def _target_class(self) -> type[Target] | None:
        """The class of the target, or None for one of xDSL's old function-style targets."""
        factory = self.available_targets[self._target_spec.name]
        if inspect.signature(factory).parameters:
            return None
        return cast(Callable[[], type[Target]], factory)()

    def _emits_bytes(self) -> bool:
        return hasattr(self._target_class(), "emit_bytes")


def _mlir_target() -> type[MlirTarget]:
    from nopt.dialects.printing import MlirTarget

    return MlirTarget


def _mlir_frontend() -> type[MlirFrontend]:
    from nopt.tools.mlir_frontend import MlirFrontend

    return MlirFrontend


def _level(each: ModulePass | None) -> str | None:
    """The level that a pass of ours leaves a module at, as it states; None for other passes."""
    return getattr(each, "level", None)


def main(argv: Sequence[str] | None = None, driver: type[NoptMain] = NoptMain) -> None:
    """Run `nopt` with `argv` (default: the command line). Exits with status 1 after an error."""
    argv = sys.argv[1:] if argv is None else argv
    # What was imported so far lives until the end, and so does most of what parsing and passes
    # make: a collector that looks less often, and not at the end, saves a tenth of the time.
    gc.freeze()
    gc.set_threshold(1_000_000)
    atexit.register(gc.freeze)
    with errors_for_people(show_traceback="--traceback" in argv):
        driver("Run passes on MLIR text and print the result.", argv).run()


if __name__ == "__main__":
    from nopt.tools import start

    start.nopt()
