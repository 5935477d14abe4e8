"""What mkdocs does to each page: searched without a network, tutorials with their notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_REMOTE = '<script src="https://unpkg.com/iframe-worker/shim"></script>'
_LOCAL = (Path(__file__).parent / "search_worker.js").read_text(encoding="utf-8")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Below the title of a tutorial in Python, a link to its notebook."""
    where = Path(page.file.src_uri)
    if where.parent.name != "tutorials" or "```python\n" not in markdown:
        return markdown
    title, rest = markdown.split("\n", 1)
    link = f"[This page as a notebook]({where.stem}.ipynb), to be run in the folder of a checkout."
    return f"{title}\n\n{link}\n{rest}"


def on_post_template(output: str, **_: Any) -> str:
    return _offline(output)


def on_post_page(output: str, **_: Any) -> str:
    return _offline(output)


def _offline(output: str) -> str:
    """In place of a script that would be fetched, one that does the same for pages of files."""
    return output.replace(_REMOTE, f"<script>{_LOCAL}</script>")
