"""What a network's answers are for, as one number: 1 if integers and floats agree.

Each function takes outputs of the float network and of the other, a list a sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Outputs = Sequence[Sequence[Array]]
_SURE, _SEEN = 0.4, 0.25
"""Scores of boxes."""

Metric = Callable[[Outputs, Outputs], float]


def same_class(wanted: Outputs, found: Outputs) -> float:
    """The share of samples with the same largest score."""
    same = [np.argmax(a[0]) == np.argmax(b[0]) for a, b in zip(wanted, found, strict=True)]
    return float(np.mean(same))


def same_text(wanted: Outputs, found: Outputs) -> float:
    """The share of lines whose text is the same, each character being the likeliest (CTC)."""
    return float(np.mean([_text(a) == _text(b) for a, b in zip(wanted, found, strict=True)]))


def _text(outputs: Sequence[Array]) -> list[int]:
    scores = outputs[0]
    best = scores.argmax(-1).ravel() if scores.ndim == 3 else scores.ravel()
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    return [int(each) for each in best[starts] if each]


def same_scores(wanted: Outputs, found: Outputs) -> float:
    """1 less the mean difference of scores from 0 to 1."""
    pairs = zip(wanted, found, strict=True)
    return 1 - float(np.mean([np.abs(a[0] - b[0]).mean() for a, b in pairs]))


def opinion(wanted: Outputs, found: Outputs) -> float:
    """1 less the mean difference of opinion scores, which are from 1 to 5."""
    return 1 - (1 - same_scores(wanted, found)) / 4


def cosine(wanted: Outputs, found: Outputs) -> float:
    """The mean cosine of embeddings."""
    pairs = [(a[0].ravel(), b[0].ravel()) for a, b in zip(wanted, found, strict=True)]
    return float(np.mean([a @ b / np.sqrt((a @ a) * (b @ b)) for a, b in pairs]))


def overlap(threshold: float, output: int = 0) -> Metric:
    """The intersection of what is above a threshold over its union, of all samples together."""

    def metric(wanted: Outputs, found: Outputs) -> float:
        a = np.concatenate([each[output].ravel() > threshold for each in wanted])
        b = np.concatenate([each[output].ravel() > threshold for each in found])
        return float((a & b).sum() / max((a | b).sum(), 1))

    return metric


def boxes(decode: Callable[[Array], tuple[Array, Array]]) -> Metric:
    """The mean intersection over union of the boxes that one detector is sure of with the best of
    its class that the other one sees; 0 for a box that it does not see."""

    def metric(wanted: Outputs, found: Outputs) -> float:
        values: list[float] = []
        for a, b in zip(wanted, found, strict=True):
            one, other = decode(a[0]), decode(b[0])
            for mine, yours in ((one, other), (other, one)):
                sure, kinds = _detect(*mine, _SURE)
                seen, theirs = _detect(*yours, _SEEN)
                overlaps = _overlaps(sure, seen) * (kinds[:, None] == theirs)
                values += overlaps.max(1, initial=0).tolist()
        return float(np.mean(values)) if values else 1.0

    return metric


def _detect(places: Array, scores: Array, least: float) -> tuple[Array, Array]:
    """Boxes and classes that are left of [n, 4] centres and sizes and [n, classes] scores."""
    best, kinds = scores.max(-1), scores.argmax(-1)
    order = np.argsort(-best, kind="stable")
    order = order[best[order] > least][:200]
    corners = np.concatenate(
        [places[:, :2] - places[:, 2:] / 2, places[:, :2] + places[:, 2:] / 2], 1
    )
    kept: list[int] = []
    for index in order:
        same = [each for each in kept if kinds[each] == kinds[index]]
        if not same or _overlaps(corners[[index]], corners[same]).max() < 0.45:
            kept.append(int(index))
    return corners[kept], kinds[kept].copy()


def _overlaps(a: Array, b: Array) -> Array:
    """Intersection over union of each of [n, 4] with each of [m, 4] corners."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.maximum(high - low, 0).prod(-1)
    sizes = [(each[:, 2:] - each[:, :2]).prod(-1) for each in (a, b)]
    return common / np.maximum(sizes[0][:, None] + sizes[1] - common, 1e-9)


def yolo(output: Array) -> tuple[Array, Array]:
    """YOLOv8's [1, 4 + classes, n]."""
    return output[0, :4].T, output[0, 4:].T


def yolox(output: Array, size: int = 416) -> tuple[Array, Array]:
    """YOLOX's [1, n, 5 + classes], in cells of grids of strides 8, 16 and 32."""
    cells, strides = [], []
    for stride in (8, 16, 32):
        count = size // stride
        rows, columns = np.divmod(np.arange(count * count), count)
        cells.append(np.stack([columns, rows], 1))
        strides.append(np.full((count * count, 1), stride))
    stride, rows = np.concatenate(strides), output[0]
    centres = (rows[:, :2] + np.concatenate(cells)) * stride
    places = np.concatenate([centres, np.exp(rows[:, 2:4]) * stride], 1)
    return places, rows[:, 5:] * rows[:, 4:5]
