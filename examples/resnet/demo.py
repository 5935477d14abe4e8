"""A trained CNN on the core: imported from ONNX, quantized, compiled, and asked 1000 digits.

    python examples/resnet/demo.py [--on-core 50] [-o resnet.vta]

The float network is run by onnxruntime, the quantized one by the graph interpreter on all held-out
images and by the modeled core on some, where every bit must agree.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from images import calibration, held_out
from onnxruntime import InferenceSession
from rich.console import Console
from rich.progress import track

from nopt.dialects.interpreters.run import run_function
from nopt.tools.compiling import compile_program, run_pipeline
from nopt.tools.importer import import_model
from nopt.tools.report import print_facts
from nopt.tools.runtime import Runtime

MODEL = Path(__file__).parent / "resnet.onnx"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--on-core", type=int, default=50, help="images that the core runs, too")
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")
    parser.add_argument("-o", "--output", help="write the program file there")
    arguments = parser.parse_args()
    images, labels = held_out()
    images = images[:, np.newaxis]

    start = time.perf_counter()
    module = import_model(MODEL).module
    with tempfile.TemporaryDirectory() as folder:
        chosen = Path(folder) / "calibration.npz"
        np.savez(chosen, image=calibration())
        run_pipeline(module, f'graph-quantize{{calibration="{chosen}"}}')
    quantized = module.clone()
    program = compile_program(module)
    compiled = time.perf_counter()
    if arguments.output:
        program.save(arguments.output)

    session = InferenceSession(MODEL)
    floats = np.concatenate([session.run(None, {"image": image})[0] for image in images])
    shown = track(images, "interpreting", console=Console(stderr=True), transient=True)
    integers = np.concatenate([run_function(quantized, "main", [image])[0] for image in shown])
    runtime = Runtime(program)
    some = images[:: max(len(images) // arguments.on_core, 1)][: arguments.on_core]
    on_core = np.concatenate([runtime.run([image]).outputs[0] for image in some])
    expected = integers[:: max(len(images) // arguments.on_core, 1)][: arguments.on_core]

    facts = {
        "held-out images": len(images),
        "accuracy in floats": float((floats.argmax(axis=1) == labels).mean()),
        "accuracy in integers": float((integers.argmax(axis=1) == labels).mean()),
        "same label in both": int((floats.argmax(axis=1) == integers.argmax(axis=1)).sum()),
        "images on the core": len(some),
        "same bits as the graph interpreter": int((on_core == expected).all(axis=1).sum()),
        "cycles an image": runtime.cycles,
        "host steps": sum(1 for step in program.steps if hasattr(step, "function")),
        "import, quantize and compile seconds": compiled - start,
    }
    if arguments.json:
        print(json.dumps(facts, indent=2))
    else:
        print_facts("a CNN of ResNet form on the modeled core", facts)


if __name__ == "__main__":
    main()
