"""Symmetry-aware cross-attention block, written from its definition (post-norm, no mask).

    a = LN1(f + Wo  MHA(q = f, k = f,      v = f))
    c = LN2(a + Wo' MHA(q = a, k = f_flip, v = f_flip))
    y = LN3(c + W2 GELU(W1 c))

Module attributes spell the state_dict keys of the published checkpoints.
"""

import torch
from torch import nn


class Projections(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)


class Residual(nn.Module):
    """Dense layer, residual sum, LayerNorm."""

    def __init__(self, inner: int, width: int):
        super().__init__()
        self.dense = nn.Linear(inner, width)
        self.LayerNorm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, inner, residual):
        return self.LayerNorm(self.dense(inner) + residual)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.add_module("self", Projections(width))
        self.output = Residual(width, width)

    def _split(self, x):
        b, n, c = x.shape
        return x.reshape(b, n, self.heads, c // self.heads).transpose(1, 2)

    def forward(self, x, memory):
        project = getattr(self, "self")
        q, k, v = self._split(project.query(x)), self._split(project.key(memory)), self._split(project.value(memory))
        scores = (q @ k.transpose(-1, -2)) / q.shape[-1] ** 0.5
        mixed = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(x.shape)
        return self.output(mixed, x)


class Intermediate(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.dense = nn.Linear(width, 4 * width)

    def forward(self, x):
        return nn.functional.gelu(self.dense(x))


class SymmetryAwareBlock(nn.Module):
    """Tokens `f` and `f_flip`, both `[B, N, width]`, to `[B, N, width]`."""

    def __init__(self, width: int = 768, heads: int = 12):
        super().__init__()
        self.attention = Attention(width, heads)
        self.crossattention = Attention(width, heads)
        self.intermediate = Intermediate(width)
        self.output = Residual(4 * width, width)

    def forward(self, f, f_flip):
        a = self.attention(f, f)
        c = self.crossattention(a, f_flip)
        return self.output(self.intermediate(c), c)
