"""Zen-score: how much features change with the image, with random weights."""

import math

import torch
from torch import Tensor, nn

from sartor.cost.zero_cost.copying import (
    batch_norms,
    check_several,
    copied,
    on_device,
    weighted,
)
from sartor.cost.zero_cost.protocol import ZERO_COST, Images, Labels, score_of

STEP = 0.01
"""Length of the perturbation, as a share of the noise that is perturbed (the paper's alpha)."""


@ZERO_COST.register(
    "zen",
    "How much the features change with the image, with Gaussian weights.",
    "Lin et al. 2021, arXiv:2102.01063",
)
def zen(network: nn.Module, images: Images, _labels: Labels, seed: int) -> float:
    """Return log E|f(x) - f(x + 0.01 e)| plus the log deviations that batch norms divide by.

    All weights are drawn from N(0, 1), and x and e are noise: only the shape of the images matters.
    f are the last maps before the pool, or the output where there are no maps. A norm that reads
    the same of all images, as on a dead branch, is left out.

    Source:
        Lin et al. 2021, arXiv:2102.01063, algorithm 1. Differs: residual connections stay, since
        an ordinary module does not tell of them; one draw in place of 32, whose scores differ by
        0.3 to 2.5 where those of architectures (NAS-Bench-201) lie between 50 and 200.
    """
    check_several(images, "zen")
    with copied(network, seed) as twin, torch.no_grad():
        image = on_device(twin, images)
        listener = _Listener(twin)
        _draw_(twin)
        noise, away = torch.randn_like(image), torch.randn_like(image)
        moved = listener.features(noise + STEP * away)
        still = listener.features(noise)  # last: it is its deviations that count
        change = (moved - still).flatten(1).norm(dim=1).mean().item()
    scale = sum(0.5 * math.log(it) for it in listener.variances if it > 0)
    return score_of(math.log(change) + scale) if change > 0 else -math.inf


def _draw_(network: nn.Module) -> None:
    """Draw all weights from N(0, 1); norms scale by one, and nothing is added."""
    for layer in weighted(network):
        nn.init.normal_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    for norm in batch_norms(network):
        if norm.affine:
            nn.init.ones_(norm.weight)
            nn.init.zeros_(norm.bias)


class _Listener:
    """Computes a network and keeps its last maps, and the variances of what norms read."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._maps: Tensor | None = None
        self.variances: list[float] = []
        for module in network.modules():
            module.register_forward_hook(self._hear)
        for norm in batch_norms(network):
            norm.register_forward_pre_hook(self._measure)

    def features(self, images: Tensor) -> Tensor:
        """Return the features of images, (n, ...)."""
        self._maps, self.variances = None, []
        output: Tensor = self._network(images)
        return output if self._maps is None else self._maps

    def _hear(self, _: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        # Modules end after those within them, so that what they add comes last.
        if output.dim() == 4 and output[0, 0].numel() > 1:
            self._maps = output

    def _measure(self, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        channels = inputs[0].transpose(0, 1).flatten(1)  # (c, n*h*w)
        self.variances.append(channels.var(1, correction=0).mean().item())
