"""Training of one network, with or without a teacher."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sartor.nets import resize
from sartor.train.losses import taught
from sartor.train.sandwich import Fetch


@dataclass(frozen=True, slots=True)
class Tune:
    """Gradients of one step of a network that learns from labels and a teacher.

    Args:
        network: Reads images of `resolution`.
        resolution: Rows and columns.
        fetch: Returns images, at the resolution of the cache, and labels.
        teacher: Returns logits for the images as fetched; None for labels only.
        smoothing: Label smoothing where there is no teacher.
        half: Compute in bfloat16.
    """

    network: nn.Module
    resolution: int
    fetch: Fetch
    teacher: Callable[[Tensor], Tensor] | None
    smoothing: float
    half: bool

    def __call__(self, step: int, share: float) -> Tensor:  # noqa: ARG002
        """Compute the gradients of `step` and return the loss."""
        images, labels = self.fetch(step)
        known: Tensor | None = None
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.half):
            if self.teacher is not None:
                with torch.no_grad():
                    known = self.teacher(images).float()
            logits = self.network(resize(images, self.resolution)).float()
        loss = taught(logits, labels, known, smoothing=self.smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()
