"""Heats: many candidates are tuned for a short time, and the best of them for long.

Accuracies with shared weights favour the designs that were trained most often, the smallest and the
largest. A short training of each one alone says more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sartor.jobs.fitting.candidates import Candidate
from sartor.search import evenly
from sartor.units import Measurement

ENTRANTS = 3
"""Candidates in the heats for every pick."""
AS_FAST = 1.1
"""Of two that differ by less in latency, only the more accurate one is worth choosing."""


@dataclass(frozen=True, slots=True)
class Heat:
    """A candidate that was tuned for a short time."""

    candidate: Candidate
    inherited: Measurement
    """Accuracy of the float network on the validation split, with the supernet's weights."""
    tuned: Measurement
    """The same after the short tuning."""

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
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Heat":
        """Read what `to_json` wrote."""
        return cls(
            Candidate.from_json(plain["candidate"]),
            Measurement(**plain["inherited"]),
            Measurement(**plain["tuned"]),
        )


def winners(heats: Sequence[Heat], count: int) -> list[Candidate]:
    """Choose candidates that no faster one clearly beats; then of those they leave.

    Clearly means by more than one standard error. A slower network has more to gain from a longer
    tuning: within that error it is taken to become as accurate as the faster ones. For the same
    reason the chosen ones lie evenly from the fastest to the slowest: where most is gained tells
    more of how short the tuning was.

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
        places = evenly(np.log([it.latency for it in running]), count - len(chosen))
        best = {running[place].candidate.id for place in places}
        chosen += [it.candidate for it in left if it.candidate.id in best]
        left = [it for it in left if it.candidate.id not in best]
    return chosen


def _beats(one: Heat, other: Heat) -> bool:
    """Tell whether `one` is not slower, and more accurate by over a standard error of `other`; or
    about as fast, and more accurate at all.
    """
    low, high = other.tuned.low, other.tuned.high
    error = 0.0 if low is None or high is None else (high - low) / 4
    gain = one.tuned.value - other.tuned.value
    alike = 1 / AS_FAST <= one.latency / other.latency <= AS_FAST
    return (gain > error and one.latency <= other.latency) or (gain > 0 and alike)
