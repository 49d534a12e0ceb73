"""Our brain mask beside deepbet's (Fisch et al. 2024, MIT) on a real T1 whose truth nobody drew.

    cargo run --release -p saswin-cli -- run SCAN --model head-mr --out OUT
    python tests/oracles/brain_mask.py SCAN OUT/segmentation.nii.gz

Prints the Dice of both masks, the volume of each and the 95th percentile of the distance between their borders.
Labels 1 to 11 of head-mr are its brain; deepbet's mask takes the fluid of the sulci in, so ours is closed and filled
first, and both ways are printed. Needs deepbet, nibabel, numpy and scipy.
"""

import sys

import nibabel as nib
import numpy as np
from deepbet import BrainExtraction
from scipy import ndimage as nd

CLOSING_MM = 3.0


def closed(mask, spacing):
    steps = round(CLOSING_MM / float(np.mean(spacing)))
    return nd.binary_fill_holes(nd.binary_closing(np.pad(mask, steps), iterations=steps))[
        tuple(slice(steps, -steps) for _ in range(3))
    ]


def border_distance(a, b, spacing):
    edge = [m & ~nd.binary_erosion(m) for m in (a, b)]
    far = [nd.distance_transform_edt(~e, sampling=spacing) for e in edge]
    return np.percentile(np.concatenate([far[1][edge[0]], far[0][edge[1]]]), 95)


def main():
    scan, segmentation = (nib.as_closest_canonical(nib.load(p)) for p in sys.argv[1:3])
    spacing = scan.header.get_zooms()[:3]
    labels = np.asarray(segmentation.dataobj)
    ours = (labels >= 1) & (labels <= 11)
    _, mask, _ = BrainExtraction(no_gpu=True).run(nib.load(sys.argv[1]))
    theirs = np.asarray(nib.as_closest_canonical(mask).dataobj) > 0
    ml = np.prod(spacing) / 1000
    print(f"deepbet {theirs.sum() * ml:.0f} mL")
    for name, one in (("labels", ours), ("labels, closed", closed(ours, spacing))):
        dice = 2 * (one & theirs).sum() / (one.sum() + theirs.sum())
        far = border_distance(one, theirs, spacing)
        print(f"{name}: {one.sum() * ml:.0f} mL, Dice with deepbet {dice:.3f}, 95 % of borders within {far:.1f} mm")


if __name__ == "__main__":
    main()
