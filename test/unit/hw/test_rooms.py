"""What stands where in `hw`: one way into the trace compiler, and nothing remembered unseen."""

import ast
from pathlib import Path

import pytest

HW = Path(__file__).parents[3] / "hw"
FILES = sorted(path for path in HW.rglob("*.py") if path.parent.name != "files")
TABLES = {
    "limits.py": {"field_range"},
    "encoding.py": {"layout", "_bits", "_uop_bits"},
    "assembly.py": {"_parser", "_operations"},
    "resources.py": {"technology"},
}
"""Functions that are remembered for the whole process: tables of what bits and names mean."""


def names(node):
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HW)))
def test_nothing_else_outlives_its_owner(path):
    """Plans, traces and patterns belong to an object that a caller holds."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    cached = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(names(each) & {"cache", "lru_cache"} for each in node.decorator_list)
    }
    assert cached == TABLES.get(path.name, set())
    filled = [
        node.lineno
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and node.value is not None
        and ast.unparse(node.value) in ("{}", "[]", "set()", "dict()", "WeakKeyDictionary()")
    ]
    assert not filled, "found a global that is to be filled"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HW)))
def test_only_the_memo_knows_the_trace_compiler(path):
    inside = path.parent.name == "_trace" or path.name in ("memo.py", "__init__.py")
    assert inside or "sim._trace" not in path.read_text(encoding="utf-8")
