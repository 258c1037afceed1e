"""The norms of the gradients."""

from torch import nn

from sartor.cost.zero_cost.copying import copied, gradient, loss_gradients, weights
from sartor.cost.zero_cost.protocol import ZERO_COST, Images, Labels, score_of


@ZERO_COST.register(
    "grad_norm",
    "The norms of the gradients of all layers, added up.",
    "Abdelfattah et al. 2021, arXiv:2101.08134",
)
def grad_norm(network: nn.Module, images: Images, labels: Labels, seed: int) -> float:
    """Sum the Euclidean norms of the gradients of the cross entropy, layer by layer.

    Source:
        Abdelfattah et al. 2021, arXiv:2101.08134, section 3: of the weights of convolutions and
        linear layers.
    """
    with copied(network, seed) as twin:
        held = weights(twin, "grad_norm")
        loss_gradients(twin, images, labels, "grad_norm")
        return score_of(sum(gradient(it).norm().item() for it in held))
