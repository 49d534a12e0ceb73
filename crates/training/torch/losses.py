"""The losses of `crates/training/src/losses.rs`."""

import torch
from torch.nn import functional as F

TINY = 1e-5
SMOOTH = 1.0


class DiceCrossEntropy(torch.autograd.Function):
    """Cross-entropy plus soft Dice of one sample from `logits` `[v, k]` and `labels` `[v]`.

    Written out because at full resolution the loss would otherwise take longer than the network.
    """

    @staticmethod
    def forward(ctx, logits, labels, weights, entropy_weights):
        k = logits.shape[1]
        counted = labels < k
        labels = labels.clamp(max=k - 1)
        p = torch.softmax(logits.float(), 1)
        at_label = p.gather(1, labels[:, None])[:, 0]
        size = torch.bincount(labels[counted], minlength=k).to(p.dtype)
        overlap = torch.zeros_like(size).index_add_(0, labels, at_label * counted)
        total = p.sum(0) + size + TINY
        present = size > 0
        share = present.to(p.dtype) * (weights if weights is not None else 1)
        share = share / share.sum()
        if entropy_weights is not None:
            counts = counted * entropy_weights[labels]
        else:
            counts = counted.to(p.dtype)
        cross_entropy = -(at_label.clamp_min(1e-30).log() * counts).mean()
        dice = 1 - (share * 2 * overlap / total).sum()
        # d dice / d p is `everywhere` for each class and, where the class is true, `at_truth` more.
        everywhere, at_truth = 2 * share * overlap / total**2, -2 * share / total
        ctx.save_for_backward(p, labels, counted, counts, at_label, everywhere, at_truth)
        return cross_entropy, dice

    @staticmethod
    def backward(ctx, of_entropy, of_dice):
        p, labels, counted, counts, at_label, everywhere, at_truth = ctx.saved_tensors
        each = of_entropy * counts / len(labels)
        pull = of_dice * at_truth[labels] * at_label * counted
        inner = of_dice * (p @ everywhere) + pull
        grad = p * (of_dice * everywhere - (inner - each)[:, None])
        grad.scatter_add_(1, labels[:, None], (pull - each)[:, None])
        return grad, None, None, None


def dice_cross_entropy(logits, labels, weights=None, entropy_weights=None):
    """Mutually exclusive classes: `logits` `[b, k, ...]`, `labels` `[b, ...]`; labels from k on do not count.

    `weights` `[k]`: how much each class counts in the Dice; `entropy_weights` `[k]`: how much its voxels count in the
    cross-entropy. The mean over samples. The Rust trainer takes the Dice
    of all classes of all samples together; with one window a step, as the recipes have it, both are the same.
    """
    b, k = logits.shape[:2]
    rows = logits.reshape(b, k, -1).transpose(1, 2)
    labels = labels.reshape(b, -1).long()
    each = [DiceCrossEntropy.apply(r, t, weights, entropy_weights) for r, t in zip(rows, labels)]
    cross_entropy, dice = (sum(terms) / b for terms in zip(*each))
    return cross_entropy + dice, {"cross_entropy": cross_entropy.item(), "dice": dice.item()}


def dice_binary(logits, labels):
    """One sigmoid channel: `logits` `[b, 1, ...]`, any label above 0 is target."""
    logits = logits.float().reshape(logits.shape[0], -1)
    target = (labels > 0).to(logits.dtype).reshape(logits.shape)
    entropy = F.binary_cross_entropy_with_logits(logits, target)
    p = torch.sigmoid(logits)
    dice = (2 * (p * target).sum(1) + SMOOTH) / (p.sum(1) + target.sum(1) + SMOOTH)
    dice = 1 - dice.mean()
    return entropy + dice, {"mask_entropy": entropy.item(), "mask_dice": dice.item()}


def known_mean(losses, known):
    return (losses * known).sum() / (known.sum() + TINY)


def heads(manifest, logits, values):
    """Class heads: binary cross-entropy of probabilities, mean absolute error of measures; unknown is NaN."""
    total, parts = 0.0, {}
    known, values = (~values.isnan()).to(logits.dtype), values.nan_to_num()
    columns = [c["index"] for c in manifest.get("classes", [])]
    if columns:
        losses = F.binary_cross_entropy_with_logits(logits[:, columns], values[:, columns], reduction="none")
        entropy = known_mean(losses, known[:, columns])
        total, parts["class_entropy"] = total + entropy, entropy.item()
    columns = [m["index"] for m in manifest.get("measures", [])]
    if columns:
        error = known_mean((logits[:, columns] - values[:, columns]).abs(), known[:, columns])
        total, parts["measure_error"] = total + error, error.item()
    return total, parts


def loss_of(recipe, output, batch, device):
    total, parts = 0.0, {}
    if output["segmentation"] is not None:
        logits, labels = output["segmentation"], batch.labels.to(device)
        if recipe["segmentation"] == "mask":
            total, parts = dice_binary(logits, labels)
        else:
            row = lambda name: torch.tensor(recipe[name], device=device) if recipe.get(name) else None  # noqa: E731
            total, parts = dice_cross_entropy(logits, labels, row("dice_weights"), row("entropy_weights"))
    if output["classes"] is not None:
        head, head_parts = heads(recipe["manifest"], output["classes"].float(), batch.classes.to(device))
        total, parts = total + head, parts | head_parts
    return total, parts
