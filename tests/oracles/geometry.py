#!/usr/bin/env python3
"""Compare where saswin-scan-io puts DICOM voxels with nibabel.nicom: mosaics, enhanced multi-frame, single slices.

    python tests/oracles/geometry.py DUMP_BINARY FOLDER > tests/oracles/geometry.md

FOLDER is for instance nibabel/nicom/tests/data of nibabel's source distribution (.dcm and .dcm.gz). Voxels drawn at
random must have the same value at the same place in the patient. Exit code 1 if one does not.
"""
import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel.nicom.dicomwrappers as wrappers
import numpy as np
import pydicom

DRAWS = 500


def mismatches(volume, data, ras):
    ours = np.fromfile(volume["file"], "<f4").reshape(volume["dims"], order="F")
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = volume["linear"], volume["translation"]
    random = np.random.default_rng(0)
    at = np.stack([random.integers(n, size=DRAWS) for n in ours.shape])
    place = np.linalg.solve(ras, affine @ np.vstack([at, np.ones(DRAWS)]))[:3]
    index = np.rint(place).astype(int)
    inside = (np.abs(place - index) < 0.02).all(0) & (index >= 0).all(0) & (index.T < data.shape[:3]).all(1)
    theirs = data[tuple(np.where(inside, index, 0))]
    values = ours[tuple(at)]
    return int((~inside | (np.abs(theirs - values) > 1e-5 * np.abs(values) + 1e-3)).sum())


def verdict(dump, path, out):
    file = Path(out) / "a.dcm"
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as stream:
        file.write_bytes(stream.read())
    answer = json.loads(subprocess.run([dump, out, file], capture_output=True, text=True, check=True).stdout)["answer"]
    if isinstance(answer, dict):
        return f"refused ({answer['kind']})", answer["message"]
    try:
        wrapper = wrappers.wrapper_from_data(pydicom.dcmread(file, force=True))
        data, affine = np.asarray(wrapper.get_data(), float), wrapper.affine
    except Exception as error:
        return "read, oracle cannot", f"{answer[0]['dims']}; nicom: {type(error).__name__} {str(error)[:60]}"
    data = data.reshape(data.shape + (1,) * (4 - data.ndim))
    ras = np.diag([-1, -1, 1, 1]) @ affine
    series = answer[0]
    wrong = sum(mismatches(v, data[..., n], ras) for n, v in enumerate(series["volumes"]))
    detail = f"{series['dims']} × {series['frames']}, {wrong} of {DRAWS * len(series['volumes'])} voxels differ"
    return ("differs" if wrong else "equal"), detail


def main(dump, folder):
    failed = False
    print("| file | verdict | detail |\n|---|---|---|")
    for path in sorted(p for p in Path(folder).iterdir() if p.name.endswith((".dcm", ".dcm.gz"))):
        with tempfile.TemporaryDirectory() as out:
            name, detail = verdict(dump, path, out)
        failed |= name == "differs"
        print(f"| {path.name} | {name} | {detail} |", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
