"""Heats: many candidates are tuned for a short time, and the best of them for long.

Accuracies with shared weights favour the designs that were trained most often, the smallest and the
largest. A short training of each one alone says more.
"""

from collections.abc import Sequence

from sartor.jobs.fitting.candidates import Candidate
from sartor.search import OBJECTIVES, choose
from sartor.units import Measurement

ENTRANTS = 3
"""Candidates in the heats for every pick."""
SHARE = 0.2
"""Share of the time for tuning that the heats have."""


def winners(heats: Sequence[tuple[Candidate, Measurement]], count: int) -> list[Candidate]:
    """Choose diverse candidates that no other one beats in its heat; then of those they leave.

    Args:
        heats: Candidates with their accuracies after a short tuning.
        count: How many.

    Source:
        Jamieson & Talwalkar 2016, arXiv:1502.07943 (successive halving), with two rounds, and the
        front in the place of the best half.
    """
    left = list(heats)
    chosen: list[Candidate] = []
    while left and len(chosen) < count:
        values = [
            {"accuracy": accuracy.value, "latency_ms": it.promised["latency_ms"].value}
            for it, accuracy in left
        ]
        points = [[value[name] for name in OBJECTIVES] for value in values]
        best = choose(points, tuple(OBJECTIVES.values()), count - len(chosen))
        chosen += [left[place][0] for place in best]
        left = [it for place, it in enumerate(left) if place not in best]
    return chosen
