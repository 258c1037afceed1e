"""Batch-norm statistics of a network whose weights came from elsewhere."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


@torch.no_grad()
def estimate_norms_(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Estimate all batch-norm statistics anew, as plain means over `batches`.

    The network is left in evaluation mode.

    Args:
        network: Changed in place.
        batches: Images, (n, c, h, w) each, as the network reads them.

    Source:
        Yu & Huang 2019, arXiv:1903.05134, section 3.3 (post-statistics of batch normalization).
    """
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # cumulative mean
    network.train()
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.eval()
    for images in batches:
        network(images)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()
