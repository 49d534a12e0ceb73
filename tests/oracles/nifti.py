#!/usr/bin/env python3
"""Compare saswin-scan-io with nibabel on every file of a folder.

    cargo build --release -p saswin-scan-io --example dump
    python tests/oracles/nifti.py DUMP_BINARY FOLDER

FOLDER is for instance nibabel/tests/data of nibabel's source distribution. Prints a table (Markdown) with one row per file that nibabel
can read as NIfTI or ANALYZE, then the totals. Exit code 1 if a decoded array or affine differs.
"""
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import nibabel as nib
import numpy as np

ENDINGS = (".nii", ".nii.gz", ".hdr", ".hdr.gz", ".img.gz")


def drop_for(path):
    """The files to hand over together: a header brings its .img along."""
    name = path.name
    for header, image in ((".hdr", ".img"), (".hdr.gz", ".img.gz")):
        if name.endswith(header):
            return [path, path.with_name(name[: -len(header)] + image)]
    return [path]


def run(dump, out, paths):
    drop = out / "drop"
    drop.mkdir()
    for path in paths:
        if path.exists():
            (drop / path.name).write_bytes(path.read_bytes())
    line = subprocess.run([dump, out / "raw", drop], capture_output=True, text=True, check=True).stdout
    return json.loads(line)["answer"]


def compare(answer, image):
    if isinstance(answer, dict):
        return f"refused ({answer['kind']})", answer["message"]
    shape = image.shape + (1,) * (3 - len(image.shape))
    truth = np.nan_to_num(image.get_fdata(), nan=0, posinf=0, neginf=0).astype(np.float32)
    truth = truth.reshape(shape[:3] + (-1,), order="F")
    series = answer[0]
    if series["frames"] != truth.shape[3]:
        return "differs", f"{series['frames']} volumes, not {truth.shape[3]}"
    for frame, volume in enumerate(series["volumes"]):
        if "file" not in volume:
            return f"refused ({volume['kind']})", volume["message"]
        ours = np.fromfile(volume["file"], "<f4").reshape(volume["dims"], order="F")
        if ours.shape != truth.shape[:3] or not np.array_equal(ours, truth[..., frame]):
            return "differs", f"voxels of volume {frame}"
        affine = np.eye(4)
        affine[:3, :3], affine[:3, 3] = volume["linear"], volume["translation"]
        if not np.allclose(affine, image.affine, atol=1e-4, rtol=1e-5):
            return "differs", f"affine\n{affine}\n{image.affine}"
    return "equal", "; ".join(series["problems"])


def main(dump, folder):
    totals = Counter()
    print("| file | verdict | detail |\n|---|---|---|")
    for path in sorted(p for p in Path(folder).rglob("*") if p.name.endswith(ENDINGS)):
        if path.name.endswith(".img.gz"):
            continue
        try:
            image = nib.load(path)
            image.get_fdata()
        except Exception as error:
            image = None
            reason = f"nibabel: {type(error).__name__}"
        with tempfile.TemporaryDirectory() as out:
            answer = run(dump, Path(out), drop_for(path))
            if image is not None:
                verdict, detail = compare(answer, image)
            elif isinstance(answer, dict):
                verdict, detail = f"refused ({answer['kind']})", f"{reason}; {answer['message']}"
            else:
                verdict, detail = "read, oracle cannot", reason
        totals[verdict] += 1
        print(f"| {path.name} | {verdict} | {' '.join(detail.split())} |", flush=True)
    print("\nTotals: " + ", ".join(f"{count} {verdict}" for verdict, count in totals.most_common()))
    return totals["differs"] > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
