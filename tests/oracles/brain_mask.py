"""Our brain mask beside deepbet's (Fisch et al. 2024, MIT) on a real T1 whose truth nobody drew.

    cargo run --release -p saswin-cli -- run SCAN --model head-mr --out OUT
    python tests/oracles/brain_mask.py SCAN OUT

Prints the Dice of both masks, the volume of each and the 95th percentile of the distance between their borders.
Like deepbet's, our mask takes the fluid of the sulci in. Needs deepbet, nibabel, numpy and scipy.
"""

import sys

import nibabel as nib
import numpy as np
from deepbet import BrainExtraction
from scipy import ndimage as nd


def border_distance(a, b, spacing):
    edge = [m & ~nd.binary_erosion(m) for m in (a, b)]
    far = [nd.distance_transform_edt(~e, sampling=spacing) for e in edge]
    return np.percentile(np.concatenate([far[1][edge[0]], far[0][edge[1]]]), 95)


def main():
    scan, ours = (nib.load(p) for p in (sys.argv[1], f"{sys.argv[2]}/brain_mask.nii.gz"))
    _, theirs, _ = BrainExtraction(no_gpu=True).run(scan)
    ours, theirs = (nib.as_closest_canonical(m) for m in (ours, theirs))
    spacing = ours.header.get_zooms()[:3]
    one, other = (np.asarray(m.dataobj) > 0 for m in (ours, theirs))
    ml = np.prod(spacing) / 1000
    dice = 2 * (one & other).sum() / (one.sum() + other.sum())
    print(f"ours {one.sum() * ml:.0f} mL, deepbet {other.sum() * ml:.0f} mL, Dice {dice:.3f}, ", end="")
    print(f"95 % of borders within {border_distance(one, other, spacing):.1f} mm")


if __name__ == "__main__":
    main()
