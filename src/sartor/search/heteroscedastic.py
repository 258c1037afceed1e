"""A surrogate that tells noise from ignorance, and can be differentiated by its input."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import mse_loss, softplus

from sartor.search.protocol import Numbers

HIDDEN, DROPOUT = 32, 0.1
STEPS, RATE, DECAY = 100, 0.01, 0.01
"""Of AdamW on all trials at once."""
PASSES = 20
"""Of the teacher, with other units dropped in each."""
QUIETEST = 1e-2
"""The least noise and ignorance: the likelihood would grow without end, the logarithm fall."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What is thought of n inputs, in the units of the targets."""

    mean: Float[Tensor, "n m"]
    noise: Float[Tensor, "n m"]
    """Standard deviation that no further trial takes away (aleatoric)."""
    ignorance: Float[Tensor, "n m"]
    """Standard deviation for want of trials (epistemic)."""


class Surrogate:
    """Three networks: of mean and noise; a teacher of ignorance; a student of that teacher.

    Args:
        x: Inputs of the trials, (n, features).
        y: Targets, (n, m), of about zero mean and unit variance.
        others: Inputs of which only the ignorance is learned, (others, features).
        seed: 0 or more.

    Source:
        Tuli et al. 2022, arXiv:2205.11656, the surrogate of BOSHNAS. Simplified: mean and variance
        are two outputs of a plain network that maximises the likelihood, in place of a natural
        parameter network (Wang et al. 2016) that carries distributions through its layers. Differs:
        the student learns its teacher's spread of designs without a trial as well, of which it
        costs nothing to know it.
    """

    def __init__(self, x: Numbers, y: Numbers, others: Numbers, seed: int) -> None:
        known, targets = torch.from_numpy(x), torch.from_numpy(y)
        everywhere = torch.from_numpy(np.vstack([x, others]))
        features, width = x.shape[1], y.shape[1]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._normal = _network(features, 2 * width)
            teacher = _network(features, width, DROPOUT)
            # They share nothing, so that the sum teaches each as its own loss would.
            _fit(
                nn.ModuleList([self._normal, teacher]),
                lambda: (
                    _surprise(*_moments(self._normal(known)), targets)
                    + mse_loss(teacher(known), targets)
                ),
            )
            with torch.no_grad():
                passes = torch.stack([teacher(everywhere) for _ in range(PASSES)])
            spread = (QUIETEST + passes.std(0)).log()  # (n + others, m)
            self._student = _network(features, width)
            _fit(self._student, lambda: mse_loss(self._student(everywhere), spread))

    def __call__(self, x: Float[Tensor, "n features"]) -> Belief:
        """Predict inputs; gradients flow to them."""
        mean, noise = _moments(self._normal(x))
        return Belief(mean, noise, self._student(x).exp())


def _network(features: int, outputs: int, dropout: float = 0.0) -> nn.Sequential:
    # Smooth, so that there is a gradient everywhere. Doubles, so that the order of sums matters
    # little and a resumed search finds the same.
    layers = [
        nn.Linear(features, HIDDEN),
        nn.SiLU(),
        nn.Dropout(dropout),
        nn.Linear(HIDDEN, HIDDEN),
        nn.SiLU(),
        nn.Dropout(dropout),
        nn.Linear(HIDDEN, outputs),
    ]
    return nn.Sequential(*layers).double()


def _moments(raw: Tensor) -> tuple[Tensor, Tensor]:
    mean, noise = raw.chunk(2, dim=1)
    return mean, QUIETEST + softplus(noise)


def _surprise(mean: Tensor, noise: Tensor, targets: Tensor) -> Tensor:
    """Return minus the mean log likelihood under a normal distribution, less a constant."""
    return (((targets - mean) / noise) ** 2 / 2 + noise.log()).mean()


def _fit(network: nn.Module, loss: Callable[[], Tensor]) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    network.requires_grad_(False)
