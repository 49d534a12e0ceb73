"""Trains a recipe with PyTorch, on the same synthesised examples as `saswin-cli train`.

On a processor with bfloat16 arithmetic PyTorch is the faster of the two. The weights come back through the same
importer as any checkpoint:

    pip install -r crates/training/torch/requirements.txt
    cargo build --release -p saswin-cli
    python crates/training/torch/train.py models/recipes/head-mr.toml --out runs/head-mr [--resume]
    target/release/saswin-cli convert runs/head-mr/weights.safetensors --recipe models/recipes/head-mr.toml \
        --precision q8 --out models/head-mr
"""

import argparse
import ctypes
import json
import math
import time
import tomllib
from pathlib import Path

import packed
import torch
from safetensors.torch import save_file

from examples import Examples
from losses import loss_of
from network import build
from priors import set_priors
from steady import Steady, draw, is_part, spread

RECORD_EVERY = 20
# Steps without a finite loss, one after the other, that end a run, as in `trainer/session.rs`.
PATIENCE = 20


def learning_rate(optimiser: dict, used: float) -> float:
    """Linear warm-up, then half a cosine down, as in `trainer/schedule.rs`."""
    warm_up, end = optimiser["warm_up"], optimiser["rate_end"]
    if used < warm_up:
        return optimiser["rate"] * (0.05 + 0.95 * used / warm_up)
    down = (used - warm_up) / max(1 - warm_up, 1e-9)
    return optimiser["rate"] * (end + (1 - end) * 0.5 * (1 + math.cos(math.pi * down)))


