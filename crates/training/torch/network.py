"""SA-Swin as the fidelity tests transcribe it (`tests/golden`), with the options that recipes use."""

import sys
from pathlib import Path

import torch
from monai.networks.nets.swin_unetr import SwinTransformer
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests/golden"))
import networks  # noqa: E402


def swin(config: dict) -> SwinTransformer:
    return SwinTransformer(
        in_chans=config["in_channels"],
        embed_dim=config["feature_size"],
        window_size=config["window"],
        patch_size=(2, 2, 2),
        depths=config["depths"],
        num_heads=config["heads"],
        downsample="mergingv2" if config["merge"] == "v2" else "merging",
    )


class SaSwin(networks.SubvoxelUnetr):
    """Scan and mirror in one batch through the encoder; subvoxel decoder and class head as configured."""

    def __init__(self, config: dict):
        decoder = config.get("decoder")
        golden = dict(config, num_heads=config["heads"], merge_mode=config["merge"], use_v2=False,
                      saca=config["symmetry"], head_width=decoder["subvoxel"]["width"] if decoder else 12,
                      out_channels=max(1, config.get("out_channels", 0)))  # fmt: skip
        super().__init__(golden)
        self.swinViT = swin(config)
        self.decodes = decoder is not None
        if not self.decodes:
            for name in [n for n, _ in self.named_children() if n not in ("swinViT", "symmetryAwareTX")]:
                delattr(self, name)
        head = config.get("class_head")
        self.pool = head and head["pool"]
        self.classification_head = nn.Linear(16 * config["feature_size"], head["outputs"]) if head else None

    def encode(self, x, x_flip):
        if not hasattr(self, "symmetryAwareTX"):
            hidden = self.swinViT(x, True)
            return hidden, hidden[4]
        both = self.swinViT(torch.cat([x, x_flip]), True)
        b = len(x)
        tokens = networks.to_tokens(both[4])
        fused = networks.to_volume(self.symmetryAwareTX(tokens[:b], tokens[b:]), both[4][:b])
        return [h[:b] for h in both], fused

    def decode(self, x, hidden, bottleneck):
        # On grids this small, oneDNN's bfloat16 weight gradients are garbage (PyTorch 2.4 with AVX-512).
        with torch.autocast(x.device.type, enabled=False):
            dec = self.decoder5(self.encoder10(bottleneck.float()), hidden[3].float())
        dec = self.decoder4(dec, self.encoder4(hidden[2]))
        dec = self.decoder3(dec, self.encoder3(hidden[1]))
        dec = self.decoder2(dec, self.encoder2(hidden[0]))
        dec = self.subvoxel.block(torch.cat([dec, networks.space_to_depth(x)], 1))
        return networks.depth_to_space(self.subvoxel.out(dec))

    def forward(self, x, x_flip):
        hidden, bottleneck = self.encode(x, x_flip)
        classes = None
        if self.classification_head is not None:
            tokens = networks.to_tokens(bottleneck)
            classes = self.classification_head(tokens[:, 0] if self.pool == "token0" else tokens.mean(1))
        segmentation = self.decode(x, hidden, bottleneck) if self.decodes else None
        return {"segmentation": segmentation, "classes": classes}


def build(config: dict) -> SaSwin:
    if config["merge"] == "fixed" and not has_fixed_merging():
        raise SystemExit("merge = \"fixed\" needs MONAI 1.5 or later (see requirements.txt)")
    return SaSwin({"depths": (2, 2, 2, 2), "heads": (3, 6, 12, 24), "window": (7, 7, 7), **config})


def has_fixed_merging() -> bool:
    """MONAI 1.5 takes each of the eight sub-lattices once; before, two came twice."""
    from monai.networks.nets.swin_unetr import PatchMerging

    merge = PatchMerging(1, norm_layer=nn.Identity, spatial_dims=3)
    merge.reduction = nn.Identity()
    x = torch.arange(8.0).reshape(1, 2, 2, 2, 1)
    return len(set(merge(x).flatten().tolist())) == 8
