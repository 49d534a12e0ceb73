"""What a trained network loses when it gets something else than the scan's mirror to compare with.

python crates/training/torch/mirror.py models/recipes/ct-triage.toml models/ct-triage/weights.q8.safetensors
prints, for each thing shown in the mirror's place, the Dice per class over the held-out windows, mean of those that hold it.
"""

import argparse
import tomllib
from pathlib import Path

import packed
import torch

from examples import Examples
from network import build
from train import overlaps, window_dice

# How many windows further the other head lies.
AWAY = 7


def inputs(held_out, recipe):
    """By name, what both streams get of window `i`."""
    channels = recipe["manifest"]["preprocessing"]["channels"]
    differences = [i for i, channel in enumerate(channels) if channel["kind"] == "difference"]
    shown = {
        "its mirror": lambda i: (held_out[i].image, held_out[i].mirror),
        "the scan again": lambda i: (held_out[i].image, held_out[i].image),
        "another head": lambda i: (held_out[i].image, held_out[(i + AWAY) % len(held_out)].mirror),
        "nothing": lambda i: (held_out[i].image, torch.zeros_like(held_out[i].mirror)),
    }
    if differences:
        shown["its mirror, but no difference"] = lambda i: tuple(
            without(image, differences) for image in (held_out[i].image, held_out[i].mirror)
        )
    return shown


def without(image, channels):
    image = image.clone()
    image[:, channels] = 0
    return image


@torch.no_grad()
def dice(net, held_out, shown):
    each = []
    for i, batch in enumerate(held_out):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = net(*shown(i))["segmentation"]
        each.append(overlaps(logits.float(), batch.labels))
    return window_dice(each)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/mirror"), help="beside it heads are kept")
    parser.add_argument("--saswin", default="target/release/saswin-cli", help="program that draws the examples")
    args = parser.parse_args()
    recipe = tomllib.loads(args.recipe.read_text())
    data = recipe["data"]
    crop = data.get("finish", data)["crop"]
    held_out = list(Examples(args, recipe, crop, 0, validation=True))
    net = build(recipe["architecture"])
    net.load_state_dict(net.state_dict() | packed.load(args.weights))
    net.eval()
    for name, shown in inputs(held_out, recipe).items():
        print(name, [d and round(d, 4) for d in dice(net, held_out, shown)], flush=True)


if __name__ == "__main__":
    main()
