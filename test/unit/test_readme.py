"""The README's Python runs as written, and its golden test passes."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _block(language: str, number: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[
        number
    ]


def _printed(code: str) -> str:
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_api_runs() -> None:
    code = _block("python")
    cycles = re.search(r"# ([\d,]+ cycles, [\d.]+ % of them multiplying)", code)
    assert cycles is not None
    assert _printed(code).startswith(cycles[1])


def test_embedding_runs() -> None:
    assert _printed(_block("python", 1)).count("affine_nest.for") == 1


def test_golden_passes(tmp_path: Path) -> None:
    golden = tmp_path / "golden.mlir"
    golden.write_text(_block("mlir"))
    bin_folder = Path(sys.executable).parent
    passes = "convert-graph-to-affine-nest,affine-nest-fuse"
    output = subprocess.run(
        [bin_folder / "nopt", golden, "-p", passes], capture_output=True, text=True, check=True
    )
    check = subprocess.run(
        [bin_folder / "filecheck", golden], input=output.stdout, capture_output=True, text=True
    )
    assert check.returncode == 0, check.stderr
