"""Writes monai_windows.json: what MONAI 1.4 does with sliding windows, for tests/windows.rs.

Needs monai==1.4.0 and torch:  python monai_windows.py
"""

import json
from pathlib import Path

import torch
from monai.data.utils import compute_importance_map, dense_patch_slices
from monai.inferers import sliding_window_inference
from monai.inferers.utils import _get_scan_interval

STARTS = [
    ((96, 96, 96), (96, 96, 96), 0.5),
    ((97, 96, 100), (96, 96, 96), 0.5),
    ((193, 229, 193), (96, 96, 96), 0.6),
    ((178, 208, 178), (128, 128, 128), 0.25),
    ((11, 7, 5), (4, 3, 5), 0.7),
    ((10, 10, 10), (3, 3, 3), 0.9),
    ((20, 21, 22), (5, 7, 10), 0.0),
    ((64, 65, 63), (30, 30, 30), 0.33),
]
MAPS = [((5, 4, 7), 0.125), ((16, 3, 9), 0.25), ((12, 6, 5), 0.125)]
BLENDS = [
    ((5, 9, 7), (6, 4, 4), 0.6, "gaussian", 1.5),
    ((5, 9, 7), (6, 4, 4), 0.6, "constant", 1.5),
    ((8, 3, 6), (5, 8, 3), 0.25, "gaussian", -2.0),
]


def starts(dims, roi, overlap):
    interval = _get_scan_interval(dims, roi, 3, (overlap,) * 3)
    return [[int(s.start) for s in window] for window in dense_patch_slices(dims, roi, interval)]


def importance(roi, sigma_scale):
    weights = compute_importance_map(roi, "gaussian", sigma_scale)
    return [float(f"{w:.9g}") for w in weights.flatten().tolist()]


def image(dims):
    count = dims[0] * dims[1] * dims[2]
    return (torch.arange(count) * 7 % 13).float().reshape(1, 1, *dims)


def predictor(window):
    ramp = torch.arange(window[0, 0].numel()).reshape(window.shape[2:]) / 10
    return torch.cat([window, window * ramp], dim=1)


def blend(dims, roi, overlap, mode, fill):
    out = sliding_window_inference(image(dims), roi, 1, predictor, overlap, mode, cval=fill)
    return [round(v, 5) for v in out.flatten().tolist()]


golden = {
    "starts": [
        {"dims": d, "roi": r, "overlap": o, "starts": starts(d, r, o)} for d, r, o in STARTS
    ],
    "maps": [
        {"roi": r, "sigma_scale": s, "map": importance(r, s)}
        for r, s in MAPS
    ],
    "blends": [
        {"dims": d, "roi": r, "overlap": o, "mode": m, "fill": f, "out": blend(d, r, o, m, f)}
        for d, r, o, m, f in BLENDS
    ],
}
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
