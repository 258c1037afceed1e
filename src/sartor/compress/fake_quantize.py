"""Rehearsal of int8 in float: what rounding will do to a network, before it is exported."""

from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

LEVELS = 255
"""Steps of an unsigned 8-bit activation."""


@torch.no_grad()
def fake_quantize_(
    network: nn.Module,
    batches: Iterable[Tensor],
    is_float: Callable[[str], bool],
    *,
    largest_weight: int = 127,
) -> nn.Module:
    """Round weights and inputs of convolutions and linear layers as static int8 would.

    Weights are symmetric, with one scale per output channel; inputs are unsigned, with one scale
    and zero point per tensor from the extremes over `batches`. Batch norms are folded first.

    Args:
        network: In evaluation mode, with its batch-norm statistics estimated. Changed in place.
        batches: Images, (n, c, h, w) each, from which ranges are taken.
        is_float: Tells for the name of a module whether it stays in float.
        largest_weight: The largest integer of a weight.

    Source:
        Jacob et al. 2018, arXiv:1712.05877, section 3. Simplified: outputs of additions and
        products are not rounded before the next layer reads them.
    """
    fold_norms_(network)
    targets = {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear) and not is_float(name)
    }
    ranges = {name: _Range() for name in targets}
    hooks = [module.register_forward_pre_hook(ranges[name]) for name, module in targets.items()]
    for images in batches:
        network(images)
    for hook in hooks:
        hook.remove()
    for name, module in targets.items():
        module.weight.copy_(round_weight(module.weight, largest_weight))
        module.register_forward_pre_hook(_Round(*ranges[name].scale()))
    return network


def fold_norms_(network: nn.Module) -> None:
    """Fold every batch norm that follows a convolution into it, in evaluation mode."""
    for module in network.modules():
        conv, norm = getattr(module, "conv", None), getattr(module, "norm", None)
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            module.conv = fuse_conv_bn_eval(conv, norm)
            module.norm = nn.Identity()


def round_weight(weight: Float[Tensor, "o ..."], largest: int = 127) -> Float[Tensor, "o ..."]:
    """Round to the grid of signed 8-bit integers, one symmetric scale per output channel."""
    scale = weight.abs().flatten(1).amax(1).clamp_min(1e-8) / largest  # (o,)
    zero = torch.zeros_like(scale, dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, scale, zero, 0, -largest, largest)


class _Range:
    """Remembers the extremes of a layer's inputs."""

    def __init__(self) -> None:
        self.low, self.high = 0.0, 0.0  # zero must be on the grid, for padding

    def __call__(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:  # noqa: ARG002
        low, high = inputs[0].aminmax()
        self.low, self.high = min(self.low, float(low)), max(self.high, float(high))

    def scale(self) -> tuple[float, int]:
        """Return the step and the integer that stands for zero."""
        step = max(self.high - self.low, 1e-8) / LEVELS
        return step, round(-self.low / step)


class _Round:
    """Rounds a layer's inputs."""

    def __init__(self, scale: float, zero: int) -> None:
        self.scale, self.zero = scale, min(LEVELS, max(0, zero))

    def __call__(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:  # noqa: ARG002
        x, *rest = inputs
        return (torch.fake_quantize_per_tensor_affine(x, self.scale, self.zero, 0, LEVELS), *rest)
