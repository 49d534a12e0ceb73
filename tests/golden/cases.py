"""The network cases: one config per fixture."""

import torch

import asa
import networks
from saca import SymmetryAwareBlock

SWIN = {
    "in_channels": 1,
    "feature_size": 12,
    "patch_size": 2,
    "depths": [2, 2, 2, 2],
    "num_heads": [3, 6, 12, 24],
    "merge_mode": "legacy",
    "use_v2": False,
}


def case(arch, shape, inputs=("x",), **changes):
    """`shape` is that of each input, NC(D,H,W)."""
    return {"arch": arch, "config": {**SWIN, **changes}, "inputs": {name: list(shape) for name in inputs}}


def encoder(size, batch=1, **changes):
    channels = changes.get("in_channels", 1)
    return case("swin_encoder", (batch, channels, *size), **changes)


def paired(arch, size, batch=1, **changes):
    return case(arch, (batch, changes.get("in_channels", 1), *size), ("x", "x_flip"), **changes)


def unetr(size, batch=1, **changes):
    return case("swin_unetr", (batch, changes.get("in_channels", 1), *size), saca=False, **changes)


ASA = {
    "in_channels": 1,
    "hidden_size": 48,
    "num_heads": 12,
    "layers": 4,
    "window": 32,
    "mask_repeats": 1,
    "position": "symmetric_1d",
}


def vit(arch, grid, batch=1, **changes):
    """ASA on a grid of 8^3 patches."""
    config = {**ASA, "grid": list(grid), **changes}
    return {"arch": arch, "config": config, "inputs": {"x": [batch, config["in_channels"], *(8 * n for n in grid)]}}


ODD = (45, 52, 38)

CASES = {
    "encoder_32": encoder((32, 32, 32)),
    "encoder_64": encoder((64, 64, 64)),
    "encoder_96_clipped_6": encoder((96, 96, 96)),
    "encoder_112_grid_7": encoder((112, 112, 112)),
    "encoder_odd": encoder(ODD),
    "encoder_odd_fixed": encoder(ODD, merge_mode="fixed"),
    "encoder_odd_v2": encoder(ODD, merge_mode="v2"),
    "encoder_64_fixed": encoder((64, 64, 64), merge_mode="fixed"),
    "encoder_64_v2": encoder((64, 64, 64), merge_mode="v2"),
    "encoder_patch4": encoder((64, 48, 81), patch_size=4, in_channels=2),
    "encoder_use_v2": encoder((48, 32, 64), use_v2=True),
    "encoder_f24_batch2": encoder((32, 48, 32), batch=2, feature_size=24),
    "encoder_depths": encoder((48, 32, 40), depths=[1, 2, 3, 2]),
    "unetr_64": unetr((64, 64, 64), out_channels=3),
    "unetr_96x64x64": unetr((96, 64, 64), in_channels=2, out_channels=4),
    "unetr_batch2_no_shortcut": unetr((64, 64, 64), batch=2, in_channels=12, out_channels=2),
    "unetr_use_v2": unetr((64, 64, 64), out_channels=3, merge_mode="v2", use_v2=True),
    "saca_192": {
        "arch": "saca",
        "config": {"width": 192, "heads": 12},
        "inputs": {"f": [2, 27, 192], "f_flip": [2, 27, 192]},
    },
    "saca_768": {
        "arch": "saca",
        "config": {"width": 768, "heads": 12},
        "inputs": {"f": [1, 27, 768], "f_flip": [1, 27, 768]},
    },
    "classifier_64": paired("saca_classifier", (64, 64, 64), out_channels=2),
    "classifier_odd_batch2": paired("saca_classifier", (45, 70, 38), batch=2, out_channels=2),
    "pretraining_64": paired("saca_pretraining", (64, 64, 64)),
    "saca_unetr_64": paired("saca_unetr", (64, 64, 64), out_channels=3, saca=True),
    "subvoxel_64": paired("saca_subvoxel_unetr", (64, 64, 64), out_channels=13, saca=True, head_width=24),
    "subvoxel_96x64x64": paired(
        "saca_subvoxel_unetr", (96, 64, 64), in_channels=2, out_channels=3, saca=True, head_width=24
    ),
    "asa_position": {"arch": "asa_position", "config": {"grid": [4, 6, 8], "hidden_size": 24}, "inputs": {}},
    "asa_encoder": vit("asa_encoder", (4, 4, 8)),
    "asa_encoder_padded": vit("asa_encoder", (3, 4, 4)),
    "asa_encoder_tiled_mask": vit(
        "asa_encoder", (8, 8, 4), batch=2, in_channels=2, mask_repeats=4, position="symmetric_3d"
    ),
    "asa_segmentation": vit(
        "asa_segmentation", (8, 8, 12), in_channels=2, layers=12, mask_repeats=4, feature_size=6, out_channels=4
    ),
}


class SacaOnly(torch.nn.Module):
    """The block under its place in the networks, `symmetryAwareTX.`, with its inner stages."""

    def __init__(self, config: dict):
        super().__init__()
        self.symmetryAwareTX = SymmetryAwareBlock(config["width"], config["heads"])

    def forward(self, f, f_flip):
        block = self.symmetryAwareTX
        a = block.attention(f, f)
        c = block.crossattention(a, f_flip)
        return {"self_attention": a, "cross_attention": c, "output": block(f, f_flip)}


ARCHITECTURES = {
    "swin_encoder": networks.Encoder,
    "swin_unetr": networks.Unetr,
    "saca": SacaOnly,
    "saca_classifier": networks.Classifier,
    "saca_pretraining": networks.Pretraining,
    "saca_unetr": networks.Unetr,
    "saca_subvoxel_unetr": networks.SubvoxelUnetr,
    "asa_position": asa.Positions,
    "asa_encoder": asa.Encoder,
    "asa_segmentation": asa.Segmenter,
}
