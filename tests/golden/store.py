"""Fixture files: strided samples of each stage plus sums over the full tensor."""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import save_file

SAMPLES = 2048


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, math.isqrt(n) + 1))


def stride_for(count: int) -> int:
    """1 where the tensor is small, else the first prime that keeps <= SAMPLES and does not divide `count`."""
    if count <= SAMPLES:
        return 1
    stride = -(-count // SAMPLES)
    while not _is_prime(stride) or count % stride == 0:
        stride += 1
    return stride


def _relative_error(value: torch.Tensor, truth: torch.Tensor) -> float:
    norm = truth.norm().item()
    return ((value.double() - truth).norm() / norm).item() if norm > 0 else 0.0


def save(path: Path, header: dict, stages: dict, stages_f32: dict | None = None, whole: bool = False) -> None:
    """Write one fixture.

    `stages` are the float64 reference tensors. `stages_f32` are the same computed by
    PyTorch in float32: only their error is recorded, as a yardstick. With `whole` nothing is sampled.
    """
    described, tensors = {}, {}
    for name, tensor in stages.items():
        flat = tensor.detach().double().reshape(-1)
        stride = 1 if whole else stride_for(flat.numel())
        described[name] = {
            "shape": list(tensor.shape),
            "stride": stride,
            "sum": flat.sum().item(),
            "sum_of_squares": flat.square().sum().item(),
        }
        if stages_f32 is not None:
            described[name]["float32_error"] = _relative_error(stages_f32[name].detach().reshape(-1), flat)
        tensors[name] = flat[::stride].float().contiguous()
    golden = {**header, "stages": described}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, str(path), metadata={"golden": json.dumps(golden, sort_keys=True)})
