# pyright: basic, reportMissingImports=false
"""A hundred small PyTorch modules, each with the shapes of its inputs: layers, functions, blocks.

`export.py` writes what both of PyTorch's exporters make of them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
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


def _conv(channels: int, results: int, kernel: int = 3, **options: int) -> nn.Module:
    """A convolution of the same size, batch normalization and ReLU."""
    pad = kernel // 2 * options.get("dilation", 1)
    conv = nn.Conv2d(channels, results, kernel, padding=pad, bias=False, **options)
    return nn.Sequential(conv, nn.BatchNorm2d(results), nn.ReLU())


class Residual(nn.Module):
    def __init__(self, channels: int, results: int, stride: int = 1):
        super().__init__()
        self.body = nn.Sequential(
            _conv(channels, results, stride=stride),
            nn.Conv2d(results, results, 3, padding=1, bias=False),
            nn.BatchNorm2d(results),
        )
        same = stride == 1 and channels == results
        self.skip = nn.Identity() if same else nn.Conv2d(channels, results, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.body(x) + self.skip(x))


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, 8, 1), nn.Conv2d(8, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        scale = self.up(F.relu(self.down(x.mean((2, 3), keepdim=True))))
        return x * F.hardsigmoid(scale)


class InvertedResidual(nn.Module):
    """MobileNetV3's block."""

    def __init__(self, channels: int, kernel: int = 5):
        super().__init__()
        wide = 3 * channels
        self.body = nn.Sequential(
            nn.Conv2d(channels, wide, 1),
            nn.Hardswish(),
            nn.Conv2d(wide, wide, kernel, padding=kernel // 2, groups=wide),
            nn.Hardswish(),
            SqueezeExcite(wide),
            nn.Conv2d(wide, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Bottleneck(nn.Module):
    """YOLO's C2f: two of its bottlenecks, each result joined."""

    def __init__(self, channels: int):
        super().__init__()
        half = channels // 2
        self.first = nn.Sequential(nn.Conv2d(channels, channels, 1), nn.SiLU())
        self.each = nn.ModuleList(
            nn.Sequential(nn.Conv2d(half, half, 3, padding=1), nn.SiLU()) for _ in range(2)
        )
        self.last = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        parts = list(self.first(x).chunk(2, 1))
        for one in self.each:
            parts.append(parts[-1] + one(parts[-1]))
        return F.silu(self.last(torch.cat(parts, 1)))


class SpatialPyramid(nn.Module):
    """YOLO's SPPF."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels // 2, 1)
        self.last = nn.Conv2d(2 * channels, channels, 1)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        parts = [F.silu(self.first(x))]
        for _ in range(3):
            parts.append(self.pool(parts[-1]))
        return F.silu(self.last(torch.cat(parts, 1)))


class Shuffle(nn.Module):
    """ShuffleNetV2's unit."""

    def __init__(self, channels: int):
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(
            _conv(half, half, 1),
            nn.Conv2d(half, half, 3, padding=1, groups=half),
            _conv(half, half, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, 1)
        y = torch.cat([a, self.branch(b)], 1)
        n, c, h, w = y.shape
        return y.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class UNet(nn.Module):
    """A U-Net of one level, with bilinear upsampling."""

    def __init__(self):
        super().__init__()
        self.top, self.low, self.last = _conv(3, 16), _conv(16, 32), _conv(48, 16)

    def forward(self, x: Tensor) -> Tensor:
        top = self.top(x)
        low = self.low(F.max_pool2d(top, 2))
        low = F.interpolate(low, scale_factor=2, mode="bilinear", align_corners=False)
        return self.last(torch.cat([top, low], 1))


class Atrous(nn.Module):
    """DeepLab's head."""

    def __init__(self):
        super().__init__()
        self.each = nn.ModuleList(_conv(16, 16, dilation=rate) for rate in (1, 3, 5))
        self.pooled, self.last = nn.Conv2d(16, 16, 1), nn.Conv2d(64, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = F.relu(self.pooled(F.adaptive_avg_pool2d(x, 1)))
        wide = F.interpolate(mean, size=x.shape[2:], mode="nearest")
        return self.last(torch.cat([*(one(x) for one in self.each), wide], 1))


class Pyramid(nn.Module):
    """A feature pyramid of two levels."""

    def __init__(self):
        super().__init__()
        self.stem, self.down = _conv(3, 16, stride=2), _conv(16, 32, stride=2)
        self.side, self.top = nn.Conv2d(16, 16, 1), nn.Conv2d(32, 16, 1)
        self.smooth = nn.Conv2d(16, 16, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.stem(x)
        coarse = self.top(self.down(fine))
        merged = self.side(fine) + F.interpolate(coarse, scale_factor=2.0, mode="nearest")
        return self.smooth(merged), coarse


class ConvNeXt(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.depth = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.up, self.down = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)
        self.scale = nn.Parameter(torch.full((channels,), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depth(x).permute(0, 2, 3, 1))
        y = self.scale * self.down(F.gelu(self.up(y)))
        return x + y.permute(0, 3, 1, 2)


class Patches(nn.Module):
    """A vision transformer's embedding, class token and positions."""

    def __init__(self, width: int):
        super().__init__()
        self.embed = nn.Conv2d(3, width, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.places = nn.Parameter(torch.randn(1, 17, width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.embed(x).flatten(2).transpose(1, 2)
        return torch.cat([self.token.expand(len(x), -1, -1), y], 1) + self.places


class Windows(nn.Module):
    """Swin's attention in shifted windows of 4x4, with a table of relative positions."""

    def __init__(self, width: int, heads: int = 2):
        super().__init__()
        self.heads, self.qkv = heads, nn.Linear(width, 3 * width)
        self.last, self.bias = nn.Linear(width, width), nn.Parameter(torch.randn(heads, 16, 16))

    def forward(self, x: Tensor) -> Tensor:
        n, h, w, c = x.shape
        y = torch.roll(x, (-2, -2), (1, 2))
        y = y.view(n, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)
        q, k, v = self.qkv(y).view(-1, 16, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        scores = (q * (c // self.heads) ** -0.5) @ k.transpose(-2, -1) + self.bias
        y = self.last((scores.softmax(-1) @ v).transpose(1, 2).reshape(-1, 16, c))
        y = y.view(n, h // 4, w // 4, 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
        return torch.roll(y, (2, 2), (1, 2))


class Mixer(nn.Module):
    def __init__(self, tokens: int, width: int):
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.tokens = nn.Sequential(nn.Linear(tokens, 32), nn.GELU(), nn.Linear(32, tokens))
        self.channels = nn.Sequential(nn.Linear(width, 64), nn.GELU(), nn.Linear(64, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.tokens(self.first(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.second(x))


class Causal(nn.Module):
    """WaveNet's gated, dilated, causal layer."""

    def __init__(self, channels: int, dilation: int):
        super().__init__()
        self.pad = dilation
        self.gate = nn.Conv1d(channels, 2 * channels, 2, dilation=dilation)
        self.last = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.gate(F.pad(x, (self.pad, 0))).chunk(2, 1)
        return x + self.last(torch.tanh(a) * torch.sigmoid(b))


class Recogniser(nn.Module):
    """Text lines: convolutions, then a recurrent layer over the columns."""

    def __init__(self):
        super().__init__()
        self.convs = nn.Sequential(_conv(1, 16), nn.MaxPool2d(2), _conv(16, 16), nn.MaxPool2d(2))
        self.rows, self.last = nn.GRU(32, 16, bidirectional=True), nn.Linear(32, 11)

    def forward(self, x: Tensor) -> Tensor:
        y = self.convs(x).flatten(1, 2).permute(2, 0, 1)
        return self.last(self.rows(y)[0]).log_softmax(-1)


class Rotary(nn.Module):
    """Attention with rotary positions and a causal mask."""

    def __init__(self, width: int, tokens: int):
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        angles = torch.outer(torch.arange(tokens), 0.1 ** torch.arange(width // 2).float())
        self.register_buffer("cos", angles.cos().repeat(1, 2))
        self.register_buffer("sin", angles.sin().repeat(1, 2))

    def turn(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, -1)
        return x * self.cos + torch.cat([-b, a], -1) * self.sin

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        q, k, v = (each[:, None] for each in (self.turn(q), self.turn(k), v))
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)[:, 0]


class Transformer(nn.Module):
    """A layer of an encoder, or of a decoder that attends to other tokens, too."""

    def __init__(self, width: int, crossed: bool = False):
        super().__init__()
        heads = [nn.MultiheadAttention(width, 4, batch_first=True) for _ in range(1 + crossed)]
        self.heads = nn.ModuleList(heads)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 + crossed))
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, *others: Tensor) -> Tensor:
        for heads, norm, y in zip(self.heads, self.norms, (x, *others), strict=False):
            x = norm(x + heads(x, y, y, need_weights=False)[0])
        return self.norms[-1](x + self.down(F.relu(self.up(x))))


def _lenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 16),
        nn.Tanh(),
        nn.Linear(16, 10),
    )


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
    "lenet": (_lenet, [(1, 1, 28, 28)]),
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
