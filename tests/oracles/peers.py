"""Dice of other browser networks on the scans of `saswin-cli evaluate`, by the same rule.

    cargo xtask evaluation
    cargo run --release -p saswin-cli -- run target/evaluation/t1.nii.gz --model head-mr --out target/evaluation/ours
    python tests/oracles/peers.py PEERS target/evaluation/mni152.json target/evaluation/ours/segmentation.nii.gz

PEERS holds brainchop's networks (`NAME/model.json`, `NAME/model.bin`, MIT) and `gw-light.onnx` (BSD-2-Clause). Their
input is the scan on a grid of 256³ voxels of 1 mm, axes to the left, down and to the front, divided by its 98th
percentile and clipped. Needs nibabel, numpy, torch and onnxruntime.
"""

import json
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from torch.nn import functional as F

SIDE = 256
GREY, WHITE = (1, 2, 5, 6), (3, 4)
CEREBELLUM = (9, 10)
# Values of white and grey matter in the answers of each network.
PEERS = {"gw-light": (1, 2), "model20chan3cls": (1, 2), "model5_gw_ae": (1, 2)}


def conform(image: nib.Nifti1Image):
    """The scan in the middle of 256³, and the slices where it lies."""
    if not np.allclose(image.header.get_zooms()[:3], 1, atol=0.01):
        raise SystemExit("the scan must have voxels of 1 mm")
    turn = turn_to_lia(image)
    scan = image.as_reoriented(turn).get_fdata(dtype=np.float32)
    starts = [(SIDE - n) // 2 for n in scan.shape]
    place = tuple(slice(s, s + n) for s, n in zip(starts, scan.shape))
    whole = np.zeros((SIDE,) * 3, np.float32)
    whole[place] = np.clip(scan / np.quantile(scan, 0.98), 0, 1)
    return whole, place


def turn_to_lia(image):
    ours = nib.io_orientation(image.affine)
    return nib.orientations.ornt_transform(ours, nib.orientations.axcodes2ornt("LIA"))


def layers(folder: Path):
    """The layers of a tfjs network with their weights."""
    model = json.loads((folder / "model.json").read_text())
    topology = model["modelTopology"]
    listed = topology.get("model_config", topology)["config"]["layers"]
    manifest = model["weightsManifest"][0]
    data = np.concatenate([np.fromfile(folder / p, "<f4") for p in manifest["paths"]])
    weights, at = {}, 0
    for entry in manifest["weights"]:
        n = int(np.prod(entry["shape"]))
        weights[entry["name"]] = torch.from_numpy(data[at : at + n].reshape(entry["shape"]).copy())
        at += n
    for layer in listed:
        name = layer["config"]["name"]
        yield layer["class_name"], layer["config"], weights.get(f"{name}/kernel"), weights.get(f"{name}/bias")


@torch.no_grad()
def mesh_net(folder: Path, scan: np.ndarray) -> np.ndarray:
    x = torch.from_numpy(scan)[None, None]
    acts = {"linear": lambda v: v, "elu": F.elu, "gelu": F.gelu, "relu": F.relu}
    for kind, config, kernel, bias in layers(folder):
        if kind == "Conv3D":
            dilation = config["dilation_rate"]
            pad = [d * (k // 2) for d, k in zip(dilation, kernel.shape)]
            x = F.conv3d(x, kernel.permute(4, 3, 0, 1, 2).contiguous(), bias, padding=pad, dilation=dilation)
        if kind in ("Conv3D", "Activation"):
            x = acts[config["activation"]](x)
        elif kind != "InputLayer":
            raise SystemExit(f"{folder}: layer {kind} is not known")
    return x.argmax(1)[0].numpy()


def onnx_net(path: Path, scan: np.ndarray) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feed = session.get_inputs()[0]
    shape = [n if isinstance(n, int) else 1 for n in feed.shape]
    logits = session.run(None, {feed.name: scan.reshape(shape)})[0]
    axis = next(a for a, n in enumerate(logits.shape) if 1 < n < 64)
    return logits.argmax(axis).reshape(scan.shape)


def answer(peers: Path, name: str, scan):
    folder = peers / name
    return mesh_net(folder, scan) if folder.is_dir() else onnx_net(peers / f"{name}.onnx", scan)


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def main():
    peers, listed, ours = map(Path, sys.argv[1:4])
    case = json.loads(listed.read_text())["cases"][0]
    image = nib.load(listed.parent / case["scan"])
    scan, place = conform(image)

    def turned(path):
        other = nib.load(path)
        return other.as_reoriented(turn_to_lia(other)).get_fdata(dtype=np.float32)

    grey, white = (turned(listed.parent / t["file"]) >= t["at_least"] for t in case["truths"])
    own = turned(ours)
    counts = ~np.isin(own, CEREBELLUM)
    print(f"{case['name']}, without what head-mr calls cerebellum.\n")
    print("| network | grey matter | white matter |\n|---|---|---|")
    row = lambda name, g, w: print(f"| {name} | {dice(g & counts, grey & counts):.3f} | {dice(w & counts, white & counts):.3f} |", flush=True)  # noqa: E731,E501
    row("head-mr (ours)", np.isin(own, GREY), np.isin(own, WHITE))
    for name, (w, g) in PEERS.items():
        labels = answer(peers, name, scan)[place]
        if dice(labels == g, white) > dice(labels == w, white):
            w, g = g, w
        row(name, labels == g, labels == w)


if __name__ == "__main__":
    main()