def widened(weight: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """`weight` for more input channels than it had: the new ones, the last, begin without a say."""
    more = shape[1] - weight.shape[1] if weight.ndim == len(shape) > 1 else 0
    return torch.nn.functional.pad(weight, [0, 0] * (weight.ndim - 2) + [0, more]) if more > 0 else weight


class Run:
    def __init__(self, args, recipe):
        self.args, self.recipe = args, recipe
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(recipe["seed"])
        self.net = build(recipe["architecture"]).to(self.device, memory_format=torch.channels_last_3d)
        o = recipe["optimiser"]
        steady = "encoder_rate" in o
        if steady:
            draw(self.net, [""])
        started = self.start_from(packed.load(recipe["init_from"])) if recipe.get("init_from") else set()
        if steady and recipe.get("init_fresh"):
            draw(self.net, recipe["init_fresh"])
        self.steady = Steady(self.net) if steady else None
        self.optimiser = torch.optim.AdamW(self.groups(o), lr=o["rate"], weight_decay=o["weight_decay"])
        self.spread = 0.0
        if hasattr(self.net, "symmetryAwareTX"):
            self.net.symmetryAwareTX.register_forward_hook(self.watch)
        self.step, self.seconds = 0, 0.0
        args.out.mkdir(parents=True, exist_ok=True)
        # Windows as at the end of the training: smaller ones tell another story.
        self.held_out = list(self.examples(1.0, validation=True))
        if steady:
            set_priors(self.net, recipe, self.held_out, started)
        self.average = {k: v.detach().clone() for k, v in self.net.named_parameters()}
        self.lost = 0
        if (args.out / "checkpoint.pt").is_file():
            if not args.resume:
                raise SystemExit(f"{args.out} holds a run: go on from it with --resume, or take another folder")
            self.resume()
        self.log = open(args.out / "metrics.jsonl", "a")

    def groups(self, optimiser):
        """The encoder and SACA may learn at a rate of their own."""
        parts = {False: [], True: []}
        for name, parameter in self.net.named_parameters():
            parts[is_part(name)].append(parameter)
        own = optimiser.get("encoder_rate", optimiser["rate"]) / optimiser["rate"]
        return [{"params": parts[False], "share": 1.0}, {"params": parts[True], "share": own}]

    def watch(self, _layer, _inputs, tokens):
        self.spread = spread(tokens)

    def start_from(self, weights):
        own = self.net.state_dict()
        wide = {k: widened(v, own[k].shape) for k, v in weights.items() if k in own}
        taken = {k: v for k, v in wide.items() if v.shape == own[k].shape}
        self.net.load_state_dict(own | taken)
        return set(taken)

    def resume(self):
        state = torch.load(self.args.out / "checkpoint.pt", map_location=self.device)
        self.net.load_state_dict(state["net"])
        self.average = state["average"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]
        if self.steady:
            self.steady.load(state.get("means", {}))

    def used(self) -> float:
        budget = self.recipe["budget"]
        if "minutes" in budget:
            return min(1.0, self.seconds / (60 * budget["minutes"]))
        return min(1.0, self.step / budget["steps"])

    def crop(self, used: float):
        finish = self.recipe["data"].get("finish")
        return finish["crop"] if finish and used >= 1 - finish["share"] else self.recipe["data"]["crop"]

    def examples(self, used: float, validation=False) -> Examples:
        first = self.step * self.recipe["data"]["batch"]
        return Examples(self.args, self.recipe, self.crop(used), first, validation)

    def forward(self, batch):
        image, mirror = (
            t.to(self.device).contiguous(memory_format=torch.channels_last_3d) for t in (batch.image, batch.mirror)
        )
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            return self.net(image, mirror)

    def train_step(self, batch, rate):
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["share"]
        total, parts = loss_of(self.recipe, self.forward(batch), batch, self.device)
        total.backward()
        if self.steady:
            self.steady.keep()
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe["optimiser"]["clip"])
        self.step += 1
        if torch.isfinite(total) and torch.isfinite(norm):
            self.steady.step(self.optimiser) if self.steady else self.optimiser.step()
            decay = min(self.recipe["optimiser"]["average"], (1 + self.step) / (10 + self.step))
            now = [p.detach() for p in self.net.parameters()]
            torch._foreach_lerp_(list(self.average.values()), now, 1 - decay)
            self.lost = 0
        else:
            self.lost += 1
            if self.lost >= PATIENCE:
                raise SystemExit(f"no finite loss for {PATIENCE} steps: resume with a lower rate")
        self.optimiser.zero_grad()
        return total.item(), parts, norm.item()

    def go(self):
        looked = saved = self.seconds
        used = self.used()
        crop, stream = self.crop(used), self.examples(used)
        sums, waited, since, began = {}, 0.0, time.monotonic(), self.step
        while (used := self.used()) < 1:
            if self.crop(used) != crop:
                stream.close()
                crop, stream = self.crop(used), self.examples(used)
            start = time.monotonic()
            rate = learning_rate(self.recipe["optimiser"], used)
            batch = stream.batch(self.recipe["data"]["batch"])
            waited += time.monotonic() - start
            total, parts, norm = self.train_step(batch, rate)
            self.seconds += time.monotonic() - start
            for name, value in {"loss": total, "norm": norm, **parts}.items():
                sums[name] = sums.get(name, 0.0) + value
            if self.step % RECORD_EVERY == 0:
                steps = self.step - began
                means = {name: value / steps for name, value in sums.items()}
                self.record_steps(rate, means, (time.monotonic() - since) / steps, waited / steps)
                sums, waited, since, began = {}, 0.0, time.monotonic(), self.step
            validation = self.recipe["validation"]
            if self.seconds - looked >= 60 * validation["minutes"]:
                self.look()
                looked = self.seconds
            if self.seconds - saved >= 60 * validation["checkpoint_minutes"]:
                self.save()
                saved = self.seconds
        stream.close()
        self.look()
        self.save()

    def record_steps(self, rate, sums, seconds, waiting):
        loss, norm = sums.pop("loss"), sums.pop("norm")
        self.write(kind="steps", step=self.step, minutes=self.seconds / 60, rate=rate, loss=loss, parts=sums,
                   norm=norm, seconds_per_step=seconds, waiting=waiting, spread=self.spread)  # fmt: skip

    def write(self, **record):
        line = json.dumps(record)
        print(line, flush=True)
        self.log.write(line + "\n")
        self.log.flush()

    def averaged(self):
        state = self.net.state_dict()
        state.update(self.average)
        return state

    @torch.no_grad()
    def look(self):
        """Averaged weights on the held-out windows."""
        own = {k: v.clone() for k, v in self.net.state_dict().items()}
        self.net.load_state_dict(self.averaged())
        self.net.eval()
        counts, each = 0.0, []
        heads = []
        for batch in self.held_out:
            output = self.forward(batch)
            if output["segmentation"] is not None:
                each.append(overlaps(output["segmentation"].float().cpu(), batch.labels))
                counts = counts + each[-1]
            if output["classes"] is not None:
                heads.append([output["classes"].float().tolist()[0], batch.classes.tolist()[0]])
        self.net.load_state_dict(own)
        self.net.train()
        dice = []
        if torch.is_tensor(counts):
            dice = [(2 * both / (a + t)).item() if a + t > 0 else None for a, t, both in counts.T]
        known = [d for d in (dice[1:] if len(dice) > 1 else dice) if d is not None]
        self.write(kind="validation", step=self.step, minutes=self.seconds / 60,
                   mean_dice=sum(known) / len(known) if known else None, dice=dice,
                   window_dice=window_dice(each))  # fmt: skip
        if heads:
            (self.args.out / "heads.json").write_text(json.dumps(heads))

    def save(self):
        part = self.args.out / "checkpoint.part"
        torch.save({"net": self.net.state_dict(), "average": self.average, "optimiser": self.optimiser.state_dict(),
                    "step": self.step, "seconds": self.seconds,
                    "means": self.steady.state() if self.steady else {}}, part)  # fmt: skip
        part.rename(self.args.out / "checkpoint.pt")
        buffers = ("relative_position_index",)
        weights = {k: v.float().contiguous() for k, v in self.averaged().items() if not k.endswith(buffers)}
        save_file(weights, self.args.out / "weights.safetensors")


