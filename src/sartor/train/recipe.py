"""How a training goes: the numbers that do not depend on what is trained."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Settings of a training run."""

    batch: int = 128
    """Images in a step."""
    learning_rate: float = 0.1
    """Highest learning rate, for a batch of 128; scaled with the batch."""
    momentum: float = 0.9
    """Nesterov momentum."""
    weight_decay: float = 5e-4
    """L2 penalty on convolution and linear weights; norms and biases have none."""
    warmup: float = 0.05
    """Share of the training, 0 to 1, during which the rate climbs from 0."""
    label_smoothing: float = 0.1
    """Probability spread over all classes."""
    ema: float = 0.998
    """Decay per step of the moving average of the weights, reached after a ramp."""
    clip: float = 5.0
    """Largest norm of the gradient."""
    half: bool = False
    """Compute in bfloat16 where the device gains from it."""

    def rate(self, share: float) -> float:
        """Return the learning rate when `share` of the training is done, 0 to 1.

        Source:
            Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5, without restarts.
        """
        top = self.learning_rate * self.batch / 128
        if share < self.warmup:
            return top * max(share, 1e-3) / self.warmup
        done = min(1.0, (share - self.warmup) / (1 - self.warmup))
        return top * 0.5 * (1 + math.cos(math.pi * done))

    def decay(self, step: int) -> float:
        """Return the decay of the average at `step`: young averages forget faster."""
        return min(self.ema, (1 + step) / (10 + step))
