"""The page: a summary, figures, and each layer's text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import ModuleOp

from nopt.hw.program.program_parts import HostStep
from nopt.tools.profile import energy_row, layer_rows, memory_row
from nopt.tools.report import Row, format_value, timing_row
from nopt.tools.report_page import figures, layer_texts, network_figure
from nopt.tools.report_page.html_shell import whole_page
from nopt.tools.runtime import Runtime

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from nopt.passes.base.fidelity import Fidelity

_KINDS = ("inp", "wgt", "acc", "uop", "out", "fetch")


def _quietly(stage: str) -> None:
    pass


def report_page(
    runtime: Runtime,
    title: str,
    network: ModuleOp | None = None,
    tensors: Sequence[Fidelity] = (),
    host_seconds: float | None = None,
    begin: Callable[[str], None] = _quietly,
    options: Mapping[str, Any] | None = None,
) -> str:
    """The page of a program.

    `network` is what it was compiled from, with these options of the pipeline `vta`: then layers
    are shown at each level, not as instructions alone. `tensors` are beside those of a network of
    floats, `host_seconds` those of a run. `begin` is told of each stage. Raises UserError without
    plotly, or if the network is another.
    """
    figures.graph_objects()
    begin("timing")
    rows = layer_rows(runtime)
    begin("drawing")
    drawn = _figures(runtime, rows, tensors)
    begin("texts of layers")
    texts = [{"instructions": text} for text in layer_texts.instructions(runtime)]
    if network is not None:
        above = layer_texts.levels(network, runtime, options)
        texts = [{**levels, **own} for levels, own in zip(above, texts, strict=True)]
    begin("writing")
    data = {
        "figures": {name: json.loads(figure.to_json() or "{}") for name, figure in drawn.items()},
        "texts": texts,
    }
    return _html(title, _summary(runtime, host_seconds), drawn, figures.labels(rows), data)


def _figures(
    runtime: Runtime, rows: Sequence[Row], tensors: Sequence[Fidelity]
) -> dict[str, Figure]:
    """By the name of their place, in the page's order."""
    config, timings = runtime.program.config, runtime.timings
    timed = timing_row(timings)
    energy = energy_row(runtime)
    spent = {
        name.removesuffix("_microjoules"): amount
        for name, amount in energy.items()
        if name != "microjoules"
    }
    moved = {kind: timed.get(f"{kind}_bytes", 0) for kind in _KINDS}
    found: dict[str, Figure] = {}
    if rows:
        peak = config.batch * config.block_in * config.block_out
        found["layers"] = figures.layers(rows)
        found["timeline"] = figures.timeline(runtime, runtime.host_cycles)
        found["roofline"] = figures.roofline(rows, peak, config.bytes_per_cycle)
        found["energy"] = figures.energy_and_bytes(spent, moved)
    found["network"] = network_figure.network(runtime)
    if tensors:
        known = [{"name": each.name, "db": each.signal_to_noise} for each in tensors]
        found["fidelity"] = figures.fidelity(known)
    return found


def _summary(runtime: Runtime, host_seconds: float | None) -> Row:
    program = runtime.program
    timed = timing_row(runtime.timings)
    hosts = sum(isinstance(step, HostStep) for step in program.steps)
    facts: Row = {
        "core": program.config.name,
        "cycles": timed["cycles"],
        "utilisation": timed["utilisation"],
        "instructions": len(program.instructions),
        "layers": len(program.layers),
        "host_steps": hosts,
        "DRAM_traffic_bytes": timed["dram_bytes"],
        "DRAM_needed_bytes": memory_row(program)["peak_memory"],
        "microjoules": energy_row(runtime)["microjoules"],
    }
    if host_seconds is not None:
        facts["host_seconds"] = host_seconds
    for what, values in (("input", program.inputs), ("output", program.outputs)):
        for value in values:
            shape = "x".join(map(str, value.shape))
            facts[f"{what}_{value.name}"] = f"{value.dtype} {shape}"
    return facts


_TITLES = {
    "layers": ("Layers", "Where the cycles of each go. Choose one to read its text."),
    "timeline": (
        "Timeline",
        "What each module does, what DRAM moves, and which share of each scratchpad is needed "
        "again. Drag to zoom, double-click to see all.",
    ),
    "roofline": ("Roofline", "How near each layer comes to what array and memory allow."),
    "energy": ("Energy and bytes", "By the machine's energy an access."),
    "network": ("Network", "What reads what, and where it runs."),
    "fidelity": ("Signal-to-noise", "Of each tensor, on the first sample."),
}
"""What each figure is called, and a sentence about it."""
_TALL = ("layers", "network", "fidelity")
"""Figures that grow with the network; they scroll by themselves."""


def _html(
    title: str,
    facts: Row,
    drawn: Mapping[str, Figure],
    labels: Sequence[str],
    data: Mapping[str, Any],
) -> str:
    own = files("nopt.tools.report_page")
    js = (own / "page.js").read_text(encoding="utf-8")
    links = {**{name: _TITLES[name][0] for name in drawn}, "text": "Text of a layer"}
    nav = "".join(f'<a href="#{name}-part">{text}</a>' for name, text in links.items())
    summary = "".join(
        f"<div><dt>{escape(name.replace('_', ' '))}</dt>"
        f"<dd>{escape(format_value(name, value))}</dd></div>"
        for name, value in facts.items()
    )
    sections = "".join(
        f'<section id="{name}-part" class="{"tall" if name in _TALL else ""}">'
        f'<h2>{_TITLES[name][0]}</h2><p class="lead">{_TITLES[name][1]}</p>'
        f'<div class="figure"><div id="{name}"></div></div></section>'
        for name in drawn
    )
    options = "".join(
        f'<option value="{number}">{escape(label)}</option>' for number, label in enumerate(labels)
    )
    body = f"""<nav>{nav}</nav>
<section><dl>{summary}</dl></section>
{sections}
<section id="text-part"><h2 id="text">Text of a layer</h2>
<p class="lead">At each level; pointing at a line marks those about the same values.</p>
<label>Layer <select id="layer">{options}</select></label>
<div id="levels"></div></section>"""
    lead = "What the program takes on the modelled core, cycle by cycle."
    return whole_page(title, lead, body, data, js)
