"""First answers that are as likely as the truth is, so that the first steps teach more than frequencies."""

import torch
from network import networks

LEAST = 1e-3


def set_priors(net, recipe, examples, started):
    """Sets biases of output layers that did not start from other weights (`started`) from held-out examples."""
    if net.decodes and "subvoxel.out.conv.weight" not in started:
        set_segmentation(net.subvoxel.out.conv, recipe, torch.cat([e.labels.flatten() for e in examples]))
    if net.classification_head is not None and "classification_head.weight" not in started:
        set_heads(net.classification_head, recipe["manifest"], torch.cat([e.classes for e in examples]))


@torch.no_grad()
def set_segmentation(conv, recipe, labels):
    classes = recipe["architecture"]["out_channels"]
    share = torch.bincount(labels.long().clamp(max=max(classes, 2) - 1), minlength=max(classes, 2)) / len(labels)
    share = share.clamp(LEAST, 1 - LEAST)
    prior = share.log() if classes > 1 else torch.logit(share[1:])
    # Which class each channel belongs to: eight voxels of a cell each have one of their own.
    channels = torch.arange(8.0 * classes).reshape(1, -1, 1, 1, 1)
    of_class = networks.depth_to_space(channels)[0].flatten(1).long()
    for channel, value in zip(of_class, prior):
        conv.bias[channel] = value.item()
    conv.weight *= 0.1


@torch.no_grad()
def set_heads(layer, manifest, values):
    mean = values.nanmean(0).nan_to_num()
    layer.weight.zero_()
    layer.bias.copy_(mean)
    for column in (c["index"] for c in manifest.get("classes", [])):
        layer.bias[column] = torch.logit(mean[column].clamp(0.02, 0.98))
