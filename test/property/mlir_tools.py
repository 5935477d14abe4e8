"""MLIR's own tools, where they are installed."""

import shutil
import subprocess

import pytest


def tools() -> tuple[str, str]:
    """The paths of `mlir-opt` and of MLIR's runner, of one version."""
    for suffix in ("", *(f"-{version}" for version in range(30, 14, -1))):
        optimizer = shutil.which(f"mlir-opt{suffix}")
        runners = [shutil.which(f"{name}{suffix}") for name in ("mlir-runner", "mlir-cpu-runner")]
        if optimizer and (runner := next(filter(None, runners), None)):
            return optimizer, runner
    pytest.skip("mlir-opt and mlir-runner are not installed")


def start(command: list[str], text: str) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]
    return done.stdout
