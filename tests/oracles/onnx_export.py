"""A network of the benchmark as ONNX, with its answer, for other runtimes (tests/browser/peers.mjs).

    pip install -r crates/training/torch/requirements.txt onnx
    python tests/oracles/onnx_export.py shipped|classifier|encoder SIDE FOLDER

Writes `network.onnx`, inputs `x.f32` and `x_flip.f32` (`[1, channels, SIDE, SIDE, SIDE]`) and PyTorch's
`output.f32`: logits, or the encoder's five maps and SACA's one after the other.
Weights and inputs are those of the benchmark: computed from the tensors' names. Classifier and
encoder merge patches as MONAI does now, the benchmark's as it did when SA-Swin was published: other voxels, the same work.
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
    "encoder": {
        "in_channels": 1,
        "feature_size": 12,
        "merge": "fixed",
        "symmetry": True,
    },
}


class Output(torch.nn.Module):
    """All that the network gives, as one tensor."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, x_flip):
        if not self.net.decodes and self.net.classification_head is None:
            maps, fused = self.net.encode(x, x_flip)
            return torch.cat([m.flatten() for m in (*maps, fused)])
        output = self.net(x, x_flip)
        return output["classes"] if output["segmentation"] is None else output["segmentation"]


def main():
    config, side, folder = NETWORKS[sys.argv[1]], int(sys.argv[2]), Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    net = build(config).eval()
    fill_module(net)
    net = Output(net)
    inputs = [fill(f"input:{name}", (1, config["in_channels"], side, side, side)) for name in ("x", "x_flip")]
    with torch.no_grad():
        output = net(*inputs)
        torch.onnx.export(net, tuple(inputs), str(folder / "network.onnx"), opset_version=17, dynamo=False,
                          input_names=["x", "x_flip"], output_names=["output"])  # fmt: skip
    for name, tensor in zip(("x", "x_flip", "output"), (*inputs, output)):
        tensor.contiguous().numpy().tofile(folder / f"{name}.f32")
    print(folder / "network.onnx", tuple(output.shape))


if __name__ == "__main__":
    main()
