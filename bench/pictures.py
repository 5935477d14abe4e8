"""One HTML page with the timeline of each run and the roofline of all: text and SVG, no scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import log2

import numpy as np

from nopt.hw.isa.encoding import Module
from nopt.hw.timing.program_timing import Timing


@dataclass(frozen=True)
class Run:
    """A named timing of a core step, and its layers: the name of each, its first instruction."""

    name: str
    timing: Timing
    layers: Sequence[tuple[str, int]]


_WIDTH = 1000
_LANE = 18
_SLICES = 500
"""Columns of a timeline; each is as dark as its module is busy in it."""
_COLORS = {Module.LOAD: "#3572b0", Module.COMPUTE: "#2f8f4e", Module.STORE: "#b0632f"}
_STYLE = """
body { font: 14px sans-serif; max-width: 1100px; margin: 2em auto; color: #222; }
svg { display: block; margin: 0.3em 0 1.2em; } text { font: 11px sans-serif; fill: #444; }
"""


def page(runs: Sequence[Run]) -> str:
    """The page."""
    timelines = "\n".join(
        f"<h3>{escape(run.name)}: {run.timing.cycles:,} cycles</h3>\n{_timeline(run)}"
        for run in runs
    )
    return (
        f"<!doctype html>\n<meta charset='utf-8'>\n<title>Schedules</title>\n"
        f"<style>{_STYLE}</style>\n<h1>Schedules</h1>\n<h2>Roofline</h2>\n{_roofline(runs)}\n"
        f"<h2>Timelines</h2>\n<p>How busy load, compute and store are, from left to right. Lines "
        "are where another layer begins to compute; pointed at, a layer says its name.</p>\n"
        f"{timelines}\n"
    )


def _timeline(run: Run) -> str:
    """One lane a module, in slices that are as dark as the module is busy; layers apart."""
    timing, parts = run.timing, list[str]()
    for lane, module in enumerate(Module):
        busy = _busy(timing, module)
        y = lane * _LANE
        name = module.name.lower()
        parts.append(f"<text x='0' y='{y + 13}'>{name}</text>")
        step = (_WIDTH - 72) / _SLICES
        # Equal neighbours are one rectangle: most of a run is steady.
        edges = [0, *(np.flatnonzero(np.diff(busy)) + 1).tolist(), _SLICES]
        for begin, end in pairwise(edges):
            if busy[begin]:
                x, width = 72 + begin * step, (end - begin) * step
                parts.append(
                    f"<rect x='{x:.1f}' y='{y + 1}' width='{width:.1f}' height='{_LANE - 3}' "
                    f"fill='{_COLORS[module]}' opacity='{busy[begin] / 10}'/>"
                )
    parts += _layers(run)
    return f"<svg width='{_WIDTH}' height='{3 * _LANE}'>{''.join(parts)}</svg>"


def _layers(run: Run) -> list[str]:
    """A line where each layer but the first begins, its name over all of it."""
    timing = run.timing
    compute = np.flatnonzero(timing.module == Module.COMPUTE)
    firsts = np.searchsorted(compute, [first for _, first in run.layers])
    begins = [0, *timing.begin[compute[firsts[1:]]].tolist(), timing.cycles]
    scale = (_WIDTH - 72) / max(timing.cycles, 1)
    parts: list[str] = []
    for (name, _), (begin, end) in zip(run.layers, pairwise(begins), strict=True):
        x, width = 72 + begin * scale, (end - begin) * scale
        label = f"{escape(name)}: {end - begin:,} cycles from {begin:,}"
        parts.append(
            f"<rect x='{x:.1f}' y='0' width='{width:.1f}' height='{3 * _LANE}' "
            f"fill='transparent'><title>{label}</title></rect>"
        )
        if begin:
            parts.append(
                f"<line x1='{x:.1f}' x2='{x:.1f}' y1='0' y2='{3 * _LANE}' stroke='#222' "
                "stroke-width='0.5'/>"
            )
    return parts


def _busy(timing: Timing, module: Module) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Tenths of each slice in which the module executes."""
    rows = timing.module == module
    begin, end = timing.begin[rows], timing.end[rows]
    # Cycles executed up to each edge: whole instructions before, and a part of the one there.
    edges = np.linspace(0, timing.end.max(initial=1), _SLICES + 1)
    done = np.concatenate([[0], np.cumsum(end - begin)])
    before = np.searchsorted(end, edges, side="right")
    inside = np.zeros(len(edges))
    running = before < len(begin)
    inside[running] = np.maximum(edges[running] - begin[before[running]], 0)
    share = np.diff(done[before] + inside) / np.diff(edges)
    return np.ceil(np.clip(share, 0, 1) * 10 - 0.05).astype(np.int64)


def _roofline(runs: Sequence[Run]) -> str:
    """Multiply-accumulates a cycle over those a byte, logarithmic, under the machine's roof."""
    lines = [run.timing.roofline for run in runs]
    peak, bandwidth = lines[0].peak, lines[0].bandwidth
    left = min(-1.0, *(log2(max(line.intensity, 0.01)) for line in lines))
    right = max(log2(peak / bandwidth) + 3, *(log2(max(line.intensity, 0.01)) for line in lines))
    low, high = log2(peak) - 8, log2(peak) + 0.5
    width, height = 640, 320

    def x(value: float) -> float:
        return 50 + (value - left) / (right - left) * (width - 70)

    def y(value: float) -> float:
        return height - 30 - (max(value, low) - low) / (high - low) * (height - 50)

    ridge, top = log2(peak / bandwidth), log2(peak)
    roof = [(left, left + log2(bandwidth)), (ridge, top), (right, top)]
    path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in roof)
    parts = [f"<polyline points='{path}' fill='none' stroke='#888' stroke-width='2'/>"]
    for run, line in zip(runs, lines, strict=True):
        at = x(log2(max(line.intensity, 0.01))), y(log2(max(line.achieved, 0.01)))
        parts.append(
            f"<circle cx='{at[0]:.1f}' cy='{at[1]:.1f}' r='4' fill='#2f8f4e'>"
            f"<title>{escape(run.name)}: {line.achieved:.0f} of {line.attainable:.0f}</title>"
            "</circle>"
        )
    parts.append(f"<text x='50' y='{height - 8}'>multiply-accumulates per byte (log)</text>")
    parts.append(f"<text x='50' y='14'>multiply-accumulates per cycle (log), peak {peak}</text>")
    return f"<svg width='{width}' height='{height}'>{''.join(parts)}</svg>"
