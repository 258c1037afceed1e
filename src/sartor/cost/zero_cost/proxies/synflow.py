"""Synaptic flow: what flows through the absolute weights."""

import torch
from torch import Tensor, nn

from sartor.cost.zero_cost.copying import batch_norms, copied, gradient, on_device, weights
from sartor.cost.zero_cost.protocol import ZERO_COST, Images, Labels, score_of


@ZERO_COST.register(
    "synflow",
    "What flows through the absolute weights, once for every layer.",
    "Tanaka et al. 2020, arXiv:2006.05467; Abdelfattah et al. 2021, arXiv:2101.08134",
)
def synflow(network: nn.Module, images: Images, _labels: Labels, seed: int) -> float:
    """Sum weight times gradient of R, the sum of the outputs for an image of ones.

    All parameters are replaced by their absolute values, batch norms by nothing. In a chain of
    linear layers each layer adds R. Only the shape of the images matters.

    Source:
        Tanaka et al. 2020, arXiv:2006.05467, equations 1 and 2; as a score of networks, without
        batch norms and in double precision, Abdelfattah et al. 2021, arXiv:2101.08134, section 3.
    """
    with copied(network, seed) as twin:
        twin.eval().double()
        held = weights(twin, "synflow")
        with torch.no_grad():
            for parameter in twin.parameters():
                parameter.abs_()
        for norm in batch_norms(twin):
            norm.register_forward_hook(_passed_on)
        ones = torch.ones_like(on_device(twin, images[:1]))
        twin(ones).sum().backward()
        return score_of(sum((it * gradient(it)).sum().item() for it in held))


def _passed_on(_: nn.Module, inputs: tuple[Tensor, ...], __: Tensor) -> Tensor:
    # A copy: what computes in place next must not change what autograd keeps.
    return inputs[0].clone()
