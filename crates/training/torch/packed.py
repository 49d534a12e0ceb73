"""Weights from files, those of released models included, which hold rows of integers with a scale each."""

import torch
from safetensors.torch import load_file

SCALE = ".scale"


def load(path) -> dict[str, torch.Tensor]:
    """All weights as floats; four-bit files are not read."""
    stored = load_file(path)
    named = {k: v for k, v in stored.items() if not k.endswith(SCALE)}
    return {k: expanded(k, v, stored[k + SCALE]) if k + SCALE in stored else v for k, v in named.items()}


def expanded(name: str, integers: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """A row of integers per output; those of transposed convolutions are kept in the order of outputs, inputs."""
    rows = integers.reshape(len(scale), -1).float() * scale[:, None]
    if "transp_conv" not in name:
        return rows.reshape(integers.shape)
    inputs, outputs, *kernel = integers.shape
    return rows.reshape(outputs, inputs, *kernel).transpose(0, 1).contiguous()
