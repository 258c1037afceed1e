"""Training of one network, with or without a teacher."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sartor.nets import resize
from sartor.train.losses import taught
from sartor.train.sandwich import Fetch

TRUST = 0.7
"""Weight of the teacher."""


@dataclass(frozen=True, slots=True)
class Tune:
    """Gradients of one step of a network that learns from labels and a teacher.

    Args:
        network: Reads images of `resolution`.
        resolution: Rows and columns.
        fetch: Returns images, at the resolution of the cache, and labels.
        teacher: Returns the teacher's logits for the images of a step; None for labels only.
        smoothing: Label smoothing where there is no teacher.
        half: Compute in bfloat16.
    """

    network: nn.Module
    resolution: int
    fetch: Fetch
    teacher: Callable[[int], Tensor] | None
    smoothing: float
    half: bool

    def __call__(self, step: int, share: float) -> Tensor:  # noqa: ARG002
        """Compute the gradients of `step` and return the loss."""
        images, labels = self.fetch(step)
        known = None if self.teacher is None else self.teacher(step)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.half):
            logits = self.network(resize(images, self.resolution)).float()
        loss = taught(logits, labels, known, smoothing=self.smoothing, trust=TRUST)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()
