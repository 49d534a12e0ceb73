"""Keeps the tokens of small transformers apart.

With one window a step, gradients are noisy, and Adam turns noise into steps of full size. Layers whose inputs have a
mean then gain, step by step, an output that is the same for every token, until the deeper stages hold nothing else
and the bottleneck says nothing of the scan. Updates here leave out the direction of each layer's mean input; biases of
these layers stay, and so do SACA's norms, which shrank tokens to a tenth of what its branches add. Initial weights have
the size that narrow layers need (MONAI's 0.02 is for wide ones).
"""

import torch
from torch import nn

SACA = "symmetryAwareTX."
PARTS = ("swinViT.", SACA)
MEAN_MOMENTUM = 0.1


def is_part(name: str) -> bool:
    return name.startswith(PARTS)


def layers(net: nn.Module):
    return [(n, m) for n, m in net.named_modules() if isinstance(m, nn.Linear) and is_part(n)]


def is_branch_end(name: str) -> bool:
    return name.startswith(SACA) and name.endswith("output.dense")


def norms(net: nn.Module):
    """SACA's norms, through which every token goes three times."""
    return [(n, m) for n, m in net.named_modules() if isinstance(m, nn.LayerNorm) and n.startswith(SACA)]


def draw(net: nn.Module, prefixes: list[str]):
    """Fresh weights of variance `1 / inputs` for the linear layers under `prefixes`; SACA hands on the scan's tokens at
    first, as they are: what its branches add begins at nothing."""
    for name, layer in layers(net):
        if name.startswith(tuple(prefixes)):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
            if is_branch_end(name):
                nn.init.zeros_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    for name, norm in norms(net):
        if name.startswith(tuple(prefixes)):
            norm.reset_parameters()


class Steady:
    """Follows the mean input of every layer and takes its direction out of updates."""

    def __init__(self, net: nn.Module):
        self.net, self.means = net, {}
        self.kept = [p for _, norm in norms(net) for p in norm.parameters()]
        for _, layer in layers(net):
            layer.register_forward_hook(self.follow)
            if layer.bias is not None:
                self.kept.append(layer.bias)

    def follow(self, layer, inputs, _):
        if layer.training:
            mean = inputs[0].detach().float().reshape(-1, layer.in_features).mean(0)
            if not mean.isfinite().all():
                return
            old = self.means.get(layer)
            self.means[layer] = mean if old is None else old.lerp(mean, MEAN_MOMENTUM)

    def state(self):
        return {name: self.means[layer] for name, layer in layers(self.net) if layer in self.means}

    def load(self, state):
        self.means = {layer: state[name] for name, layer in layers(self.net) if name in state}

    def keep(self):
        """Before gradients are clipped: what is not stepped along has no say in their length."""
        for parameter in self.kept:
            parameter.grad = None

    @torch.no_grad()
    def step(self, optimiser):
        old = [layer.weight.clone() for layer in self.means]
        optimiser.step()
        for (layer, mean), before in zip(self.means.items(), old):
            along = mean / mean.norm().clamp_min(1e-6)
            layer.weight -= torch.outer((layer.weight - before) @ along, along)


def spread(tokens: torch.Tensor) -> float:
    """Standard deviation over tokens, mean over channels, of `[b, n, c]`; 0 when all tokens are alike."""
    return tokens.float().std(1).mean().item()
