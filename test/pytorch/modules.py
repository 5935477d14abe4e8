# pyright: basic, reportMissingImports=false
"""A hundred small PyTorch modules, each with the shapes of its inputs: layers, functions, blocks.

`export.py` writes what both of PyTorch's exporters make of them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from blocks import (
    Atrous,
    Bottleneck,
    Causal,
    ConvNeXt,
    InvertedResidual,
    Mixer,
    Patches,
    Pyramid,
    Recogniser,
    Residual,
    Rotary,
    Shuffle,
    SpatialPyramid,
    Transformer,
    UNet,
    Windows,
    lenet,
)
from torch import Tensor, nn

Shape = tuple[int, ...]


class Function(nn.Module):
    """A function as a module, with the modules it calls."""

    def __init__(self, function: Callable[..., object], *modules: nn.Module):
        super().__init__()
        self.function = function
        self.modules_ = nn.ModuleList(modules)

    def forward(self, *inputs: Tensor) -> object:
        return self.function(*self.modules_, *inputs)


IMAGE, LINE, ROWS = (1, 16, 13, 11), (1, 16, 37), (2, 7, 24)
Of = Callable[[], nn.Module]


def of(function: Callable[..., object], *modules: nn.Module) -> Of:
    return lambda: Function(function, *modules)


MODULES: dict[str, tuple[Of, list[Shape]]] = {
    # Convolutions.
    "conv": (lambda: nn.Conv2d(16, 24, 3, padding=1), [IMAGE]),
    "conv_1x1": (lambda: nn.Conv2d(16, 7, 1), [IMAGE]),
    "conv_stride": (lambda: nn.Conv2d(3, 16, 7, 2, 3), [(1, 3, 31, 29)]),
    "conv_wide": (lambda: nn.Conv2d(16, 16, (1, 7), padding=(0, 3)), [IMAGE]),
    "conv_same": (lambda: nn.Conv2d(16, 16, 4, padding="same"), [IMAGE]),
    "conv_dilated": (lambda: nn.Conv2d(16, 16, 3, padding=4, dilation=4), [IMAGE]),
    "conv_grouped": (lambda: nn.Conv2d(16, 32, 3, groups=4), [IMAGE]),
    "conv_depthwise": (lambda: nn.Conv2d(16, 16, 5, padding=2, groups=16), [IMAGE]),
    "conv_multiplier": (lambda: nn.Conv2d(16, 32, 3, stride=2, groups=16), [IMAGE]),
    "conv_reflect": (lambda: nn.Conv2d(16, 16, 3, padding=1, padding_mode="reflect"), [IMAGE]),
    "conv_circular": (lambda: nn.Conv2d(16, 16, 3, padding=1, padding_mode="circular"), [IMAGE]),
    "conv_replicate": (lambda: nn.Conv1d(16, 16, 5, padding=2, padding_mode="replicate"), [LINE]),
    "conv_batch": (lambda: nn.Conv2d(5, 9, 3), [(3, 5, 8, 8)]),
    "conv_1d": (lambda: nn.Conv1d(16, 20, 9, stride=2, padding=4), [LINE]),
    "conv_3d": (lambda: nn.Conv3d(3, 8, 3, padding=1), [(1, 3, 5, 8, 7)]),
    "conv_weight_norm": (
        lambda: nn.utils.parametrizations.weight_norm(nn.Conv1d(16, 16, 3)),
        [LINE],
    ),
    "transposed_2x2": (lambda: nn.ConvTranspose2d(16, 8, 2, 2), [IMAGE]),
    "transposed_4x4": (lambda: nn.ConvTranspose2d(16, 8, 4, 2, 1), [IMAGE]),
    "transposed_uneven": (lambda: nn.ConvTranspose2d(16, 8, 3, 2, 1, output_padding=1), [IMAGE]),
    "transposed_1d": (lambda: nn.ConvTranspose1d(16, 8, 8, 4, 2), [LINE]),
    # Pools.
    "max_pool": (lambda: nn.MaxPool2d(3, 2, 1), [IMAGE]),
    "max_pool_ceil": (lambda: nn.MaxPool2d(2, 2, ceil_mode=True), [IMAGE]),
    "max_pool_1d": (lambda: nn.MaxPool1d(3, 2, dilation=2), [LINE]),
    "mean_pool": (lambda: nn.AvgPool2d(3, 2, 1), [IMAGE]),
    "mean_pool_inside": (lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False), [IMAGE]),
    "mean_pool_3d": (lambda: nn.AvgPool3d(2), [(1, 3, 4, 6, 8)]),
    "global_mean": (lambda: nn.AdaptiveAvgPool2d(1), [IMAGE]),
    "adaptive_mean": (lambda: nn.AdaptiveAvgPool2d(3), [(1, 16, 12, 9)]),
    "adaptive_max": (lambda: nn.AdaptiveMaxPool2d((1, 1)), [IMAGE]),
    # Activations.
    "relu6": (nn.ReLU6, [IMAGE]),
    "leaky_relu": (lambda: nn.LeakyReLU(0.1), [IMAGE]),
    "prelu": (lambda: nn.PReLU(16), [IMAGE]),
    "elu": (lambda: nn.ELU(0.7), [IMAGE]),
    "celu": (lambda: nn.CELU(0.7), [IMAGE]),
    "selu": (nn.SELU, [IMAGE]),
    "gelu": (nn.GELU, [IMAGE]),
    "gelu_tanh": (lambda: nn.GELU("tanh"), [IMAGE]),
    "silu": (nn.SiLU, [IMAGE]),
    "mish": (nn.Mish, [IMAGE]),
    "hardswish": (nn.Hardswish, [IMAGE]),
    "hardsigmoid": (nn.Hardsigmoid, [IMAGE]),
    "hardtanh": (lambda: nn.Hardtanh(-0.5, 0.7), [IMAGE]),
    "softplus": (lambda: nn.Softplus(2.0), [IMAGE]),
    "softsign": (nn.Softsign, [IMAGE]),
    "softshrink": (nn.Softshrink, [IMAGE]),
    "hardshrink": (nn.Hardshrink, [IMAGE]),
    "tanhshrink": (nn.Tanhshrink, [IMAGE]),
    "log_sigmoid": (nn.LogSigmoid, [IMAGE]),
    "glu": (lambda: nn.GLU(1), [IMAGE]),
    "softmax": (lambda: nn.Softmax(1), [IMAGE]),
    # Normalization.
    "batch_norm_1d": (lambda: nn.BatchNorm1d(16), [LINE]),
    "layer_norm": (lambda: nn.LayerNorm(24), [ROWS]),
    "layer_norm_image": (lambda: nn.LayerNorm((16, 13, 11)), [IMAGE]),
    "group_norm": (lambda: nn.GroupNorm(4, 16), [IMAGE]),
    "instance_norm": (lambda: nn.InstanceNorm2d(16, affine=True), [IMAGE]),
    "rms_norm": (of(lambda x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)), [ROWS]),
    "local_response_norm": (lambda: nn.LocalResponseNorm(5), [IMAGE]),
    "normalize": (of(lambda x: F.normalize(x, dim=1)), [IMAGE]),
    # Products.
    "linear": (lambda: nn.Linear(24, 10), [ROWS]),
    "linear_thin": (lambda: nn.Linear(24, 1, bias=False), [(1, 24)]),
    "matmul": (of(lambda x, y: x @ y), [(2, 3, 7, 24), (2, 3, 24, 9)]),
    "einsum": (
        of(lambda x, y: torch.einsum("bhqd,bkhd->bhqk", x, y)),
        [(1, 2, 5, 8), (1, 6, 2, 8)],
    ),
    "baddbmm": (of(lambda x, y, z: torch.baddbmm(x, y, z)), [(2, 5, 6), (2, 5, 7), (2, 7, 6)]),
    # Recurrent.
    "rnn": (of(lambda m, x: m(x)[0], nn.RNN(24, 16)), [ROWS]),
    "gru": (of(lambda m, x: m(x)[0], nn.GRU(24, 16, batch_first=True)), [ROWS]),
    "lstm": (of(lambda m, x: m(x), nn.LSTM(24, 16)), [ROWS]),
    "lstm_stack": (
        of(lambda m, x: m(x)[0], nn.LSTM(24, 10, 2, bidirectional=True, batch_first=True)),
        [ROWS],
    ),
    "lstm_cell": (
        of(lambda m, x, h, c: m(x, (h, c)), nn.LSTMCell(24, 16)),
        [(2, 24), (2, 16), (2, 16)],
    ),
    # Attention.
    "attention": (
        of(lambda m, x: m(x, x, x, need_weights=False)[0], nn.MultiheadAttention(24, 4)),
        [ROWS],
    ),
    "attention_weights": (
        of(lambda m, x, y: m(x, y, y), nn.MultiheadAttention(24, 3, batch_first=True)),
        [ROWS, (2, 5, 24)],
    ),
    "attention_rotary": (lambda: Rotary(16, 7), [(2, 7, 16)]),
    "attention_windows": (lambda: Windows(16), [(1, 8, 8, 16)]),
    "encoder_layer": (lambda: Transformer(24), [ROWS]),
    "decoder_layer": (lambda: Transformer(24, crossed=True), [ROWS, (2, 5, 24)]),
    # Shapes and places.
    "pixel_shuffle": (lambda: nn.PixelShuffle(2), [IMAGE]),
    "pixel_unshuffle": (lambda: nn.PixelUnshuffle(2), [(1, 4, 8, 6)]),
    "upsample_nearest": (lambda: nn.Upsample(scale_factor=2), [IMAGE]),
    "upsample_bilinear": (lambda: nn.Upsample((20, 17), mode="bilinear"), [IMAGE]),
    "upsample_corners": (
        lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        [IMAGE],
    ),
    "upsample_bicubic": (lambda: nn.Upsample(scale_factor=2, mode="bicubic"), [(1, 3, 7, 5)]),
    "pad_reflect": (lambda: nn.ReflectionPad2d((1, 2, 3, 0)), [IMAGE]),
    "pad_replicate": (lambda: nn.ReplicationPad2d(2), [IMAGE]),
    "unfold": (lambda: nn.Unfold(3, padding=1, stride=2), [IMAGE]),
    "flip_roll": (of(lambda x: torch.roll(torch.flip(x, (2,)), 3, 3)), [IMAGE]),
    "stack_split": (of(lambda x: torch.stack(x.split((4, 12), 1)[1].chunk(3, 1), 2)), [IMAGE]),
    "masked": (of(lambda x: x.masked_fill(x.abs() > 1, -1e9).amax(1)), [IMAGE]),
    "where": (of(lambda x, y: torch.where(x > y, x * 2, torch.minimum(y, x + 1))), [ROWS, ROWS]),
    "top_k": (of(lambda x: x.topk(3, -1)[0]), [ROWS]),
    "statistics": (of(lambda x: (x.std(1), x.var(2, unbiased=False), x.logsumexp(1))), [IMAGE]),
    "cumsum_tril": (of(lambda x: torch.tril(x.cumsum(1))), [ROWS]),
    "functions": (of(lambda x: torch.rsqrt(x * x + 1) + x.sin() * x.exp() - x.pow(3)), [ROWS]),
    "grid_sample": (
        of(lambda x, g: F.grid_sample(x, g.tanh(), align_corners=False)),
        [(1, 3, 7, 9), (1, 5, 4, 2)],
    ),
    # Blocks and small networks.
    "lenet": (lenet, [(1, 1, 28, 28)]),
    "residual": (lambda: nn.Sequential(Residual(16, 16), Residual(16, 20, 2)), [IMAGE]),
    "inverted_residual": (lambda: InvertedResidual(16), [IMAGE]),
    "c2f": (lambda: Bottleneck(32), [(1, 32, 10, 9)]),
    "sppf": (lambda: SpatialPyramid(32), [(1, 32, 10, 9)]),
    "shuffle_unit": (lambda: Shuffle(32), [(1, 32, 10, 9)]),
    "unet": (UNet, [(1, 3, 16, 18)]),
    "atrous": (Atrous, [IMAGE]),
    "feature_pyramid": (Pyramid, [(1, 3, 16, 24)]),
    "convnext": (lambda: ConvNeXt(16), [IMAGE]),
    "patches": (lambda: Patches(32), [(2, 3, 16, 16)]),
    "mixer": (lambda: Mixer(7, 24), [ROWS]),
    "causal": (lambda: nn.Sequential(Causal(16, 1), Causal(16, 8)), [LINE]),
    "recogniser": (Recogniser, [(1, 1, 8, 32)]),
}
