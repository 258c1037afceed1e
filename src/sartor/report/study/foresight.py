"""Where the predictor is wrong: trials that it did not know, predicted and measured."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sartor.report.study.recorded import Numbers, Recorded, spread
from sartor.search import Predictor, rank_correlation
from sartor.search.predictors import Encoder
from sartor.space import Option
from sartor.study import Trial

FEWEST = 16
"""Trials from which on half of them are enough to learn from."""
STEPS = 4
"""Times that the predictor learns anew on its way through the second half."""
MOST = 400
"""Trials that are learned at most, as in a search: the time grows with their third power."""
WORST = 3
CHANCE = 0.05
"""Probability below which it is no chance that the worst have an option in common."""
MEASURED = ("proxy", "verified")


@dataclass(frozen=True, slots=True)
class Foresight:
    """One objective of the second half of the trials, as it was predicted and as it came out."""

    objective: str
    learned: int
    """Trials that the predictor knew at first."""
    trials: tuple[Trial, ...]
    """Those that were predicted."""
    predicted: Numbers
    """(n,)"""
    measured: Numbers
    """(n,)"""

    @property
    def rank_correlation(self) -> float:
        """Spearman's, of what was predicted and measured."""
        return rank_correlation(self.predicted, self.measured)

    @property
    def mean_error(self) -> float:
        """The mean absolute error, in the unit of the metric."""
        return float(np.mean(np.abs(self.predicted - self.measured)))

    @property
    def worst(self) -> tuple[int, ...]:
        """Positions of the designs with the largest errors, the largest first."""
        errors = np.abs(self.predicted - self.measured)
        return tuple(np.argsort(-errors, kind="stable")[:WORST].tolist())

    @property
    def in_common(self) -> dict[str, Option]:
        """The options that the worst share and that are too rare for that to be chance.

        An option of a share p of the predicted designs is in three of them with a probability of
        p^3; that is compared with 5 % divided by the number of choices (Bonferroni).
        """
        designs = [trial.design for trial in self.trials]
        first, *others = (designs[at] for at in self.worst)
        if len(others) < WORST - 1:
            return {}
        shared = {
            name: option
            for name, option in first.items()
            if all(other.get(name) == option for other in others)
        }
        rare = (CHANCE / len(first)) ** (1 / WORST) * len(designs)
        return {
            name: option
            for name, option in shared.items()
            if sum(design.get(name) == option for design in designs) <= rare
        }


def foresee(it: Recorded) -> tuple[Foresight, ...]:
    """Predict the second half of the trials as a search could have, for every measured objective.

    The default predictor learns the first half and predicts the next eighth of the trials, learns
    these too and predicts the eighth after them, and so on. It sees the choices alone: the cheap
    estimates that a search may have had are not in the study.

    Returns:
        One for every objective that was measured and varies; none where there are too few trials.
    """
    done = it.study.done
    if len(done) < FEWEST:
        return ()
    space = it.problem.space
    encode = Encoder(space.coding)
    x = encode(space.encode([trial.design for trial in done]), {})
    ends = np.linspace(len(done) // 2, len(done), STEPS + 1).astype(int).tolist()
    values = it.values(done)
    found = []
    for column, (name, way) in enumerate(it.problem.objectives.items()):
        y = values[:, column]
        if not is_measured(done, name) or np.ptp(y) == 0:
            continue
        parts = []
        for start, end in itertools.pairwise(ends):
            known = spread(start, MOST)
            predictor = Predictor(encode.features, way, 0).tune(x[known], y[known])
            parts.append(predictor.fit(x[known], y[known]).expected(x[start:end]))
        first = ends[0]
        found.append(Foresight(name, first, done[first:], np.concatenate(parts), y[first:]))
    return tuple(found)


def is_measured(trials: Sequence[Trial], metric: str) -> bool:
    """Tell whether a metric was measured of some trial, and not counted or predicted of all."""
    return any(trial.measurements[metric].provenance in MEASURED for trial in trials)
