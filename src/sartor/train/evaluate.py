"""How well a network does on a split."""

from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float
from torch import Tensor


@torch.inference_mode()
def predictions(
    network: Callable[[Tensor], Tensor], batches: Iterable[tuple[Tensor, Tensor]]
) -> tuple[Float[Tensor, "n k"], Tensor]:
    """Return the logits, (n, k), and the labels, (n,), of all batches."""
    outputs, labels = [], []
    for images, classes in batches:
        outputs.append(network(images))
        labels.append(classes)
    return torch.cat(outputs), torch.cat(labels)


def correct(
    network: Callable[[Tensor], Tensor], batches: Iterable[tuple[Tensor, Tensor]]
) -> tuple[int, int]:
    """Return how many images are classified correctly, and how many there are."""
    logits, labels = predictions(network, batches)
    return int((logits.argmax(1) == labels).sum()), len(labels)
