"""An ordinary network, put together from parts."""

from collections import OrderedDict
from collections.abc import Mapping

from torch import nn

from sartor.nets.parts import Part

Blueprint = Mapping[str, Part]
"""The parts of a network by the name of their place, in the order of computation."""


class Network(nn.Sequential):
    """The modules of a blueprint, one after the other. It knows nothing of any supernet."""

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(OrderedDict((name, part.build()) for name, part in blueprint.items()))
        initialise_(self)


def initialise_(network: nn.Module) -> None:
    """Draw fresh weights: Kaiming normal (fan out) for convolutions, 0.01 normal for linear layers.

    Source:
        He et al. 2015, arXiv:1502.01852; the values are those of torchvision's mobile networks.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.01)
            nn.init.zeros_(module.bias)
