"""The same weights for scans whose brightness is turned around, `1 - v`: T1 is dark where T2 and FLAIR are bright.

python crates/training/torch/turned.py OUT.safetensors WEIGHTS.safetensors
"""

import sys

import packed
from safetensors.torch import save_file

# What reads the scan, which is its first channel: one input each, and the first eight after the decoder's features.
PATCHES = "swinViT.patch_embed.proj"
SUBVOXELS = 8


def turned(weights: dict, channels: int) -> dict:
    out = {name: w.float().clone() for name, w in weights.items()}
    patches = out[f"{PATCHES}.weight"]
    out[f"{PATCHES}.bias"] += patches[:, 0].sum((1, 2, 3))
    patches[:, 0] *= -1
    # Instance normalisation follows, so that what is added everywhere changes nothing.
    for name, w in out.items():
        if name.startswith("subvoxel.block.") and w.ndim == 5 and "conv2" not in name:
            scan = w.shape[1] - SUBVOXELS * channels
            w[:, scan : scan + SUBVOXELS] *= -1
    return out


def main():
    path, source = sys.argv[1:]
    weights = packed.load(source)
    save_file(turned(weights, weights[f"{PATCHES}.weight"].shape[1]), path)


if __name__ == "__main__":
    main()
