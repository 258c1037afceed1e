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
    matrix_rate: float | None = None
    """Highest learning rate of convolutions that mix channels, for orthogonal updates (Muon),
    whatever the batch; None for the rate and the momentum of all others."""
    momentum: float = 0.9
    """Nesterov momentum."""
    weight_decay: float = 5e-4
    """L2 penalty on convolution and linear weights; norms and biases have none."""
    matrix_decay: float = 0.05
    """Decoupled weight decay of weights with orthogonal updates."""
    warmup: float = 0.05
    """Share of the training, 0 to 1, during which the rate climbs from 0."""
    label_smoothing: float = 0.1
    """Probability spread over all classes."""
    ema: float = 0.998
    """Decay per step of the moving average of the weights, reached after a ramp."""
    clip: float = 5.0
    """Largest norm of the gradient."""

    @property
    def top(self) -> float:
        """The highest learning rate for this batch."""
        return self.learning_rate * self.batch / 128

    def schedule(self, share: float) -> float:
        """Return the factor on all learning rates when `share` of the training is done, 0 to 1.

        Source:
            Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5, without restarts.
        """
        if share < self.warmup:
            return max(share, 1e-3) / self.warmup
        done = min(1.0, (share - self.warmup) / (1 - self.warmup))
        return 0.5 * (1 + math.cos(math.pi * done))

    def decay(self, step: int) -> float:
        """Return the decay of the average at `step`: young averages forget faster."""
        return min(self.ema, (1 + step) / (10 + step))
