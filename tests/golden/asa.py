"""ASA: a ViT over 8^3 patches with symmetric position encoding and 1-D windowed attention, and its UNETR decoder.

Written from its definition; attribute names are the checkpoint keys. The UNETR blocks are MONAI's.
"""

import torch
from monai.networks.blocks import UnetrBasicBlock, UnetrPrUpBlock, UnetrUpBlock
from monai.networks.blocks.dynunet_block import UnetOutBlock, UnetResBlock, get_conv_layer
from torch import nn
from torch.nn.functional import gelu, pad

PATCH = 8


def _interleaved(position: torch.Tensor, width: int, temperature: float) -> torch.Tensor:
    """sin at even, cos at odd channels of `position / temperature^(2i / width)`."""
    i = torch.arange(width // 2, dtype=torch.float64)
    angle = position.double().reshape(-1, 1) / temperature ** (2 * i / width)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)


def _folded_1d(grid, width, half):
    """1-D symmetric encoding: rows of `2 * half` tokens, second half of each row mirrored."""
    n = grid[0] * grid[1] * grid[2]
    row, column = torch.arange(n) // (2 * half), torch.arange(n) % (2 * half)
    return _interleaved(half * row + torch.minimum(column, 2 * half - 1 - column), width, 1e5)


def _swapped_1d(grid, width, fold):
    """Position h0^2 h + w0 w + s, laid out with h fastest although tokens have s fastest."""
    (h, w, s), hh = grid, grid[0] ** 2
    i, j, k = torch.meshgrid(torch.arange(h), torch.arange(w), torch.arange(s), indexing="ij")
    k = s / 2 - (s / 2 - k).abs() if fold else k
    return _interleaved((hh * i + w * j + k).permute(1, 2, 0), width, 1e4)


