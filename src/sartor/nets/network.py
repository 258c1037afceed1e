"""An ordinary network, put together from parts."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

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


class Undrawn(TorchFunctionMode):
    """Within it, modules are made without drawing their weights: others will take their place.

    Drawing takes longer than copying; and drawing on the meta device loads tables for seconds.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the tensor as it is where it is to be initialised."""
        named = dict(kwargs or {})
        if func in (Tensor.normal_, Tensor.uniform_):
            return args[0]
        if getattr(func, "__module__", None) == nn.init.__name__:
            return args[0] if args else named["tensor"]
        return func(*args, **named)
