"""Times of the benchmark's networks on the CPU: this project beside PyTorch with MONAI, in turns, with as many threads.

    cargo build --release -p saswin-cli
    pip install -r crates/training/torch/requirements.txt
    export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000
    taskset -c 1 python tests/oracles/torch_times.py target/release/saswin-cli encoder,segmenter --side 96 --threads 1

Both take 32-bit floats, scan and mirror of one subject, and random weights by the tensors' names. PyTorch reads
`encoder`, `classifier` and `shipped` as one batch of two, `segmenter` as `tests/golden/networks.py` does, one after the
other. A round is one process of `saswin-cli bench --json`, then PyTorch; medians are over the runs of all rounds. Without the two variables
PyTorch may spend most of its time on getting memory from the system and giving it back.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
from onnx_export import NETWORKS, Output  # noqa: E402, I001 (it finds the modules of the next lines)
from fill import fill, fill_module  # noqa: E402
from network import build  # noqa: E402
from networks import Unetr  # noqa: E402

SEGMENTER = {
    "in_channels": 1,
    "out_channels": 2,
    "depths": (2, 2, 2, 2),
    "num_heads": (3, 6, 12, 24),
    "merge_mode": "merging",
    "use_v2": False,
    "saca": True,
}


def peer(network, feature):
    """The network in PyTorch, and the channels of its inputs."""
    if network == "segmenter":
        net, channels = Unetr({**SEGMENTER, "feature_size": feature}), SEGMENTER["in_channels"]
    else:
        config = {**NETWORKS[network], "feature_size": feature}
        net, channels = Output(build(config)), config["in_channels"]
    fill_module(net)
    return net.eval(), channels


def of_torch(net, inputs, runs):
    """Milliseconds of each run."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        net(*inputs)
        times.append(1000 * (time.perf_counter() - start))
    return times


def of_ours(args, network, feature):
    """The measurement of one process; its fastest, middle and slowest run stand for three."""
    only = ["--networks", network, "--features", str(feature), "--side", str(args.side), "--runs", str(args.runs)]
    leave = ["--f32-only", "--no-agreement", "--no-plain", "--no-ceiling", "--no-profile"]
    threads = {**os.environ, "RAYON_NUM_THREADS": str(args.threads)}
    command = [args.cli, "bench", "--backend", "cpu", "--json", *only, *leave]
    said = subprocess.run(command, env=threads, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    (measured,) = json.loads(said.stdout)["measurements"]
    return [measured[key] for key in ("min_ms", "median_ms", "max_ms")]


def compare(args, network, feature):
    net, channels = peer(network, feature)
    inputs = [fill(f"input:{name}", (1, channels, *[args.side] * 3)) for name in ("x", "x_flip")]
    ours, theirs = [], []
    of_torch(net, inputs, 1)
    for _ in range(args.rounds):
        ours += of_ours(args, network, feature)
        theirs += of_torch(net, inputs, args.runs)
    a, b = median(ours), median(theirs)
    spread = lambda times: f"{min(times):.0f} to {max(times):.0f}"  # noqa: E731
    print(f"| {network} | {feature} | {a:.0f} ({spread(ours)}) | {b:.0f} ({spread(theirs)}) | {a / b:.2f} |", flush=True)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cli")
    parser.add_argument("networks", help="encoder, classifier, segmenter, shipped; comma-separated")
    parser.add_argument("--features", default="12")
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"{args.side}³, {args.threads} thread(s), PyTorch {torch.__version__}\n")
    print("| network | feature | here ms | PyTorch ms | ratio |\n|---|---|---|---|---|")
    for network in args.networks.split(","):
        for feature in map(int, args.features.split(",")):
            compare(args, network, feature)


if __name__ == "__main__":
    main()
