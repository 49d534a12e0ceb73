"""A network of the benchmark as ONNX, with its answer, for other runtimes (tests/browser/peers.mjs).

    pip install -r crates/training/torch/requirements.txt onnx
    python tests/oracles/onnx_export.py shipped|classifier SIDE FOLDER

Writes `network.onnx`, inputs `x.f32` and `x_flip.f32` (`[1, channels, SIDE, SIDE, SIDE]`) and PyTorch's `logits.f32`.
Weights and inputs are those of the benchmark: computed from the tensors' names. The classifier merges patches as
MONAI does now, the benchmark's as it did when SA-Swin was published: other voxels, the same work.
"""

import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "crates/training/torch"), str(ROOT / "tests/golden")]
from fill import fill, fill_module  # noqa: E402
from network import build  # noqa: E402

NETWORKS = {
    "shipped": {
        "in_channels": 2,
        "feature_size": 12,
        "heads": [1, 2, 4, 8],
        "window": [4, 4, 4],
        "merge": "fixed",
        "symmetry": True,
        "decoder": {"subvoxel": {"width": 24}},
        "out_channels": 13,
    },
    "classifier": {
        "in_channels": 1,
        "feature_size": 12,
        "merge": "fixed",
        "symmetry": True,
        "class_head": {"outputs": 2, "pool": "token0"},
    },
}


class Logits(torch.nn.Module):
    """The one output that the network has."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, x_flip):
        output = self.net(x, x_flip)
        return output["classes"] if output["segmentation"] is None else output["segmentation"]


def main():
    config, side, folder = NETWORKS[sys.argv[1]], int(sys.argv[2]), Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    net = build(config).eval()
    fill_module(net)
    net = Logits(net)
    inputs = [fill(f"input:{name}", (1, config["in_channels"], side, side, side)) for name in ("x", "x_flip")]
    with torch.no_grad():
        logits = net(*inputs)
        torch.onnx.export(net, tuple(inputs), str(folder / "network.onnx"), opset_version=17, dynamo=False,
                          input_names=["x", "x_flip"], output_names=["logits"])  # fmt: skip
    for name, tensor in zip(("x", "x_flip", "logits"), (*inputs, logits)):
        tensor.contiguous().numpy().tofile(folder / f"{name}.f32")
    print(folder / "network.onnx", tuple(logits.shape))


if __name__ == "__main__":
    main()
