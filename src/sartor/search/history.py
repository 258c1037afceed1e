"""What a strategy has been told and has asked for."""

import math
from collections.abc import Sequence

import numpy as np

from sartor.search.protocol import Numbers, Problem, Scored
from sartor.space import Design


class History:
    """The part of every strategy that remembers, and from which all its randomness comes.

    Args:
        problem: Of the search.
        seed: 0 or more.
    """

    def __init__(self, problem: Problem, seed: int) -> None:
        self.problem = problem
        self.seed = seed
        self.trials: list[Scored] = []
        self.good: list[Scored] = []
        """Trials with a number for every objective, by batch, then in an order of their own."""
        self.known: set[Design] = set()
        """Designs told or asked for."""
        self._asks = 0

    @property
    def batch(self) -> int:
        """Number of the batch that is asked for next."""
        return 1 + max((trial.batch for trial in self.trials), default=-1)

    def tell(self, trials: Sequence[Scored]) -> None:
        """Remember trials."""
        self.trials.extend(trials)
        self.known.update(trial.design for trial in trials)
        good = [trial for trial in trials if self._is_whole(trial)]
        # Sorted, so that the order in which parallel evaluations end does not matter.
        self.good = sorted(self.good + good, key=lambda trial: (trial.batch, trial.design.id))
        self._asks = 0

    def _is_whole(self, trial: Scored) -> bool:
        return all(math.isfinite(trial.values.get(it, math.nan)) for it in self.problem.objectives)

    def rng(self) -> np.random.Generator:
        """Return the randomness of one `ask`: of seed, batch and asks since the last tell."""
        seeds = [self.seed, self.batch, self._asks]
        self._asks += 1
        return np.random.default_rng(seeds)

    def asked(self, designs: list[Design]) -> list[Design]:
        """Remember designs that are about to be asked for, and return them."""
        self.known.update(designs)
        return designs

    def values(self, metric: str) -> Numbers:
        """Return the numbers of `good` for a metric, (n,), NaN where it was not measured."""
        return np.array([trial.values.get(metric, np.nan) for trial in self.good], float)
