"""The figures of a report, by plotly: each has titles, units and legends of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nopt.hw.isa.encoding import Records
from nopt.hw.program.program_parts import CoreStep
from nopt.hw.timing.activity import Segments, computing, occupancy, segments, traffic, waits
from nopt.hw.timing.program_timing import Timing
from nopt.tools.errors import UserError
from nopt.tools.report import Row
from nopt.tools.runtime import Runtime

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Colours that people who see few can tell apart (M. Okabe, K. Ito, 2008).
BLUE, SKY, GREEN, YELLOW = "#0072b2", "#56b4e9", "#009e73", "#e6b800"
ORANGE, RED, PINK, GREY = "#e69f00", "#d55e00", "#cc79a7", "#8c8c8c"
PARTS = {
    "gemm": (GREEN, "multiplying"),
    "reset": (SKY, "setting sums to 0"),
    "alu": (BLUE, "ALU"),
    "load": (PINK, "loading sums, micro-ops"),
    "wait_load": (ORANGE, "waiting for loads"),
    "wait_store": (RED, "waiting for stores"),
    "other": (GREY, "fetch, issue, drain"),
}
"""Where a layer's cycles go: colour and name."""
LANES = {
    "load": ("load", ORANGE, "load"),
    "gemm": ("compute", GREEN, "GEMM"),
    "reset": ("compute", SKY, "reset"),
    "alu": ("compute", BLUE, "ALU"),
    "compute load": ("compute", PINK, "load of sums, micro-ops"),
    "store": ("store", RED, "store"),
}
_MEMORIES = {"inp": SKY, "wgt": GREEN, "acc": PINK, "acc_8bit": PINK, "uop": GREY, "out": RED}
_FAINT, _STRONG = "rgba(128,128,128,0.25)", "rgba(128,128,128,0.6)"
_DRAWN = 20_000
"""Segments nearer than this part of a run are drawn as one."""
_BINS = 600


def graph_objects() -> Any:
    """plotly's. Raises UserError if it is missing."""
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise UserError("reports need the plotly package: pip install 'nopt[report]'") from error
    return go


def script() -> str:
    """plotly's JavaScript, to be part of the page."""
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


def styled(figure: Figure, height: int, **layout: Any) -> Figure:
    """On the page's own ground, legend above, in light and dark alike."""
    figure.update_layout(
        height=height,
        autosize=True,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 13},
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
        hoverlabel={"namelength": -1},
        **layout,
    )
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(automargin=True, showline=True, linecolor=_STRONG)
        update(gridcolor=_FAINT, zerolinecolor=_STRONG)
    return figure


def _bars(figure: Figure, count: int, unit: str, what: str) -> Figure:
    """Bars from above to below, one of `what` each: their axis and the legend above them."""
    # plotly keeps legends within three times the height of what they belong to.
    height = max(20 * count, 120)
    styled(figure, 170 + height, barmode="stack", bargap=0.25)
    figure.update_layout(legend={"y": 1 + 55 / height})
    figure.update_xaxes(title=unit, side="top")
    figure.update_yaxes(autorange="reversed", title=what, tickfont={"size": 11})
    return figure


def labels(rows: Sequence[Row]) -> list[str]:
    """Names of layers, no two alike."""
    return [f"{number}: {row['name']}" for number, row in enumerate(rows)]


def layers(rows: Sequence[Row]) -> Figure:
    """Bars, one a layer, stacked by what its cycles are spent on."""
    go = graph_objects()
    figure = go.Figure()
    for part, (colour, name) in PARTS.items():
        figure.add_bar(
            y=labels(rows),
            x=np.array([row[part] for row in rows]),
            name=name,
            orientation="h",
            marker={"color": colour},
            hovertemplate="%{y}<br>%{x:,} cycles " + name + "<extra></extra>",
        )
    return _bars(figure, len(rows), "cycles", "layer")


