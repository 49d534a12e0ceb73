"""The weighted mean of checkpoints of one training, which often does better on scans unlike the training's.

python crates/training/torch/mean.py OUT.safetensors A.safetensors=0.25 B.safetensors=0.75
"""

import sys

import packed
from safetensors.torch import save_file


def mean(parts: list[tuple[str, float]]) -> dict:
    total = sum(share for _, share in parts)
    sums = {}
    for path, share in parts:
        for name, weights in packed.load(path).items():
            sums[name] = sums.get(name, 0) + share / total * weights.float()
    return {name: weights.contiguous() for name, weights in sums.items()}


def main():
    out, *parts = sys.argv[1:]
    save_file(mean([(path, float(share)) for path, share in (part.rsplit("=", 1) for part in parts)]), out)


if __name__ == "__main__":
    main()
