"""Learned numbers."""

from collections.abc import Sequence

from torch import nn

from sartor.cost.zero_cost.protocol import ZERO_COST, Counted, Images
from sartor.nets import Layer


def params(operations: Sequence[Layer]) -> float:
    """Count the learned numbers of a network from its operations."""
    return float(sum(it.params for it in operations))


def _params_of(network: nn.Module, _: Images) -> float:
    return float(sum(it.numel() for it in network.parameters()))


ZERO_COST.register("params", "Learned numbers.")(Counted(params, _params_of))
