#!/usr/bin/env python3
"""Compare saswin-scan-io with pydicom on every DICOM file of some folders, file by file.

    cargo build --release -p saswin-scan-io --example dump
    python tests/oracles/dicom.py DUMP_BINARY FOLDER...

FOLDER is for instance data/test_files of pydicom or the data store of pydicom-data. Needs pydicom with its decoder
plug-ins (pylibjpeg with libjpeg, openjpeg and rle; pyjpegls). Prints a table (Markdown) with one row per file, then the totals. Exit code 1
if decoded pixels differ. Lossy JPEG may differ by one step of the stored value, as decoders are free to round.
"""
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pydicom

LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91")


def is_dicom(path):
    head = path.read_bytes()[:132]
    return head[128:] == b"DICM" or path.suffix == ".dcm" or head[:2] in (b"\x08\x00", b"\x02\x00")


def truth(path):
    """Frames of real values as pydicom decodes them, (frames, rows, columns)."""
    data = pydicom.dcmread(path, force=True)
    pixels = data.pixel_array
    if data.SamplesPerPixel != 1:
        raise ValueError("colour")
    pixels = pixels.reshape((-1, data.Rows, data.Columns)).astype(np.float64)
    if data.get("PhotometricInterpretation") == "MONOCHROME1" and data.get("Modality") != "CT":
        bits, signed = data.BitsStored, data.PixelRepresentation
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        pixels = low + high - pixels
    scale = np.array([rescale(data, frame) for frame in range(len(pixels))])
    real = pixels * scale[:, :1, None] + scale[:, 1:, None]
    step = np.abs(scale[:, 0]).max() if getattr(data.file_meta, "TransferSyntaxUID", "") in LOSSY else 0
    return np.nan_to_num(real, posinf=0, neginf=0).astype(np.float32), step


def rescale(data, frame):
    groups = [data]
    for name, index in (("SharedFunctionalGroupsSequence", 0), ("PerFrameFunctionalGroupsSequence", frame)):
        if name in data and len(data[name].value) > index:
            groups = data[name].value[index].get("PixelValueTransformationSequence", []) or groups
    group = groups[0]
    return float(group.get("RescaleSlope", 1) or 1), float(group.get("RescaleIntercept", 0) or 0)


def compare(answer, frames, step):
    """Every decoded slice must be one of the oracle's frames, and every frame must be found."""
    slices = []
    for series in answer:
        for volume in series["volumes"]:
            if "file" not in volume:
                return f"refused ({volume['kind']})", volume["message"]
            dims = volume["dims"]
            slices.extend(np.fromfile(volume["file"], "<f4").reshape((dims[2], dims[1], dims[0])))
    notes = "; ".join(sorted({p for s in answer for p in s["problems"]}))
    tiles = [s for s in slices if s.shape != frames[0].shape]
    if tiles:
        return mosaic(slices, frames[0]), notes
    if len(slices) != len(frames):
        return ("resampled" if "resampl" in notes else "differs"), f"{len(slices)} slices, not {len(frames)}; {notes}"
    left = list(range(len(frames)))
    worst = 0
    for ours in slices:
        errors = [np.abs(ours - frames[i]).max() for i in left]
        best = int(np.argmin(errors))
        worst = max(worst, errors[best])
        left.pop(best)
    verdict = "equal" if worst == 0 else "equal within 1 step" if worst <= step * 1.001 else "differs"
    return verdict, (f"max |Δ| {worst:g}; " if worst else "") + notes


def mosaic(slices, frame):
    rows, columns = slices[0].shape
    if any(s.shape != (rows, columns) for s in slices) or frame.shape[0] % rows or frame.shape[1] % columns:
        return "differs"
    tiles = frame.reshape(frame.shape[0] // rows, rows, -1, columns).swapaxes(1, 2).reshape(-1, rows, columns)
    ours = {s.tobytes() for s in slices}
    return "equal (tiles)" if ours <= {t.tobytes() for t in tiles} else "differs"


def main(dump, *folders):
    totals = Counter()
    print("| file | verdict | detail |\n|---|---|---|")
    paths = [p for f in folders for p in sorted(Path(f).rglob("*")) if p.is_file() and is_dicom(p)]
    for path in paths:
        with tempfile.TemporaryDirectory() as out:
            command = [dump, out, path]
            run = subprocess.run(command, capture_output=True, text=True)
            if run.returncode:
                verdict, detail = "CRASH", run.stderr[-300:]
            else:
                answer = json.loads(run.stdout)["answer"]
                try:
                    frames, step = truth(path)
                    reason = None
                except Exception as error:
                    frames, reason = None, f"pydicom: {type(error).__name__} {str(error)[:60]!r}"
                if isinstance(answer, dict):
                    verdict, detail = f"refused ({answer['kind']})", answer["message"]
                    detail += f" [{reason or 'pydicom reads it'}]"
                elif frames is None:
                    refused = [v for s in answer for v in s["volumes"] if "file" not in v]
                    verdict = f"refused ({refused[0]['kind']})" if refused else "read, oracle cannot"
                    detail = f"{refused[0]['message']} [{reason}]" if refused else reason
                else:
                    verdict, detail = compare(answer, frames, step)
        totals[verdict] += 1
        print(f"| {path.name} | {verdict} | {' '.join(detail.split())} |", flush=True)
    print("\nTotals: " + ", ".join(f"{count} {verdict}" for verdict, count in totals.most_common()))
    return totals["differs"] + totals["CRASH"] > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
