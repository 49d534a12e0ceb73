"""Small PyTorch checkpoint files in the layouts that are in circulation, and what each must import to.

A tensor's values are the hash of its canonical name (`swinViT...`), whatever it is called in the file, so that the
importer's renaming can be checked by value. Most files hold the first block only: real shapes, few tensors.
"""

import json
from collections import OrderedDict
from pathlib import Path

import torch

import networks
from cases import SWIN
from fill import fill
from store import save

F12 = {**SWIN, "in_channels": 1, "out_channels": 3, "saca": False}
TINY = {**SWIN, "feature_size": 3, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 1, 3], "out_channels": 2}

# Enough of the encoder to meet every renaming rule.
ENCODER_PART = ("swinViT.patch_embed.", "swinViT.layers1.0.blocks.0.", "swinViT.layers1.0.downsample.")
INDEX = "swinViT.layers1.0.blocks.0.attn.relative_position_index"


def parameter_shapes(model) -> dict[str, tuple[int, ...]]:
    return {name: tuple(p.shape) for name, p in model.named_parameters()}


def part(shapes: dict, prefixes: tuple[str, ...]) -> dict[str, torch.Tensor]:
    return {name: fill(name, shape) for name, shape in shapes.items() if name.startswith(prefixes)}


def renamed(tensors: dict, rename) -> OrderedDict:
    return OrderedDict((rename(name), tensor) for name, tensor in tensors.items())


def ssl_mlp(name: str) -> str:
    return name.replace("mlp.linear", "mlp.fc")


def dae_name(name: str) -> str:
    """`swinViT.layers1.0.rest` -> `encoder.layers1.0.0.rest`; patch_embed keeps its depth; decoder keys are unchanged."""
    if not name.startswith("swinViT."):
        return name
    rest = name.removeprefix("swinViT.")
    return "encoder." + (rest if rest.startswith("patch_embed") else rest[:8] + "0." + rest[8:])


def noise(name: str, *shape: int) -> dict[str, torch.Tensor]:
    """A tensor the importer has no place for."""
    return {name: fill(name, shape)}


def awkward(tensors: dict) -> OrderedDict:
    """The same values in unusual storage: transposed, offset into a shared storage, half, bfloat16, double, scalar."""
    out = OrderedDict(tensors)
    block = "swinViT.layers1.0.blocks.0."
    out[block + "attn.qkv.weight"] = tensors[block + "attn.qkv.weight"].t().contiguous().t()
    shared = torch.cat([tensors[block + "norm1.weight"], tensors[block + "norm1.bias"]])
    out[block + "norm1.weight"], out[block + "norm1.bias"] = shared[:12], shared[12:]
    out[block + "attn.proj.weight"] = tensors[block + "attn.proj.weight"].half()
    out[block + "mlp.linear1.weight"] = tensors[block + "mlp.linear1.weight"].bfloat16()
    out[block + "mlp.linear2.weight"] = tensors[block + "mlp.linear2.weight"].double()
    return out


def files() -> dict[str, dict]:
    """File name -> object to save, canonical names it holds, keys to be reported as unexpected or ignored."""
    shapes = parameter_shapes(networks.Unetr(F12))
    encoder = part(shapes, ENCODER_PART)
    decoder = part(shapes, ("encoder1.layer.conv1.", "decoder1.transp_conv.", "out."))
    index = {INDEX: torch.arange(49).reshape(7, 7)}
    both = encoder | decoder
    no_out = {k: v for k, v in both.items() if not k.startswith("out.")}
    heads = noise("rotation_head.weight", 4, 192) | noise("norm.weight", 192)
    dae_extra = noise("encoder.mask_token", 1, 1, 12) | noise("encoder.norm.weight", 192) | noise("encoder.norm.bias", 192)
    dae_extra |= noise("out.conv.conv.weight", 1, 12, 1, 1, 1) | noise("out.conv.conv.bias", 1)
    wrong = dict(both)
    wrong["out.conv.conv.weight"] = fill("out.conv.conv.weight", (5, 12, 1, 1, 1))
    wrong.pop("out.conv.conv.bias")

    def module(tensors):
        return renamed(tensors, lambda n: "module." + n)

    return {
        "bare.pt": {"object": OrderedDict(both | index), "holds": both, "leftover": list(index)},
        "module_state_dict.pt": {
            "object": {"epoch": 3, "best_acc": 0.5, "state_dict": module(both | index)},
            "holds": both,
            "leftover": ["module." + INDEX],
        },
        "ssl_module.pt": {
            "object": {"state_dict": module(renamed(encoder, lambda n: ssl_mlp(n.removeprefix("swinViT."))) | heads)},
            "holds": encoder,
            "leftover": ["module." + n for n in heads],
        },
        "ssl_swin_vit.pt": {
            "object": {"state_dict": renamed(encoder, lambda n: ssl_mlp(n.replace("swinViT.", "swin_vit."))) | heads},
            "holds": encoder,
            "leftover": list(heads),
        },
        "dae.pth": {
            "object": {"model": renamed(no_out, dae_name) | dae_extra},
            "holds": no_out,
            "leftover": list(dae_extra),
        },
        "layouts.pt": {"object": awkward(encoder), "holds": encoder, "leftover": []},
        "mismatch.pt": {
            "object": {"state_dict": OrderedDict(wrong | noise("decoder9.conv.weight", 2, 3))},
            "holds": {k: v for k, v in wrong.items() if k != "out.conv.conv.weight"},
            "leftover": ["decoder9.conv.weight"],
            "misshaped": {"out.conv.conv.weight": {"file": [5, 12, 1, 1, 1], "expected": [3, 12, 1, 1, 1]}},
        },
    }


def write_complete(out: Path) -> None:
    """A whole, runnable classifier in half precision, with the outputs of exactly these rounded weights."""
    model = networks.Classifier(TINY).eval()
    tensors = {name: fill(name, shape).half() for name, shape in parameter_shapes(model).items()}
    torch.save({"state_dict": OrderedDict(tensors)}, out / "complete_classifier.pt")
    model.load_state_dict({k: v.float() for k, v in tensors.items()}, strict=False)
    case = {"arch": "saca_classifier", "config": TINY, "inputs": {"x": [1, 1, 64, 32, 32], "x_flip": [1, 1, 64, 32, 32]}}
    inputs = [fill(f"input:{name}", tuple(shape)) for name, shape in case["inputs"].items()]
    with torch.no_grad():
        single = model(*inputs)
        double = model.double()(*(x.double() for x in inputs))
    header = {**case, "case": "complete_classifier", "parameters": {k: list(v.shape) for k, v in tensors.items()}}
    save(out / "complete_classifier.safetensors", header, double, single, whole=True)


def write(out: Path) -> None:
    folder = out / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, entry in files().items():
        torch.save(entry["object"], folder / name)
        expected[name] = {
            "holds": {k: list(v.shape) for k, v in sorted(entry["holds"].items())},
            "leftover": sorted(entry["leftover"]),
            "misshaped": entry.get("misshaped", {}),
        }
    torch.save(files()["bare.pt"]["object"], folder / "legacy_tar.pt", _use_new_zipfile_serialization=False)
    expected = {"arch": "swin_unetr", "config": F12, "files": expected}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
    write_complete(folder)
