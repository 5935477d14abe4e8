"""Real inputs for trained networks: photographs, pages, lines of text, speech, files.

They are of other packages: photographs and pages of scikit-image, speech of moonshine's package (22
words of Beckett's). Lines of text are drawn in Pillow's own font, chords are computed. Each
function gives `count` inputs, no two alike, of the axes and range that its model expects.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Array = np.ndarray[Any, np.dtype[Any]]
Inputs = list[tuple[Array, ...]]
Samples = Callable[[Callable[[str], Path], int], Inputs]
"""Inputs, by what finds an unpacked package's folder, and how many."""

PICTURES = "scikit-image==0.26.0"
SPEECH = "useful-moonshine-onnx==20251121"
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
PLAIN = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
BYTES = (0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255)

PHOTOGRAPHS = "astronaut.png coffee.png chelsea.png rocket.jpg motorcycle_left.png ihc.png"
PAGES = "page.png text.png"
PERSON = "astronaut.png"
"""Files of scikit-image's data."""

_WORDS = """scratchpad tile reduction 2026 micro-op pack halo stage mapping roofline 17.5 nest shape
cycles load store compute weights bias shift window stride Network Tensor MLIR A-4711"""


def _rng() -> np.random.Generator:
    return np.random.default_rng(2026)


def photographs(
    height: int,
    width: int,
    normal: tuple[Sequence[float], Sequence[float]] = PLAIN,
    *,
    of: str = PHOTOGRAPHS,
    channels_last: bool = False,
    reverse: bool = False,
) -> Samples:
    """Cuts of pictures in random places and sizes: [1, 3, height, width] of numbers from 0 to 1,
    less a mean, by a deviation."""

    def make(folder: Callable[[str], Path], count: int) -> Inputs:
        rng, data = _rng(), folder(PICTURES) / "skimage/data"
        names = of.split()
        found: Inputs = []
        for index in range(count):
            image = Image.open(data / names[index % len(names)]).convert("RGB")
            share = rng.uniform(0.6, 1)
            # The largest part of the wanted form, of which a share.
            wide = min(image.width, image.height * width / height) * share
            tall = wide * height / width
            left, top = rng.random(2) * (image.width - wide, image.height - tall)
            cut = image.resize((width, height), box=(left, top, left + wide, top + tall))
            pixels = (np.asarray(cut) / 255 - normal[0]) / normal[1]
            pixels = pixels[..., ::-1] if reverse else pixels
            pixels = pixels if channels_last else pixels.transpose(2, 0, 1)
            found.append((np.ascontiguousarray(pixels[None], np.float32),))
        return found

    return make


def lines(height: int, width: int, channels: int = 3) -> Samples:
    """Words on a line, from -1 to 1: [1, channels, height, width]."""

    def make(folder: Callable[[str], Path], count: int) -> Inputs:
        rng = _rng()
        found: Inputs = []
        for _ in range(count):
            font = ImageFont.load_default(rng.uniform(0.55, 0.75) * height)
            image = Image.new("L", (width, height), int(rng.integers(190, 256)))
            draw = ImageDraw.Draw(image)
            text, room = "", width - 8
            for word in rng.permutation(_WORDS.split()):
                longer = f"{text} {word}".strip()
                if draw.textlength(longer, font) > room:
                    break
                text = longer
            ink = int(rng.integers(0, 90))
            draw.text((4, height / 2), text, ink, font, anchor="lm")
            pixels = np.asarray(image) + rng.normal(0, 4, (height, width))
            pixels = np.clip(pixels, 0, 255) / 127.5 - 1
            found.append((np.repeat(pixels[None, None], channels, 1).astype(np.float32),))
        return found

    return make


def speech(*shape: int, scale: float = 1.0, states: Sequence[Sequence[int]] = ()) -> Samples:
    """Parts of speech at 16 kHz as loud as it is or less, and states of zeros."""

    def make(folder: Callable[[str], Path], count: int) -> Inputs:
        rng, size = _rng(), int(np.prod(shape))
        with wave.open(str(folder(SPEECH) / "moonshine_onnx/assets/beckett.wav")) as file:
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
        sound = np.tile(sound, 1 + size // len(sound))
        zeros = [np.zeros(state, np.float32) for state in states]
        found: Inputs = []
        for _ in range(count):
            start = rng.integers(0, len(sound) - size + 1)
            part = sound[start : start + size] * rng.uniform(0.3, 1) * scale
            part = part + rng.normal(0, 0.003 * scale * rng.random(), size)
            found.append((part.reshape(shape).astype(np.float32), *zeros))
        return found

    return make


def spectra(frames: int, bands: int) -> Samples:
    """Logarithms of speech's power in bands: [1, frames, bands, 1]."""

    def make(folder: Callable[[str], Path], count: int) -> Inputs:
        found: Inputs = []
        for (sound,) in speech(160 * frames + 240)(folder, count):
            cut = np.lib.stride_tricks.sliding_window_view(sound, 400)[::160][:frames]
            power = np.abs(np.fft.rfft(cut * np.hanning(400), 512)) ** 2
            edges = (np.geomspace(1, 16, bands + 1) * 16).astype(int)
            sums = np.add.reduceat(power, edges[:-1], -1) + 1e-6
            found.append(((np.log10(sums)[None, ..., None] + 2).astype(np.float32),))
        return found

    return make


def chords(rate: int, length: int) -> Samples:
    """Notes of a plucked string, some at a time: [1, length, 1]."""

    def make(folder: Callable[[str], Path], count: int) -> Inputs:
        rng, time = _rng(), np.arange(length) / rate
        found: Inputs = []
        for _ in range(count):
            sound = rng.normal(0, 1e-3, length)
            for note in rng.integers(40, 80, 6):
                own = np.maximum(time - rng.uniform(0, time[-1]), 0)
                tone = 440 * 2 ** ((note - 69) / 12) * 2 * np.pi
                overtones = sum(np.sin(tone * k * own) / k**1.5 for k in range(1, 8))
                sound += 0.15 * overtones * np.exp(-3 * own) * (own > 0)
            found.append((sound.reshape(1, length, 1).astype(np.float32),))
        return found

    return make


def files(size: int) -> Samples:
    """Beginnings and ends of files that packages have, 256 where there is nothing: [1, size]."""

    def make(folder: Callable[[str], Path], count: int) -> Inputs:
        kinds: dict[str, list[Path]] = {}
        for path in sorted(folder(PICTURES).rglob("*")):
            if path.is_file() and path.stat().st_size > 64:
                kinds.setdefault(path.suffix, []).append(path)
        order = [path for each in zip(*kinds.values(), strict=False) for path in each]
        order += [path for each in kinds.values() for path in each if path not in order]
        found: Inputs = []
        for path in order[:count]:
            data = np.frombuffer(path.read_bytes().strip(), np.uint8)
            row = np.full(size, 256, np.int32)
            half = min(size // 2, len(data))
            row[:half], row[size - half :] = data[:half], data[len(data) - half :]
            found.append((row[None],))
        return found

    return make
