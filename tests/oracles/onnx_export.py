"""The benchmark's network `shipped` as ONNX, with its answer, for other runtimes (tests/browser/peers.mjs).

    pip install -r crates/training/torch/requirements.txt onnx
    python tests/oracles/onnx_export.py SIDE FOLDER

Writes `shipped.onnx`, inputs `x.f32` and `x_flip.f32` (`[1, 2, SIDE, SIDE, SIDE]`) and PyTorch's `logits.f32`. Weights
and inputs are those of the benchmark: computed from the tensors' names.
"""

import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "crates/training/torch"), str(ROOT / "tests/golden")]
from fill import fill, fill_module  # noqa: E402
from network import build  # noqa: E402

CONFIG = {
    "in_channels": 2,
    "feature_size": 12,
    "heads": [1, 2, 4, 8],
    "window": [4, 4, 4],
    "merge": "fixed",
    "symmetry": True,
    "decoder": {"subvoxel": {"width": 24}},
    "out_channels": 13,
}


class Segmentation(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, x_flip):
        return self.net(x, x_flip)["segmentation"]


def main():
    side, folder = int(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    net = build(CONFIG).eval()
    fill_module(net)
    net = Segmentation(net)
    inputs = [fill(f"input:{name}", (1, 2, side, side, side)) for name in ("x", "x_flip")]
    with torch.no_grad():
        logits = net(*inputs)
        torch.onnx.export(net, tuple(inputs), str(folder / "shipped.onnx"), opset_version=17, dynamo=False,
                          input_names=["x", "x_flip"], output_names=["logits"])  # fmt: skip
    for name, tensor in zip(("x", "x_flip", "logits"), (*inputs, logits)):
        tensor.contiguous().numpy().tofile(folder / f"{name}.f32")
    print(folder / "shipped.onnx", tuple(logits.shape))


if __name__ == "__main__":
    main()
