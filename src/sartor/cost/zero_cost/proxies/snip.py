"""SNIP: by how much the loss would change without each weight."""

from torch import nn

from sartor.cost.zero_cost.copying import copied, gradient, loss_gradients, weights
from sartor.cost.zero_cost.protocol import ZERO_COST, Images, Labels, score_of


@ZERO_COST.register(
    "snip",
    "By how much the loss would change without each weight.",
    "Lee et al. 2019, arXiv:1810.02340; Abdelfattah et al. 2021, arXiv:2101.08134",
)
def snip(network: nn.Module, images: Images, labels: Labels, seed: int) -> float:
    """Sum |weight times gradient of the cross entropy| over convolutions and linear layers.

    Source:
        Lee et al. 2019, arXiv:1810.02340, equation 5, before it is normalised; as a score of
        networks Abdelfattah et al. 2021, arXiv:2101.08134, section 3. Differs: the weights are not
        drawn anew by Xavier's rule.
    """
    with copied(network, seed) as twin:
        held = weights(twin, "snip")
        loss_gradients(twin, images, labels, "snip")
        return score_of(sum((it * gradient(it)).abs().sum().item() for it in held))
