"""Sliding-window cases, run through MONAI with a predictor that anyone can reproduce."""

from pathlib import Path

import monai
import torch
from monai.inferers import sliding_window_inference

from fill import fill
from store import save


def sliding(size, roi, overlap, mode, batch=1, channels=1, mirror=False):
    return {
        "arch": "sliding_window",
        "config": {"roi": list(roi), "overlap": overlap, "mode": mode, "sigma_scale": 0.125, "mirror": mirror},
        "inputs": {"x": [batch, channels, *size]},
    }


CASES = {
    "sliding_constant_25": sliding((20, 17, 23), (8, 8, 8), 0.25, "constant"),
    "sliding_constant_50": sliding((20, 17, 23), (8, 6, 10), 0.5, "constant"),
    "sliding_gaussian_25": sliding((20, 17, 23), (8, 8, 8), 0.25, "gaussian"),
    "sliding_gaussian_50": sliding((20, 17, 23), (8, 6, 10), 0.5, "gaussian"),
    "sliding_gaussian_62": sliding((19, 16, 11), (9, 7, 5), 0.625, "gaussian"),
    "sliding_small_image": sliding((5, 8, 7), (8, 8, 12), 0.5, "gaussian"),
    "sliding_one_small_axis": sliding((21, 5, 16), (8, 8, 8), 0.5, "constant", batch=2, channels=2),
    "sliding_exact_fit": sliding((16, 8, 8), (8, 8, 8), 0.0, "constant"),
    "sliding_mirror": sliding((20, 17, 23), (8, 8, 8), 0.5, "gaussian", mirror=True),
    "sliding_mirror_small": sliding((7, 12, 9), (10, 8, 8), 0.25, "constant", mirror=True),
}


def ramp(window: torch.Tensor) -> torch.Tensor:
    """0.01 d + 0.02 h + 0.03 w, indices inside the window."""
    d, h, w = (torch.arange(n, dtype=window.dtype) for n in window.shape[2:])
    return 0.01 * d[:, None, None] + 0.02 * h[None, :, None] + 0.03 * w[None, None, :]


def plain_predictor(window: torch.Tensor) -> torch.Tensor:
    """Two channels from the first input channel."""
    x = window[:, :1]
    return torch.cat([2 * x + ramp(window), x - ramp(window)], 1)


def mirror_predictor(window: torch.Tensor) -> torch.Tensor:
    """Two channels from the scan (channel 0) and its mirrored counterpart (channel 1)."""
    x, x_flip = window[:, :1], window[:, 1:]
    return torch.cat([2 * x + ramp(window), x - 3 * x_flip + ramp(window)], 1)


def pad_to_roi(x: torch.Tensor, roi: list[int]) -> tuple[torch.Tensor, list[slice]]:
    """Zero padding as MONAI's (floor before, rest after), and the slices that undo it."""
    before = [max(r - n, 0) // 2 for r, n in zip(roi, x.shape[2:])]
    after = [max(r - n, 0) - b for r, n, b in zip(roi, x.shape[2:], before)]
    pads = [p for pair in reversed(list(zip(before, after))) for p in pair]
    undo = [slice(b, b + n) for b, n in zip(before, x.shape[2:])]
    return torch.nn.functional.pad(x, pads), undo


def infer(x: torch.Tensor, config: dict) -> torch.Tensor:
    def run(volume, predictor):
        return sliding_window_inference(
            volume,
            roi_size=config["roi"],
            sw_batch_size=1,
            predictor=predictor,
            overlap=config["overlap"],
            mode=config["mode"],
            sigma_scale=config["sigma_scale"],
        )

    if not config["mirror"]:
        return run(x, plain_predictor)
    padded, undo = pad_to_roi(x, config["roi"])
    pair = torch.cat([padded, padded.flip(2)], 1)
    return run(pair, mirror_predictor)[(..., *undo)]


def write(name: str, case: dict, out: Path) -> None:
    x = fill("input:x", tuple(case["inputs"]["x"]))
    header = {**case, "case": name, "made_with": {"torch": torch.__version__.split("+")[0], "monai": monai.__version__}}

    def stages(volume):
        return {"logits": infer(volume, case["config"])}

    save(out / f"{name}.safetensors", header, stages(x.double()), stages(x), whole=True)
