"""The house: arrows point one way (api → tools → passes → dialects → hw; hw knows no IR), files
and folders are small, and a name is where it is looked for."""

import ast
import importlib
import inspect
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from nopt.passes import get_all_passes

ROOT = Path(__file__).parents[2]

BELOW = {
    "hw": {"hw"},
    "dialects": {"hw", "dialects"},
    "passes": {"hw", "dialects", "passes"},
    "tools": {"hw", "dialects", "passes", "tools"},
    "api": {"hw", "dialects", "passes", "tools", "compiled", "graph_builder", "networks"}
    | {"exploring", "mapped", "named_machines"},
}
"""What each layer may import."""


ROOMS = {
    "base": set[str](),
    "analysis": {"base"},
    "core": {"base", "analysis"},
    "kernel": {"base", "analysis", "core"},
    "schedule": {"base", "analysis", "core", "kernel", "isa"},
    "fusion": {"base", "analysis", "core"},
    "layout": {"base", "analysis", "core", "fusion"},
    "simplify": {"base", "analysis"},
    "lowering": {"base", "layout"},
    "raising": {"base", "analysis"},
    "mapping": {"base", "analysis"},
    "graph": {"base", "pipelines"},
    "isa": {"base", "core", "lowering"},
}
"""What each folder of `passes` may import of the others, as docs/map.md draws it."""

LONGEST_FILE = 350
LONGEST_FUNCTION = 60
LARGEST_FOLDER = 12
"""Entries that a folder of `passes` lists."""


def package_of(path: Path) -> tuple[str, ...]:
    """The package of a file in a folder of this project; `api` is what `nopt` itself offers."""
    parts = path.relative_to(ROOT).parts[:-1]
    return ("nopt", *(parts if parts[0] != "api" else parts[1:]))


def imported_modules(path: Path) -> Iterator[str]:
    """The full names of all that a file imports, wherever in it."""
    package = package_of(path)
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


def names_used(code: CodeType) -> Iterator[str]:
    """The attributes and globals that a function uses, and functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_used(constant)


def private_names_of_xdsl(cls: type) -> set[str]:
    """Those that a class inherits from xDSL, and overrides or uses."""
    private = {
        name
        for base in cls.__mro__
        if base.__module__.startswith("xdsl.")
        for name in (*vars(base), *inspect.get_annotations(base))
        # Python's own: dunder names, `_member_map_` of enumerations.
        if name.startswith("_") and not name.endswith("_") and name != "_abc_impl"
    }
    used = set(vars(cls))
    for member in vars(cls).values():
        function = getattr(member, "__func__", getattr(member, "fget", member))
        if inspect.isfunction(function):
            used.update(names_used(inspect.unwrap(function).__code__))
    return private & used


def test_private_names_of_xdsl_are_in_one_file():
    """Those that are not inherited, pyright reports."""
    users: dict[str, set[str]] = {}
    for path in files():
        name = ".".join((*package_of(path), path.stem)).removesuffix(".__init__")
        module = importlib.import_module(name)
        for cls in filter(inspect.isclass, vars(module).values()):
            if cls.__module__ == module.__name__ and (names := private_names_of_xdsl(cls)):
                users.setdefault(path.name, set()).update(names)
    assert set(users) == {"xdsl_internals.py"}, users


def test_upstream_syntax_can_be_offered_upstream():
    offered = {"nopt.dialects.upstream_syntax", "nopt.dialects.affine_syntax"}
    folder = ROOT / "dialects"
    for path in [folder / "affine_syntax.py", *(folder / "upstream_syntax").glob("*.py")]:
        for module in imported_modules(path):
            is_offered = any(module.startswith(f"{name}.") for name in offered)
            assert is_offered or not module.startswith("nopt."), f"{path} imports {module}"


def test_every_folder_is_packaged():
    with (ROOT / "pyproject.toml").open("rb") as stream:
        packages = tomllib.load(stream)["tool"]["setuptools"]["packages"]
    assert set(packages) == {".".join(package_of(path)) for path in files()}


@pytest.mark.parametrize("room", ROOMS)
def test_imports_between_rooms_of_passes(room: str):
    for path in sorted((ROOT / "passes" / room).rglob("*.py")):
        for module in imported_modules(path):
            if module.startswith("nopt.passes."):
                used = module.split(".")[2]
                # Names of the package itself, such as `get_all_passes`, are no room.
                known = used in ROOMS or (ROOT / "passes" / f"{used}.py").exists()
                assert not known or used in {room, *ROOMS[room]}, f"{path} imports {module}"


def test_every_pass_states_its_level_and_every_folder_is_a_room():
    assert {
        path.name for path in (ROOT / "passes").iterdir() if (path / "__init__.py").exists()
    } == {*ROOMS}
    for name, load in get_all_passes().items():
        assert name == "attach-machine" or hasattr(load(), "level"), name


def test_a_file_name_occurs_once():
    counts = Counter(path.name for path in files() if path.name != "__init__.py")
    assert not [name for name, count in counts.items() if count > 1]


def test_a_test_file_has_a_name_of_its_own():
    """pytest knows test files by that alone."""
    counts = Counter(path.name for path in (ROOT / "test").rglob("test_*.py"))
    assert not [name for name, count in counts.items() if count > 1]


def test_files_and_functions_are_short():
    for path in files():
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= LONGEST_FILE, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= LONGEST_FUNCTION, f"{path}: {node.name} has {length} lines"


def test_folders_of_passes_are_small():
    for folder in [ROOT / "passes", *(ROOT / "passes").rglob("*")]:
        if folder.is_dir() and folder.name != "__pycache__":
            listed = [path for path in folder.iterdir() if path.suffix == ".py"]
            assert len(listed) <= LARGEST_FOLDER, folder


def test_packages_give_their_reading_order():
    for layer in ("hw", "passes"):
        for path in sorted((ROOT / layer).rglob("__init__.py")):
            if path.parent != ROOT / "passes":
                docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
                assert "Reading order:" in docstring, path
