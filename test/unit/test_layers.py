"""The arrows of the house point one way: tools → passes → dialects → hw, and hw knows no IR."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BELOW = {
    "hw": {"hw"},
    "dialects": {"hw", "dialects"},
    "passes": {"hw", "dialects", "passes"},
    "tools": {"hw", "dialects", "passes", "tools"},
}
"""What each layer may import."""


def imported_modules(path: Path) -> Iterator[str]:
    """The full names of all that a file imports, wherever in it."""
    package = ("nopt", *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `from ..a import b` starts one package up.
            start = package[: len(package) + 1 - node.level] if node.level else ()
            module = [*start, *([node.module] if node.module else [])]
            yield from (".".join([*module, name.name]) for name in node.names)


def files() -> list[Path]:
    return [path for layer in BELOW for path in sorted((ROOT / layer).rglob("*.py"))]


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path):
    layer = path.relative_to(ROOT).parts[0]
    for module in imported_modules(path):
        package, _, rest = module.partition(".")
        if package == "nopt":
            assert rest.split(".")[0] in BELOW[layer], f"{layer} imports {module}"
        if layer == "hw":
            assert package != "xdsl", f"hw imports {module}"


def test_every_folder_is_packaged():
    with (ROOT / "pyproject.toml").open("rb") as stream:
        packages = tomllib.load(stream)["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT) for path in files()}
    assert set(packages) == {".".join(("nopt", *folder.parts)) for folder in folders}
