"""Training of supernets: the sandwich rule with in-place distillation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from sartor.nets import Supernet
from sartor.space import Design
from sartor.train.losses import distillation

Fetch = Callable[[int], tuple[Tensor, Tensor]]
"""Returns the images and labels of a step."""


@dataclass(frozen=True, slots=True)
class Sandwich:
    """Gradients of one step: the largest, the smallest and some random designs.

    The largest learns from labels, the others from the largest. It costs about half of a step,
    so it runs only in every `every`-th; in the steps between, the others learn from labels.

    Source:
        Yu & Huang 2019, arXiv:1903.05134 (sandwich rule); Yu et al. 2020, arXiv:2003.11142
        (BigNAS, in-place distillation). Differs: the largest does not run in every step.
    """

    supernet: Supernet
    fetch: Fetch
    draw: Callable[[np.random.Generator], Design]
    """Draws a random architecture."""
    seed: int
    smoothing: float
    half: bool
    randoms: int = 2
    every: int = 2

    def __call__(self, step: int, share: float) -> Tensor:  # noqa: ARG002
        """Compute the gradients of `step` and return the sum of the losses."""
        images, labels = self.fetch(step)
        rng = np.random.default_rng((self.seed, step))
        family = self.supernet.family
        students = [family.smallest(), *(self.draw(rng) for _ in range(self.randoms))]
        total = torch.zeros(())
        teacher: Tensor | None = None
        if step % self.every == 0:
            logits = self._logits(family.largest(), images)
            loss = F.cross_entropy(logits, labels, label_smoothing=self.smoothing)
            loss.backward()
            teacher, total = logits.detach(), total + loss.detach()
        for design in students:
            loss = self._student_loss(self._logits(design, images), labels, teacher)
            loss.backward()
            total = total + loss.detach()
        return total

    def _logits(self, design: Design, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.half):
            return self.supernet.wear(design).train()(images).float()

    def _student_loss(
        self,
        logits: Float[Tensor, "n k"],
        labels: Int[Tensor, " n"],
        teacher: Float[Tensor, "n k"] | None,
    ) -> Float[Tensor, ""]:
        if teacher is None:
            return F.cross_entropy(logits, labels, label_smoothing=self.smoothing)
        return distillation(logits, teacher)
