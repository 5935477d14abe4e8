"""What is released: the wheel in clean environments of each Python that is here, and the sdist."""

import glob
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13")
GOLDENS = ("test/dialects", "test/driver", "test/pipelines")
"""Their goldens, which have no files beside the examples."""


def run(*command: str | Path, cwd: Path = ROOT, **options: object) -> str:
    done = subprocess.run(
        [str(each) for each in command],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        **options,  # pyright: ignore[reportArgumentType, reportCallIssue]
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and sdist, made of a clean copy."""
    folder = tmp_path_factory.mktemp("released")
    source = folder / "source"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, ignore=ignored)
    run(sys.executable, "-m", "build", "--outdir", folder, source)
    return folder


def python(version: str) -> str | None:
    """The interpreter of a version, on the path or where pyenv has it."""
    home = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    found = sorted(glob.glob(f"{home}/versions/{version}.*/bin/python"))
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        found.append(sys.base_prefix + "/bin/python3")
    return found[-1] if found else shutil.which(f"python{version}")


def test_wheel_and_sdist_are_in_order(released: Path):
    (wheel,), (sdist,) = released.glob("*.whl"), released.glob("*.tar.gz")
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for needed in ("nopt/__init__.py", "nopt/py.typed", "nopt/hw/presets/rtl.json"):
        assert needed in names
    assert {"page.css", "page.js"} <= {Path(name).name for name in names if "report_page" in name}
    assert not [name for name in names if name.startswith(("test", "bench", "docs", "examples"))]
    with tarfile.open(sdist) as archive:
        assert any(name.endswith("/api/__init__.py") for name in archive.getnames())


@pytest.mark.parametrize("version", PYTHONS)
def test_goldens_from_the_wheel(version: str, released: Path, tmp_path: Path):
    """In an environment that has the wheel, what it needs, and the test tools."""
    interpreter = python(version)
    if interpreter is None:
        pytest.skip(f"no Python {version}")
    (wheel,) = released.glob("*.whl")
    environment = tmp_path / "environment"
    run(interpreter, "-m", "venv", "--without-pip", environment)
    folder = environment / "bin"
    # Without a pip of its own, and bytecode only of what is imported: half of the time went there.
    pip = (sys.executable, "-m", "pip", "--python", environment)
    run(*pip, "install", "--quiet", "--no-compile", wheel, "lit", "filecheck")
    # Away from the checkout, so that nothing of it is imported.
    for name in ("test", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "lit.cfg.py", tmp_path)
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    where = run(
        folder / "python", "-c", "import nopt; print(nopt.__file__)", cwd=tmp_path, env=clean
    )
    assert str(environment) in where
    assert run(folder / "nopt", "--version", cwd=tmp_path, env=clean).startswith("nopt 0.")
    found = run(folder / "lit", "--quiet", *GOLDENS, cwd=tmp_path, env=clean)
    assert "Failed" not in found
    assert int(found.partition("Testing: ")[2].split()[0]) >= 35


def test_no_module_of_one_system_is_needed():
    """Those that only POSIX has."""
    code = """
import sys
for name in ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"):
    sys.modules[name] = None
import nopt.tools.start
tools = "nopt nopt_explore nopt_gui nopt_import nopt_map nopt_objdump nopt_report nopt_run"
for tool in tools.split():
    __import__(f"nopt.tools.{tool}")
import numpy as np, nopt
print(nopt.compile("examples/conv/conv.mlir").run(np.ones((1, 16, 14, 14), np.int8)).shape)
"""
    assert run(sys.executable, "-c", code) == "(1, 32, 14, 14)\n"
