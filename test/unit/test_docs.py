"""The documents show what their commands and their Python print.

`python test/unit/test_docs.py` rewrites what they show after an intended change.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from nopt.dialects.constants import scoped_resources
from nopt.hw.config import Config
from nopt.tools.importer import readers
from nopt.tools.importer.registry import READERS

ROOT = Path(__file__).parents[2]
LEVELS, MACHINE = ROOT / "docs/levels.md", ROOT / "docs/machine.md"
IMPORT = ROOT / "docs/import.md"
RAISING, GRAPHS = ROOT / "docs/raising.md", ROOT / "docs/graphs.md"
ANALYSIS = ROOT / "docs/analysis.md"
SCHEDULES, ARRAYS = ROOT / "docs/schedules.md", ROOT / "docs/arrays.md"
FROM_PYTHON, MACHINES = ROOT / "docs/python.md", ROOT / "docs/machines.md"

CONSOLE = re.compile(r"```console\n\$ (?P<command>.*)\n(?P<output>(?:.*\n)*?)```\n")
PYTHON = re.compile(
    r"```python\n(?P<code>(?:.*\n)*?)```\n(?P<between>[^`]*(?:`[^`]+`[^`]*)*?)"
    r"```\n(?P<output>(?:.*\n)*?)```\n"
)


def levels(document: Path = LEVELS) -> str:
    """A document with the output of its commands."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

    def shown(match: re.Match[str]) -> str:
        command = match["command"]
        output = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=ROOT,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return f"```console\n$ {command}\n{output.rstrip()}\n```\n"

    return CONSOLE.sub(shown, document.read_text())


def raising() -> str:
    """The document on loop code with the output of its commands."""
    return levels(RAISING)


def graphs() -> str:
    """The document on graphs with the output of its commands."""
    return levels(GRAPHS)


def schedules() -> str:
    """The document on schedules with the output of its commands."""
    return levels(SCHEDULES)


def arrays() -> str:
    """The document on arrays with the output of its commands."""
    return levels(ARRAYS)


def machine(document: Path = MACHINE) -> str:
    """A document with the output of its Python, one block after another."""
    names: dict[str, object] = {}

    def shown(match: re.Match[str]) -> str:
        stdout = io.StringIO()
        with contextlib.redirect_stdout(stdout):
            exec(match["code"], names)
        return f"```python\n{match['code']}```\n{match['between']}```\n{stdout.getvalue()}```\n"

    # Names of constants count what the same process has seen.
    with scoped_resources():
        return PYTHON.sub(shown, document.read_text())


def analysis() -> str:
    """The document on index maps with the output of its Python."""
    return machine(ANALYSIS)


def from_python() -> str:
    """The document on `import nopt` with the output of its Python."""
    return machine(FROM_PYTHON)


TUTORIALS = sorted((ROOT / "docs/tutorials").glob("*.md"))


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_tutorials(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    # Those without outputs show files of a package, which `test_own_op` runs.
    assert PYTHON.findall(path.read_text()) or "--8<--" in path.read_text()
    assert machine(path) == path.read_text()
    assert levels(path) == path.read_text()


def test_levels():
    assert len(CONSOLE.findall(LEVELS.read_text())) == 8
    assert levels() == LEVELS.read_text()


def test_raising():
    assert len(CONSOLE.findall(RAISING.read_text())) == 3
    assert raising() == RAISING.read_text()


def test_graphs():
    assert len(CONSOLE.findall(GRAPHS.read_text())) == 3
    assert graphs() == GRAPHS.read_text()


def test_schedules():
    assert len(CONSOLE.findall(SCHEDULES.read_text())) == 4
    assert schedules() == SCHEDULES.read_text()


def test_arrays():
    assert len(CONSOLE.findall(ARRAYS.read_text())) == 5
    assert arrays() == ARRAYS.read_text()


def test_machine():
    assert len(PYTHON.findall(MACHINE.read_text())) == 4
    assert machine() == MACHINE.read_text()


def test_analysis():
    assert len(PYTHON.findall(ANALYSIS.read_text())) == 4
    assert analysis() == ANALYSIS.read_text()


def test_from_python():
    assert len(PYTHON.findall(FROM_PYTHON.read_text())) == 2
    assert from_python() == FROM_PYTHON.read_text()


def test_machines_has_every_key():
    """With its default and its range."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|", MACHINES.read_text(), re.MULTILINE)
    said = {key: (default, range) for key, default, range in rows if key != "LOG_BLOCK"}
    known = {item.metadata.get("key", item.name): item for item in fields(Config)}
    del known["name"]
    assert said.keys() == known.keys()
    for key, item in known.items():
        low, high = item.metadata.get("range", (None, None))
        top = "2^30" if high == 1 << 30 and not key.startswith("LOG") else str(high)
        range = f"{low} to {top}" if low != high else "any" if low is None else top
        default = str(item.default).lower() if item.default is False else str(item.default)
        expected = (default, "true, false" if item.default is False else range)
        assert said[key] == expected, key


def test_import_names_every_operator():
    """Each one, or a prefix of it before `…`."""
    assert readers.__all__
    table = "".join(line for line in IMPORT.read_text().splitlines(True) if line.startswith("| "))
    named = re.findall(r"\b([A-Z]\w+)(…?)", table)
    whole = {name for name, more in named if not more}
    prefixes = tuple(name for name, more in named if more)
    read = {op for _, op in READERS}
    assert {op for op in read - whole if not op.startswith(prefixes)} == set()


if __name__ == "__main__":
    for document, render in (
        (LEVELS, levels),
        (RAISING, raising),
        (GRAPHS, graphs),
        (SCHEDULES, schedules),
        (ARRAYS, arrays),
        (MACHINE, machine),
        (ANALYSIS, analysis),
        (FROM_PYTHON, from_python),
    ):
        document.write_text(render())
    for path in TUTORIALS:
        path.write_text(machine(path))
        path.write_text(levels(path))
