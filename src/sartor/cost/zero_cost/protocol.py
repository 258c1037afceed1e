"""What a zero-cost proxy is, and the registry of all of them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from jaxtyping import Float, Int
from torch import Tensor, nn

from sartor.nets import Layer
from sartor.registry import Registry

Images = Float[Tensor, "n c h w"]
Labels = Int[Tensor, " n"]


class ZeroCost(Protocol):
    """A number of a network at its initialisation.

    Called once for a network, from any thread. It leaves the network (parameters, buffers, mode,
    gradients) and torch's generators as they are, computes on the network's device, and gives the
    same number for the same network, batch and seed.
    """

    def __call__(self, network: nn.Module, images: Images, labels: Labels, seed: int, /) -> float:
        """Score a network.

        Args:
            network: From images, (n, c, h, w), to logits, (n, k). In any mode.
            images: A batch, (n, c, h, w).
            labels: Its classes, (n,).
            seed: 0 or more; of all that is drawn.

        Returns:
            The score. Minus infinity, below that of all others, where it is no finite number: one
            network that overflows must not stop a search, nor be taken for the best.

        Raises:
            OptionError: The network lacks what is scored, such as an activation, or there are too
                few images.
        """


ZERO_COST: Registry[ZeroCost] = Registry("zero-cost proxy")
"""Functions (network, images, labels, seed) -> float."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A number that is counted and draws nothing.

    Args:
        of_layers: Counts from the operations of a network, which a family tells without building
            it.
        of_network: Counts from the network itself.
    """

    of_layers: Callable[[Sequence[Layer]], float]
    of_network: Callable[[nn.Module, Images], float]

    def __call__(self, network: nn.Module, images: Images, _labels: Labels, _seed: int, /) -> float:
        """Count from the network; see `ZeroCost`."""
        return self.of_network(network, images)


def score_of(value: float) -> float:
    """Return a score, or minus infinity where it is NaN or infinite."""
    return value if math.isfinite(value) else -math.inf
