"""How a study came to its front: the hypervolume on the way, and the front at some moments."""

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sartor.report.study.recorded import RANDOM, Recorded
from sartor.search import hypervolume, non_dominated
from sartor.study import Trial

SHARES = (0.125, 0.25, 0.5, 1.0)
"""Of the evaluations, after which the front is shown."""
POINTS = 120
"""Of a course at most; with four objectives and more a hypervolume takes long."""


@dataclass(frozen=True, slots=True)
class Course:
    """What an origin reached with its evaluations."""

    origin: str
    evaluations: tuple[int, ...]
    """Ascending, failed ones included; the last is all."""
    shares: tuple[float, ...]
    """The hypervolume then, of the box between the worst and the best of every objective."""

    def at(self, evaluations: int) -> float:
        """Return the share after so many evaluations, at least one."""
        return self.shares[bisect.bisect_right(self.evaluations, evaluations) - 1]


@dataclass(frozen=True, slots=True)
class Moment:
    """The front after some of the evaluations."""

    evaluations: int
    front: tuple[Trial, ...]
    share: float
    """The hypervolume, as in a course."""


def courses(it: Recorded) -> tuple[Course, ...]:
    """Return how the hypervolume grew with the evaluations of each origin.

    Only designs that keep the limits count. The reference point is the worst value of every
    objective among all trials of the study, whatever their origin, so that courses compare.
    """
    found, ends = [], [len(it.of(origin)) for origin in it.origins]
    for origin in it.origins:
        trials = it.of(origin)
        even = np.linspace(1, len(trials), min(len(trials), POINTS)).astype(int).tolist()
        # Where another origin ends, both are compared.
        counts = sorted({*even, *(end for end in ends if end < len(trials))})
        shares, front = [], list[Trial]()
        for before, count in itertools.pairwise([0, *counts]):
            front = _front(it, [*front, *trials[before:count]])
            shares.append(_share(it, front))
        found.append(Course(origin, tuple(counts), tuple(shares)))
    return tuple(found)


def moments(it: Recorded) -> tuple[Moment, ...]:
    """Return the front after 1/8, 1/4, 1/2 and all of the evaluations of the search.

    Random designs to compare with are left out where there are others.
    """
    searched = [origin for origin in it.origins if origin != RANDOM] or [RANDOM]
    trials = it.of(*searched)
    counts = dict.fromkeys(max(1, round(share * len(trials))) for share in SHARES)
    found = []
    for count in counts:
        front = _front(it, trials[:count])
        found.append(Moment(count, tuple(front), _share(it, front)))
    return tuple(found)


def _front(it: Recorded, trials: Sequence[Trial]) -> list[Trial]:
    kept = [trial for trial in trials if trial.number in it.kept]
    return [kept[at] for at in non_dominated(it.values(kept), it.problem.directions)]


def _share(it: Recorded, front: Sequence[Trial]) -> float:
    """Return the hypervolume of a front as a share of the box.

    Objectives that never varied have no say; where none did, it is 0.
    """
    varied = np.flatnonzero(it.best != it.worst)
    if not len(varied) or not front:
        return 0.0
    # As costs from 0 (best) to 1 (worst): of numbers as small as seconds nothing is rounded away.
    scaled = (it.values(front) - it.best)[:, varied] / (it.worst - it.best)[varied]
    return hypervolume(scaled, ["min"] * len(varied), np.ones(len(varied)))