def energy_and_bytes(energy: Mapping[str, float], moved: Mapping[str, int]) -> Figure:
    """Microjoules by what they are spent on, and bytes of DRAM by what they are."""
    from plotly.subplots import make_subplots

    go = graph_objects()
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.16)
    bars = ((energy, "microjoules", ORANGE, ":,.2f"), (moved, "bytes", SKY, ":,"))
    titles = ("energy, by unit and memory", "DRAM traffic, by kind")
    for column, (amounts, unit, colour, form) in enumerate(bars, 1):
        bar = go.Bar(
            x=[*amounts],
            y=[*amounts.values()],
            name=unit,
            marker={"color": colour},
            hovertemplate="%{x}: %{y" + form + "} " + unit + "<extra></extra>",
        )
        figure.add_trace(bar, row=1, col=column)
        axis = "" if column == 1 else str(column)
        figure.update_layout(
            {f"yaxis{axis}": {"title": unit}, f"xaxis{axis}": {"title": titles[column - 1]}}
        )
    return styled(figure, 360, showlegend=False)


def roofline(rows: Sequence[Row], peak: int, bandwidth: int) -> Figure:
    """Layers by how much they compute for each byte, and a cycle, below what the core allows."""
    go = graph_objects()
    shown = [
        (label, row["macs"] / max(row["read"], row["written"], 1), row["macs"] / row["cycles"])
        for label, row in zip(labels(rows), rows, strict=True)
        if row["macs"] and row["cycles"]
    ]
    ridge = peak / bandwidth
    most = max([ridge * 8, *(2 * x for _, x, _ in shown)])
    least = min([ridge / 8, *(x / 2 for _, x, _ in shown)])
    figure = go.Figure()
    figure.add_scatter(
        x=[least, ridge, most],
        y=[least * bandwidth, peak, peak],
        mode="lines",
        name=f"what is attainable: {bandwidth} bytes a cycle, then {peak:,} MACs a cycle",
        line={"color": GREY, "width": 2},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[x for _, x, _ in shown],
        y=[y for _, _, y in shown],
        text=[label for label, _, _ in shown],
        mode="markers+text" if len(shown) <= 12 else "markers",
        textposition="bottom right",
        textfont={"size": 10},
        name="layers",
        marker={"color": GREEN, "size": 9, "line": {"width": 1, "color": "white"}},
        hovertemplate="%{text}<br>%{x:.1f} MACs a byte<br>%{y:.1f} MACs a cycle<extra></extra>",
    )
    styled(figure, 460)
    powers = [2.0**power for power in range(-8, 24)]
    ticks = {"type": "log", "tickvals": powers, "ticktext": [f"{each:g}" for each in powers]}
    figure.update_layout(
        xaxis={"title": "MACs for each byte on the busier channel of DRAM", **ticks},
        yaxis={"title": "MACs a cycle", **ticks},
    )
    return figure


def timeline(runtime: Runtime, hosts: Sequence[tuple[int, str]]) -> Figure:
    """What each module does when, which layer computes, and below that DRAM and scratchpads.

    `hosts` are host steps, by the cycle at which the core waits for them."""
    from plotly.subplots import make_subplots

    graph_objects()
    figure = make_subplots(
        rows=3, cols=1, shared_xaxes=True, row_heights=[0.5, 0.25, 0.25], vertical_spacing=0.06
    )
    total = max(runtime.cycles, 1)
    gap = total // _DRAWN
    named = set[str]()
    offset = 0
    for step, timing in zip(runtime.core_steps, runtime.timings, strict=True):
        insns = runtime.part(step)
        for kind, found in segments(insns, timing).items():
            lane, colour, name = LANES[kind]
            _add_segments(figure, found.joined(gap), offset, lane, colour, name, 14, named)
        for kind, found in waits(timing).items():
            lane, _, reason = kind.split(" ", 2)
            name = "waits for instructions" if reason.endswith("fetch") else "waits for a token"
            _add_segments(figure, found.joined(gap), offset, lane, GREY, name, 3, named)
        _add_layers(figure, runtime, step, timing, offset)
        _add_memory(figure, runtime, insns, timing, offset, named)
        offset += timing.cycles
    for cycle, name in hosts:
        figure.add_scatter(
            x=[cycle],
            y=["layer"],
            mode="markers",
            marker={"symbol": "diamond", "color": PINK, "size": 9},
            name="host step",
            legendgroup="host step",
            showlegend="host step" not in named,
            hovertemplate=f"host: {name}<extra></extra>",
            row=1,
            col=1,
        )
        named.add("host step")
    styled(figure, 760)
    order = ["store", "compute", "load", "layer"]
    figure.update_layout(
        yaxis={"title": "module", "categoryorder": "array", "categoryarray": order},
        yaxis2={"title": "bytes a cycle", "rangemode": "tozero"},
        yaxis3={"title": "share needed", "tickformat": ".0%", "range": [0, 1.02]},
        xaxis3={"title": "cycles"},
    )
    figure.update_layout(yaxis={"range": [-0.6, 3.6]})
    return figure


