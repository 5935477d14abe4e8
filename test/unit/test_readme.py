"""The README's Python runs as written, and its golden test passes."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_embedding_runs() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _block("python")], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("affine_nest.for") == 1


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
