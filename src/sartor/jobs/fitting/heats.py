"""Heats: many candidates are tuned for a short time, and the best of them for long.

Accuracies with shared weights favour the designs that were trained most often, the smallest and the
largest. A short training of each one alone says more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sartor.jobs.fitting.candidates import Candidate
from sartor.search import OBJECTIVES, choose
from sartor.units import Measurement

ENTRANTS = 3
"""Candidates in the heats for every pick."""


@dataclass(frozen=True, slots=True)
class Heat:
    """A candidate that was tuned for a short time."""

    candidate: Candidate
    inherited: Measurement
    """Accuracy of the float network on the validation split, with the supernet's weights."""
    tuned: Measurement
    """The same after the short tuning."""

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
    """Choose diverse candidates that no other one beats in its heat; then of those they leave.

    Args:
        heats: All that took part.
        count: How many.

    Source:
        Jamieson & Talwalkar 2016, arXiv:1502.07943 (successive halving), with two rounds, and the
        front in the place of the best half.
    """
    left = list(heats)
    chosen: list[Candidate] = []
    while left and len(chosen) < count:
        values = [
            {"accuracy": it.tuned.value, "latency_ms": it.candidate.promised["latency_ms"].value}
            for it in left
        ]
        points = [[value[name] for name in OBJECTIVES] for value in values]
        best = choose(points, tuple(OBJECTIVES.values()), count - len(chosen))
        chosen += [left[place].candidate for place in best]
        left = [it for place, it in enumerate(left) if place not in best]
    return chosen