def overlaps(logits, labels):
    """Voxels per class in answer, truth and both, `[3, k]`."""
    k = logits.shape[1]
    answer = logits.argmax(1).flatten() if k > 1 else (logits > 0).flatten().long()
    truth = labels.flatten().long().clamp(max=max(k, 2) - 1)
    n = max(k, 2)
    rows = [torch.bincount(t, minlength=n) for t in (answer, truth, truth[answer == truth])]
    return torch.stack(rows).double()[:, (0 if k > 1 else 1) :]


def window_dice(each):
    """Dice per class, the mean of the windows that hold it: small structures count there as much as large ones."""
    if not each:
        return None
    answer, truth, both = torch.stack(each).unbind(1)
    held = truth > 0
    dice = torch.where(held, 2 * both / (answer + truth).clamp_min(1), 0).sum(0) / held.sum(0)
    return [d.item() if n > 0 else None for d, n in zip(dice, held.sum(0))]


def keep_memory():
    """Tensors that are freed stay with the process: to map and clear their pages anew took up to half of each step."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # glibc
        mmap_max, trim_threshold = -4, -1
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, 2**31 - 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="checkpoint, weights.safetensors, metrics.jsonl")
    parser.add_argument("--resume", action="store_true", help="go on from the folder's checkpoint, if it has one")
    parser.add_argument("--saswin", default="target/release/saswin-cli", help="program that draws the examples")
    parser.add_argument("--threads", type=int, default=0, help="threads of PyTorch; 0 for its default")
    args = parser.parse_args()
    keep_memory()
    if args.threads:
        torch.set_num_threads(args.threads)
    Run(args, tomllib.loads(args.recipe.read_text())).go()


if __name__ == "__main__":
    main()
