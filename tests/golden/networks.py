"""Networks built on MONAI's Swin encoder and UNETR blocks; attribute names are the checkpoint keys."""

import inspect

import torch
from monai.networks.blocks.dynunet_block import UnetResBlock
from monai.networks.nets.swin_unetr import SwinTransformer, SwinUNETR
from torch import nn

from saca import SymmetryAwareBlock


def swin(config: dict) -> SwinTransformer:
    """MONAI's encoder for a fixture config; window 7, MLP ratio 4, qkv bias."""
    return SwinTransformer(
        in_chans=config["in_channels"],
        embed_dim=config["feature_size"],
        window_size=(7, 7, 7),
        patch_size=(config["patch_size"],) * 3,
        depths=config["depths"],
        num_heads=config["num_heads"],
        downsample="mergingv2" if config["merge_mode"] == "v2" else "merging",
        use_v2=config["use_v2"],
    )


def to_tokens(x):
    """`[B, C, d, h, w]` to `[B, d*h*w, C]`."""
    return x.flatten(2).transpose(1, 2)


def to_volume(tokens, like):
    """`[B, N, C]` back to the shape of `like`."""
    return tokens.transpose(1, 2).reshape(like.shape)


def saca(config: dict) -> SymmetryAwareBlock:
    return SymmetryAwareBlock(16 * config["feature_size"], 12)


