"""What all commands have, and the interactive app."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from nopt.tools import nopt_gui
from nopt.tools.nopt_gui import app_for

TOOLS = ("explore", "gui", "import", "objdump", "report", "run")
COMMANDS = ("nopt", *(f"nopt-{tool}" for tool in TOOLS))
CONV = Path(__file__).parents[2] / "examples/conv/conv.mlir"


def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name(command))
    return subprocess.run([program, *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command(command: str):
    assert run(command, "--version").stdout.startswith(f"{command} 0.")
    wrong = run(command, "--no-such-option")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: ") and wrong.stderr.count("\n") == 1
    assert f"({command} --help lists the arguments)" in wrong.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion(shell: str):
    printed = run("nopt-run", "--print-completion", shell)
    assert printed.returncode == 0, printed.stderr
    assert "nopt-run" in printed.stdout and "--profile" in printed.stdout
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=printed.stdout, text=True, check=True)


def test_modules_of_a_split_input_are_dumped_apart(tmp_path: Path):
    source, folder = tmp_path / "two.mlir", tmp_path / "stages"
    texts = [f"func.func @{name}() {{\n  return\n}}\n" for name in "ab"]
    source.write_text("// -----\n".join(texts))
    output = ["-o", str(tmp_path / "out.mlir")]
    done = run("nopt", str(source), "--split-input-file", "--dump-ir", str(folder), *output)
    assert done.returncode == 0, done.stderr
    assert "@a" in (folder / "00-input.mlir").read_text()
    assert "@b" in (folder / "chunk-2/00-input.mlir").read_text()


def test_the_app_shows_what_passes_make():
    async def shown() -> str:
        app = app_for(str(CONV), "vta{until=affine-nest-fuse}")
        async with app.run_test() as pilot:
            await pilot.pause()
            return app.output_text_area.text

    text = asyncio.run(shown())
    assert text.count("affine_nest.for") == 1 and "isa.machine" in text


def test_the_app_has_all_passes():
    names = {name for name, _ in app_for(None).all_passes}
    assert {"vta", "affine-nest-fuse", "canonicalize"} <= names


def test_the_app_says_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(sys.modules, "xdsl.interactive.app", None)
    with pytest.raises(SystemExit) as end:
        nopt_gui.main([str(CONV)])
    assert end.value.code == 1
    assert "pip install 'nopt[gui]'" in capsys.readouterr().err