def _separable_3d(axes, width, temperature):
    """`axes` = coordinates of h, w, s; rows have w slowest, then h, then s; channels sin, cos of s, of w, of h."""
    h, w, s = axes
    w, h, s = torch.meshgrid(w, h, s, indexing="ij")
    omega = temperature ** -(torch.arange(width // 6, dtype=torch.float64) / (width // 6))
    angles = [c.double().reshape(-1, 1) * omega for c in (s, w, h)]
    return torch.cat([f(a) for a in angles for f in (torch.sin, torch.cos)], 1)


def _folded_axis(n):
    k = torch.arange(n)
    return torch.minimum(k, n - 1 - k)


def position_encoding(variant: str, grid, width: int) -> torch.Tensor:
    """`[tokens, width]`, float64. Variants are named in README.md."""
    h, w, s = (torch.arange(n) for n in grid)
    match variant:
        case "plain_1d":
            return _interleaved(torch.arange(len(h) * len(w) * len(s)), width, 1e4)
        case "symmetric_1d":
            return _folded_1d(grid, width, grid[2] // 2)
        case "symmetric_1d_pretraining":
            return _folded_1d(grid, width, grid[2] * PATCH // 2)
        case "plain_3d":
            return _separable_3d((h, w, s), width, 1e4)
        case "symmetric_3d":
            return _separable_3d((h, w, _folded_axis(grid[2])), width, 1e4)
        case "symmetric_3d_pretraining":
            return _separable_3d((h, _folded_axis(grid[1]), s), width, 1e5)
        case "hws_1d":
            return _swapped_1d(grid, width, fold=False)
        case "hws_symmetric_1d":
            return _swapped_1d(grid, width, fold=True)
    raise ValueError(variant)


def shift_mask(tokens: int, window: int, repeats: int) -> torch.Tensor:
    """`[windows, window, window]`: -100 between the two regions of a last window, the pattern tiled `repeats` times.

    Fine-tuned checkpoints tile the mask of the shorter pretraining sequence, so inner windows carry a wrap-around mask too.
    """
    windows = -(-tokens // window)
    mask = torch.zeros(windows // repeats, window, window)
    late = torch.arange(window) >= window - window // 2
    mask[-1][late[:, None] != late[None, :]] = -100.0
    return mask.repeat(repeats, 1, 1)


POSITIONS = [
    "plain_1d",
    "symmetric_1d",
    "symmetric_1d_pretraining",
    "plain_3d",
    "symmetric_3d",
    "symmetric_3d_pretraining",
    "hws_1d",
    "hws_symmetric_1d",
]


class Positions(nn.Module):
    """Every position encoding as a stage `[tokens, hidden_size]`; no input, no parameters."""

    def __init__(self, config: dict):
        super().__init__()
        self.config = config

    def forward(self):
        return {v: position_encoding(v, self.config["grid"], self.config["hidden_size"]) for v in POSITIONS}


class WindowAttention(nn.Module):
    def __init__(self, width: int, heads: int, window: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out_proj = nn.Linear(width, width)
        self.relative_position_bias_table = nn.Parameter(torch.empty(2 * window - 1, heads))
        place = torch.arange(window)
        self.register_buffer("relative_position_index", place[:, None] - place[None, :] + window - 1)

    def forward(self, windows, mask):
        """`[B * windows, window, width]`; the scores go through softmax twice."""
        count, length, width = windows.shape
        q, k, v = self.qkv(windows).reshape(count, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = torch.softmax(q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5, -1)
        scores = scores + self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)
        if mask is not None:
            scores = scores + mask.repeat(count // len(mask), 1, 1)[:, None]
        mixed = torch.softmax(scores, -1) @ v
        return self.out_proj(mixed.transpose(1, 2).reshape(count, length, width))


class Mlp(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.linear1 = nn.Linear(width, 4 * width)
        self.linear2 = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.linear2(gelu(self.linear1(x)))


class Block(nn.Module):
    def __init__(self, config: dict, tokens: int, shifted: bool):
        super().__init__()
        width, self.window = config["hidden_size"], config["window"]
        self.shift = self.window // 2 if shifted else 0
        self.padding = -tokens % self.window
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = WindowAttention(width, config["num_heads"], self.window)
        self.mlp = Mlp(width)
        mask = shift_mask(tokens, self.window, config["mask_repeats"]) if shifted else None
        self.register_buffer("attn_mask", mask)

    def attend(self, x):
        batch, tokens, width = x.shape
        x = pad(self.norm1(x), (0, 0, 0, self.padding)).roll(-self.shift, 1)
        x = self.attn(x.reshape(-1, self.window, width), self.attn_mask)
        return x.reshape(batch, -1, width).roll(self.shift, 1)[:, :tokens]

    def forward(self, x):
        x = x + self.attend(x)
        return x + self.mlp(self.norm2(x))


class PatchEmbedding(nn.Module):
    """Patch vector order (p1, p2, p3, c), channel fastest; tokens row-major."""

    def __init__(self, config: dict, grid):
        super().__init__()
        width = config["hidden_size"]
        self.patch_embeddings = nn.Sequential(nn.Identity(), nn.Linear(config["in_channels"] * PATCH**3, width))
        self.encoding = position_encoding(config["position"], grid, width)

    def forward(self, x):
        b, c, d, h, w = x.shape
        x = x.reshape(b, c, d // PATCH, PATCH, h // PATCH, PATCH, w // PATCH, PATCH)
        x = x.permute(0, 2, 4, 6, 3, 5, 7, 1).reshape(b, -1, c * PATCH**3)
        return self.patch_embeddings(x) + self.encoding.to(x.dtype)


class Vit(nn.Module):
    def __init__(self, config: dict, grid):
        super().__init__()
        tokens = grid[0] * grid[1] * grid[2]
        self.patch_embedding = PatchEmbedding(config, grid)
        self.blocks = nn.ModuleList(Block(config, tokens, i % 2 == 1) for i in range(config["layers"]))
        self.norm = nn.LayerNorm(config["hidden_size"])

    def forward(self, x):
        states = [self.patch_embedding(x)]
        for block in self.blocks:
            states.append(block(states[-1]))
        return states, self.norm(states[-1])


class Encoder(nn.Module):
    """Stages: `embedding`, `block0`.., `norm`, all `[B, tokens, hidden_size]`."""

    def __init__(self, config: dict):
        super().__init__()
        self.vit = Vit(config, config["grid"])

    def forward(self, x):
        states, final = self.vit(x)
        return {"embedding": states[0], **{f"block{i}": s for i, s in enumerate(states[1:])}, "norm": final}


class Down(nn.Module):
    """Stride-2 convolution, then `further` times a stride-2 convolution and a residual block."""

    def __init__(self, before: int, after: int, further: int):
        super().__init__()
        self.down_conv_init = self._halve(before, after)
        self.blocks = nn.ModuleList(
            nn.Sequential(self._halve(after, after), UnetResBlock(3, after, after, 3, 1, "instance")) for _ in range(further)
        )

    @staticmethod
    def _halve(before, after):
        return get_conv_layer(3, before, after, kernel_size=2, stride=2, conv_only=True)

    def forward(self, x):
        x = self.down_conv_init(x)
        for block in self.blocks:
            x = block(x)
        return x


def _basic(before, after):
    return UnetrBasicBlock(3, before, after, 3, 1, "instance", res_block=True)


def _rise(before, after, further):
    return UnetrPrUpBlock(3, before, after, further, 3, 1, 2, "instance", conv_block=True, res_block=True)


def _up(before, after):
    return UnetrUpBlock(3, before, after, 3, 2, "instance", res_block=True)


class Segmenter(nn.Module):
    """Twelve blocks; those of index 2, 4, 6, 8 and the final norm feed the decoder; logits0 is the finest."""

    def __init__(self, config: dict):
        super().__init__()
        f, width, self.grid = config["feature_size"], config["hidden_size"], config["grid"]
        self.vit = Vit(config, self.grid)
        self.encoder1 = _basic(config["in_channels"], f)
        self.encoder2 = _rise(width, 2 * f, 1)
        self.encoder3 = _rise(width, 4 * f, 0)
        self.encoder4 = _basic(width, 8 * f)
        self.encoder5 = Down(width, 16 * f, 0)
        self.encoder6 = Down(width, 32 * f, 1)
        self.decoder6 = _up(32 * f, 16 * f)
        self.decoder5 = _up(16 * f, 8 * f)
        self.decoder4 = _up(8 * f, 4 * f)
        self.decoder3 = _up(4 * f, 2 * f)
        self.decoder2 = _up(2 * f, f)
        self.out = nn.ModuleList(UnetOutBlock(3, f * 2**i, config["out_channels"]) for i in range(5))

    def to_volume(self, tokens):
        return tokens.transpose(1, 2).reshape(len(tokens), -1, *self.grid)

    def forward(self, x):
        states, final = self.vit(x)
        hidden = [self.to_volume(t) for t in states[1:]]
        s = {
            "norm": final,
            "encoder1": self.encoder1(x),
            "encoder2": self.encoder2(hidden[2]),
            "encoder3": self.encoder3(hidden[4]),
            "encoder4": self.encoder4(hidden[6]),
            "encoder5": self.encoder5(hidden[8]),
            "encoder6": self.encoder6(self.to_volume(final)),
        }
        s["decoder6"] = self.decoder6(s["encoder6"], s["encoder5"])
        s["decoder5"] = self.decoder5(s["decoder6"], s["encoder4"])
        s["decoder4"] = self.decoder4(s["decoder5"], s["encoder3"])
        s["decoder3"] = self.decoder3(s["decoder4"], s["encoder2"])
        s["decoder2"] = self.decoder2(s["decoder3"], s["encoder1"])
        for i, name in enumerate(["decoder2", "decoder3", "decoder4", "decoder5", "decoder6"]):
            s[f"logits{i}"] = self.out[i](s[name])
        return s
