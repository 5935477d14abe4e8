"""Train and quantize the digits network: `python examples/digits/train.py` (needs `nopt[digits]`).

Writes, beside this file, digits.mlir (the int8 network in the `graph` dialect), images.npy (the
held-out images, int8 [360, 1, 8, 8]) and labels.npy (int8 [360]). Everything is seeded; another
build of BLAS sums in another order, and so gives other weights, about as good.

The network: two 3x3 convolutions (1 to 16 to 32 channels), each with bias, ReLU and 2x2 max
pooling, then a dense layer to 10 logits. Every scale is a power of two, so that requantization is a
rounding shift: an integer q with k fraction bits stands for q / 2^k.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits
from xdsl.builder import ImplicitBuilder
from xdsl.dialects.builtin import Builtin, FunctionType, ModuleOp, i8
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.printer import Printer

from nopt.dialects.constants import Array, attribute_of, tensor_type
from nopt.dialects.graph import (
    AddOp,
    ConstantOp,
    Conv2dOp,
    GraphOp,
    MatmulOp,
    MaxPoolOp,
    ReluOp,
    RequantizeOp,
    ReshapeOp,
)
from nopt.dialects.interpreters.run import run_function

HERE = Path(__file__).parent
HELD_OUT = 360
EPOCHS = 150
BATCH = 32
BORDER = ((0, 0), (0, 0), (1, 1), (1, 1))
PADS = (1, 1, 1, 1)
IMAGE_BITS = 6
"""Fraction bits of the input: a pixel of 0 to 16 sixteenths becomes 0 to 64."""


# The network in floats: w1 b1 (conv), w2 b2 (conv), w3 b3 (dense).


def initial_weights(rng: np.random.Generator) -> dict[str, Array]:
    """He-initialised weights and zero biases."""
    shapes = {"1": (16, 1, 3, 3), "2": (32, 16, 3, 3), "3": (10, 128)}
    weights: dict[str, Array] = {}
    for layer, shape in shapes.items():
        fan_in = np.prod(shape[1:])
        weights["w" + layer] = rng.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)
        weights["b" + layer] = np.zeros(shape[0], np.float32)
    return weights


def patches(x: Array) -> Array:
    """The zero-padded 3x3 surroundings of every pixel: [N, C, H, W] as [N * H * W, C * 9]."""
    windows = sliding_window_view(np.pad(x, BORDER), (3, 3), axis=(2, 3))
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * 9)


def conv(x: Array, w: Array) -> Array:
    """3x3 convolution with padding 1."""
    n, _, height, width = x.shape
    y = patches(x) @ w.reshape(len(w), -1).T
    return y.reshape(n, height, width, len(w)).transpose(0, 3, 1, 2)


def conv_gradients(x: Array, w: Array, dy: Array) -> tuple[Array, Array]:
    """Gradients of `conv` by x and by w."""
    by_weight = dy.transpose(1, 0, 2, 3).reshape(len(w), -1) @ patches(x)
    return conv(dy, w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)), by_weight.reshape(w.shape)


def pool(x: Array) -> Array:
    """2x2 max pooling."""
    n, c, height, width = x.shape
    return x.reshape(n, c, height // 2, 2, width // 2, 2).max(axis=(3, 5))


def pool_gradient(x: Array, y: Array, dy: Array) -> Array:
    """Gradient of `pool` by x: to the largest element, shared by equal ones."""
    largest = x == y.repeat(2, axis=2).repeat(2, axis=3)
    return largest * dy.repeat(2, axis=2).repeat(2, axis=3)


def forward(weights: dict[str, Array], x: Array) -> dict[str, Array]:
    """Every value on the way to the "logits": after ReLU "a1", "a2"; after pooling "p1", "p2"."""
    a1 = np.maximum(conv(x, weights["w1"]) + weights["b1"][:, None, None], 0)
    p1 = pool(a1)
    a2 = np.maximum(conv(p1, weights["w2"]) + weights["b2"][:, None, None], 0)
    p2 = pool(a2)
    logits = p2.reshape(len(x), -1) @ weights["w3"].T + weights["b3"]
    return {"x": x, "a1": a1, "p1": p1, "a2": a2, "p2": p2, "logits": logits}


def gradients(weights: dict[str, Array], x: Array, labels: Array) -> dict[str, Array]:
    """Gradients of the mean cross-entropy."""
    values = forward(weights, x)
    odds = np.exp(values["logits"] - values["logits"].max(axis=1, keepdims=True))
    dlogits = odds / odds.sum(axis=1, keepdims=True)
    dlogits[np.arange(len(x)), labels] -= 1
    dlogits /= len(x)
    found = {"w3": dlogits.T @ values["p2"].reshape(len(x), -1), "b3": dlogits.sum(axis=0)}
    dy = (dlogits @ weights["w3"]).reshape(values["p2"].shape)
    for layer, source in (("2", "p1"), ("1", "x")):
        a, p = values["a" + layer], values["p" + layer]
        dy = pool_gradient(a, p, dy) * (a > 0)
        found["b" + layer] = dy.sum(axis=(0, 2, 3))
        dy, found["w" + layer] = conv_gradients(values[source], weights["w" + layer], dy)
    return found


def train(x: Array, labels: Array) -> dict[str, Array]:
    """Adam on batches shifted by up to one pixel, the step size falling along a cosine."""
    rng = np.random.default_rng(0)
    weights = initial_weights(rng)
    means = {name: np.zeros_like(value) for name, value in weights.items()}
    squares = {name: np.zeros_like(value) for name, value in weights.items()}
    padded = np.pad(x, BORDER)
    order: list[Array] = []
    steps = EPOCHS * (len(x) // BATCH)
    for step in range(steps):
        if not order:
            order = np.split(rng.permutation(len(x))[: steps // EPOCHS * BATCH], steps // EPOCHS)
        batch = order.pop()
        top, left = rng.integers(0, 3, 2)
        shifted = padded[batch, :, top : top + 8, left : left + 8]
        rate = 2e-3 * (1 + np.cos(np.pi * step / steps)) / 2
        for name, gradient in gradients(weights, shifted, labels[batch]).items():
            means[name] += 0.1 * (gradient - means[name])
            squares[name] += 0.001 * (gradient**2 - squares[name])
            mean = means[name] / (1 - 0.9 ** (step + 1))
            square = squares[name] / (1 - 0.999 ** (step + 1))
            weights[name] -= rate * (mean / (np.sqrt(square) + 1e-8) + 1e-3 * weights[name])
    return weights


# The network in integers.


def fraction_bits(values: Array) -> int:
    """The most fraction bits with which all values fit in int8."""
    return int(np.floor(np.log2(127 / np.abs(values).max())))


def quantize(values: Array, bits: int, dtype: type) -> Array:
    """The nearest integers for `bits` fraction bits."""
    limits = np.iinfo(dtype)
    return np.clip(np.floor(values * 2.0**bits + 0.5), limits.min, limits.max).astype(dtype)


@dataclass
class Layer:
    """A convolution or dense layer in integers, and the fraction bits its result has."""

    weight: Array
    bias: Array
    shift: int
    result_bits: int


def quantize_layer(w: Array, b: Array, result: Array, bits: int) -> Layer:
    """A layer whose input has `bits` fraction bits, and whose result should hold `result`."""
    weight_bits, result_bits = fraction_bits(w), fraction_bits(result)
    sum_bits = bits + weight_bits
    return Layer(
        quantize(w, weight_bits, np.int8),
        quantize(b, sum_bits, np.int32),
        sum_bits - result_bits,
        result_bits,
    )


def named(op: GraphOp | ConstantOp, name: str) -> SSAValue:
    """The op's result, with a name for the printed text."""
    op.result.name_hint = name
    return op.result


