"""Entropy of the features at every size of the maps, weighted."""

import math
from collections.abc import Sequence
from itertools import accumulate

from sartor.cost.zero_cost.protocol import ZERO_COST, Counted
from sartor.cost.zero_cost.tracing import traced_layers
from sartor.nets import Layer

LAST = 8.0
"""Weight of the smallest maps; that of all others is 1."""


def multiscale_entropy(operations: Sequence[Layer]) -> float:
    """Add up the entropies of a network that ends at each size of its maps.

    H_s = log(r_s^2 c_s) * sum over convolutions up to there of log(k^2 c_in / groups), for the c_s
    channels of the last maps of r_s rows and columns.

    Args:
        operations: Of a network, in order. Convolutions without a batch norm, as in gates, are left
            out.

    Source:
        Shen et al. 2023, DeepMAD, arXiv:2303.02165, section 3 and its weights of five stages: 1, 1,
        1, 1 and 8.
    """
    convolutions = [it for it in operations if it.op == "conv" and it.norm]
    sums = accumulate(math.log(it.kernel**2 * it.inputs // it.groups) for it in convolutions)
    # A later convolution on maps of one size takes the place of an earlier one.
    scales = {
        it.size: math.log(it.size**2 * it.outputs) * total
        for it, total in zip(convolutions, sums, strict=True)
    }
    if not scales:
        return 0.0
    return sum(scales.values()) + (LAST - 1) * scales[convolutions[-1].size]


ZERO_COST.register(
    "multiscale_entropy",
    "Entropy of the features at every size of the maps, the last weighted eightfold.",
    "Shen et al. 2023, arXiv:2303.02165",
)(
    Counted(
        multiscale_entropy,
        lambda network, images: multiscale_entropy(traced_layers(network, images)),
    )
)
