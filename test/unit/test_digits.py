"""The committed digits network, in integers, on the committed held-out images."""

from pathlib import Path

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin
from xdsl.dialects.func import Func

from nopt.dialects.graph import Graph
from nopt.dialects.interpreters.run import run_function
from nopt.dialects.parsing import parse_file

DIGITS = Path(__file__).parents[2] / "examples" / "digits"


def test_held_out_accuracy():
    context = Context()
    for dialect in (Builtin, Func, Graph):
        context.load_dialect(dialect)
    module = parse_file(context, DIGITS / "digits.mlir")
    module.verify()
    images, labels = np.load(DIGITS / "images.npy"), np.load(DIGITS / "labels.npy")
    assert images.dtype == np.int8 and images.shape == (360, 1, 8, 8)
    assert labels.shape == (360,)
    logits = [run_function(module, "main", [image[None]])[0] for image in images]
    assert all(row.dtype == np.int8 and row.shape == (1, 10) for row in logits)
    assert (np.concatenate(logits).argmax(axis=1) == labels).mean() >= 0.97