def build(weights: dict[str, Array], x: Array) -> ModuleOp:
    """The network in integers as function @main; the images `x` show how large values get."""
    values = forward(weights, x)
    image = tensor_type((1, *x.shape[1:]), np.dtype(np.int8))
    block = Block(arg_types=[image])
    block.args[0].name_hint = "image"

    def constant(array: Array, name: str) -> SSAValue:
        return named(ConstantOp(attribute_of(array, name)), name)

    with ImplicitBuilder(block):
        value, bits = block.args[0], IMAGE_BITS
        for i in "12":
            layer = quantize_layer(weights["w" + i], weights["b" + i], values["a" + i], bits)
            weight, bias = layer.weight, layer.bias.reshape(-1, 1, 1)
            y = named(Conv2dOp(value, constant(weight, "weight" + i), pads=PADS), "conv" + i)
            y = named(AddOp(y, constant(bias, "bias" + i)), "sum" + i)
            y = named(ReluOp(y), "relu" + i)
            y = named(RequantizeOp(y, i8, layer.shift), "requantized" + i)
            value = named(MaxPoolOp(y, (2, 2), strides=(2, 2)), "pool" + i)
            bits = layer.result_bits
        layer = quantize_layer(weights["w3"], weights["b3"], values["logits"], bits)
        flat = named(ReshapeOp(value, (1, layer.weight.shape[1])), "flat")
        weight = constant(layer.weight, "weight3")
        y = named(MatmulOp(flat, weight, transpose_b=True), "dense")
        y = named(AddOp(y, constant(layer.bias, "bias3")), "sum3")
        logits = named(RequantizeOp(y, i8, layer.shift), "logits")
        ReturnOp(logits)
    type = FunctionType.from_lists([image], [logits.type])
    module = ModuleOp([FuncOp("main", type, Region(block))])
    module.verify()
    return module


def accuracy(module: ModuleOp, images: Array, labels: Array) -> float:
    """The fraction of quantized images whose largest logit is the label's."""
    logits = [run_function(module, "main", [image[None]])[0] for image in images]
    return float((np.concatenate(logits).argmax(axis=1) == labels).mean())


def main() -> None:
    """Train, quantize, write the three files, and say how good the network is."""
    pixels, labels = load_digits(return_X_y=True)
    x = (pixels.reshape(-1, 1, 8, 8) / 16).astype(np.float32)
    labels = labels.astype(np.int8)
    order = np.random.default_rng(0).permutation(len(x))
    held_out, rest = order[:HELD_OUT], order[HELD_OUT:]

    with threadpool_limits(limits=1):  # more threads would sum in another order
        weights = train(x[rest], labels[rest])
    module = build(weights, x[rest])
    images = quantize(x[held_out], IMAGE_BITS, np.int8)
    with (HERE / "digits.mlir").open("w") as file:
        printer = Printer(file)
        printer.print_op(module)
        printer.print_metadata([Builtin])
    np.save(HERE / "images.npy", images)
    np.save(HERE / "labels.npy", labels[held_out])

    floats = forward(weights, x[held_out])["logits"].argmax(axis=1) == labels[held_out]
    print(f"held-out accuracy: {floats.mean():.2%} in floats, ", end="")
    print(f"{accuracy(module, images, labels[held_out]):.2%} in integers")


if __name__ == "__main__":
    main()
