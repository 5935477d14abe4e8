"""What every tool shares: pipeline text, errors for people, output files; and nopt's targets."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import ReturnOp
from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.target import Target

from nopt.passes.graph.prepare.graph_split_pools import GraphSplitPoolsPass
from nopt.passes.mapping.affine_nest_map import AffineNestMapPass
from nopt.passes.pipelines import PIPELINES, Pipeline
from nopt.tools.errors import MESSAGE_LIMIT, UserError, describe, errors_for_people
from nopt.tools.nopt import NoptMain
from nopt.tools.pipeline_text import build_passes


@dataclass(frozen=True)
class FailPass(ModulePass):
    """Fail at the first operation of the module, in the way that is asked for."""

    name = "fail"

    how: str
    times: int = 1
    sizes: tuple[int, ...] = ()
    strict: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        first = op.body.block.first_op
        assert first is not None
        match self.how:
            case "placeless":
                made = ReturnOp()
                op.body.block.add_op(made)
                made.emit_error("", VerifyException("has no place here"))
            case "diagnostic":
                first.emit_error("", VerifyException("has no place here"))
            case "value":
                raise ValueError("17 is not a size,\n  expected a power of two")
            case _:
                raise KeyError(self.how)


@dataclass(frozen=True)
class BytesTarget(Target):
    """Two bytes that are no text."""

    name = "bytes"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        raise AssertionError("nopt asks for bytes")

    def emit_bytes(self, ctx: Context, module: ModuleOp, output: IO[bytes]) -> None:
        output.write(b"\xff\x00")


FACTORIES: dict[str, Callable[[], type[ModulePass]]] = {
    "fail": lambda: FailPass,
    "canonicalize": lambda: CanonicalizePass,
}


class Driver(NoptMain):
    """nopt with one more pass and one more target."""

    def register_all_passes(self) -> None:
        super().register_all_passes()
        self.register_pass("fail", lambda: FailPass)

    def register_all_targets(self) -> None:
        super().register_all_targets()
        self.available_targets["bytes"] = lambda: BytesTarget


def run(*arguments: str) -> None:
    with errors_for_people():
        Driver("nopt", arguments).run()


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "in.mlir"
    path.write_text("func.func private @f()\n")
    return path


class TestPipelineText:
    @pytest.fixture(autouse=True)
    def pipeline(self, monkeypatch: pytest.MonkeyPatch):
        passes = ("canonicalize", "fail{how=a}", "canonicalize")
        monkeypatch.setitem(PIPELINES, "both", Pipeline("both", "Two passes.", passes))

    def test_pipeline_stands_for_its_passes(self):
        assert build_passes("canonicalize,both", FACTORIES) == (
            CanonicalizePass(),
            CanonicalizePass(),
            FailPass("a"),
            CanonicalizePass(),
        )

    def test_until_keeps_a_prefix(self):
        passes = (CanonicalizePass(), FailPass("a"))
        assert build_passes("both{until=fail}", FACTORIES) == passes

    def test_options_go_to_the_passes_that_have_them(self):
        passes = build_passes("both{how=b times=3 until=fail}", FACTORIES)
        assert passes == (CanonicalizePass(), FailPass("b", 3))

    def test_dashes_and_underscores_are_alike(self):
        assert build_passes("fail{how=a sizes=1,2}", FACTORIES) == (FailPass("a", sizes=(1, 2)),)

    def test_whole_numbers_are_floats(self):
        factories = {"affine-nest-map": lambda: AffineNestMapPass}
        (found,) = build_passes("affine-nest-map{seconds=10 pad=0}", factories)
        assert found == AffineNestMapPass(seconds=10.0, pad=0.0)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("bot", "unknown pass 'bot'; did you mean 'both'?"),
            ("both{until=fails}", "pipeline 'both' has no pass 'fails'; did you mean 'fail'?"),
            ("both{hot=1}", "no pass of pipeline 'both' has an option 'hot'; did you mean 'how'?"),
            ("fail", "pass 'fail' needs option 'how' of type str"),
            ("fail{hov=a}", "pass 'fail' has no option 'hov'; did you mean 'how'?"),
            ("fail{x=a}", "pass 'fail' has no option 'x'; its options: how, times, sizes, strict"),
            ("fail{how=a times=b}", "pass 'fail': option 'times' expects int, found 'b'"),
            (
                "fail{how=a sizes=1,b}",
                "pass 'fail': option 'sizes' expects tuple[int, ...], found '1,b'",
            ),
            ("fail{how=a strict}", "pass 'fail': option 'strict' expects bool, found ''"),
            ("canonicalize{x=1}", "pass 'canonicalize' has no option 'x'; it has none"),
            ("fail how=a", "malformed pass pipeline 'fail how=a': column 5: "),
            ("fail{how=", "malformed pass pipeline 'fail{how=': column 10: "),
            ("fail{how=a;b}", "malformed pass pipeline 'fail{how=a;b}': column 11: "),
        ],
    )
    def test_mistakes(self, text: str, message: str):
        with pytest.raises(UserError) as error:
            build_passes(text, FACTORIES)
        assert str(error.value).startswith(f"error: {message}")
        assert "\n" not in str(error.value)


class TestErrors:
    @pytest.mark.parametrize(
        ("how", "message"),
        [
            ("diagnostic", "{place}: error: pass 'fail': 'func.func' op has no place here\n"),
            ("placeless", "{file}: error: pass 'fail': 'func.return' op has no place here\n"),
            ("value", "error: pass 'fail': 17 is not a size, expected a power of two\n"),
            ("bug", "error: pass 'fail': internal error, KeyError: 'bug' (NOPT_TRACEBACK=1 "),
        ],
    )
    def test_failing_pass(
        self, how: str, message: str, module: Path, capfd: pytest.CaptureFixture[str]
    ):
        with pytest.raises(SystemExit) as end:
            run(str(module), "-p", f"fail{{how={how}}}")
        assert end.value.code == 1
        out, err = capfd.readouterr()
        assert out == ""
        assert err.startswith(message.format(place=f"{module}:1:1", file=module))
        assert err.count("\n") == 1

    def test_developers_see_the_traceback(
        self, module: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ):
        monkeypatch.setenv("NOPT_TRACEBACK", "1")
        with pytest.raises(SystemExit):
            run(str(module), "-p", "fail{how=bug}")
        assert "in apply" in capfd.readouterr().err

    def test_a_message_is_one_line_of_bounded_length(self):
        text = describe(ValueError("a\n  b" + "c" * 10_000))
        assert text.startswith("error: a bccc")
        assert len(text) < MESSAGE_LIMIT + 20

    def test_files(self, tmp_path: Path):
        with pytest.raises(FileNotFoundError) as error:
            (tmp_path / "x").read_text()
        assert describe(error.value) == f"error: {tmp_path / 'x'}: No such file or directory"


class TestBytesTarget:
    def test_writes_a_file(self, module: Path, tmp_path: Path):
        run(str(module), "-t", "bytes", "-o", str(tmp_path / "out"))
        assert (tmp_path / "out").read_bytes() == b"\xff\x00"

    def test_writes_stdout_if_told_so(
        self, module: Path, capfdbinary: pytest.CaptureFixture[bytes]
    ):
        run(str(module), "-t", "bytes", "-o", "-")
        assert capfdbinary.readouterr().out == b"\xff\x00"

    def test_refuses_what_cannot_hold_bytes(self, module: Path, capfd: pytest.CaptureFixture[str]):
        for arguments in ((), ("-o", "x", "--split-input-file")):
            with pytest.raises(SystemExit) as end:
                run(str(module), "-t", "bytes", *arguments)
            assert end.value.code == 2
            out, err = capfd.readouterr()
            assert out == ""
            assert err.startswith("error: target 'bytes' writes bytes")


class TestVerification:
    """Our passes of one level are verified after the last of them; each, if all are printed."""

    @pytest.fixture(autouse=True)
    def broken(self, monkeypatch: pytest.MonkeyPatch):
        def erase_return(_: ModulePass, ctx: Context, op: ModuleOp) -> None:
            (end,) = (each for each in op.walk() if isinstance(each, ReturnOp))
            end.detach()

        monkeypatch.setattr(GraphSplitPoolsPass, "apply", erase_return)

    @pytest.mark.parametrize(
        ("following", "arguments", "named"),
        [
            ("graph-partition", (), "graph-partition"),
            ("graph-partition", ("--print-between-passes",), "graph-split-pools"),
            ("canonicalize", (), "graph-split-pools"),
            ("convert-graph-to-affine-nest", (), "graph-split-pools"),
        ],
    )
    def test_a_broken_module_goes_to_no_other_level(
        self,
        following: str,
        arguments: tuple[str, ...],
        named: str,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ):
        path = tmp_path / "in.mlir"
        path.write_text("func.func @main() {\n  func.return\n}\n")
        with pytest.raises(SystemExit):
            run(str(path), "-p", f"graph-split-pools,{following}", *arguments)
        assert f"after pass '{named}': " in capsys.readouterr().err
