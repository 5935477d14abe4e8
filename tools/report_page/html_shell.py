"""What every page has around its sections: its style, its data, plotly, its own script."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from typing import Any

from nopt.tools.report_page import figures


def whole_page(title: str, lead: str, body: str, data: Any, script: str) -> str:
    """A page that needs nothing but itself. `script` finds `data` in the element of that id."""
    css = files("nopt.tools.report_page").joinpath("page.css").read_text(encoding="utf-8")
    # `</` would end the script that holds it.
    text = json.dumps(data, separators=(",", ":")).replace("</", "<\\/")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>{css}</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p class="lead">{lead}</p>
{body}
<script type="application/json" id="data">{text}</script>
<script>{figures.script()}</script>
<script>{script}</script>
</body>
</html>
"""
