"""What mkdocs does to each page: the search works without a network, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_REMOTE = '<script src="https://unpkg.com/iframe-worker/shim"></script>'
_LOCAL = (Path(__file__).parent / "search_worker.js").read_text(encoding="utf-8")


def on_post_template(output: str, **_: Any) -> str:
    return _offline(output)


def on_post_page(output: str, **_: Any) -> str:
    return _offline(output)


def _offline(output: str) -> str:
    """In place of a script that would be fetched, one that does the same for pages of files."""
    return output.replace(_REMOTE, f"<script>{_LOCAL}</script>")
