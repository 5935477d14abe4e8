"""The network as a graph: what runs where, and what reads what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nopt.tools.report_page.figures import GREEN, GREY, PINK, graph_objects, styled
from nopt.tools.report_page.program_graph import Node, nodes
from nopt.tools.runtime import Runtime

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_COLOURS = {"input": GREY, "host": PINK, "core": GREEN}
_ASIDE = 0.4
_NAMED = 60
"""Nodes whose names stand beside them; more are told when they are pointed at."""


def network(runtime: Runtime) -> Figure:
    """Nodes in rows by how many steps lie before them, lines from what each reads."""
    go = graph_objects()
    found = nodes(runtime)
    places = _places(found)
    x: list[float | None] = []
    y: list[float | None] = []
    for number, node in enumerate(found):
        for source in node.sources:
            (left, above), (right, below) = places[source], places[number]
            # What passes others by goes around them.
            aside = [max(left, right) + _ASIDE] * 2 if below - above > 1 else []
            x += [left, *aside, right, None]
            y += [above, *((above + 0.5, below - 0.5) if aside else ()), below, None]
    figure = go.Figure()
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": GREY, "width": 1},
        showlegend=False,
        hoverinfo="skip",
    )
    for place, colour in _COLOURS.items():
        chosen = [number for number, node in enumerate(found) if node.place == place]
        figure.add_scatter(
            x=[places[number][0] for number in chosen],
            y=[places[number][1] for number in chosen],
            text=[found[number].name for number in chosen],
            mode="markers+text" if len(found) <= _NAMED else "markers",
            textposition="middle right",
            textfont={"size": 11},
            marker={"color": colour, "size": 11},
            name={"input": "input", "host": "on the host", "core": "on the core"}[place],
            hovertemplate=f"%{{text}} ({place})<extra></extra>",
        )
    depth = max((node.depth for node in found), default=0) + 1
    styled(figure, 110 + 30 * depth)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(title="steps before it", autorange="reversed")
    return figure


def _places(found: Sequence[Node]) -> list[tuple[float, int]]:
    """Each row's nodes around the middle."""
    wide = Counter(node.depth for node in found)
    placed = Counter[int]()
    places: list[tuple[float, int]] = []
    for node in found:
        places.append((placed[node.depth] - (wide[node.depth] - 1) / 2, node.depth))
        placed[node.depth] += 1
    return places
