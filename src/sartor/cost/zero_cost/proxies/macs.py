"""Multiply-adds."""

from collections.abc import Sequence

from sartor.cost.zero_cost.protocol import ZERO_COST, Counted
from sartor.cost.zero_cost.tracing import traced_layers
from sartor.nets import Layer


def macs(operations: Sequence[Layer]) -> float:
    """Count the multiply-adds of convolutions and linear layers for one image."""
    return float(sum(it.macs for it in operations))


ZERO_COST.register("macs", "Multiply-adds for one image.")(
    Counted(macs, lambda network, images: macs(traced_layers(network, images)))
)
