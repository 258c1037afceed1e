"""Training of supernets: the sandwich rule with in-place distillation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from sartor.nets import Supernet
from sartor.space import Design
from sartor.train.losses import taught
from sartor.train.precision import is_dense

Fetch = Callable[[int], tuple[Tensor, Tensor]]
"""Returns the images and labels of a step."""
LARGEST_EVERY, SMALLEST_EVERY = 2, 8
"""Steps from one in which the largest or the smallest takes part to the next."""


@dataclass(frozen=True, slots=True)
class Sandwich:
    """Gradients of one step: random designs, at times with the largest or the smallest.

    The largest costs about half of a step. The smallest costs nearly nothing, but the weights that
    it shares with all others would learn to serve it best. The largest learns from labels; in its
    steps the others learn from labels and from it, which they trust the more the longer it has been
    trained.

    Source:
        Yu & Huang 2019, arXiv:1903.05134 (sandwich rule); Yu et al. 2020, arXiv:2003.11142
        (BigNAS, in-place distillation). Differs: largest and smallest do not run in every step, and
        students do not learn from a teacher alone, which knows nothing at first.
    """

    supernet: Supernet
    fetch: Fetch
    draw: Callable[[np.random.Generator], Design]
    """Draws a random architecture."""
    seed: int
    smoothing: float
    half: bool
    """Compute designs without depthwise convolutions in bfloat16."""
    randoms: int = 2

    def __call__(self, step: int, share: float) -> Tensor:
        """Compute the gradients of `step` and return the sum of the losses."""
        images, labels = self.fetch(step)
        rng = np.random.default_rng((self.seed, step))
        family = self.supernet.family
        students = [self.draw(rng) for _ in range(self.randoms)]
        total = torch.zeros(())
        teacher: Tensor | None = None
        if step % LARGEST_EVERY == 0:
            logits = self._logits(family.largest(), images)
            loss = F.cross_entropy(logits, labels, label_smoothing=self.smoothing)
            loss.backward()  # type: ignore[no-untyped-call]
            teacher, total = logits.detach(), loss.detach()
        elif step % SMALLEST_EVERY == 1:
            students.append(family.smallest())
        for design in students:
            logits = self._logits(design, images)
            loss = taught(logits, labels, teacher, smoothing=self.smoothing, trust=share)
            loss.backward()  # type: ignore[no-untyped-call]
            total = total + loss.detach()
        return total

    def _logits(self, design: Design, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        worn = self.supernet.wear(design).train()
        half = self.half and is_dense(worn.modules())
        with torch.autocast(images.device.type, torch.bfloat16, enabled=half):
            return worn(images).float()
