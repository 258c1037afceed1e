"""How deep a network is for its width."""

import math
from collections.abc import Sequence

from sartor.cost.zero_cost.protocol import ZERO_COST, Counted
from sartor.cost.zero_cost.tracing import traced_layers
from sartor.nets import Layer


def effectiveness(operations: Sequence[Layer]) -> float:
    """Return depth over width: too deep for its width, a network passes nothing on.

    rho = L / w, with L convolutions and w the geometric mean of k^2 c_in / groups. It is to stay
    below a bound, not to be as high as can be.

    Args:
        operations: Of a network, in order. Convolutions without a batch norm, as in gates, are left
            out.

    Source:
        Shen et al. 2023, DeepMAD, arXiv:2303.02165, section 3, after Roberts et al. 2021,
        arXiv:2106.10165.
    """
    fans = [
        it.kernel**2 * it.inputs // it.groups for it in operations if it.op == "conv" and it.norm
    ]
    if not fans:
        return 0.0
    return len(fans) / math.exp(sum(math.log(fan) for fan in fans) / len(fans))


ZERO_COST.register(
    "effectiveness",
    "Convolutions over the geometric mean of their widths; to be kept below a bound.",
    "Shen et al. 2023, arXiv:2303.02165",
)(Counted(effectiveness, lambda network, images: effectiveness(traced_layers(network, images))))
