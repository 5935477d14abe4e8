"""The page of mapped networks: where cycles and energy of each layer go, and its loops."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from nopt.dialects.affine_nest.mapped_nest import mapped_loops
from nopt.passes.mapping.estimates import terms
from nopt.tools.mapped.mapped_networks import Layer, MappedNetwork
from nopt.tools.mapped.simulated import Simulated
from nopt.tools.report import Row, format_value
from nopt.tools.report_page import figures
from nopt.tools.report_page.figures import BLUE, GREEN, GREY, ORANGE, PINK, RED, SKY, YELLOW
from nopt.tools.report_page.html_shell import whole_page

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_COLOURS = {
    "compute": GREEN,
    "network": ORANGE,
    "output": PINK,
    "reduction": YELLOW,
    "dma": SKY,
    "idle": GREY,
    "mac": GREEN,
    "rf": YELLOW,
    "spm": RED,
    "dram": SKY,
}
"""Of causes and levels, the same in all figures."""
_OTHERS = (BLUE, RED, PINK, ORANGE, YELLOW, SKY, GREY, GREEN)
_SCRIPT = """
const drawn = JSON.parse(document.getElementById("data").textContent);
drawn.forEach((each, i) => Plotly.newPlot(`f${i}`, each.data, each.layout, {responsive: true}));
document.body.dataset.ready = "yes";
"""


def mapping_page(network: MappedNetwork, title: str, runs: Sequence[Simulated] = ()) -> str:
    """One page that needs nothing but itself, with simulations of the layers if there are any.

    Raises UserError without plotly."""
    figures.graph_objects()
    layers = network.layers
    drawn = {
        "Cycles by cause": _stacked(layers, [layer.said.by_cause for layer in layers], "cycles"),
        "Energy by level": _stacked(layers, [layer.said.by_level for layer in layers], "pJ"),
    }
    if runs:
        states = [run.timing.by_state for run in runs]
        drawn["Simulated cycles by what PEs do"] = _stacked(layers, states, "cycles")
    total = {name: value for name, value in network.total.items() if name != "name"}
    summary = "".join(
        f"<div><dt>{escape(k.replace('_', ' '))}</dt><dd>{escape(format_value(k, v))}</dd></div>"
        for k, v in total.items()
    )
    figure_sections = "".join(
        f'<section><h2>{name}</h2><div class="figure" id="f{i}"></div></section>'
        for i, name in enumerate(drawn)
    )
    body = f"""<section><dl>{summary}</dl></section>{figure_sections}
<section><h2>Layers</h2>{_table([_short(layer.row) for layer in layers])}</section>
{_simulated(runs)}{"".join(map(_layer, layers))}"""
    lead = "Each layer that differs, with its mapping on the array; cycles and energy are of one."
    data = [json.loads(each.to_json() or "{}") for each in drawn.values()]
    return whole_page(title, lead, body, data, _SCRIPT)


def _simulated(runs: Sequence[Simulated]) -> str:
    table = _table([run.row for run in runs]) if runs else ""
    return f"<section><h2>Pass by pass</h2>{table}</section>" if runs else ""


def _stacked(
    layers: Sequence[Layer], parts: Sequence[dict[str, int] | dict[str, float]], unit: str
) -> Figure:
    go = figures.graph_objects()
    figure = go.Figure()
    names = [f"{layer.name} ({i})" for i, layer in enumerate(layers)]
    kinds = list(dict.fromkeys(k for each in parts for k in each))
    for number, kind in enumerate(kinds):
        figure.add_bar(
            y=names,
            x=[each.get(kind, 0) for each in parts],
            name=kind,
            orientation="h",
            marker={"color": _COLOURS.get(kind, _OTHERS[number % len(_OTHERS)])},
            hovertemplate=f"%{{y}}<br>{kind}: %{{x:,}}<extra></extra>",
        )
    height = 160 + 28 * len(layers)
    figure = figures.styled(figure, height, barmode="stack", xaxis_title=unit)
    figure.update_yaxes(autorange="reversed")
    return figure


def _layer(layer: Layer) -> str:
    """A layer's loops, outermost first, and all its numbers."""
    lines: list[str] = []
    for depth, loop in enumerate(mapped_loops(layer.problem, layer.mapping)):
        name = layer.problem.loops[loop.loop]
        kind = "parallel" if loop.spatial else "for"
        lines.append(f"{'  ' * depth}{kind} {name}_{loop.level} = 0 to {loop.trips}")
    indent = "  " * len(lines)
    product = " * ".join(each.name for each in layer.problem.operands[1:])
    lines.append(f"{indent}{layer.problem.operands[layer.problem.output].name} += {product}")
    numbers = [{"what": name, "number": value} for name, value in terms(layer.said).items()]
    return (
        f"<section><h2>{escape(layer.name)}</h2><p>{escape(layer.loops)}</p>"
        f"<pre>{escape(chr(10).join(lines))}</pre><p><code>{escape(layer.mapping.text)}</code></p>"
        f"<details><summary>All numbers</summary>{_table(numbers)}</details></section>"
    )


def _short(row: Row) -> Row:
    """Without what its own section says."""
    return {name: value for name, value in row.items() if name not in ("loops", "mapping")}


def _table(rows: Sequence[Row]) -> str:
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in rows[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(format_value(k, v))}</td>' for k, v in row.items())}</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'