class Encoder(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        self.swinViT = swin(config)

    def forward(self, x):
        return {f"x{i}": stage for i, stage in enumerate(self.swinViT(x, True))}


class Classifier(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        self.swinViT = swin(config)
        self.symmetryAwareTX = saca(config)
        self.classification_head = nn.Linear(16 * config["feature_size"], config["out_channels"])

    def forward(self, x, x_flip):
        f, f_flip = (to_tokens(self.swinViT(v, True)[4]) for v in (x, x_flip))
        tokens = self.symmetryAwareTX(f, f_flip)
        return {"f": f, "f_flip": f_flip, "saca": tokens, "logits": self.classification_head(tokens[:, 0])}


class Pretraining(nn.Module):
    """Rotation, contrastive and asymmetry heads and the inpainting decoder."""

    def __init__(self, config: dict):
        super().__init__()
        width = 16 * config["feature_size"]
        self.swinViT = swin(config)
        self.symmetryAwareTX = saca(config)
        self.rotation_head = nn.Linear(width, 4)
        self.contrastive_head = nn.Linear(width, 512)
        self.aaw_head = nn.Linear(width, 512)
        layers, channels = [], [width, width // 2, width // 4, width // 8, width // 16, width // 16]
        for before, after in zip(channels, channels[1:]):
            layers += [
                nn.Conv3d(before, after, 3, padding=1),
                nn.InstanceNorm3d(after),
                nn.LeakyReLU(0.01),
                nn.Upsample(scale_factor=2, mode="trilinear", align_corners=False),
            ]
        self.conv = nn.Sequential(*layers, nn.Conv3d(channels[-1], config["in_channels"], 1))

    def forward(self, x, x_flip):
        x4, x4_flip = self.swinViT(x, True)[4], self.swinViT(x_flip, True)[4]
        f, f_flip = to_tokens(x4), to_tokens(x4_flip)
        tokens = self.symmetryAwareTX(f, f_flip)
        return {
            "saca": tokens,
            "rotation": self.rotation_head(tokens[:, 0]),
            "contrastive": self.contrastive_head(tokens[:, 1]),
            "sah": self.aaw_head(f[:, 1]),
            "sah_flip": self.aaw_head(f_flip[:, 1]),
            "inpainting": self.conv(to_volume(tokens, x4)),
        }


class Unetr(SwinUNETR):
    """MONAI's SwinUNETR; with `saca` the bottleneck is SACA(f, f_flip); reports every stage."""

    def __init__(self, config: dict):
        # MONAI up to 1.4 wants a size; it is only checked for divisibility, no parameter depends on it.
        wants_size = "img_size" in inspect.signature(SwinUNETR.__init__).parameters
        super().__init__(
            **({"img_size": (96, 96, 96)} if wants_size else {}),
            in_channels=config["in_channels"],
            out_channels=config["out_channels"],
            depths=config["depths"],
            num_heads=config["num_heads"],
            feature_size=config["feature_size"],
            downsample="mergingv2" if config["merge_mode"] == "v2" else "merging",
            use_v2=config["use_v2"],
        )
        if config["saca"]:
            self.symmetryAwareTX = saca(config)

    def bottleneck(self, x4, x_flip):
        if x_flip is None:
            return x4
        x4_flip = self.swinViT(x_flip, True)[4]
        return to_volume(self.symmetryAwareTX(to_tokens(x4), to_tokens(x4_flip)), x4)

    def stages(self, x, x_flip):
        """Everything down to half resolution, by stage name."""
        hidden = self.swinViT(x, True)
        s = {f"x{i}": h for i, h in enumerate(hidden)}
        s["bottleneck"] = self.bottleneck(hidden[4], x_flip)
        s["encoder2"] = self.encoder2(hidden[0])
        s["encoder3"] = self.encoder3(hidden[1])
        s["encoder4"] = self.encoder4(hidden[2])
        s["encoder10"] = self.encoder10(s["bottleneck"])
        s["decoder5"] = self.decoder5(s["encoder10"], hidden[3])
        s["decoder4"] = self.decoder4(s["decoder5"], s["encoder4"])
        s["decoder3"] = self.decoder3(s["decoder4"], s["encoder3"])
        s["decoder2"] = self.decoder2(s["decoder3"], s["encoder2"])
        return s

    def forward(self, x, x_flip=None):
        s = self.stages(x, x_flip)
        s["encoder1"] = self.encoder1(x)
        s["decoder1"] = self.decoder1(s["decoder2"], s["encoder1"])
        s["logits"] = self.out(s["decoder1"])
        return s


def space_to_depth(x):
    """`[B, C, 2d, 2h, 2w]` to `[B, 8C, d, h, w]`; channel `8c + 4*od + 2*oh + ow`."""
    b, c, d, h, w = x.shape
    x = x.reshape(b, c, d // 2, 2, h // 2, 2, w // 2, 2)
    return x.permute(0, 1, 3, 5, 7, 2, 4, 6).reshape(b, 8 * c, d // 2, h // 2, w // 2)


def depth_to_space(x):
    """Inverse of `space_to_depth`."""
    b, c, d, h, w = x.shape
    x = x.reshape(b, c // 8, 2, 2, 2, d, h, w)
    return x.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(b, c // 8, 2 * d, 2 * h, 2 * w)


class PointConv(nn.Module):
    def __init__(self, before: int, after: int):
        super().__init__()
        self.conv = nn.Conv3d(before, after, 1)

    def forward(self, x):
        return self.conv(x)


class SubvoxelHead(nn.Module):
    """Residual block at half resolution, then 8 sub-voxel logits per class and voxel."""

    def __init__(self, config: dict):
        super().__init__()
        before = config["feature_size"] + 8 * config["in_channels"]
        width = config["head_width"]
        self.block = UnetResBlock(3, before, width, kernel_size=3, stride=1, norm_name="instance")
        self.out = PointConv(width, 8 * config["out_channels"])


class SubvoxelUnetr(Unetr):
    """The light decoder: nothing of it runs at full resolution."""

    def __init__(self, config: dict):
        super().__init__(config)
        del self.encoder1, self.decoder1, self.out
        self.subvoxel = SubvoxelHead(config)

    def forward(self, x, x_flip=None):
        s = self.stages(x, x_flip)
        s["space_to_depth"] = space_to_depth(x)
        s["subvoxel_block"] = self.subvoxel.block(torch.cat([s["decoder2"], s["space_to_depth"]], 1))
        s["subvoxel_out"] = self.subvoxel.out(s["subvoxel_block"])
        s["logits"] = depth_to_space(s["subvoxel_out"])
        return s
