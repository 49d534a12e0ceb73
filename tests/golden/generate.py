"""Generate the golden fixtures: `python tests/golden/generate.py --out tests/golden/fixtures`.

README.md explains the files, the weight rule and the two MONAI versions.
"""

import argparse
from functools import partial
from pathlib import Path

import monai
import torch

import checkpoints
import sliding
from cases import ARCHITECTURES, CASES
from fill import fill, fill_module
from store import save

# Patch merging changed its slice order in MONAI 1.5.0 without changing its name.
MONAI_HAS_FIXED_MERGING = tuple(int(p) for p in monai.__version__.split(".")[:2]) >= (1, 5)


def computable(config: dict) -> bool:
    """Whether the installed MONAI implements this case's merge mode; all other cases are made with 1.4."""
    return (config.get("merge_mode") == "fixed") == MONAI_HAS_FIXED_MERGING


def run_network(case: dict) -> tuple[dict, dict, dict]:
    """Parameter shapes by name, stages in float64 and stages in float32."""
    model = ARCHITECTURES[case["arch"]](case["config"]).eval()
    shapes = fill_module(model)
    inputs = [fill(f"input:{name}", tuple(shape)) for name, shape in case["inputs"].items()]
    with torch.no_grad():
        single = model(*inputs)
        double = model.double()(*(x.double() for x in inputs))
    return shapes, double, single


def write_network(name: str, case: dict, out: Path) -> None:
    shapes, double, single = run_network(case)
    header = {
        **case,
        "case": name,
        "parameters": shapes,
        "made_with": {"torch": torch.__version__.split("+")[0], "monai": monai.__version__},
    }
    save(out / f"{name}.safetensors", header, double, single)


def writers() -> dict:
    """Every case name with the function that writes it to a folder."""
    everything = {name: partial(write_network, name, case) for name, case in CASES.items() if computable(case["config"])}
    if not MONAI_HAS_FIXED_MERGING:
        everything |= {name: partial(sliding.write, name, case) for name, case in sliding.CASES.items()}
        everything["checkpoints"] = checkpoints.write
    return everything


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="make the cases whose name contains this")
    options = parser.parse_args()
    for name, write in writers().items():
        if options.only in name:
            write(options.out)
            print(name)
    if not MONAI_HAS_FIXED_MERGING:
        print("merge mode `fixed` needs MONAI >= 1.5: see README.md for the second pass")


if __name__ == "__main__":
    main()