def _add_segments(
    figure: Figure,
    found: Segments,
    offset: int,
    lane: str,
    colour: str,
    name: str,
    width: int,
    named: set[str],
) -> None:
    """Lines from each begin to its end, with nothing between."""
    if not len(found.begin):
        return
    x = np.full(3 * len(found.begin), np.nan)
    x[0::3], x[1::3] = found.begin + offset, found.end + offset
    figure.add_scattergl(
        x=x,
        y=[lane] * len(x),
        mode="lines",
        line={"color": colour, "width": width},
        name=name,
        legendgroup=name,
        showlegend=name not in named,
        connectgaps=False,
        hovertemplate=f"{lane}: {name}<br>cycle %{{x:,}}<extra></extra>",
        row=1,
        col=1,
    )
    named.add(name)


def _add_layers(
    figure: Figure, runtime: Runtime, step: CoreStep, timing: Timing, offset: int
) -> None:
    """Which layer computes, in two shades in turn."""
    own = runtime.layers_of(step)
    before = sum(layer.first < step.first for layer in runtime.program.layers)
    firsts = [layer.first - step.first for layer in own]
    found = computing(timing, firsts, [layer.count for layer in own])
    begins, ends = found.begin.tolist(), found.end.tolist()
    for number, (layer, begin, end) in enumerate(zip(own, begins, ends, strict=True), before):
        figure.add_scattergl(
            x=[begin + offset, end + offset],
            y=["layer"] * 2,
            mode="lines",
            line={"color": (SKY, BLUE)[number % 2], "width": 14},
            opacity=0.75,
            showlegend=False,
            hovertemplate=f"{number}: {layer.name}<br>cycle %{{x:,}}<extra></extra>",
            row=1,
            col=1,
        )


def _add_memory(
    figure: Figure,
    runtime: Runtime,
    insns: Records,
    timing: Timing,
    offset: int,
    named: set[str],
) -> None:
    """DRAM traffic and scratchpads of a core step."""
    config = runtime.program.config
    bins = min(_BINS, max(timing.cycles, 1))
    edges = np.unique(np.linspace(0, max(timing.cycles, 1), bins + 1).astype(np.int64))
    middle = (edges[:-1] + edges[1:]) / 2 + offset
    moved = traffic(insns, timing, config, edges)
    filled = occupancy(insns, runtime.program.memory(), timing, config, edges)
    for row, amounts, form in ((2, moved, ":.2f} bytes a cycle"), (3, filled, ":.1%} needed")):
        for kind, amount in amounts.items():
            name = f"{'DRAM' if row == 2 else 'scratchpad'} {kind}"
            figure.add_scatter(
                x=middle,
                y=amount.astype(np.float32),
                mode="lines",
                line={"color": _MEMORIES[kind], "width": 1.5, "shape": "hvh"},
                stackgroup=f"traffic{offset}" if row == 2 else None,
                name=name,
                legendgroup=name,
                showlegend=name not in named,
                hovertemplate=kind + ": %{y" + form + "<extra></extra>",
                row=row,
                col=1,
            )
            named.add(name)


def fidelity(rows: Sequence[Row]) -> Figure:
    """Signal-to-noise of each tensor on the first sample."""
    go = graph_objects()
    figure = go.Figure()
    known = [row for row in rows if np.isfinite(row["db"])]
    figure.add_bar(
        y=[f"{number}: {row['name']}" for number, row in enumerate(known)],
        x=[row["db"] for row in known],
        orientation="h",
        marker={"color": BLUE},
        hovertemplate="%{y}<br>%{x:.1f} dB<extra></extra>",
    )
    return _bars(figure, len(known), "dB against the network of floats", "tensor")
