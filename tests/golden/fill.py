"""Deterministic tensor contents shared by this generator and the Rust tests.

Every value depends only on the tensor's name and the element's row-major index, so weights
and inputs never have to be stored. README.md states the rule and gives test vectors.
"""

import math

import numpy as np
import torch

_MASK = (1 << 64) - 1


def fnv1a64(name: str) -> int:
    """64-bit FNV-1a hash of the UTF-8 bytes of `name`."""
    h = 0xCBF29CE484222325
    for byte in name.encode("utf-8"):
        h = ((h ^ byte) * 0x100000001B3) & _MASK
    return h


def signed_unit(name: str, count: int) -> np.ndarray:
    """`2u - 1` for elements `0..count`, float64 in [-1, 1), exact multiples of 2^-23."""
    with np.errstate(over="ignore"):
        z = np.uint64(fnv1a64(name)) + np.arange(count, dtype=np.uint64)
        z += np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1.0


def scale_and_offset(name: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """Half-width and centre of the uniform distribution for a tensor, from its name and shape."""
    if name.startswith("input:"):
        return 1.0, 0.0
    if name.endswith("relative_position_bias_table"):
        return 0.5, 0.0
    if len(shape) == 1:
        return (0.1, 0.0) if name.endswith("bias") else (0.2, 1.0)
    fan_in = shape[0] if "transp_conv" in name else math.prod(shape[1:])
    return math.sqrt(3.0 / fan_in), 0.0


def fill(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Tensor `name` as float32; the arithmetic is float64, rounded once at the end."""
    scale, offset = scale_and_offset(name, tuple(shape))
    values = offset + scale * signed_unit(name, math.prod(shape))
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def fill_module(module: torch.nn.Module, prefix: str = "") -> dict[str, list[int]]:
    """Fill every parameter of `module` in place; returns the shapes by full name."""
    shapes = {}
    with torch.no_grad():
        for key, parameter in module.named_parameters():
            name = prefix + key
            parameter.copy_(fill(name, tuple(parameter.shape)))
            shapes[name] = list(parameter.shape)
    return shapes
