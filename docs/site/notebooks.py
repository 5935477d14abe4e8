"""The tutorials as Jupyter notebooks, beside their pages: run by mkdocs (`make docs`).

A block of Python is a cell, and the block behind it what the cell prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

TUTORIALS = Path(__file__).parents[1] / "tutorials"

_BLOCK = re.compile(r"```(?P<language>\w*)\n(?P<text>(?:.*\n)*?)```\n")


def notebook(page: str) -> nbformat.NotebookNode:
    """A page of Markdown as a notebook; its cells have the page's outputs."""
    # Without random names, equal pages give equal files.
    cells = [dict(cell, id=f"cell-{number}") for number, cell in enumerate([*_cells(page)])]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.from_dict(new_notebook(cells=cells, metadata={"kernelspec": kernel}))


def _cells(page: str) -> Iterator[nbformat.NotebookNode]:
    waiting: nbformat.NotebookNode | None = None
    at = 0
    for block in _BLOCK.finditer(page):
        yield from _said(page[at : block.start()])
        at = block.end()
        if block["language"] == "python":
            waiting = new_code_cell(block["text"].rstrip("\n"))
            yield waiting
        elif waiting is not None:
            waiting.outputs = [new_output("stream", name="stdout", text=block["text"])]
            waiting = None
        else:
            yield new_markdown_cell(block[0])
    yield from _said(page[at:])


def _said(text: str) -> Iterator[nbformat.NotebookNode]:
    if text.strip():
        yield new_markdown_cell(text.strip())


def notebooks() -> dict[str, nbformat.NotebookNode]:
    """By name, those of the tutorials that have Python."""
    pages = {path.stem: path.read_text(encoding="utf-8") for path in sorted(TUTORIALS.glob("*.md"))}
    return {name: notebook(page) for name, page in pages.items() if "```python\n" in page}


if __name__ == "<run_path>":  # by mkdocs
    import mkdocs_gen_files

    for name, made in notebooks().items():
        with mkdocs_gen_files.open(f"tutorials/{name}.ipynb", "w") as file:
            file.write(nbformat.writes(made))
