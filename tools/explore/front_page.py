"""The page of an exploration: each objective against the first, and what each point is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from nopt.tools.explore.outcome import Outcome
from nopt.tools.report import Row, format_value
from nopt.tools.report_page import figures
from nopt.tools.report_page.figures import BLUE, RED
from nopt.tools.report_page.html_shell import whole_page

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_STATES = {"front": (RED, "on the front"), "beaten": (BLUE, "beaten by another")}
_UNITS = {
    "cycles": "cycles",
    "energy": "energy (microjoules)",
    "edp": "energy times delay (microjoules times cycles)",
    "area": "area (square millimetres)",
    "bytes": "DRAM traffic (bytes)",
    "seconds": "seconds",
    "sram": "memories on chip (bytes)",
}


_SCRIPT = """
const drawn = JSON.parse(document.getElementById("data").textContent);
drawn.forEach((each, i) => Plotly.newPlot(`f${i}`, each.data, each.layout, {responsive: true}));
document.body.dataset.ready = "yes";
"""


def exploration_page(outcome: Outcome, title: str, reports: Mapping[int, Sequence[str]]) -> str:
    """One page without a network; `reports` are the files of points that have some.

    Raises UserError without plotly."""
    figures.graph_objects()
    rows, asked = outcome.rows, outcome.asked
    drawn = [_figure(outcome, rows, name) for name in asked.objectives[1:]] or [
        _figure(outcome, rows, asked.objectives[0])
    ]
    blocks = "".join(f'<div class="figure" id="f{i}"></div>' for i in range(len(drawn)))
    data = [json.loads(each.to_json() or "{}") for each in drawn]
    counts = {status: sum(row["status"] == status for row in rows) for status in _counted(rows)}
    summary = "".join(f"<div><dt>{escape(k)}</dt><dd>{v}</dd></div>" for k, v in counts.items())
    body = f"""<section><dl>{summary}</dl></section>
<section><h2>Objectives</h2>{blocks}</section>
<section><h2>The front</h2>{_table(outcome.front, reports)}</section>
<section><h2>Others</h2>{_table(_others(rows, asked.space.values), {})}</section>"""
    lead = f"Each point is a machine, its networks by {asked.how}."
    return whole_page(title, lead, body, data, _SCRIPT)


def _counted(rows: Sequence[Row]) -> list[str]:
    return [*dict.fromkeys(str(row["status"]) for row in rows)]


def _figure(outcome: Outcome, rows: Sequence[Row], name: str) -> Figure:
    go = figures.graph_objects()
    first, keys = outcome.asked.objectives[0], outcome.asked.space.values
    figure = go.Figure()
    for status, (colour, said) in _STATES.items():
        those = sorted((row for row in rows if row["status"] == status), key=lambda row: row[first])
        best = status == "front"
        figure.add_scatter(
            x=[row[first] for row in those],
            y=[row[name] for row in those],
            name=said,
            mode="lines+markers" if best and len(outcome.asked.objectives) == 2 else "markers",
            marker={"color": colour, "size": 10 if best else 6},
            text=[", ".join(f"{key} {row[key]}" for key in ("point", *keys)) for row in those],
            hovertemplate="%{text}<br>%{x:,.4g}, %{y:,.4g}<extra></extra>",
        )
    axes = {"xaxis_title": _UNITS[first], "yaxis_title": _UNITS[name]}
    return figures.styled(figure, 420, **axes)


def _others(rows: Sequence[Row], keys: Mapping[str, object]) -> list[Row]:
    names = ("point", *keys, "status", "reason")
    return [{name: row[name] for name in names} for row in rows if row["status"] != "front"]


def _table(rows: Sequence[Row], reports: Mapping[int, Sequence[str]]) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in rows[0])
    body = "".join(
        f"<tr>{''.join(_cell(n, v, reports) for n, v in row.items())}</tr>" for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _cell(name: str, value: object, reports: Mapping[int, Sequence[str]]) -> str:
    text = escape(format_value(name, value))
    if name == "point" and isinstance(value, int) and value in reports:
        links = " ".join(f'<a href="{escape(file)}">{text}</a>' for file in reports[value])
        return f"<td>{links}</td>"
    return f"<td>{text}</td>"
