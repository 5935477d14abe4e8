# pyright: basic, reportMissingImports=false
"""Blocks of known networks, as small PyTorch modules."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv(channels: int, results: int, kernel: int = 3, **options: int) -> nn.Module:
    """A convolution of the same size, batch normalization and ReLU."""
    pad = kernel // 2 * options.get("dilation", 1)
    conv = nn.Conv2d(channels, results, kernel, padding=pad, bias=False, **options)
    return nn.Sequential(conv, nn.BatchNorm2d(results), nn.ReLU())


class Residual(nn.Module):
    def __init__(self, channels: int, results: int, stride: int = 1):
        super().__init__()
        self.body = nn.Sequential(
            conv(channels, results, stride=stride),
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
            conv(half, half, 1),
            nn.Conv2d(half, half, 3, padding=1, groups=half),
            conv(half, half, 1),
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
        self.top, self.low, self.last = conv(3, 16), conv(16, 32), conv(48, 16)

    def forward(self, x: Tensor) -> Tensor:
        top = self.top(x)
        low = self.low(F.max_pool2d(top, 2))
        low = F.interpolate(low, scale_factor=2, mode="bilinear", align_corners=False)
        return self.last(torch.cat([top, low], 1))


class Atrous(nn.Module):
    """DeepLab's head."""

    def __init__(self):
        super().__init__()
        self.each = nn.ModuleList(conv(16, 16, dilation=rate) for rate in (1, 3, 5))
        self.pooled, self.last = nn.Conv2d(16, 16, 1), nn.Conv2d(64, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = F.relu(self.pooled(F.adaptive_avg_pool2d(x, 1)))
        wide = F.interpolate(mean, size=x.shape[2:], mode="nearest")
        return self.last(torch.cat([*(one(x) for one in self.each), wide], 1))


class Pyramid(nn.Module):
    """A feature pyramid of two levels."""

    def __init__(self):
        super().__init__()
        self.stem, self.down = conv(3, 16, stride=2), conv(16, 32, stride=2)
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
        self.convs = nn.Sequential(conv(1, 16), nn.MaxPool2d(2), conv(16, 16), nn.MaxPool2d(2))
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


def lenet() -> nn.Module:
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
