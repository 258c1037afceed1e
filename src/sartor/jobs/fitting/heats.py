"""Heats: many candidates are tuned for a short time, and the best of them for long.

Accuracies with shared weights favour the designs that were trained most often, the smallest and the
largest. A short training of each one alone says more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sartor.jobs.fitting.candidates import Candidate
from sartor.search import evenly
from sartor.units import Measurement

ENTRANTS = 3
"""Candidates in the heats for every pick."""
ALIKE = 1.1
"""Two that differ by less in latency are as fast, in cost of training as large."""
EXPONENT = 1 / 4
"""Error falls with this power of latency: 0.18 to 0.29 in seven runs on Fashion-MNIST, in one on
CIFAR-10 0.4."""
APART = 0.03
"""Standard deviation of errors about what others of their latency have, in shares of the error."""
SHARED = 0.8
"""Of the variance of an accuracy: what all networks have in common that read the same images."""


@dataclass(frozen=True, slots=True)
class Heat:
    """A candidate that was tuned for a short time."""

    candidate: Candidate
    inherited: Measurement
    """Accuracy of the float network on the validation split, with the supernet's weights."""
    tuned: Measurement
    """The same after the short tuning."""
    cost: float
    """Of training it for one image, in the unit of all heats of a run."""

    @property
    def latency(self) -> float:
        """Predicted latency in milliseconds."""
        return self.candidate.promised["latency_ms"].value

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "candidate": self.candidate.to_json(),
            "inherited": self.inherited.to_json(),
            "tuned": self.tuned.to_json(),
            "cost": self.cost,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Heat":
        """Read what `to_json` wrote."""
        return cls(
            Candidate.from_json(plain["candidate"]),
            Measurement(**plain["inherited"]),
            Measurement(**plain["tuned"]),
            plain["cost"],
        )


def winners(heats: Sequence[Heat], count: int) -> list[Candidate]:
    """Choose candidates that no faster one clearly beats; then of those they leave.

    Clearly means by more than one standard error. A larger network has more to gain from a longer
    tuning: within that error it is taken to become as accurate as a faster one. One that is slower
    without being larger, since its precision or its shape suits the device less, has to be more
    accurate by that error already. For the same reason the chosen ones lie evenly from the fastest
    to the slowest: where most is gained tells more of how short the tuning was. Which of its
    neighbours one is better than does tell which will be better (docs/benchmarks.md), so that those
    above the trend are preferred.

    Args:
        heats: All that took part.
        count: How many.

    Source:
        Jamieson & Talwalkar 2016, arXiv:1502.07943 (successive halving), with two rounds, and the
        front in the place of the best half; Breiman et al. 1984 (one standard error).
    """
    left = sorted(heats, key=lambda it: it.latency)
    chosen: list[Candidate] = []
    while left and len(chosen) < count:
        running = [it for it in left if not any(_beats(other, it) for other in left)]
        latencies = np.log([it.latency for it in running])
        places = evenly(latencies, count - len(chosen), _handicaps(running))
        best = {running[place].candidate.id for place in places}
        chosen += [it.candidate for it in left if it.candidate.id in best]
        left = [it for it in left if it.candidate.id not in best]
    return chosen


def beside_trend(
    latencies: npt.NDArray[np.float64], errors: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return by how much the logarithms of errors are above what is ordinary for a latency.

    Ordinary is a parabola over the logarithm of latency, fitted to them.

    Args:
        latencies: Of networks, in any unit, (n,).
        errors: Shares above 0, (n,).
    """
    degree = min(2, len(np.unique(latencies)) - 1)
    trend = np.polynomial.Polynomial.fit(np.log(latencies), np.log(errors), degree)
    return np.asarray(np.log(errors) - trend(np.log(latencies)))


def _handicaps(heats: Sequence[Heat]) -> npt.NDArray[np.float64]:
    """Return by how much ordinary ones as accurate as each are faster, in log latency, (n,).

    How far one lies from what is ordinary is believed as far as it is more than chance; not at all
    where chance is not known.
    """
    low, high = np.array([(it.tuned.low, it.tuned.high) for it in heats], float).T
    if np.isnan(low).any():
        return np.zeros(len(heats))
    errors = 1 - (low + high) / 2  # above 0 also where nothing was mistaken
    excess = beside_trend(np.array([it.latency for it in heats]), errors)
    chance = (1 - SHARED) * ((high - low) / 4 / errors) ** 2
    return np.asarray(excess / EXPONENT * APART**2 / (APART**2 + chance))


def _beats(one: Heat, other: Heat) -> bool:
    """Tell whether `one` is not slower, and the other cannot make up for it in a longer tuning; or
    about as fast, and more accurate at all.
    """
    low, high = other.tuned.low, other.tuned.high
    error = 0.0 if low is None or high is None else (high - low) / 4
    gain = one.tuned.value - other.tuned.value
    if 1 / ALIKE <= one.latency / other.latency <= ALIKE:
        return gain > 0
    larger = other.cost > ALIKE * one.cost
    return one.latency < other.latency and gain > (error if larger else -error)
